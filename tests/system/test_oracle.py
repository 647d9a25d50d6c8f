"""SCEP is a public decryption service: an envelope of somebody else can be captured, changed, signed again by anyone and
sent as often as one likes. Whatever the private key made of it, the whole answer must be the same."""
import collections
import http.client
import os
import random

import pytest

from tests.support import scep_messages as scep
from tests.support.host import Host
from tests.support.scep_client import ScepClient

OF_EACH_KIND = 200
RSA_OCTETS = 256

Told = collections.namedtuple("Told", "http_status headers length pki_status fail_info text")


class Stranger:
    """Signs envelopes with a key of its own and keeps what it learns from the answers."""

    def __init__(self, host):
        self.client = ScepClient(host.url())
        self.key = scep.new_rsa_key()
        self.certificate = scep.self_signed(self.key)
        self.connection = http.client.HTTPConnection(host.address(), timeout=60)

    def send(self, envelope):
        """A transaction of its own each time: repeats of one transaction are slowed down."""
        message = scep.build_request(b"", signer_key=self.key, signer_certificate=self.certificate, recipients=[],
                                     transaction_id=os.urandom(20).hex(), enveloped=envelope)
        self.connection.request("POST", "/scep?operation=PKIOperation", message.der)
        response = self.connection.getresponse()
        body = response.read()
        headers = tuple(sorted((name.lower(), value) for name, value in response.getheaders() if name.lower() != "date"))
        reply = scep.read_reply(body, message, self.client.ra())
        text, reference = reply.fail_info_text.rsplit(" ", 1)
        assert len(reference) == 16
        return Told(response.status, headers, len(body), reply.pki_status, reply.fail_info, text)


@pytest.fixture(scope="module")
def host(build_dir, tmp_path_factory):
    """One host for all: nothing here may change anything in it."""
    shared = Host(build_dir, tmp_path_factory.mktemp("oracle") / "host").init().start()
    yield shared
    shared.kill()


@pytest.fixture(scope="module")
def stranger(host):
    found = Stranger(host)
    yield found
    found.connection.close()


@pytest.fixture(scope="module")
def captured(host, stranger):
    """The envelope of a request that would succeed, challenge and all, as seen on the wire."""
    key = scep.new_rsa_key()
    csr = scep.build_csr(key, "victim.example", challenge=host.challenge, dns=["victim.example"])
    return stranger.client.pkcs_req(csr, key).enveloped


def flip_bit(octets, at, bit):
    octets[at] ^= 1 << bit


def broken_key_transports(envelope, chance):
    """The encrypted content key: a bit of it flipped, another number below the modulus, and the extremes."""
    at = envelope.index(b"\x04\x82\x01\x00") + 4
    for i in range(OF_EACH_KIND):
        changed = bytearray(envelope)
        if i < 3:
            changed[at:at + RSA_OCTETS] = bytes([(0x00, 0x01, 0xFF)[i]]) * RSA_OCTETS
        elif i % 4 == 0:
            changed[at:at + RSA_OCTETS] = bytes([chance.randrange(0x80)]) + chance.randbytes(RSA_OCTETS - 1)
        else:
            flip_bit(changed, at + chance.randrange(RSA_OCTETS), chance.randrange(8))
        yield bytes(changed)


def flipped_contents(envelope, chance):
    """A bit flipped in the last two blocks, which decide the padding, in the first ones, where the ASN.1 begins, in the
    initialisation vector, or anywhere between."""
    key_at = envelope.index(b"\x04\x82\x01\x00") + 4
    vector_at = envelope.index(b"\x04\x10", key_at + RSA_OCTETS) + 2
    content_at = vector_at + 16 + 4  # behind the header of the [0] with the content
    places = [(len(envelope) - 32, 32), (content_at, 32), (vector_at, 16), (content_at, len(envelope) - content_at)]
    for i in range(OF_EACH_KIND):
        first, count = places[i % len(places)]
        changed = bytearray(envelope)
        flip_bit(changed, first + chance.randrange(count), chance.randrange(8))
        yield bytes(changed)


def test_400_broken_envelopes_get_one_answer_and_no_certificate(host, stranger, captured, seed):
    chance = random.Random(seed)
    told = collections.Counter([stranger.send(captured)])  # opens, but is another's request
    for envelope in [*broken_key_transports(captured, chance), *flipped_contents(captured, chance)]:
        told[stranger.send(envelope)] += 1
    assert len(told) == 1, f"a stranger can tell these apart (--seed {seed}): {told}"
    (only, count), = told.items()
    assert count == 2 * OF_EACH_KIND + 1
    assert (only.http_status, only.pki_status, only.fail_info) == (200, scep.FAILURE, scep.BAD_MESSAGE_CHECK)
    assert only.text == "the request can't be opened; reference"
    assert host.items() == []
    assert host.running()


@pytest.mark.parametrize("content", [b"", b"0", bytes(15), bytes(16), b"\x30" * 4000, b"\x30\x82\xff\xff", "sha1", "ec",
                                     "signature", "another key"], ids=lambda c: c if isinstance(c, str) else f"{len(c)} octets")
def test_whatever_stands_in_an_envelope_a_stranger_is_told_the_same(host, stranger, captured, content):
    key = scep.new_ec_key() if content == "ec" else stranger.key if content == "signature" else scep.new_rsa_key()
    if isinstance(content, str):
        content = scep.build_csr(key, "victim.example", challenge=host.challenge,
                                 digest="sha1" if content == "sha1" else "sha256", break_signature=content == "signature")
    envelope = scep.encrypt_content(content, [stranger.client.ra()], "aes256", "pkcs1", scep.Breaks())
    assert stranger.send(envelope) == stranger.send(captured)
    assert host.items() == []


def test_what_may_be_told_is_told_apart(stranger, captured):
    """The comparison above sees a difference where there is one: a cipher that is not offered stands in public bytes."""
    old, new = (scep.core.ObjectIdentifier(f"2.16.840.1.101.3.4.1.{last}").dump() for last in (42, 46))
    assert stranger.send(captured.replace(old, new)).fail_info == scep.BAD_ALG
    assert stranger.send(captured.replace(old, new)) != stranger.send(captured)
