"""certspan revoke: what was issued here is taken back, by whatever it is known, and nobody gets it again."""
import json

import pytest
from cryptography import x509

from tests.support import scep_messages as scep
from tests.support.failpoints import REVOCATION, parametrize_points
from tests.support.scep_client import ScepClient
from tests.support.waiting import wait_until
from tests.system.test_revocation_lists import publish_crls


def pytest_generate_tests(metafunc):
    parametrize_points(metafunc, lambda name: name.startswith(REVOCATION))


@pytest.fixture(params=["in_process", "process"], name="host")
def host_fixture(request, make_host):
    host = make_host().configure(publish_crls)
    host.isolation = request.param
    return host.start()


def crl_of(host):
    return x509.load_der_x509_crl(ScepClient(host.url()).http("GET", "", path="/crl").body)


def reason_in(crl, certificate):
    entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is None:
        return None
    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
    except x509.ExtensionNotFound:
        return "unspecified"


def revoke(host, *arguments, code=0):
    done = host.run_program("revoke", *arguments, "--why", "the laptop was stolen", "--config", str(host.config))
    assert done.returncode == code, done.stdout + done.stderr
    return done


def hexadecimal(certificate):
    return f"{certificate.serial_number:X}"


def until_revoked(host, certificate, reason):
    wait_until(lambda: (reason_in(crl_of(host), certificate) or "good") == reason)


def test_a_certificate_is_revoked_by_its_serial_number_and_its_request_is_a_new_one(host):
    client = ScepClient(host.url())
    device = client.enrol("stolen.example", host.challenge)
    assert reason_in(crl_of(host), device.certificate) is None
    shown = revoke(host, hexadecimal(device.certificate), "--dry-run").stdout
    assert "stolen.example" in shown and "1 certificates" in shown
    assert reason_in(crl_of(host), device.certificate) is None
    said = revoke(host, hexadecimal(device.certificate), "--reason", "key_compromise").stdout
    assert "ordered as w-" in said
    until_revoked(host, device.certificate, "keyCompromise")
    story = host.command("why", hexadecimal(device.certificate))
    assert "revoked: key_compromise since" in story and "the laptop was stolen" in story
    refused = client.enrol("stolen.example", host.challenge, key=device.key)
    assert refused.reply.pki_status == scep.FAILURE
    item, = host.items("--state", "failed")
    assert item["code"] == "fence.key_compromised" and "let the device make a new key" in host.command("why", item["id"])


def test_a_compromised_key_is_certified_by_no_other_ca_either(host, make_host):
    """The other CA has never heard of the key."""
    device = ScepClient(host.url()).enrol("stolen.example", host.challenge)
    revoke(host, hexadecimal(device.certificate), "--reason", "key_compromise")
    until_revoked(host, device.certificate, "keyCompromise")
    host.stop()
    other = make_host("other").directory
    second_ca = f"  second-ca:\n    plugin: ca_local\n    type: ca\n    settings:\n      certificate_file: {other}/ca.pem\n" \
                f'      key: "${{file:{other}/ca.key}}"\n'
    host.configure(lambda text: text.replace("connectors:\n", f"connectors:\n{second_ca}", 1).replace("issue: example-ca", "issue: second-ca"))
    client = ScepClient(host.start().url())
    refused = client.enrol("stolen.example", host.challenge, key=device.key)
    assert refused.reply.pki_status == scep.FAILURE
    assert [item["code"] for item in host.items("--state", "failed")] == ["fence.key_compromised"]
    assert client.enrol("stolen.example", host.challenge).reply.pki_status == scep.SUCCESS, "a new key"


def test_many_are_revoked_by_a_file_and_what_is_not_known_is_said(host, tmp_path):
    client = ScepClient(host.url())
    devices = [client.enrol(f"laptop-{i}.example", host.challenge) for i in range(3)]
    lines = tmp_path / "leavers.txt"
    lines.write_text("# of this week\n" + "\n".join(hexadecimal(each.certificate) for each in devices) + "\nABCDEF0123\n")
    done = json.loads(revoke(host, "--file", str(lines), "--json", code=1).stdout)
    assert len(done["items"]) == 3 and done["not_found"] == ["ABCDEF0123"] and done["refused"] == []
    for each in devices:
        until_revoked(host, each.certificate, "cessationOfOperation")


def test_a_text_that_fits_several_needs_a_yes(host):
    client = ScepClient(host.url())
    devices = [client.enrol(f"group-{i}.example", host.challenge) for i in range(2)]
    shown = revoke(host, "group-", code=1)
    assert "say --yes" in shown.stderr and "group-0" in shown.stdout and "group-1" in shown.stdout
    assert len(crl_of(host)) == 0
    revoke(host, "group-", "--yes")
    for each in devices:
        until_revoked(host, each.certificate, "cessationOfOperation")


def test_a_device_or_user_is_found_by_a_whole_name_wherever_it_stands(host):
    client = ScepClient(host.url())
    hers = [client.enrol(f"pc-{i}", host.challenge, dns=("jane.example", f"pc-{i}.example")).certificate for i in range(2)]
    another = client.enrol("pc-12", host.challenge, dns=("mary-jane.example",)).certificate
    shown = revoke(host, "--user", "Jane.Example", code=1)
    assert "say --yes" in shown.stderr and "pc-0" in shown.stdout and "pc-1" in shown.stdout and "pc-12" not in shown.stdout
    assert "nothing" in revoke(host, "--device", "pc", code=1).stdout, "a part is no name"
    assert len(crl_of(host)) == 0
    # As a text it also fits pc-12 in part, but it is the whole name of one.
    revoke(host, "pc-1")
    until_revoked(host, hers[1], "cessationOfOperation")
    revoke(host, "--name", "jane.example", "--reason", "superseded")
    until_revoked(host, hers[0], "superseded")
    assert reason_in(crl_of(host), another) is None
    story = host.command("why", "--user", "jane.example")
    assert "also known as dns:jane.example dns:pc-1.example" in story and "revoked: superseded since" in story
    assert "transaction ," not in story and "valid to ?" not in story
    assert "pc-12" in host.command("why", "mary-")
    assert len(host.items("--name", "jane.example", "--state", "done")) == 4, "certificates and their orders"


def test_a_hold_is_released(host):
    device = ScepClient(host.url()).enrol("away.example", host.challenge)
    serial = hexadecimal(device.certificate)
    revoke(host, serial, "--reason", "certificate_hold")
    until_revoked(host, device.certificate, "certificateHold")
    revoke(host, serial, "--reason", "remove_from_crl")
    until_revoked(host, device.certificate, "good")
    assert "revoked:" not in host.command("why", serial)


def test_a_repeat_after_a_revocation_gets_another_certificate(host):
    client = ScepClient(host.url())
    first = client.enrol("again.example", host.challenge)
    revoke(host, hexadecimal(first.certificate))
    until_revoked(host, first.certificate, "cessationOfOperation")
    second = client.enrol("again.example", host.challenge, key=first.key)
    assert second.certificate.serial_number != first.certificate.serial_number


def test_nobody_revokes_without_a_reason_for_people_or_what_is_not_there(host):
    assert "--why" in host.run_program("revoke", "ABC", "--config", str(host.config)).stderr
    assert "nothing that could be done so is known" in revoke(host, "ABCDEF99", code=1).stdout
    assert "say which certificates" in revoke(host, code=64).stderr


def test_a_host_that_dies_at_any_point_of_a_revocation_revokes_all_the_same(make_host, point):
    host = make_host().configure(publish_crls).start()
    device = ScepClient(host.url()).enrol("killed.example", host.challenge)
    assert host.stop() == 0
    host.start(environment={"CERTSPAN_FAILPOINT": point})
    host.run_program("revoke", hexadecimal(device.certificate), "--why", "stolen", "--config", str(host.config))
    host.wait()
    host.start()
    until_revoked(host, device.certificate, "cessationOfOperation")
    wait_until(lambda: host.items("--open") == [])
    assert [item["state"] for item in host.items("--pipeline", "revocation")] == ["done"]
