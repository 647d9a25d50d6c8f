"""`certspan audit`, beside a running host and without one, held against what was told outside."""
import json
import re
import socket
import sqlite3
import time

import pytest

from tests.support.scep_client import ScepClient

LIMIT_S = 20


@pytest.fixture(name="told")
def told_fixture(make_host):
    """A host that tells the head of its audit chain once a second, in a file beside its own directory."""
    host = make_host()
    host.told = host.directory.parent / (host.directory.name + ".heads")
    return host.configure(lambda text: text.replace("host:\n", f"host:\n  audit: {{ every: 1s, file: {host.told} }}\n", 1)).start()


def enrol(host, count, first=0):
    client = ScepClient(host.url())
    for number in range(first, first + count):
        client.enrol(f"device-{number}.example", host.challenge)


def heads(host):
    """The numbers of the heads that were told."""
    return [int(number) for number in re.findall(r" number=(\d+) ", host.told.read_text())] if host.told.exists() else []


def wait_for_head(host, number):
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        if number in heads(host):
            return
        time.sleep(0.02)
    raise AssertionError(f"number {number} was not told: {heads(host)}")


def verify(host, *more):
    """Exit code and what was said."""
    done = host.run_program("audit", "verify", *more, "--config", str(host.config))
    assert done.stderr == ""
    return done.returncode, done.stdout


def tamper(host, statement):
    with sqlite3.connect(host.directory / "data" / "journal.db") as database:
        assert database.execute(statement).rowcount == 1
    database.close()


def test_the_chain_is_verified_and_exported_with_and_without_a_host(told):
    enrol(told, 3)
    wait_for_head(told, 3)
    enrol(told, 2, first=3)
    serials = {item["labels"]["serial"].lstrip("0").lower() for item in told.items()}
    for running in (True, False):
        assert told.running() == running
        code, said = verify(told, "--against", str(told.told))
        assert (code, "5 finished items are as they were" in said, "the audit chain is whole" in said) == (0, True, True), said
        lines = [json.loads(line) for line in told.command("audit", "export").splitlines()]
        assert [line["number"] for line in lines[:-1]] == [1, 2, 3, 4, 5]
        assert {line["serial"] for line in lines[:-1]} == serials
        assert all(line["before"] == before["hash"] for before, line in zip(lines, lines[1:-1]))
        assert f"hash={lines[-2]['hash']} " in lines[-1]["head"]
        # It tells nothing about persons or machines.
        assert "device-" not in json.dumps(lines)
        told.stop()
    # What was not told yet is told at the end.
    assert heads(told)[-1] == 5


def test_an_export_is_something_to_verify_against(host):
    enrol(host, 2)
    kept = host.directory.parent / "export"
    kept.write_text(host.command("audit", "export"))
    enrol(host, 1, first=2)
    assert host.json("audit", "verify", "--against", str(kept))["heads"] == 1


def test_a_changed_item_is_named_and_the_exit_code_says_so(told):
    enrol(told, 3)
    told.stop()
    changed = told.items()[1]["id"]
    tamper(told, "UPDATE done SET state = 5 WHERE audit_number = 2")
    code, said = verify(told)
    assert (code, changed in said, "does not hold" in said) == (1, True, True), said
    told.start()
    code, said = verify(told)
    assert (code, changed in said) == (1, True), said


def test_items_that_were_taken_away_are_told(told):
    enrol(told, 3)
    told.stop()
    tamper(told, "DELETE FROM done WHERE audit_number = 2")
    code, said = verify(told)
    assert (code, "audit number 2 is missing" in said) == (1, True), said


def test_a_journal_that_was_put_back_is_told_by_what_was_kept_outside(told):
    enrol(told, 1)
    told.stop()
    data = told.directory / "data"
    earlier = {path.name: path.read_bytes() for path in data.glob("journal.db*")}
    told.start()
    enrol(told, 1, first=1)
    told.stop()
    for path in data.glob("journal.db*"):
        path.unlink()
    for name, content in earlier.items():
        (data / name).write_bytes(content)
    assert verify(told)[0] == 0
    code, said = verify(told, "--against", str(told.told))
    assert (code, "ends at number 1, but number 2 was told outside" in said) == (1, True), said


def test_heads_of_another_host_and_changed_ones_are_told(told, make_host):
    enrol(told, 1)
    told.stop()
    good = told.told.read_text()
    told.told.write_text(good.replace(" number=1 ", " number=9 "))
    code, said = verify(told, "--against", str(told.told))
    assert (code, "the line was changed" in said) == (1, True), said
    other = make_host("other").start()
    enrol(other, 1)
    other.stop()
    told.told.write_text(good)
    done = other.run_program("audit", "verify", "--against", str(told.told), "--config", str(other.config))
    assert (done.returncode, "another host's" in done.stdout) == (1, True), done.stdout
    nothing = told.directory / "certspan.yaml"
    done = told.run_program("audit", "verify", "--against", str(nothing), "--config", str(told.config))
    assert (done.returncode, "audit.no_heads" in done.stderr) == (1, True), done.stderr


def test_heads_go_to_syslog_and_a_log_that_is_away_is_told_once(make_host, tmp_path):
    host = make_host()
    path = tmp_path / "log"
    host.configure(lambda text: text.replace("host:\n", f"host:\n  audit: {{ every: 1s, syslog: {path} }}\n", 1)).start()
    enrol(host, 1)
    deadline = time.monotonic() + LIMIT_S
    while "audit head can't be told outside" not in host.log():
        assert time.monotonic() < deadline, host.log()
        time.sleep(0.02)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        syslog.bind(str(path))
        syslog.settimeout(LIMIT_S)
        record = syslog.recv(4096).decode()
    assert re.match(r"<85>\w{3} [ \d]\d \d\d:\d\d:\d\d certspan\[\d+\]: certspan-audit-head-1 .* number=1 ", record), record
    kept = tmp_path / "kept"
    kept.write_text(record + "\n")
    assert host.json("audit", "verify", "--against", str(kept))["heads"] == 1
    host.stop()
    assert host.log().count("can't be told outside") == 1
    assert "audit head is told outside again" in host.log()
