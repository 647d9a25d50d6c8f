"""`certspan journal`, beside a running host and without one."""
import sqlite3

from tests.support.scep_client import ScepClient


def test_the_journal_is_checked_and_compacted_with_and_without_a_host(host):
    ScepClient(host.url()).enrol("device.example", host.challenge)
    for _ in range(2):
        found = host.json("journal", "check")
        assert found["faults"] == []
        assert (found["open"], found["finished"]) == (0, 1)
        assert "and now takes" in host.command("journal", "compact")
        if host.running():
            host.stop()
    assert "the journal is sound" in host.command("journal", "check")


def test_damage_is_told_and_the_exit_code_says_so(host):
    ScepClient(host.url()).enrol("device.example", host.challenge)
    host.stop()
    with sqlite3.connect(host.directory / "data" / "journal.db") as database:
        database.execute("UPDATE totals SET finished = 7")
    database.close()
    told = host.run_program("journal", "check", "--config", str(host.config))
    assert told.returncode == 1
    assert "tell of 7 finished items, there are 1" in told.stdout
