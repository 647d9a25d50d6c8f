"""A disk that is full or can't be written: a clear error, no new work, and nothing that was accepted is lost."""
import contextlib
import sqlite3
import time

import pytest

from tests.support import scep_messages as scep
from tests.support.configs import certify_ra, use_outside_ca
from tests.support.mounts import Ballast, in_memory, need_mount_namespaces, read_only
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.scep_client import ScepClient
from tests.support.waiting import wait_until

ROOM_MB = 8  # for the journal


@pytest.fixture(autouse=True)
def namespaces():
    need_mount_namespaces()


@pytest.fixture
def start_on_small_disk(build_dir):
    """start(host): on a disk that has room for its plugins and little more; the ballast that fills it."""

    def start(host):
        # The command line lives outside of the namespace and needs the socket there.
        host.configure(lambda text: text.replace("host:\n", f"host:\n  control: {{ socket: {host.directory}/control.sock }}\n"))
        plugins = sum(file.stat().st_size for file in (build_dir / "plugins").glob("*.so"))
        data = host.directory / "data"
        host.start(prefix=in_memory(data, plugins // (1 << 20) + ROOM_MB))
        return Ballast(host.process, data)

    return start


def post(client, request):
    return client.post(request.der)


def new_request(client, host, number):
    key = scep.new_rsa_key()
    return client.pkcs_req(scep.build_csr(key, f"disk-{number}.example", challenge=host.challenge), key)


def until_try_later(client, host):
    """Enrols one after the other; those that got their certificate, and the first that was told to try later."""
    issued = []
    for number in range(200):
        request = new_request(client, host, number)
        answer = post(client, request)
        if answer.status == 503:
            assert answer.retry_after
            return issued, request
        issued.append(scep.read_reply(answer.body, request, client.ra()).certificate)
    raise AssertionError("the disk is full, and everything is accepted")


def test_a_full_disk_means_try_later_and_work_goes_on_when_there_is_room(make_host, start_on_small_disk):
    host = make_host()
    ballast = start_on_small_disk(host)
    client = ScepClient(host.url())
    before = client.enrol("before.example", host.challenge).certificate
    ballast.load()
    issued, turned_away = until_try_later(client, host)
    assert "journal.full" in host.log()
    assert "AES" in client.capabilities()
    assert post(client, turned_away).status == 503
    ballast.throw_off()
    late = client.send(turned_away, tries=5)
    assert late.pki_status == scep.SUCCESS
    certificates = [before, *issued, late.certificate]
    assert {item["state"] for item in host.items()} == {"done"}
    assert len(host.items()) == len(certificates)
    assert host.stop() == 0


def test_what_a_ca_outside_has_issued_is_kept_until_there_is_room(make_host, start_on_small_disk, tmp_path):
    host = make_host()
    with OutsideCaProcess(tmp_path / "outside", key="rsa") as outside:
        host.configure(lambda text: use_outside_ca(text, outside.address, timeout="10s",
                                                   reply="{ within: 1s, then: try_later }"))
        certify_ra(host, tmp_path / "outside")
        ballast = start_on_small_disk(host)
        client = ScepClient(host.url())
        request = new_request(client, host, 0)
        # The CA answers when the disk is full: that it was asked is on disk by then, and what came of it finds no room.
        outside.script(next=[{"before_ms": 3000}])
        assert post(client, request).status == 503
        assert len(host.items("--state", "calling")) == 1
        ballast.load()
        until_try_later(client, host)  # the journal's file has some room of its own
        wait_until(lambda: "waits for the journal" in host.log())
        assert client.capabilities()
        ballast.throw_off()
        wait_until(lambda: not host.items("--open"))
        assert client.send(request, tries=5).pki_status == scep.SUCCESS
        assert not outside.issued_twice()
        assert [item["state"] for item in host.items()] == ["done"] * len(outside.ledger())
        assert host.stop() == 0



def test_a_disk_that_is_full_from_the_start_is_told(make_host):
    host = make_host()
    host.start(prefix=in_memory(host.directory / "data", 1), expect_ready=False)
    assert host.wait() in (2, 3)
    assert "No space left on device" in host.log()
    assert str(host.directory / "data") in host.log()


def test_a_directory_that_cannot_be_written_any_more_is_refused(make_host):
    host = make_host().start()
    ScepClient(host.url()).enrol("before.example", host.challenge)
    assert host.stop() == 0
    offset = len(host.log())
    host.start(prefix=read_only(host.directory / "data"), expect_ready=False)
    code = host.wait()
    assert (code, "journal.unwritable" in host.log()[offset:]) == (3, True), host.log()[offset:]
    assert [item["state"] for item in host.items()] == ["done"]
    host.start()
    assert len(host.items()) == 1


def test_a_journal_that_another_program_locks_is_told_as_that(make_host):
    host = make_host().start()
    client = ScepClient(host.url())
    request = new_request(client, host, 0)
    with contextlib.closing(sqlite3.connect(host.directory / "data" / "journal.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert post(client, request).status == 503
        wait_until(lambda: "code=journal.locked" in host.log())
        assert "journal.full" not in host.log()
        other.execute("ROLLBACK")
    assert client.send(request, tries=5).pki_status == scep.SUCCESS
