"""Messages that are cut off, changed, oversized, from elsewhere or in algorithms that nobody offers: a signed FAILURE or a
4xx to each, and the next good client is served."""
import base64
import os
import random
import urllib.parse

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support import scep_messages as scep
from tests.support.host import Host
from tests.support.scep_client import GET_SHAPES, ScepClient

LARGEST_MESSAGE = 64 * 1024


@pytest.fixture(scope="module")
def host(build_dir, tmp_path_factory):
    shared = Host(build_dir, tmp_path_factory.mktemp("bad") / "host").init().start()
    yield shared
    assert shared.running()
    good = ScepClient(shared.url()).enrol("last.example", shared.challenge)
    shared.kill()
    assert good.reply.pki_status == scep.SUCCESS, "the host no longer serves good clients"


@pytest.fixture
def client(host):
    return ScepClient(host.url())


@pytest.fixture(scope="module")
def key():
    return scep.new_rsa_key()


def fresh():
    return {"transaction_id": os.urandom(20).hex()}


def good_message(host, client, key, **options):
    csr = scep.build_csr(key, "good.example", challenge=host.challenge)
    return client.pkcs_req(csr, key, **{**fresh(), **options})


def check_refused(client, message, request=None):
    """4xx in one line, or a signed refusal. Nothing else is an answer to a bad message."""
    answer = client.post(message)
    if answer.status == 200:
        assert answer.content_type == "application/x-pki-message"
        if request is not None:
            assert scep.read_reply(answer.body, request, client.ra()).pki_status == scep.FAILURE
    else:
        assert 400 <= answer.status < 500, answer
        assert (answer.content_type, answer.body.count(b"\n")) == ("text/plain", 1)
    return answer.status


def test_a_good_message_that_is_cut_off_anywhere_is_refused(host, client, key):
    message = good_message(host, client, key).der
    for size in sorted({*range(0, 64), *range(64, len(message), 61), *range(len(message) - 20, len(message))}):
        assert check_refused(client, message[:size]) == 400, size


def test_a_good_message_with_anything_behind_it_is_refused(host, client, key):
    message = good_message(host, client, key).der
    for rest in (b"\0", b"\0\0", message, os.urandom(40)):
        assert check_refused(client, message + rest) == 400


def test_a_flipped_bit_is_refused_or_does_not_matter(host, client, key, seed):
    """Of a self-signed signer nothing counts but its name and key, and hints for one-pass readers count for nothing; what was
    signed and the signature do."""
    chance = random.Random(seed)
    request = good_message(host, client, key)
    content_at, id_at = request.der.index(request.enveloped), request.der.index(request.transaction_id.encode())
    signed = {*range(content_at, content_at + len(request.enveloped)), *range(id_at, id_at + len(request.transaction_id)),
              *range(len(request.der) - 256, len(request.der))}
    for at in sorted(chance.sample(range(len(request.der)), 150)):
        message = bytearray(request.der)
        message[at] ^= 1 << chance.randrange(8)
        answer = client.post(bytes(message))
        # The transaction stays the same: what is still good comes too often.
        assert answer.status in (200, 400) or (answer.status == 503 and at not in signed), (at, seed)
        if answer.status == 200 and at in signed:
            assert b"can't be opened" in answer.body or b"not accepted here" in answer.body, (at, seed)


@pytest.mark.parametrize("message", [
    b"\x30\x80" * 20000, b"\x30\x84\xff\xff\xff\xff" + bytes(100), b"\x24\x80" * 1000 + b"\0\0" * 1000,
    b"\x30\x88" + b"\xff" * 8, b"\x30\x82\x10\x00" + bytes(16), b"\x1f" + b"\xff" * 1000, b"\0" * 1000,
    b"-----BEGIN PKCS7-----\nMIIB\n-----END PKCS7-----\n"], ids=["nested", "length", "strings", "long length", "short",
                                                                  "tag", "zeros", "pem"])
def test_encodings_that_are_made_to_hurt_are_400(client, message):
    assert check_refused(client, message) == 400


def test_a_message_is_read_up_to_its_limit_and_not_beyond(client, key):
    below = client.pkcs_req(scep.build_csr(key), key, breaks=scep.Breaks(plaintext=lambda data: data + bytes(60000)), **fresh())
    assert len(below.der) < LARGEST_MESSAGE
    assert check_refused(client, below.der, below) == 200
    assert client.post(below.der + bytes(LARGEST_MESSAGE - len(below.der) + 1)).status == 413
    assert client.get(os.urandom(LARGEST_MESSAGE)).status in (413, 414)


@pytest.mark.parametrize("option, value", [("digest", "md5"), ("signer", ec.SECP256R1()), ("signer", ec.SECP224R1()),
                                           ("cipher", "2.16.840.1.101.3.4.1.46"), ("cipher", "2.16.840.1.101.3.4.1.47")],
                         ids=["MD5", "P-256 signer", "P-224 signer", "AES-GCM", "CCM"])
def test_an_algorithm_that_is_not_offered_is_a_signed_bad_alg(host, client, key, option, value):
    options, signer = {}, key
    if option == "digest":
        options["digest"] = value
    elif option == "signer":
        signer = scep.new_ec_key(value)
    else:
        old, new = (scep.core.ObjectIdentifier(dotted).dump() for dotted in ("2.16.840.1.101.3.4.1.42", value))
        options["breaks"] = scep.Breaks(enveloped=lambda der: der.replace(old, new, 1))
    csr = scep.build_csr(signer, "alg.example", challenge=host.challenge)
    reply = client.send(client.pkcs_req(csr, signer, **fresh(), **options))
    assert (reply.pki_status, reply.fail_info) == (scep.FAILURE, scep.BAD_ALG)
    wanted = "must be signed with an RSA key" if isinstance(value, ec.SECP256R1) else "is not accepted here"
    assert wanted in reply.fail_info_text


def test_a_message_to_another_ra_is_refused_and_the_log_names_whom_it_was_for(host, client, key, make_host):
    elsewhere = ScepClient(make_host("elsewhere", "--subject", "CN=Other CA").start().url()).ra()
    csr = scep.build_csr(key, "lost.example", challenge=host.challenge)
    lost = scep.build_request(csr, signer_key=key, signer_certificate=scep.self_signed(key), recipients=[elsewhere], **fresh())
    reply = client.send(lost)
    assert (reply.pki_status, reply.fail_info) == (scep.FAILURE, scep.BAD_MESSAGE_CHECK)
    line = next(line for line in host.log().splitlines() if lost.transaction_id in line)
    assert "encrypted to" in line and "Other CA" in line


def test_a_certificate_of_another_ca_renews_nothing(host, client, make_host):
    other = make_host("foreign").start()
    theirs = ScepClient(other.url()).enrol("device.example", other.challenge)
    for message_type in (scep.RENEWAL_REQ, scep.PKCS_REQ):
        renewed = client.renew(theirs, "device.example", message_type=message_type)
        assert renewed.reply.pki_status == scep.FAILURE
        assert renewed.reply.fail_info in (scep.BAD_REQUEST, scep.BAD_MESSAGE_CHECK)


@pytest.mark.parametrize("message_type", [scep.CERT_REP, scep.GET_CERT, scep.GET_CRL, "18", "99", "", "19 "])
def test_a_message_type_that_is_not_offered_is_refused(client, key, message_type):
    message = client.pkcs_req(scep.build_csr(key), key, message_type=message_type, **fresh())
    assert check_refused(client, message.der, message) in (200, 400)


@pytest.mark.parametrize("options", [{"transaction_id": "x" * 257}, {"transaction_id": ""},
                                     {"sender_nonce": b""}, {"sender_nonce": bytes(65)}], ids=str)
def test_ids_and_nonces_out_of_bounds_are_400(client, key, options):
    message = client.pkcs_req(scep.build_csr(key), key, **{**fresh(), **options})
    assert check_refused(client, message.der) == 400


def test_a_one_time_challenge_seen_on_the_wire_serves_nobody_else(host, client):
    challenge = host.json("challenge", "new")["challenge"]
    first = client.enrol("first.example", challenge)
    assert first.reply.pki_status == scep.SUCCESS
    second = client.enrol("second.example", challenge)
    assert (second.reply.pki_status, second.reply.fail_info) == (scep.FAILURE, scep.BAD_REQUEST)
    # The message itself, sent again by whoever saw it, is answered to its sender alone.
    assert client.send(first.request).certificate == first.certificate


def mangled(text):
    """One GET text with each thing wrong that can be."""
    return {"cut": text[:len(text) // 2 // 4 * 4 + 1], "dot": text[:50] + "." + text[50:], "hash": text[:50] + "%23" + text[50:],
            "nul": text[:50] + "%00" + text[50:], "half escape": text + "%", "bad escape": text[:50] + "%zz" + text[50:],
            "padding inside": text[:48] + "====" + text[48:], "too much padding": text + "====", "unicode": text[:50] + "%C3%A4" + text[50:]}


@pytest.mark.parametrize("shape", sorted(GET_SHAPES))
def test_bad_base64_is_400_in_every_shape(host, client, key, shape):
    text = GET_SHAPES[shape](good_message(host, client, key).der)
    for what, query in mangled(text).items():
        answer = client.http("GET", "operation=PKIOperation&message=" + query)
        assert 400 <= answer.status < 500, (what, answer)
        assert (answer.content_type, answer.body.count(b"\n")) == ("text/plain", 1), what


@pytest.mark.parametrize("query", ["operation=PKIOperation", "operation=PKIOperation&message=", "message=MIIB",
                                   "operation=PKIOperation&message=" + urllib.parse.quote("é"), "&&&==", "operation=",
                                   "operation=PKIOperation&message=AA==&message=AA=="])
def test_a_query_without_a_message_is_400(client, query):
    answer = client.http("GET", query)
    assert (answer.status, answer.content_type) == (400, "text/plain")


def test_base64_by_post_is_400(host, client, key):
    message = base64.b64encode(good_message(host, client, key).der)
    assert check_refused(client, message) == 400
