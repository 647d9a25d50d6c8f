"""A wall clock behind the journal: the records are from the future, or the clock is wrong. A person decides."""
import contextlib
import signal
import sqlite3
import time

from tests.support import scep_messages as scep
from tests.support.scep_client import ScepClient
from tests.support.waiting import wait_until

MINUTE_MS = 60_000


def put_journal_ahead(host, minutes):
    """As if its newest record had been written at another wall clock."""
    with contextlib.closing(sqlite3.connect(host.directory / "data" / "journal.db")) as database, database:
        database.execute("UPDATE totals SET newest = ?", (int(time.time() * 1000) + minutes * MINUTE_MS,))


def stopped_with_work(make_host):
    host = make_host().start()
    ScepClient(host.url()).enrol("before.example", host.challenge)
    assert host.stop() == 0
    return host


def enrol(host, name):
    """The HTTP status, and the certificate if there is one."""
    client, key = ScepClient(host.url()), scep.new_rsa_key()
    request = client.pkcs_req(scep.build_csr(key, name, challenge=host.challenge), key)
    answer = client.post(request.der)
    return answer.status, scep.read_reply(answer.body, request, client.ra()).certificate if answer.status == 200 else None


def test_a_clock_far_behind_means_no_new_work_until_it_is_accepted(make_host):
    host = stopped_with_work(make_host)
    put_journal_ahead(host, 6)
    host.start()
    assert "clock behind the journal" in host.log()
    status = host.json("status")
    assert status["state"] == "refusing work"
    assert any("certspan clock accept" in notice for notice in status["notices"])
    assert enrol(host, "early.example") == (503, None)
    host.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "configuration applied" in host.log())
    assert enrol(host, "early.example") == (503, None), "a reload is no decision about the clock"
    assert [item["labels"]["subject"] for item in host.items()] == ["CN=before.example"]
    host.command("clock", "accept")
    assert enrol(host, "early.example")[1]
    assert host.json("status")["state"] == "serving"
    assert host.stop() == 0
    host.start()
    assert enrol(host, "later.example")[1]


def test_a_clock_can_be_accepted_while_the_host_is_down(make_host):
    host = stopped_with_work(make_host)
    put_journal_ahead(host, 60)
    host.command("clock", "accept")
    host.start()
    assert enrol(host, "later.example")[1]


def test_a_clock_a_little_behind_is_told_and_served(make_host):
    host = stopped_with_work(make_host)
    put_journal_ahead(host, 4)
    host.start()
    assert "the clock is a little behind the journal" in host.log()
    assert enrol(host, "later.example")[1]
    assert host.json("status")["state"] == "serving"
