"""`certspan backup`: what was lost with a disk is asked for at the CAs before anything is issued again, and what is no whole
backup is refused without a trace."""
import contextlib
import hashlib
import io
import json
import re
import secrets
import shutil
import signal
import sqlite3
import subprocess
import tarfile
import time

import pytest

from tests.support.mounts import in_memory, need_mount_namespaces
from tests.support.two_cas import Device, TwoCas, check_once, wait_for_state


@pytest.fixture(name="passphrase")
def passphrase_fixture(tmp_path):
    path = tmp_path / "passphrase"
    path.touch(0o600)
    path.write_text(secrets.token_hex(16) + "\n")
    return path


@pytest.fixture(name="cas")
def cas_fixture(tmp_path):
    cas = TwoCas(tmp_path)
    yield cas
    cas.kill()


def create(host, out, passphrase):
    host.command("backup", "create", "--out", str(out), "--passphrase-file", str(passphrase))


def restore(host, backup, passphrase, *more):
    """The host's whole directory burns and comes back from the backup. Returns what was said."""
    host.kill()
    shutil.rmtree(host.directory)
    below = host.directory.parent / "restored"
    done = host.run_program("backup", "restore", "--in", str(backup), "--to", str(below), "--passphrase-file", str(passphrase), *more)
    assert done.returncode == 0, done.stderr
    (below / host.directory.relative_to("/")).rename(host.directory)
    shutil.rmtree(below)
    return done.stdout


def refused(host, *arguments):
    done = host.run_program(*arguments)
    assert done.returncode == 1 and done.stdout == "", done
    return done.stderr


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_certificates_of_the_lost_time_are_found_at_their_cas(make_host, cas, passphrase, tmp_path):
    """Some were issued by the first CA of the list and some by the second, which stood in for it."""
    host = cas.put_into(make_host()).start()
    before = [Device(host, f"before-{number}") for number in range(2)]
    check_once(host, cas, before)
    create(host, tmp_path / "backup", passphrase)
    after = [Device(host, f"after-{number}") for number in range(4)]
    for device in after[:2]:
        assert device.ask_until_answered()
    cas.first.script(always={"answer": {"outcome": "unavailable", "code": "busy", "message": "not now"}})
    for device in after[2:]:
        assert device.ask_until_answered()
    cas.first.script(always={})
    assert len(cas.second.ledger()) == 2
    said = restore(host, tmp_path / "backup", passphrase)
    assert "2 finished" in said and "every CA outside is asked" in said
    host.start()
    assert "0045" in host.log() and "the journal was put back from a backup" in host.log()
    assert "put back from a backup" in str(host.json("status")["notices"])
    late = Device(host, "late")
    check_once(host, cas, before + after + [late])
    assert len(cas.serials()) == 7


def test_a_backup_beside_a_host_under_load_is_one_moment(make_host, cas, passphrase, tmp_path):
    host = cas.put_into(make_host()).start()
    devices = [Device(host, f"device-{number}") for number in range(12)]
    load = subprocess.Popen([host.program, "backup", "create", "--config", str(host.config), "--out", str(tmp_path / "backup"),
                             "--passphrase-file", str(passphrase)], stdout=subprocess.DEVNULL)
    try:
        for device in devices:
            assert device.ask_until_answered()
    finally:
        assert load.wait(60) == 0
    restore(host, tmp_path / "backup", passphrase)
    host.start()
    check_once(host, cas, devices)


def test_orders_that_were_open_in_the_backup_end_once(make_host, cas, passphrase, tmp_path):
    """One was lost on its way, which nobody knew when the backup was made."""
    host = cas.put_into(make_host()).start()
    cas.first.script(next=[{"drop": "after"}], lookup="cannot_tell")
    cas.first.script(next=[{"before_ms": 3000}])
    device = Device(host, "laptop")
    device.ask()
    wait_for_state(host, "calling")
    create(host, tmp_path / "backup", passphrase)
    assert device.ask_until_answered()
    restore(host, tmp_path / "backup", passphrase)
    host.start()
    check_once(host, cas, [device])


def test_a_ca_that_cannot_be_asked_leaves_each_request_to_a_person(make_host, cas, passphrase, tmp_path):
    host = cas.put_into(make_host(), plugin="example_ca_without_lookup").start()
    create(host, tmp_path / "backup", passphrase)
    device = Device(host, "laptop")
    assert device.ask_until_answered()
    restore(host, tmp_path / "backup", passphrase)
    host.start()
    assert device.ask() is None
    item = wait_for_state(host, "held")
    assert "put back from a backup" in item["reason"] and len(cas.serials()) == 1
    other = Device(host, "other")
    assert other.ask() is None
    number = [held["id"] for held in host.items("--state", "held") if held["id"] != item["id"]]
    host.command("work", "resolve", number[0], "--not-done")
    assert other.ask_until_answered() and len(cas.serials()) == 2
    host.kill()
    host.start()
    assert wait_for_state(host, "held")["id"] == item["id"]


def test_nothing_is_asked_when_nothing_was_lost(make_host, cas, passphrase, tmp_path):
    """A host that moves to another machine: it was stopped before the backup."""
    host = cas.put_into(make_host(), plugin="example_ca_without_lookup").start()
    host.stop()
    create(host, tmp_path / "backup", passphrase)
    restore(host, tmp_path / "backup", passphrase, "--nothing-lost")
    host.start()
    check_once(host, cas, [Device(host, "laptop")])


@pytest.fixture(name="kept")
def kept_fixture(make_host, cas, passphrase, tmp_path):
    """A host with one finished item, and its backup."""
    host = cas.put_into(make_host()).start()
    check_once(host, cas, [Device(host, "laptop")])
    create(host, tmp_path / "backup", passphrase)
    return host


def test_an_audit_chain_that_was_put_back_says_so(make_host, cas, passphrase, tmp_path):
    told = tmp_path / "heads"
    host = cas.put_into(make_host()).configure(
        lambda text: text.replace("host:\n", f"host:\n  audit: {{ every: 1s, file: {told} }}\n", 1)).start()
    first, second = Device(host, "first"), Device(host, "second")
    assert first.ask_until_answered()
    create(host, tmp_path / "backup", passphrase)
    assert second.ask_until_answered()
    host.stop()
    assert " number=2 " in told.read_text()
    restore(host, tmp_path / "backup", passphrase)
    for _ in range(2):  # without a host, and beside one
        done = host.run_program("audit", "verify", "--against", str(told), "--config", str(host.config))
        assert (done.returncode, "number 2 was told outside" in done.stdout) == (1, True), done
        assert "put back at" in done.stdout and "the chain ended at number 1" in done.stdout
        alone = host.json("audit", "verify")
        assert alone["faults"] == [] and alone["restores"][0]["audit_number"] == 1
        if not host.running():
            host.start()
    check_once(host, cas, [first, second])


def test_what_is_no_whole_backup_is_refused_without_a_trace(kept, passphrase, tmp_path):
    backup, other = tmp_path / "backup", tmp_path / "other"
    other.touch(0o600)
    before = names(tmp_path)

    def restoring(file, secret=passphrase):
        said = refused(kept, "backup", "restore", "--in", str(file), "--to", str(tmp_path / "to"), "--passphrase-file", str(secret))
        assert said.startswith("certspan: ") and "[" in said
        return said

    whole = backup.read_bytes()
    other.write_text("another passphrase\n")
    assert "backup.passphrase]" in restoring(backup, other)
    other.write_text("short\n")
    assert "backup.passphrase_file]" in restoring(backup, other)
    for size in (10, 60, 120, 5000, 65536 + 120, len(whole) - 1):
        other.write_bytes(whole[:size])
        assert "backup.truncated]" in restoring(other)
    other.write_bytes(whole[:40000] + bytes([whole[40000] ^ 1]) + whole[40001:])
    assert "backup.altered]" in restoring(other)
    other.write_bytes(kept.config.read_bytes())
    assert "backup.foreign]" in restoring(other)
    assert "backup.unreadable]" in restoring(tmp_path / "nothing")
    passphrase.chmod(0o644)
    assert "backup.passphrase_file]" in restoring(backup)
    assert names(tmp_path) == before


def test_a_journal_that_is_none_is_not_restored(kept, tmp_path):
    """Whoever makes a plain archive can make its digests fit."""
    plain, forged = tmp_path / "plain", tmp_path / "forged"
    kept.command("backup", "create", "--out", str(plain), "--danger-plain")
    with tarfile.open(plain) as tar:
        contents = [(entry.name, tar.extractfile(entry).read()) for entry in tar]

    def restoring(name, content):
        parts = {**dict(contents), name: content}
        manifest = json.loads(parts["manifest.json"])
        for file in manifest["files"]:
            file.update(size=len(parts[file["name"]]), sha256=hashlib.sha256(parts[file["name"]]).hexdigest())
        parts["manifest.json"] = json.dumps(manifest).encode()
        with tarfile.open(forged, "w") as tar:
            for part, held in parts.items():
                entry = tarfile.TarInfo(part)
                entry.size = len(held)
                tar.addfile(entry, io.BytesIO(held))
        return refused(kept, "backup", "restore", "--in", str(forged), "--to", str(tmp_path / "to"), "--danger-plain")

    journal = dict(contents)["data/journal.db"]
    newer = tmp_path / "newer.db"
    newer.write_bytes(journal)
    with contextlib.closing(sqlite3.connect(newer)) as database:
        database.execute("PRAGMA user_version = 99")
    assert "restore.unsound]" in restoring("data/journal.db", b"SQLite format 3\0" + secrets.token_bytes(9000))
    assert "restore.unsound]" in restoring("data/journal.db", journal[:len(journal) // 2])
    assert "backup.newer]" in restoring("data/journal.db", newer.read_bytes())
    assert sorted(name for name in names(tmp_path) if name.startswith("to")) == []


def test_nothing_is_overwritten(kept, passphrase, tmp_path):
    backup = tmp_path / "backup"
    assert backup.stat().st_mode & 0o777 == 0o600
    way = ["--passphrase-file", str(passphrase)]
    before = backup.read_bytes()
    assert "backup.exists]" in refused(kept, "backup", "create", "--out", str(backup), *way, "--config", str(kept.config))
    assert backup.read_bytes() == before
    full, empty = tmp_path / "full", tmp_path / "empty"
    full.mkdir()
    empty.mkdir()
    (full / "something").touch()
    assert "restore.not_empty]" in refused(kept, "backup", "restore", "--in", str(backup), "--to", str(full), *way)
    assert names(full) == ["something"]
    assert kept.run_program("backup", "restore", "--in", str(backup), "--to", str(empty), *way).returncode == 0
    for path in empty.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    restored = empty / kept.directory.relative_to("/")
    for name in ("certspan.yaml", "ra.key", "ra.pem", "ca.key", "challenge", "data/journal.key", "data/audit.key"):
        assert (restored / name).read_bytes() == (kept.directory / name).read_bytes()
    assert "restore.not_empty]" in refused(kept, "backup", "restore", "--in", str(backup), "--to", str(empty), *way)


def test_a_full_disk_is_told_and_left_as_it_was(kept, passphrase, tmp_path):
    """The host's own disk is not filled: it goes on with its work."""
    need_mount_namespaces()
    kept.kill()
    small = tmp_path / "small"
    way = ["--passphrase-file", passphrase]

    def on_small_disk(first, *command):
        script = f'{first}; "$@"; code=$?; ls "{small}"; exit $code'
        done = subprocess.run([*in_memory(small, 1), "sh", "-c", script, "sh", kept.program, "backup", *command, *way],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 1, done
        return done

    fill = f'head -c 1000000 /dev/zero >"{small}/ballast"'
    restored = on_small_disk(fill, "restore", "--in", tmp_path / "backup", "--to", small / "to")
    assert "backup.unwritable]" in restored.stderr and "no space left" in restored.stderr and restored.stdout == "ballast\n"
    made = on_small_disk(fill, "create", "--config", kept.config, "--out", small / "backup")
    assert "backup.unwritable]" in made.stderr and "no space left" in made.stderr and made.stdout == "ballast\n"
    data = kept.directory / "data"
    moved = kept.config.with_name("moved.yaml")
    moved.write_text(kept.config.read_text().replace(f"data_dir: {data}", f"data_dir: {small}"))
    kept_files = [name for name in names(data) if name.startswith(("journal.", "audit."))]
    made = on_small_disk(f'cp -a "{data}"/journal.* "{data}"/audit.* "{small}"', "create", "--config", moved, "--out", tmp_path / "another")
    assert "journal.full]" in made.stderr and "64 MB free" in made.stderr
    assert made.stdout.split() == kept_files
    assert not (tmp_path / "another").exists()


def test_a_plain_backup_has_to_be_asked_for(kept, passphrase, tmp_path):
    plain = tmp_path / "plain"
    assert "NOT encrypted" in kept.command("backup", "create", "--out", str(plain), "--danger-plain")
    assert "backup.foreign]" in refused(kept, "backup", "verify", "--in", str(plain), "--passphrase-file", str(passphrase))
    assert "backup.encrypted]" in refused(kept, "backup", "verify", "--in", str(tmp_path / "backup"), "--danger-plain")
    assert kept.run_program("backup", "verify", "--in", str(plain), "--danger-plain").returncode == 0
    listed = subprocess.run(["tar", "tf", str(plain)], capture_output=True, text=True, check=True).stdout.split()
    assert listed[0] == "manifest.json" and "data/journal.db" in listed


def test_no_secret_is_told_and_what_is_not_contained_is(kept, passphrase, tmp_path):
    kept.configure(lambda text: re.sub(r"data_dir: (\S+)", r'data_dir: "${env:NOWHERE:-\1}"', text))
    kept.kill()
    said = kept.command("backup", "create", "--out", str(tmp_path / "again"), "--passphrase-file", str(passphrase))
    assert "environment variable NOWHERE" in said and "plugin example_ca" in said and "ra.key" in said
    for secret in (kept.challenge, passphrase.read_text().strip()):
        assert secret not in said + kept.log()


@pytest.mark.parametrize("command", ("create", "restore"))
def test_one_that_is_killed_in_the_middle_leaves_nothing_that_looks_whole(kept, passphrase, tmp_path, command):
    target = tmp_path / "target"
    way = ["--passphrase-file", str(passphrase)]
    arguments = {"create": ["create", "--config", str(kept.config), "--out", str(target)],
                 "restore": ["restore", "--in", str(tmp_path / "backup"), "--to", str(target)]}[command]
    for tries in range(12):
        with subprocess.Popen([kept.program, "backup", *arguments, *way], stdout=subprocess.DEVNULL) as process:
            time.sleep(0.08 * (tries + 1))
            process.send_signal(signal.SIGKILL)
        if target.exists() and command == "create":
            assert kept.run_program("backup", "verify", "--in", str(target), *way).returncode == 0
            target.unlink()
        elif target.exists():
            assert (target / kept.config.relative_to("/")).exists()
            database = target / (kept.directory / "data" / "journal.db").relative_to("/")
            with contextlib.closing(sqlite3.connect(f"file:{database}?immutable=1", uri=True)) as journal:
                assert journal.execute("SELECT count(*) FROM restores").fetchone() == (1,)
            shutil.rmtree(target)
    done = kept.run_program("backup", *arguments, *way)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (kept.directory / "data").glob("journal.snapshot*")) == []


def test_a_key_that_the_configuration_names_comes_along(make_host, cas, passphrase, tmp_path):
    host = cas.put_into(make_host())
    key = host.directory / "sealing.key"
    key.touch(0o600)
    key.write_text(secrets.token_hex(32))
    host.configure(lambda text: text.replace("\nhost:\n", f"\nhost:\n  journal_key: \"${{file:{key}}}\"\n", 1)).start()
    assert not (host.directory / "data" / "journal.key").exists()
    for outside in (cas.first, cas.second):
        outside.script(always={"answer": {"outcome": "unavailable", "code": "busy", "message": "not now"}})
    device = Device(host, "laptop")
    assert device.ask() is None
    dead = wait_for_state(host, "dead")
    create(host, tmp_path / "backup", passphrase)
    restore(host, tmp_path / "backup", passphrase)
    for outside in (cas.first, cas.second):
        outside.script(always={})
    host.start()
    host.command("work", "retry", dead["id"])  # its request has to be opened for that
    certificate = device.ask_until_answered()
    assert [f"{certificate.serial_number:x}"] == cas.serials()
