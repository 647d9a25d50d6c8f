"""SCEP on the wire, judged by a strict reader that shares no code with the host."""
import http.client
import os

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.support import scep_messages as scep
from tests.support.configs import add_endpoint, renew_at_any_time
from tests.support.host import Host
from tests.support.scep_client import GET_SHAPES, ScepClient


@pytest.fixture(scope="module")
def shared_host(build_dir, tmp_path_factory):
    """One running host for the tests that change nothing; its renewals have no window, and a second endpoint stands at /other."""
    host = Host(build_dir, tmp_path_factory.mktemp("scep") / "host").init()
    host.configure(renew_at_any_time).configure(add_endpoint).start()
    yield host
    host.kill()


@pytest.fixture
def client(shared_host):
    return ScepClient(shared_host.url())


@pytest.fixture(scope="module")
def key():
    """Making a key takes long; what is told apart here is the transaction."""
    return scep.new_rsa_key()


def fresh():
    return {"transaction_id": os.urandom(20).hex()}


def spki_of(certificate):
    return certificate.public_key().public_bytes(serialization.Encoding.DER,
                                                 serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("shape", [None, *sorted(GET_SHAPES)])
def test_a_message_is_read_in_every_shape(client, shared_host, key, shape):
    enrolled = client.enrol("shape.example", shared_host.challenge, key, ["shape.example"], get_shape=shape, **fresh())
    assert enrolled.reply.pki_status == scep.SUCCESS
    assert spki_of(enrolled.certificate) == scep.spki(key)
    names = enrolled.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["shape.example"]


@pytest.mark.parametrize("options", [
    {"cipher": "aes128"}, {"cipher": "aes192", "digest": "sha384"}, {"cipher": "aes256", "digest": "sha512"},
    {"key_transport": "oaep-sha1"}, {"key_transport": "oaep-sha256"}, {"ber_chunk": 1000}, {"ber_chunk": 17},
    {"sender_nonce": b"8 octets"}], ids=str)
def test_the_reply_follows_the_request(client, shared_host, key, options):
    enrolled = client.enrol("mirror.example", shared_host.challenge, key, **fresh(), **options)
    assert enrolled.reply.pki_status == scep.SUCCESS
    assert enrolled.reply.cipher == options.get("cipher", "aes256")
    assert enrolled.reply.digest == options.get("digest", "sha256")
    assert enrolled.reply.key_transport == options.get("key_transport", "pkcs1")


@pytest.mark.parametrize("switch, options", [
    ("danger_allow_3des", {"cipher": "des3"}), ("danger_allow_des", {"cipher": "des"}),
    ("danger_allow_sha1", {"digest": "sha1"})])
def test_old_algorithms_need_their_switch(client, shared_host, make_host, key, switch, options):
    refused = client.enrol("old.example", shared_host.challenge, key, **fresh(), **options)
    assert (refused.reply.pki_status, refused.reply.fail_info) == (scep.FAILURE, scep.BAD_ALG)
    host = make_host().configure(lambda text: text.replace("path: /scep\n", f"path: /scep\n      {switch}: true\n")).start()
    enrolled = ScepClient(host.url()).enrol("old.example", host.challenge, key, **options)
    assert enrolled.reply.pki_status == scep.SUCCESS
    for name, value in options.items():
        assert getattr(enrolled.reply, name) == value


@pytest.mark.parametrize("challenge_type", [scep.core.PrintableString, scep.core.UTF8String, scep.core.IA5String,
                                            scep.core.BMPString])
def test_a_challenge_is_read_in_every_string_type(client, shared_host, key, challenge_type):
    csr = scep.build_csr(key, "text.example", challenge=shared_host.challenge, challenge_type=challenge_type)
    reply = client.send(client.pkcs_req(csr, key, **fresh()))
    assert reply.pki_status == scep.SUCCESS


def test_a_repeat_gets_the_same_certificate_with_a_reply_of_its_own(client, shared_host, key):
    transaction = fresh()
    csr = scep.build_csr(key, "again.example", challenge=shared_host.challenge)
    first_request = client.pkcs_req(csr, key, **transaction)
    first = client.send(first_request)
    # A new self-signed certificate, nonce and content key, as strongSwan makes them on each run.
    second = client.send(client.pkcs_req(csr, key, **transaction))
    assert second.certificate == first.certificate
    assert second.recipient_nonce != first.recipient_nonce
    assert client.send(first_request).certificate == first.certificate


@pytest.mark.parametrize("message_type", [scep.RENEWAL_REQ, scep.PKCS_REQ])
def test_an_old_certificate_renews_itself_in_both_spellings(client, shared_host, message_type):
    old = client.enrol("renew.example", shared_host.challenge, dns=["renew.example"])
    renewed = client.renew(old, "renew.example", dns=["renew.example"], message_type=message_type)
    assert renewed.reply.pki_status == scep.SUCCESS
    assert renewed.certificate.subject == old.certificate.subject
    assert spki_of(renewed.certificate) == scep.spki(renewed.key) != scep.spki(old.key)
    stolen = client.renew(old, "ceo.example", dns=["ceo.example"], message_type=message_type)
    assert (stolen.reply.pki_status, stolen.reply.fail_info) == (scep.FAILURE, scep.BAD_REQUEST)
    assert "renewal.other_subject" in shared_host.command("why", "ceo.example")


def test_a_certificate_of_nobody_vouches_for_nothing(client, key):
    csr = scep.build_csr(scep.new_rsa_key(), "stranger.example")
    as_renewal = scep.build_request(csr, message_type=scep.RENEWAL_REQ, signer_key=key, recipients=[client.ra()],
                                    signer_certificate=scep.self_signed(key), **fresh())
    assert client.send(as_renewal).fail_info == scep.BAD_REQUEST
    assert client.send(client.pkcs_req(csr, key, **fresh())).fail_info == scep.BAD_MESSAGE_CHECK


def test_a_poll_finds_its_certificate_and_a_stranger_does_not(client, shared_host, key):
    enrolled = client.enrol("poll.example", shared_host.challenge, key, **fresh())
    polled = client.poll(enrolled.request, enrolled.certificate.subject)
    assert polled.certificate == enrolled.certificate
    stranger = scep.new_rsa_key()
    content = scep.issuer_and_subject(client.ra().issuer, enrolled.certificate.subject)
    theirs = scep.build_request(content, message_type=scep.CERT_POLL, signer_key=stranger, recipients=[client.ra()],
                                signer_certificate=scep.self_signed(stranger),
                                transaction_id=enrolled.request.transaction_id)
    assert client.send(theirs).pki_status == scep.FAILURE


def flip(position):
    def change(data):
        changed = bytearray(data)
        changed[position] ^= 1
        return bytes(changed)
    return change


@pytest.mark.parametrize("breaks, fail_info", [
    (scep.Breaks(encrypted_key=flip(20)), scep.BAD_MESSAGE_CHECK),
    (scep.Breaks(ciphertext=flip(-1)), scep.BAD_MESSAGE_CHECK),
    (scep.Breaks(ciphertext=flip(40)), scep.BAD_MESSAGE_CHECK),
    (scep.Breaks(plaintext=lambda data: data[:-1]), scep.BAD_MESSAGE_CHECK),
    (scep.Breaks(plaintext=lambda data: data + b"x"), scep.BAD_MESSAGE_CHECK),
    (scep.Breaks(padded=lambda data: data[:-1] + b"\0"), scep.BAD_MESSAGE_CHECK),
    (scep.Breaks(signature=flip(7)), scep.BAD_MESSAGE_CHECK),
    (scep.Breaks(message_digest=flip(0)), scep.BAD_MESSAGE_CHECK)],
    ids=["key", "last block", "first blocks", "shorter", "longer", "padding", "signature", "digest"])
def test_a_broken_message_gets_a_signed_refusal_that_says_nothing(client, shared_host, key, breaks, fail_info):
    csr = scep.build_csr(key, "broken.example", challenge=shared_host.challenge)
    reply = client.send(client.pkcs_req(csr, key, breaks=breaks, **fresh()))
    assert (reply.pki_status, reply.fail_info) == (scep.FAILURE, fail_info)
    assert reply.fail_info_text.startswith("the request can't be opened; reference ")
    assert len(reply.fail_info_text.split()[-1]) == 16


@pytest.mark.parametrize("omit", [scep.OID_TRANSACTION_ID, scep.OID_SENDER_NONCE, scep.OID_MESSAGE_TYPE,
                                  "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.3"])
def test_a_message_without_an_attribute_that_it_needs_is_400(client, key, omit):
    csr = scep.build_csr(key)
    answer = client.post(client.pkcs_req(csr, key, breaks=scep.Breaks(omit=[omit])).der)
    assert answer.status in (200, 400)
    assert answer.status == 400 or answer.content_type == "application/x-pki-message"


def test_what_is_no_scep_at_all_is_told_in_one_line(client):
    for method, query, status in [("GET", "", 400), ("GET", "operation=Nonsense", 400), ("PUT", "operation=PKIOperation", 501),
                                  ("GET", "operation=PKIOperation&message=%25%25", 400)]:
        answer = client.http(method, query)
        assert (answer.status, answer.content_type) == (status, "text/plain"), (method, query, answer)
        assert answer.body.count(b"\n") == 1
    assert client.post(b"").status == 400
    assert client.post(os.urandom(500)).status == 400
    assert client.post(b"\x30" * (70 * 1024)).status == 413


def test_paths_below_the_endpoint_and_old_http_are_served(client, shared_host):
    assert client.http("GET", "operation=GetCACaps", path="/scep/pkiclient.exe").status == 200
    assert client.http("GET", "operation=GetCACaps", path="/scepter").status == 404
    connection = http.client.HTTPConnection(shared_host.address(), timeout=30)
    connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"
    connection.putrequest("GET", "/scep?operation=GetCACert&message=x", skip_host=True, skip_accept_encoding=True)
    connection.endheaders()
    response = connection.getresponse()
    assert (response.status, response.getheader("Content-Type")) == (200, "application/x-x509-ca-ra-cert")
    assert response.getheader("Content-Length") == str(len(response.read()))


def test_what_get_ca_cert_gives_can_be_chosen(make_host):
    host = make_host().configure(lambda text: text.replace("path: /scep\n", "path: /scep\n      ca_certificates: ra_only\n"))
    certificates = ScepClient(host.start().url()).certificates()
    assert [c.subject.rfc4514_string() for c in certificates] == ["CN=Certspan SCEP RA"]


def test_a_bound_challenge_serves_no_other_subject(shared_host, client, key):
    challenge = shared_host.json("challenge", "new", "--subject", "bound.example")["challenge"]
    wrong = client.enrol("other.example", challenge, key, **fresh())
    assert (wrong.reply.pki_status, wrong.reply.fail_info) == (scep.FAILURE, scep.BAD_REQUEST)
    assert client.enrol("bound.example", challenge, key, **fresh()).reply.pki_status == scep.SUCCESS


@pytest.mark.parametrize("bound, code", [
    (["--endpoint", "scep"], None), (["--endpoint", "other"], "challenge.wrong_endpoint"),
    (["--profile", "device"], None), (["--profile", "vpn"], "challenge.wrong_profile"),
    (["--san", "dns:bound.example", "--san", "dns:www.bound.example"], None),
    (["--san", "dns:other.example"], "challenge.wrong_subject")],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_a_challenge_is_good_for_what_it_is_bound_to(shared_host, client, key, bound, code):
    challenge = shared_host.json("challenge", "new", *bound)["challenge"]
    enrolled = client.enrol("bound.example", challenge, key, ["bound.example"], **fresh())
    if code is None:
        assert enrolled.reply.pki_status == scep.SUCCESS
        return
    assert (enrolled.reply.pki_status, enrolled.reply.fail_info) == (scep.FAILURE, scep.BAD_REQUEST)
    story = shared_host.command("why", enrolled.request.transaction_id)
    assert code in story and "What to do: " in story
