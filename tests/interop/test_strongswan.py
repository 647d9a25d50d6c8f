"""strongSwan's client against RSA and EC CAs, and at endpoints of several RAs: enrol, poll, renew, over plain HTTP and TLS."""
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.support.independent_reader import check_issued
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.configs import add_endpoint, certify_ra, renew_at_any_time, use_outside_ca
from tests.support.ras import SecondRa
from tests.support.strongswan import Strongswan
from tests.support.tls import ca_bundle_mounted, use_tls

SUBJECT = "C=CH, O=Example, CN=interop"


def with_ra_of_its_own(text, ra):
    """The endpoint /other has that RA."""
    document = yaml.safe_load(text)
    document["connectors"]["other"]["settings"]["ra"] = ra.settings()
    return yaml.safe_dump(document, sort_keys=False)


def save(certificate, path):
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return path.name


@pytest.mark.parametrize("cipher", ["aes", "des3"])
def test_enrols_with_each_cipher(make_host, tmp_path, cipher):
    host = make_host()
    if cipher == "des3":
        host.configure(lambda text: text.replace("path: /scep\n", "path: /scep\n      danger_allow_3des: true\n"))
    host.start()
    client = Strongswan(tmp_path / "client", host.url()).fetch_ca()
    certificate = client.enrol(client.new_key(), SUBJECT, host.challenge, san="interop.example", cipher=cipher)
    check_issued(host.directory, certificate, names=["interop.example"])


@pytest.mark.parametrize("ca_key", ["rsa:3072", "p256", "p384"])
def test_enrols_at_each_kind_of_ca(make_host, tmp_path, ca_key):
    host = make_host("host", "--ca-key", ca_key).start()
    client = Strongswan(tmp_path / "client", host.url()).fetch_ca()
    certificate = client.enrol(client.new_key(), SUBJECT, host.challenge)
    check_issued(host.directory, certificate)


def test_renews_with_a_new_key(make_host, tmp_path):
    host = make_host().configure(renew_at_any_time).start()
    client = Strongswan(tmp_path / "client", host.url()).fetch_ca()
    old_key = client.new_key("old-key.pem")
    old = client.enrol(old_key, SUBJECT, host.challenge)
    renewed = client.renew(client.new_key("new-key.pem"), SUBJECT, save(old, client.directory / "old.pem"), old_key)
    check_issued(host.directory, renewed)
    assert renewed.serial_number != old.serial_number
    assert renewed.subject == old.subject
    assert [item["message"] for item in host.items()] == ["renewal", "enrolment"]


def test_polls_until_the_ca_has_decided(make_host, tmp_path):
    host = make_host()
    with OutsideCaProcess(tmp_path / "outside", key="rsa") as outside:
        host.configure(lambda text: use_outside_ca(text, outside.address, answer_after="3s",
                                                   reply="{ within: 2s, then: pending }"))
        certify_ra(host, tmp_path / "outside")
        host.start()
        client = Strongswan(tmp_path / "client", host.url()).fetch_ca()
        certificate = client.enrol(client.new_key(), SUBJECT, host.challenge, extra=("--interval", "1", "--maxpolltime", "60"))
        assert len(outside.ledger()) == 1
        issued = x509.load_der_x509_certificate(bytes.fromhex(outside.ledger()[0]["certificate"]))
        assert issued == certificate


def test_enrols_over_tls(make_host, tmp_path):
    host = make_host().configure(lambda text: use_tls(text, tmp_path))
    host.start()
    with ca_bundle_mounted(tmp_path) as prefix:
        client = Strongswan(tmp_path / "client", host.url(scheme="https").replace("127.0.0.1", "localhost"), prefix)
        client.fetch_ca()
        certificate = client.enrol(client.new_key(), SUBJECT, host.challenge)
    check_issued(host.directory, certificate)


def test_enrols_at_two_endpoints_with_an_ra_for_each(make_host, tmp_path):
    host = make_host()
    ra = SecondRa(host)
    host.configure(lambda text: with_ra_of_its_own(add_endpoint(text), ra)).start()
    for path in ("/scep", "/other"):
        client = Strongswan(tmp_path / path[1:], host.url(path)).fetch_ca()
        subject = x509.load_pem_x509_certificate((client.directory / "ra.pem").read_bytes()).subject.rfc4514_string()
        assert (subject == "CN=Second RA") == (path == "/other")
        check_issued(host.directory, client.enrol(client.new_key(), SUBJECT, host.challenge))


def test_hears_bad_alg_when_it_signs_with_pss(make_host, tmp_path):
    client = Strongswan(tmp_path / "client", make_host().start().url()).fetch_ca()
    with pytest.raises(RuntimeError, match="failInfo: +badAlg"):
        client.enrol(client.new_key(), SUBJECT, "whatever", extra=("--rsa-padding", "pss"))
