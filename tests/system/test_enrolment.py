"""The main job: a client that is not ours gets its certificate, and gets the same one when it asks again."""
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.support.strongswan import Strongswan

SUBJECT = "C=CH, O=Example, CN=laptop-1"


def client_of(host, tmp_path, name="client"):
    return Strongswan(tmp_path / name, host.url()).fetch_ca()


def test_strongswan_enrols_with_aes(host, tmp_path):
    client = client_of(host, tmp_path)
    certificate = client.enrol(client.new_key(), SUBJECT, host.challenge, san="laptop-1.example")
    assert certificate.subject.rfc4514_string() == "CN=laptop-1,O=Example,C=CH"
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    ca = x509.load_pem_x509_certificate((host.directory / "ca.pem").read_bytes())
    ca.public_key().verify(certificate.signature, certificate.tbs_certificate_bytes, padding.PKCS1v15(),
                           certificate.signature_hash_algorithm)
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_the_same_request_gets_the_same_certificate(host, tmp_path):
    client = client_of(host, tmp_path)
    key = client.new_key()
    first = client.enrol(key, SUBJECT, host.challenge)
    again = client.enrol(key, SUBJECT, host.challenge)
    assert first.serial_number == again.serial_number
    assert len(host.items("--state", "done")) == 1


def test_the_same_request_gets_the_same_certificate_after_a_restart(host, tmp_path):
    client = client_of(host, tmp_path)
    key = client.new_key()
    first = client.enrol(key, SUBJECT, host.challenge)
    assert host.stop() == 0
    host.start()
    client.url = host.url()
    assert client.enrol(key, SUBJECT, host.challenge).serial_number == first.serial_number


def test_a_wrong_challenge_is_refused_and_why_says_so(host, tmp_path):
    client = client_of(host, tmp_path)
    try:
        client.enrol(client.new_key(), SUBJECT, "not-the-challenge")
    except RuntimeError as refused:
        assert "failInfo" in str(refused)
    else:
        raise AssertionError("a wrong challenge was accepted")
    story = host.command("why", "laptop-1")
    assert "challenge.unknown" in story
    assert "not-the-challenge" not in story + host.log()


def test_the_story_is_told_when_the_host_is_down(host, tmp_path):
    client = client_of(host, tmp_path)
    certificate = client.enrol(client.new_key(), SUBJECT, host.challenge)
    assert host.stop() == 0
    story = host.command("why", format(certificate.serial_number, "X"))
    assert "CN=laptop-1" in story
    assert "now done" in story
