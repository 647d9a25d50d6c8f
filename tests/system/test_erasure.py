"""`certspan work erase`: somebody's finished items go for good, and the audit chain tells that it was meant."""
import json
import pathlib
import random
import re
import sqlite3
import subprocess
import time

import pytest

from tests.support import scep_messages as scep
from tests.support.configs import certify_ra, renew_at_any_time, use_outside_ca
from tests.support.finished_items import multiply
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.scep_client import ScepClient

SUBJECT = "jane-unmistakable-doe.example"
MEANT = ("--subject", SUBJECT)

#: What may have been done is held soon.
IMPATIENT = "{ within: 1s, then: try_later }\n    deadline: 2s"


def enrol(host, *names):
    client = ScepClient(host.url())
    for name in names:
        client.enrol(name, host.challenge)


def erase(host, *options, reason="case 7"):
    done = host.run_program("work", "erase", *options, "--reason", reason, "--config", str(host.config))
    return done.returncode, done.stdout, done.stderr


def verified(host):
    done = host.run_program("audit", "verify", "--json", "--config", str(host.config))
    return done.returncode, json.loads(done.stdout)


def journal_files(host):
    return [path for path in (host.directory / "data").iterdir() if path.name.startswith("journal.db")]


def rows_hold(host, text):
    """Whether a table holds it, but for a CA's own ledger."""
    with sqlite3.connect(f"file:{host.directory}/data/journal.db?mode=ro", uri=True) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return [name for name in tables if name != "store"
                for row in database.execute(f"SELECT * FROM {name}") for value in row
                if isinstance(value, bytes) and text.encode() in value]


@pytest.fixture(name="outside")
def outside_fixture(tmp_path):
    with OutsideCaProcess(tmp_path / "outside", key="rsa") as process:
        yield process


@pytest.fixture(name="company")
def company_fixture(make_host, outside, tmp_path):
    """A host whose CA is outside: nothing but the journal's items tells of a device there."""
    host = make_host()
    host.configure(lambda text: use_outside_ca(text, outside.address, reply=IMPATIENT))
    certify_ra(host, tmp_path / "outside")
    return host.start()


@pytest.mark.parametrize("running", [True, False], ids=["beside a host", "without a host"])
def test_not_a_byte_is_left_in_the_files(company, running):
    enrol(company, *[name for n in range(8) for name in (f"other-{n}.example", f"{n}.{SUBJECT}")])
    if not running:
        company.stop()
    code, said, _ = erase(company, *MEANT, "--dry-run")
    assert (code, "8 finished work items would be erased" in said) == (0, True)
    code, _, said = erase(company, *MEANT)
    assert (code, "--yes" in said) == (1, True)
    assert len(company.items(*MEANT)) == 8
    code, said, wrong = erase(company, *MEANT, "--yes")
    assert (code, "8 finished work items were erased" in said) == (0, True), wrong
    assert "the host's log" in said and str(company.directory / "data") in said
    for path in journal_files(company):
        assert SUBJECT.encode() not in path.read_bytes(), path
    assert company.items(*MEANT) == []
    assert len(company.items()) == 8
    code, said, _ = erase(company, *MEANT, "--yes")
    assert (code, "0 finished work items were erased" in said) == (0, True)
    code, verdict = verified(company)
    assert (code, verdict["faults"], verdict["verified"], verdict["erased"], verdict["removed"]) == (0, [], 8, 8, 0)
    told, = verdict["erasures"]
    assert (told["items"], told["reason"], told["numbers"]) == (8, "case 7", [[2 * n, 2 * n] for n in range(1, 9)])
    assert told["who"]
    assert SUBJECT not in company.command("audit", "export")
    company.stop()
    company.start()
    enrol(company, "after.example")
    assert company.json("journal", "check")["faults"] == []


def test_the_log_tells_who_erased_but_not_whose_items(host):
    enrol(host, SUBJECT)
    before = host.log()
    assert erase(host, *MEANT, "--yes")[0] == 0
    told = host.log()[len(before):]
    assert "command=work_erase" in told
    assert re.search(r"work erase items=1 who=\S+ reason=\"?case 7", told), told
    assert SUBJECT not in told


def test_a_certificate_outlives_the_erasure_of_its_item(make_host):
    host = make_host().configure(renew_at_any_time).start()
    client = ScepClient(host.url())
    old = client.enrol(SUBJECT, host.challenge)
    assert erase(host, *MEANT, "--yes")[0] == 0
    assert rows_hold(host, SUBJECT) == []
    # The embedded CA's ledger knows it.
    new = client.renew(old, SUBJECT)
    assert new.certificate.serial_number != old.certificate.serial_number
    assert len(host.items(*MEANT)) == 1


def test_a_device_that_repeats_itself_after_the_erasure_is_a_new_one(host):
    client = ScepClient(host.url())
    key = scep.new_rsa_key()
    request = client.pkcs_req(scep.build_csr(key, SUBJECT, challenge=host.challenge), key)
    first = scep.read_reply(client.post(request.der).body, request, client.ra()).certificate
    assert erase(host, *MEANT, "--yes")[0] == 0
    # A host that answers nothing from its memory.
    host.stop()
    host.start()
    client = ScepClient(host.url())
    second = scep.read_reply(client.post(request.der).body, request, client.ra()).certificate
    assert second.serial_number != first.serial_number
    assert len(host.items(*MEANT)) == 1


def test_open_items_are_refused_with_what_to_do(company, outside):
    enrol(company, SUBJECT)
    outside.script(next=[{"drop": "before"}], lookup="cannot_tell")
    client = ScepClient(company.url())
    key = scep.new_rsa_key()
    client.post(client.pkcs_req(scep.build_csr(key, f"2.{SUBJECT}", challenge=company.challenge), key).der)
    item, = company.items("--open")
    code, _, said = erase(company, *MEANT, "--yes")
    assert (code, item["id"] in said, "work cancel" in said, "work resolve" in said) == (1, True, True, True), said
    assert len(company.items(*MEANT)) == 2
    deadline = time.monotonic() + 30
    while not company.items("--state", "held"):
        assert time.monotonic() < deadline, company.items()
        time.sleep(0.05)
    company.command("work", "resolve", item["id"], "--abandon")
    while company.items("--open"):
        assert time.monotonic() < deadline, company.items()
        time.sleep(0.05)
    code, said, _ = erase(company, *MEANT, "--yes")
    assert (code, "2 finished work items were erased" in said) == (0, True)


@pytest.mark.parametrize("options, reason, said", [
    (("--state", "done"), "case 7", "whose items are meant"), (MEANT, "", "needs --reason"),
    (MEANT, f"{SUBJECT} left us", "leave out whose items"), (("--subject", "ex"), "case 7", "too many subjects")])
def test_an_order_that_is_not_clear_is_refused(host, options, reason, said):
    enrol(host, SUBJECT)
    code, _, wrong = erase(host, *options, "--yes", reason=reason)
    assert (code, said in wrong) == (1, True), wrong
    assert len(host.items()) == 1


@pytest.mark.parametrize("victim", ["host", "command"])
def test_a_kill_in_the_middle_leaves_each_item_there_or_gone_with_its_record(host, victim, seed):
    chance = random.Random(seed)
    enrol(host, "other.example", SUBJECT)
    host.stop()
    multiply(host, 6000)
    running = victim == "host"
    if running:
        host.start()
    command = subprocess.Popen([host.program, "work", "erase", *MEANT, "--reason", "case 7", "--yes", "--config", str(host.config)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(chance.uniform(0.05, 0.6))
    (host.process if running else command).kill()
    command.wait()
    host.kill()
    left = len(host.run_program("work", "export", *MEANT, "--config", str(host.config)).stdout.splitlines())
    code, verdict = verified(host)
    assert (code, verdict["faults"]) == (0, [])
    gone = sum(erasure["items"] for erasure in verdict["erasures"])
    assert left + gone == 6001
    if running:
        host.start()
    code, said, _ = erase(host, *MEANT, "--yes")
    assert (code, f"{left} finished work items were erased" in said) == (0, True), said
    assert rows_hold(host, SUBJECT) == []
    code, verdict = verified(host)
    assert (code, verdict["faults"], sum(erasure["items"] for erasure in verdict["erasures"])) == (0, [], 6001)
    assert host.json("journal", "check")["faults"] == []


def test_whoever_takes_an_item_away_without_a_record_is_found_beside_an_erasure(host):
    enrol(host, "one.example", SUBJECT, "three.example", "four.example")
    assert erase(host, *MEANT, "--yes")[0] == 0
    host.stop()
    with sqlite3.connect(pathlib.Path(host.directory) / "data" / "journal.db") as database:
        assert database.execute("DELETE FROM done WHERE audit_number = 3").rowcount == 1
    database.close()
    code, verdict = verified(host)
    assert (code, verdict["erased"]) == (1, 1)
    assert any("audit number 3 is missing" in fault for fault in verdict["faults"])
