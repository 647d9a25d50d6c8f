"""Nothing secret reaches a disk in the clear: challenges, keys and requests are planted, and then everything that the host has
written is searched for them, while it works, after a kill and after its end."""
import base64
import contextlib
import hashlib
import os
import re
import sqlite3

import pytest
from cryptography.hazmat.primitives import serialization

from tests.support import scep_messages as scep
from tests.support.configs import certify_ra, use_outside_ca
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.scep_client import ScepClient

SUBJECT = "planted.example"


def spellings(secret):
    """As it is, in hexadecimal, and in base64 at each of its three alignments."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + secret)
        yield text[4 if shift else 0:-4]


def piece_of_key(path):
    """Octets of a private key that stand in every encoding of it, and in nothing public."""
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    prime = key.private_numbers().p
    return prime.to_bytes((prime.bit_length() + 7) // 8, "big")[16:64]


class Search:
    """Everything that a host has written: data_dir, logs and temporary files, but not what its admin put there."""

    def __init__(self, host, temporary):
        self.host = host
        self.temporary = temporary

    def files(self):
        for folder in (self.host.directory / "data", self.temporary):
            yield from (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".so")
        yield self.host.log_path

    def places_of(self, secret):
        return [path for path in self.files() if any(word in path.read_bytes() for word in spellings(secret))]

    def expect_none_of(self, secrets):
        for name, secret in secrets.items():
            assert not self.places_of(secret), f"{name} stands in {self.places_of(secret)}"


@pytest.fixture
def outside(tmp_path):
    with OutsideCaProcess(tmp_path / "outside", key="rsa") as ca:
        yield ca


@pytest.fixture
def planted(make_host, outside, tmp_path):
    """A host that logs all it can, in front of a CA that takes long, and where it writes."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    host = make_host(environment={"TMPDIR": str(temporary)})
    host.configure(lambda text: use_outside_ca(text, outside.address, answer_after="3s",
                                               reply="{ within: 100ms, then: pending }"))
    host.configure(lambda text: text.replace("host:\n", "host:\n  log: { level: debug }\n", 1))
    certify_ra(host, tmp_path / "outside")
    return host.start(), Search(host, temporary)


def wait_for_state(host, state):
    for _ in range(600):
        if [item for item in host.json("work", "list")["items"] if item["state"] == state]:
            return
    raise AssertionError(f"no work item became {state}: {host.items()}")


def test_no_secret_reaches_a_disk(planted):
    host, search = planted
    client = ScepClient(host.url())
    one_time = host.json("challenge", "new")["challenge"]
    unspent = host.json("challenge", "new")["challenge"]
    enrolment = client.enrol(SUBJECT, one_time)
    assert enrolment.reply.pki_status == scep.PENDING
    refused = client.enrol("refused.example", "a-mistyped-password-of-the-helpdesk")
    assert refused.reply.pki_status == scep.FAILURE
    secrets = {
        "the static challenge": host.challenge.encode(),
        "a spent one-time challenge": one_time.encode(),
        "an unspent one-time challenge": unspent.encode(),
        "a mistyped challenge": b"a-mistyped-password-of-the-helpdesk",
        "the CA key": piece_of_key(host.directory / "ca.key"),
        "the RA key": piece_of_key(host.directory / "ra.key"),
        "the request": enrolment.csr[-64:],
        "the refused request": refused.csr[-64:],
    }
    wait_for_state(host, "pending")
    assert search.places_of(SUBJECT.encode()), "this search finds nothing at all"
    search.expect_none_of(secrets)
    for command in (["work", "list", "--json"], ["why", SUBJECT], ["why", "refused.example"], ["status", "--json"]):
        told = host.command(*command).encode()
        assert not [name for name, secret in secrets.items() if any(word in told for word in spellings(secret))], command
    host.kill()
    search.expect_none_of(secrets)
    host.start()
    wait_for_state(host, "done")
    search.expect_none_of(secrets)
    assert host.stop() == 0
    search.expect_none_of(secrets)
    assert not list(search.temporary.iterdir()), "temporary files are left behind"


def test_a_request_is_kept_as_its_digest_alone_once_its_item_has_ended(planted):
    host, _ = planted
    enrolment = ScepClient(host.url()).enrol(SUBJECT, host.challenge)
    wait_for_state(host, "done")
    item = host.json("work", "list")["items"][0]
    assert item["request_sha256"].lower() == hashlib.sha256(enrolment.csr).hexdigest()
    assert host.stop() == 0
    with contextlib.closing(sqlite3.connect(host.directory / "data" / "journal.db")) as journal:
        assert journal.execute("SELECT count(*) FROM hot").fetchone() == (0,)
        assert journal.execute("SELECT count(*), max(sealed IS NOT NULL) FROM done").fetchone() == (1, 0)


def test_a_crash_leaves_no_memory_on_the_disk(planted):
    host, _ = planted
    with open(f"/proc/{host.process.pid}/limits", encoding="ascii") as limits:
        assert re.search(r"^Max core file size +0 +0 ", limits.read(), re.M)
    # Not dumpable: what describes the process is root's and no longer its user's.
    if os.getuid() != 0:
        assert os.stat(f"/proc/{host.process.pid}/mem").st_uid == 0


def test_the_keys_that_the_host_makes_are_its_own_to_read(planted):
    host, _ = planted
    keys = list((host.directory / "data").glob("*.key"))
    assert keys
    for key in keys:
        assert key.stat().st_mode & 0o777 == 0o600
        assert key.stat().st_uid == os.geteuid()
