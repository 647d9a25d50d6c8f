"""What clients in the field send and RFC 8894 does not say: certificates that break rules, long GETs, odd HTTP, odd names of transactions."""
import os
import socket
import ssl

import pytest
from asn1crypto import core, x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.support import scep_messages as scep
from tests.support.host import Host
from tests.support.scep_client import ScepClient


@pytest.fixture(scope="module")
def shared_host(build_dir, tmp_path_factory):
    host = Host(build_dir, tmp_path_factory.mktemp("habits") / "host").init().start()
    yield host
    host.kill()


@pytest.fixture
def client(shared_host):
    return ScepClient(shared_host.url())


@pytest.fixture(scope="module")
def key():
    return scep.new_rsa_key()


HANDSHAKE, SERVER_HELLO, CERTIFICATE_REQUEST = 22, 2, 13  # RFC 5246 6.2.1 and 7.4


def request_of(client, host, key, certificate=None, **options):
    options.setdefault("transaction_id", os.urandom(20).hex())
    csr = scep.build_csr(key, "habit.example", challenge=host.challenge)
    return client.pkcs_req(csr, key, certificate, **options)


def signed_anew(certificate, key, change):
    """The certificate with `change(tbs)` made to it, signed by its own key again."""
    parsed = asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
    change(parsed["tbs_certificate"])
    tbs = parsed["tbs_certificate"].dump(force=True)
    signature = core.BitString.load(core.OctetBitString(scep._raw_sign(key, "sha256", tbs)).dump()).dump()
    der = scep._sequence(tbs, parsed["signature_algorithm"].dump(), signature)
    return x509.load_der_x509_certificate(der)


def with_serial(number):
    def change(tbs):
        tbs["serial_number"] = number
    return change


def with_extension(oid, critical, value):
    def change(tbs):
        tbs["extensions"] = asn1_x509.Extensions(
            [asn1_x509.Extension({"extn_id": oid, "critical": critical, "extn_value": core.ParsableOctetString(value)})])
    return change


CRITICAL_KEY_IDENTIFIER = asn1_x509.AuthorityKeyIdentifier({"key_identifier": b"0123456789abcdefghij"}).dump()


@pytest.mark.filterwarnings("ignore:Parsed a negative serial number")
@pytest.mark.parametrize("change", [
    pytest.param(with_extension("authority_key_identifier", True, CRITICAL_KEY_IDENTIFIER), id="critical key identifier (Windows)"),
    pytest.param(with_serial(int.from_bytes(b"0123456789ABCDEF0123456789ABCDEF", "big")), id="32 letters as serial number (sscep)"),
    pytest.param(with_serial(-5), id="negative serial number"),
    pytest.param(with_serial(0), id="serial number 0"),
    pytest.param(with_extension("1.2.3.4", True, b"\x05\x00"), id="unknown critical extension")])
def test_the_certificate_that_signs_a_first_request_may_break_rules(client, shared_host, key, change):
    certificate = signed_anew(scep.self_signed(key), key, change)
    assert client.send(request_of(client, shared_host, key, certificate)).pki_status == scep.SUCCESS


def test_a_device_with_a_wrong_clock_enrols(client, shared_host, key):
    certificate = scep.self_signed(key, days=-1)  # it begins and ends in the past
    assert client.send(request_of(client, shared_host, key, certificate)).pki_status == scep.SUCCESS


@pytest.mark.parametrize("others", [1, 3])
def test_a_message_to_several_recipients_is_opened_by_the_one_that_is_ours(client, shared_host, key, others):
    strangers = [scep.self_signed(scep.new_rsa_key(), f"stranger {i}") for i in range(others)]
    csr = scep.build_csr(key, "habit.example", challenge=shared_host.challenge)
    message = scep.build_request(csr, signer_key=key, signer_certificate=scep.self_signed(key), recipients=[*strangers, client.ra()],
                                 transaction_id=os.urandom(20).hex())
    assert client.send(message).pki_status == scep.SUCCESS


@pytest.mark.parametrize("transaction_id", [
    pytest.param("7" * 77, id="77 digits (certmonger)"), pytest.param("0a+/9hTq3XbZ8cV1mN5rK7wE2dg=", id="base64 (scepclient)"),
    pytest.param("4F" * 20, id="40 hexadecimal digits (strongSwan)"), pytest.param("c1" * 16, id="32 hexadecimal digits (sscep)"),
    pytest.param("{0D6A1C3E-5B7F-4E21-9A8C-1F2E3D4C5B6A}", id="a GUID in braces"), pytest.param("x", id="one letter")])
def test_a_transaction_has_any_name(client, shared_host, key, transaction_id):
    reply = client.send(request_of(client, shared_host, key, transaction_id=transaction_id))
    assert (reply.pki_status, reply.transaction_id) == (scep.SUCCESS, transaction_id)


def test_a_challenge_may_hold_what_its_string_type_does_not(make_host, key):
    host = make_host()
    (host.directory / "challenge").write_text("p@ss_word*&!\n")
    client = ScepClient(host.start().url())
    csr = scep.build_csr(key, "habit.example", challenge="p@ss_word*&!", challenge_type=core.PrintableString)
    assert client.send(client.pkcs_req(csr, key)).pki_status == scep.SUCCESS


@pytest.mark.parametrize("content_type", [None, "application/octet-stream", "application/x-pki-message; charset=binary", "text/plain"])
def test_a_post_is_read_whatever_it_calls_itself(client, shared_host, key, content_type):
    request = request_of(client, shared_host, key)
    answer = client.http("POST", "operation=PKIOperation", request.der, content_type)
    assert (answer.status, answer.content_type) == (200, "application/x-pki-message")
    assert scep.read_reply(answer.body, request, client.ra()).pki_status == scep.SUCCESS


def test_a_get_of_40_kb_is_read(client, shared_host, key):
    large = signed_anew(scep.self_signed(key), key, with_extension("1.2.3.4", False, core.OctetString(os.urandom(28_000)).dump()))
    request = request_of(client, shared_host, key, large)
    assert len(request.der) * 4 / 3 > 38_000
    assert client.send(request, get_shape="percent").pki_status == scep.SUCCESS


@pytest.mark.parametrize("message", ["", "&message=", "&message=Corp%20CA", "&message=0", "&message=%ff%fe", "&x=y&message=a=b"])
def test_the_name_of_a_ca_may_be_anything(client, message):
    for operation, content_type in (("GetCACaps", "text/plain"), ("GetCACert", "application/x-x509-ca-ra-cert"), ("getcacert", "application/x-x509-ca-ra-cert")):
        answer = client.http("GET", "operation=" + operation + message)
        assert (answer.status, answer.content_type) == (200, content_type), (operation, message)


def read_head(connection):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        octet = connection.recv(1)
        assert octet, head
        head += octet
    return head


def test_who_waits_for_100_continue_gets_it_and_his_certificate(client, shared_host, key):
    request = request_of(client, shared_host, key)
    host, port = shared_host.address().rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall((f"POST /scep?operation=PKIOperation HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-pki-message\r\n"
                            f"Content-Length: {len(request.der)}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n").encode())
        assert read_head(connection).startswith(b"HTTP/1.1 100 ")
        connection.sendall(request.der)
        assert read_head(connection).startswith(b"HTTP/1.1 200 ")
        body = b"".join(iter(lambda: connection.recv(65536), b""))
    assert scep.read_reply(body, request, client.ra()).pki_status == scep.SUCCESS


def test_tls_1_2_serves_and_asks_nobody_for_a_certificate(make_host, tmp_path, key):
    """Windows speaks no newer TLS here, and Apple's client fails where it is asked for a certificate."""
    host = make_host()
    certificate, pem = tmp_path / "web.pem", tmp_path / "web.key"
    web_key = scep.new_rsa_key()
    certificate.write_bytes(scep.self_signed(web_key, "localhost").public_bytes(serialization.Encoding.PEM))
    pem.write_bytes(web_key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    pem.chmod(0o600)
    host.configure(lambda text: text.replace('address: "127.0.0.1:0" }', f'address: "127.0.0.1:0", tls: {{ certificate_file: {certificate}, key: "${{file:{pem}}}" }} }}'))
    host.start()
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname, context.maximum_version = False, ssl.TLSVersion.TLSv1_2
    asked = []
    context._msg_callback = lambda connection, direction, version, kind, message, data: asked.append((direction, int(kind), int(message)))
    client = ScepClient(host.url().replace("http:", "https:"), ssl_context=context)
    assert client.enrol("tls.example", host.challenge, key).reply.pki_status == scep.SUCCESS
    read = [message for direction, kind, message in asked if direction == "read" and kind == HANDSHAKE]
    assert SERVER_HELLO in read and CERTIFICATE_REQUEST not in read, asked
