"""The OCSP responder, asked by openssl and by GnuTLS's ocsptool, and judged by a reader that shares no code with the host."""
import base64
import urllib.parse

import pytest
import yaml
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from tests.support.ocsp import Asker, answer_ocsp
from tests.support.scep_client import ScepClient
from tests.support.waiting import wait_until



@pytest.fixture(params=["in_process", "process"], name="host")
def host_fixture(request, make_host):
    host = make_host().configure(answer_ocsp)
    host.isolation = request.param
    return host.start()


def enrolled(host, tmp_path, name="device.example"):
    client = ScepClient(host.url())
    device = client.enrol(name, host.challenge)
    return Asker(host, tmp_path / name, device.certificate)


def revoke(host, certificate, reason):
    host.command("revoke", f"{certificate.serial_number:X}", "--reason", reason, "--why", "left")


def test_openssl_and_gnutls_hear_that_a_certificate_is_good_and_then_revoked(host, tmp_path):
    asker = enrolled(host, tmp_path)
    access = asker.certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert [each.access_location.value for each in access if each.access_method == AuthorityInformationAccessOID.OCSP] == ["http://pki.example/ocsp"]
    for digest in ("-sha1", "-sha256"):
        code, said = asker.openssl(digest)
        assert code == 0 and "Response verify OK" in said and "device.pem: good" in said and "WARNING" not in said, said
    code, said = asker.ocsptool()
    assert code == 0 and "Certificate Status: good" in said and "Verifying OCSP Response: Success" in said, said

    revoke(host, asker.certificate, "key_compromise")
    wait_until(lambda: "device.pem: revoked" in asker.openssl("-sha1")[1])
    code, said = asker.openssl("-sha256")
    assert "Response verify OK" in said and "Reason: keyCompromise" in said and "Revocation Time" in said, said
    assert "Certificate Status: revoked" in asker.ocsptool()[1]


def test_a_hold_and_its_release_are_told_at_once_also_where_the_answer_was_signed_before(host, tmp_path):
    asker = enrolled(host, tmp_path)
    request = asker.request()
    first = asker.post(request)
    assert first.certificate_status == ocsp.OCSPCertStatus.GOOD
    assert asker.post(request).public_bytes(Encoding.DER) == first.public_bytes(Encoding.DER), "signed once"
    revoke(host, asker.certificate, "certificate_hold")
    wait_until(lambda: asker.post(request).certificate_status == ocsp.OCSPCertStatus.REVOKED)
    assert asker.post(request).revocation_reason == x509.ReasonFlags.certificate_hold
    revoke(host, asker.certificate, "remove_from_crl")
    wait_until(lambda: asker.post(request).certificate_status == ocsp.OCSPCertStatus.GOOD)


def test_an_answer_is_signed_by_a_delegate_whose_certificate_goes_along(host, tmp_path):
    asker = enrolled(host, tmp_path)
    answer = asker.post(asker.request(hashes.SHA256()))
    (delegate,) = answer.certificates
    (asker.directory / "delegate.pem").write_bytes(delegate.public_bytes(Encoding.PEM))
    assert asker.run("openssl", "verify", "-CAfile", "ca.pem", "-purpose", "ocsphelper", "delegate.pem")[0] == 0
    purposes = delegate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.OCSP_SIGNING]
    assert not delegate.extensions.get_extension_for_class(x509.OCSPNoCheck).critical
    assert delegate.public_key() != asker.ca.public_key()
    assert answer.responder_key_hash == x509.SubjectKeyIdentifier.from_public_key(delegate.public_key()).digest
    assert answer.this_update <= answer.produced_at < answer.next_update
    assert answer.serial_number == asker.certificate.serial_number


def test_a_nonce_comes_back_and_one_of_another_length_than_allowed_is_refused(host, tmp_path):
    asker = enrolled(host, tmp_path)
    for length in (1, 16, 32, 128):
        nonce = bytes(range(length))
        answer = asker.post(asker.request(nonce=nonce))
        assert answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == nonce
    for length in (0, 129):
        assert asker.post(asker.request(nonce=bytes(length))).response_status == ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_a_serial_number_that_was_never_issued_is_unknown_and_another_ca_s_is_nobody_s_business_here(host, tmp_path):
    asker = enrolled(host, tmp_path)
    name = sha1(asker.ca.subject.public_bytes())
    assert asker.post(request_by_hash(name, key_hash(asker.ca), 123456)).certificate_status == ocsp.OCSPCertStatus.UNKNOWN
    foreign = asker.post(request_by_hash(name, bytes(20), asker.certificate.serial_number))
    assert foreign.response_status == ocsp.OCSPResponseStatus.UNAUTHORIZED


def test_get_says_the_same_as_post_and_old_http_is_answered(host, tmp_path):
    asker = enrolled(host, tmp_path)
    request = asker.request()
    text = base64.b64encode(request).decode()
    posted = asker.http("POST", body=request)
    for spelled in (urllib.parse.quote(text, safe=""), text, text.rstrip("=")):
        assert asker.http("GET", f"/ocsp/{spelled}") == posted
    assert asker.http("POST", body=request, version=(10, "HTTP/1.0")) == posted
    assert asker.http("PUT", body=request)[0] == 405


@pytest.mark.parametrize("body", [b"", b"nonsense", b"\x30\x00", b"\x30\x80\x00\x00", bytes(16_000)], ids=["nothing", "text", "empty", "open", "zeros"])
def test_what_is_no_request_is_malformed(host, tmp_path, body):
    asker = enrolled(host, tmp_path)
    assert asker.post(body).response_status == ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    assert asker.http("GET", "/ocsp/" + urllib.parse.quote(base64.b64encode(body[:1000]), safe=""))[0] == 200
    assert asker.http("GET", "/ocsp/%zz")[0] == 200 and asker.http("GET", "/ocsp")[0] == 200


def test_a_responder_that_no_ca_names_says_try_later_and_the_log_says_why(make_host, tmp_path):
    def nameless(text):
        document = yaml.safe_load(answer_ocsp(text))
        document["connectors"]["example-ca"]["settings"]["ocsp_responders"] = ["another"]
        return yaml.safe_dump(document, sort_keys=False)

    host = make_host().configure(nameless).start()
    asker = enrolled(host, tmp_path)
    assert asker.post(asker.request()).response_status == ocsp.OCSPResponseStatus.TRY_LATER
    assert "OCSP responder can't be certified" in host.log() and "ocsp_responders" in host.log()
    assert "no CA has certified it" in host.command("status")


def test_its_certificates_are_new_after_a_start_and_no_end_that_anybody_has_to_see_to(host, tmp_path):
    asker = enrolled(host, tmp_path)
    (before,) = asker.post(asker.request()).certificates
    (responder,) = [each for each in host.json("status")["connectors"] if each["name"] == "ocsp"]
    assert "renewed by itself" in responder["about"] and not responder.get("ends")
    assert host.stop() == 0
    host.start()
    asker = Asker(host, tmp_path / "again", asker.certificate)
    (after,) = asker.post(asker.request()).certificates
    assert after.serial_number != before.serial_number
    code, said = asker.openssl("-sha1")
    assert code == 0 and "Response verify OK" in said, said


def sha1(data):
    digest = hashes.Hash(hashes.SHA1())
    digest.update(data)
    return digest.finalize()


def key_hash(certificate):
    return x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest


def request_by_hash(name_hash, key_digest, serial):
    cert_id = {"hash_algorithm": {"algorithm": "sha1"}, "issuer_name_hash": name_hash, "issuer_key_hash": key_digest, "serial_number": serial}
    return asn1_ocsp.OCSPRequest({"tbs_request": {"request_list": [{"req_cert": cert_id}]}}).dump()
