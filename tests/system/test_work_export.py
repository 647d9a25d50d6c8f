"""`certspan work list` and `work export`: the same filters beside a running host and without one."""
import csv
import io
import json
import os
import resource
import stat
import subprocess
import threading

import pytest

from tests.support.finished_items import multiply
from tests.support.mounts import in_memory, need_mount_namespaces
from tests.support.scep_client import ScepClient


EXPORT_LIMIT_S = 400


def enrol(host, *names):
    client = ScepClient(host.url())
    return [client.enrol(name, host.challenge) for name in names]


def exported(host, *options):
    return [json.loads(line) for line in host.command("work", "export", *options).splitlines()]


def refused(host, *words):
    done = host.run_program("work", *words, "--config", str(host.config))
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(name="three")
def three_fixture(host):
    enrol(host, "alpha.example", "beta.example", "gamma.example")
    return host


def test_every_filter_finds_the_same_in_list_and_export_with_and_without_a_host(three):
    beta = three.items("--subject", "beta")[0]
    nobody = ("--until", "2020-01-01T00:00:00Z")
    filters = [(("--subject", "BETA"), 1), (("--text", "beta"), 1), (("--transaction", beta["transaction_id"]), 1),
               (("--serial", "0x" + beta["labels"]["serial"].lower()), 1), (("--state", "done"), 3), (("--state", "held"), 0),
               (("--open",), 0), (("--pipeline", "enrolments"), 3), (("--source", "scep"), 3), (("--connector", "example-ca"), 3),
               (("--since", "1h"), 3), (("--until", "1h"), 0), (nobody, 0), (("--limit", "2"), 2),
               (("--subject", "beta", "--state", "failed"), 0)]
    for running in (True, False):
        assert three.running() == running
        for options, count in filters:
            listed = [item["id"] for item in three.items(*options)]
            records = [record["id"] for record in exported(three, *options)]
            assert (len(listed), len(records)) == (count, count), options
            if "--limit" not in options:
                assert listed == records[::-1], options
        three.stop()


def test_what_is_misspelt_is_told_with_what_was_meant(three):
    for command in ("list", "export"):
        code, _, said = refused(three, command, "--state", "faild")
        assert (code, 'did you mean "failed"?' in said) == (64, True), said
        code, _, said = refused(three, command, "--pipeline", "enrolment")
        assert (code, 'did you mean "enrolments"?' in said) == (1, True), said
        code, _, said = refused(three, command, "--since", "2026-11-22")
        assert (code, "Z is UTC" in said) == (64, True), said


def test_a_file_is_whole_private_and_never_overwritten(three, tmp_path):
    out = tmp_path / "out" / "items.csv"
    out.parent.mkdir()
    three.command("work", "export", "--format", "csv", "--out", str(out))
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(out.read_text(), newline="")))
    assert [row["subject"] for row in rows] == ["CN=alpha.example", "CN=beta.example", "CN=gamma.example"]
    assert [row["id"] for row in rows] == [record["id"] for record in exported(three)]
    before = out.read_bytes()
    code, _, said = refused(three, "export", "--out", str(out))
    assert (code, "nothing is overwritten" in said, out.read_bytes()) == (1, True, before)
    assert [path.name for path in out.parent.iterdir()] == ["items.csv"]


def test_a_subject_from_a_stranger_is_no_formula(host):
    enrol(host, "=HYPERLINK(\"http://evil.example\")")
    # "CN=" stands before what a device writes; a subject without it begins as the stranger likes.
    row = list(csv.reader(io.StringIO(host.command("work", "export", "--format", "csv"), newline="")))[1]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)


def test_certificates_come_where_the_journal_holds_them_and_no_secret_ever(three):
    lines = three.command("work", "export", "--certificates")
    assert three.challenge not in lines
    for record in map(json.loads, lines.splitlines()):
        # An embedded CA keeps its certificates itself.
        assert record["certificate"] == ""


def test_a_full_disk_and_a_broken_pipe_end_with_one(three):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([three.program, "work", "export", "--config", str(three.config)], stdout=full, stderr=subprocess.PIPE,
                              text=True, check=False)
    assert (done.returncode, "standard output can't be written: no space left" in done.stderr) == (1, True), done.stderr
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([three.program, "work", "export", "--config", str(three.config)], stdout=writer, stderr=subprocess.PIPE,
                          text=True, check=False)
    os.close(writer)
    assert (done.returncode, "standard output can't be written: broken pipe" in done.stderr) == (1, True), done.stderr


def test_a_disk_that_is_too_small_leaves_no_half_of_a_file(three, tmp_path):
    need_mount_namespaces()
    three.stop()
    multiply(three, 5000)
    small = tmp_path / "small"
    script = f'"$@"; code=$?; ls -A "{small}" >&2; exit $code'
    done = subprocess.run([*in_memory(small, 1), "sh", "-c", script, "sh", three.program, "work", "export", "--out",
                           str(small / "items"), "--config", str(three.config)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [f'certspan: "{small}/items" can\'t be written: no space left on device [file.unwritable]']


def peak_of(pid):
    """The most memory that a process had, in KiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1])


def export_of_many(host, out, count):
    """Exports beside devices that enrol, and looks at the answer and at the memory of both programs."""
    enrol(host, "many.example")
    host.stop()
    multiply(host, count)
    host.start()
    enrol(host, "before.example")
    there = peak_of(host.process.pid)
    stop = threading.Event()
    came = []

    def keep_enrolling():
        while not stop.is_set():
            name = f"during-{len(came)}.example"
            enrol(host, name)
            came.append(name)

    device = threading.Thread(target=keep_enrolling)
    device.start()
    try:
        done = host.run_program("work", "export", "--out", str(out), "--config", str(host.config), timeout=EXPORT_LIMIT_S)
        assert done.returncode == 0, done.stderr
        own = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    finally:
        stop.set()
        device.join()
    with open(out, encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    ids = [record["id"] for record in records]
    assert len(ids) == len(set(ids))
    assert ids == sorted(ids)
    # All that was there at the start, and nothing half-way of what came.
    subjects = {record["subject"] for record in records}
    assert {"CN=many.example", "CN=before.example"} <= subjects
    assert sum(record["subject"] == "CN=many.example" for record in records) == count + 1
    return own, peak_of(host.process.pid) - there, came


def test_an_export_beside_work_has_each_item_once(make_host, tmp_path):
    _, grown, _ = export_of_many(make_host().start(), tmp_path / "out.ndjson", 20_000)
    assert grown < 48 * 1024


@pytest.mark.long
@pytest.mark.timeout(600)
def test_an_export_of_many_takes_no_more_memory_than_one_of_few(make_host, tmp_path):
    own, grown, came = export_of_many(make_host().start(), tmp_path / "out.ndjson", 200_000)
    # Every child of this test is counted, the hosts too.
    assert own < 200 * 1024
    assert grown < 64 * 1024
    assert came
