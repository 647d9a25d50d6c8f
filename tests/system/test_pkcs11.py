"""Keys of the RA and the CA in a PKCS #11 token: devices enrol with them, versions change places, the token goes and comes back,
and `check` says what is wrong."""
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.support.host import HostError, put
from tests.support.soft_hsm import MODULE, SoftHsm, put_keys_into, settle
from tests.support.swaps import Device, Versions, allow_unsigned, enrol_through_swaps
from tests.support.waiting import wait_until

DEVICES = 8
SWAPS = 4


@pytest.fixture(name="hsm")
def hsm_fixture(tmp_path):
    return SoftHsm(tmp_path / "hsm")


@pytest.fixture(name="host", params=["rsa:2048", "p256"])
def host_fixture(request, make_host, hsm):
    return put_keys_into(hsm, make_host("host", "--ca-key", request.param))


one_kind = pytest.mark.parametrize("host", ["p256"], indirect=True)


def key_of(host, connector):
    row, = (row for row in host.json("status")["connectors"] if row["name"] == connector)
    return row


def test_devices_enrol_with_all_keys_in_a_token(host):
    assert not list(host.directory.glob("*.key"))
    host.command("check")
    host.start()
    certificate = Device(host).enrol().certificate
    assert isinstance(certificate.public_key(), rsa.RSAPublicKey)
    about = {name: key_of(host, name)["about"] for name in ("scep", "example-ca")}
    assert about["scep"].startswith('key "ra" in token "certspan" (serial ')
    assert about["scep"].endswith("decrypts with CKM_RSA_X_509 and takes the padding off here")
    assert about["example-ca"].endswith(("signs with CKM_ECDSA", "signs with CKM_RSA_PKCS"))
    assert all(words in host.command("status") for words in about.values())


@pytest.mark.parametrize("plugins", [["ca_local"], ["ndes", "ca_local"]], ids="+".join)
@one_kind
def test_versions_with_keys_in_a_token_change_places_while_devices_enrol(host, plugins, tmp_path):
    host.configure(allow_unsigned)
    versions = Versions(host, tmp_path / "versions")
    assert enrol_through_swaps(host, versions, plugins, SWAPS, DEVICES) > DEVICES, host.log()[-4000:]
    assert "can't be used" not in host.log()


@one_kind
def test_a_token_that_goes_and_comes_back_needs_no_restart(host, hsm):
    host.start()
    device = Device(host)
    first = device.enrol().certificate
    hsm.remove()
    for connector in ("scep", "example-ca"):
        wait_until(lambda connector=connector: "trouble" in key_of(host, connector))
    assert key_of(host, "example-ca")["state"] == "unhealthy"
    with pytest.raises(Exception, match="503"):
        device.enrol(tries=1)
    hsm.put_back()
    for connector in ("scep", "example-ca"):
        wait_until(lambda connector=connector: "trouble" not in key_of(host, connector))
    assert device.enrol().certificate != first
    assert host.log().count("key in its token can't be used") == 2
    assert host.log().count("key in its token can be used again") == 2
    assert not host.items("--open")


@pytest.mark.parametrize("kind", ["rsa:3072", "p384"])
def test_keys_are_made_in_a_token_and_never_leave_it(make_host, hsm, kind):
    host = make_host()
    host.environment.update(hsm.environment)
    for name in ("ra", "ca"):
        for suffix in ("key", "pem"):
            (host.directory / f"{name}.{suffix}").unlink()
    token = ("--directory", str(host.directory), "--module", MODULE, "--pin-file", str(hsm.pin), "--uri")
    uri = "pkcs11:token=certspan;object="
    create = ("ca", "create", *token, uri + "ca", "--subject", "CN=Token CA", "--key", kind)
    made = host.run_program(*create)
    assert made.returncode == 0 and "its key is in the token" in made.stdout, made.stderr
    assert "is there already and is not replaced" in host.run_program(*create).stderr
    ra = ("ca", "ra", *token, uri + "ra", "--subject", "CN=Token RA", "--ca-certificate", str(host.directory / "ca.pem"))
    made = host.run_program(*ra, "--ca-uri", uri + "ca")
    assert made.returncode == 0, made.stderr
    assert "nothing is replaced" in host.run_program(*ra, "--ca-uri", uri + "ca").stderr
    request = host.run_program("ca", "csr", *token, uri + "next", "--subject", "CN=Next CA", "--key", kind)
    assert request.stdout.startswith("-----BEGIN CERTIFICATE REQUEST-----"), request.stderr
    assert not list(host.directory.glob("*.key"))
    settle(hsm, host).start()
    assert "Token CA" in Device(host).enrol().certificate.issuer.rfc4514_string()


FAULTS = [("module: /usr/lib/softhsm/libsofthsm2.so", "module: /nowhere.so", "/nowhere.so\" can't be loaded: No such file"),
          ("token=certspan", "token=other", 'no such token is there; the module has "certspan"'),
          ("object=ca", "object=cx", 'has no private key "cx"'),
          ("object=ca", "object=ra", "is not that of the certificate"),
          ("object=ca", "object=ca?pin-value=1", 'holds the PIN: give it by reference, as "pin"')]


@pytest.mark.parametrize("right, wrong, words", FAULTS, ids=[words for _, _, words in FAULTS])
@one_kind
def test_check_says_at_its_line_what_is_wrong_with_a_key_in_a_token(host, right, wrong, words):
    text = host.config.read_text()
    head, mark, tail = text.partition("plugin: ca_local")
    host.config.write_text(head + mark + tail.replace(right, wrong, 1))
    line = max(number for number, line in enumerate(host.config.read_text().splitlines(), 1) if wrong in line)
    done = host.run_program("check", str(host.config))
    assert done.returncode != 0 and words in done.stderr + done.stdout
    assert f"{host.config.name}:{line}:" in done.stderr + done.stdout
    with pytest.raises(HostError):
        host.start()


@one_kind
def test_check_says_that_a_pin_is_wrong_and_takes_the_corrected_one(host, hsm):
    right = hsm.pin.read_text()
    hsm.pin.write_text("111111\n")
    done = host.run_program("check", str(host.config))
    assert done.returncode != 0 and "refuses the PIN; it is not tried again: correct it" in done.stderr + done.stdout
    assert "111111" not in done.stderr + done.stdout
    hsm.pin.write_text(right)
    host.command("check")


@one_kind
def test_check_says_that_a_worker_has_no_way_to_a_token(host):
    host.configure(lambda text: put(text, "process"))
    done = host.run_program("check", str(host.config))
    assert done.returncode != 0 and done.stderr.count("can't be used in a worker process, which has no way to a token") == 2
    assert "say `isolation: in_process` at the connector" in done.stderr


@one_kind
def test_a_connector_has_its_key_in_a_file_or_in_a_token(host):
    text = host.config.read_text()
    host.config.write_text(text.replace("pkcs11: { module: " + MODULE, 'key: "${file:challenge}"\n      pkcs11: { module: ' + MODULE))
    done = host.run_program("check", str(host.config))
    assert done.returncode != 0 and 'is said beside "key": leave one of them out' in done.stderr + done.stdout
