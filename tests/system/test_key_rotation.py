"""`certspan journal rotate-key`: everything sealed opens with a new key and nothing with the old one, whatever happens meanwhile."""
import json
import os
import random
import re
import secrets
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest

from tests.support import scep_messages as scep
from tests.support.configs import certify_ra, use_outside_ca
from tests.support.failpoints import ROTATION, parametrize_points
from tests.support.mounts import UNSHARE, need_mount_namespaces, read_only
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.scep_client import ScepClient
from tests.support.waiting import wait_until


def pytest_generate_tests(metafunc):
    parametrize_points(metafunc, lambda name: name.startswith(ROTATION))


@pytest.fixture(name="outside")
def outside_fixture(tmp_path):
    with OutsideCaProcess(tmp_path / "outside", key="rsa") as process:
        yield process


class Company:
    """A host that is down, with a finished item, one that its CA is being asked for, a dead letter and a one-time challenge."""

    def __init__(self, host, outside):
        self.host, self.outside = host, outside
        self.data = host.directory / "data"
        client = ScepClient(host.url())
        self.finished = self.new_request(client, "finished.example")
        self.certificate = client.send(self.finished, tries=5).certificate
        outside.script(always={"answer": {"outcome": "unavailable"}})
        client.post(self.new_request(client, "dead.example").der)
        wait_until(lambda: host.items("--state", "dead"))
        outside.script(always={"before_ms": 60000})
        self.open = self.new_request(client, "open.example")
        assert client.send(self.open).pki_status == scep.PENDING
        wait_until(lambda: host.items("--state", "calling"))
        self.one_time = host.json("challenge", "new")["challenge"]
        host.kill()
        outside.kill()
        self.audit = self.audited()
        self.old_key = (self.data / "journal.key").read_bytes()
        self.old_sealed = self.sealed()

    def new_request(self, client, name, challenge=None):
        key = scep.new_rsa_key()
        return client.pkcs_req(scep.build_csr(key, name, challenge=challenge or self.host.challenge), key)

    def sealed(self):
        """The sealed octets of the open item and the dead letter, from a copy, so that the journal's log stays as it is."""
        copy = self.data.parent / "copy"
        shutil.copytree(self.data, copy, ignore=shutil.ignore_patterns("plugins", "control.sock"))
        with sqlite3.connect(copy / "journal.db") as database:
            values = [value for (value,) in database.execute("SELECT sealed FROM hot UNION ALL SELECT sealed FROM done") if value]
        database.close()
        shutil.rmtree(copy)
        assert len(values) == 2
        return values

    def audited(self):
        """Items of the audit chain; the signed head at its end tells the time."""
        return [line for line in self.host.command("audit", "export").splitlines() if "certspan-audit-head" not in line]

    def rotate(self, environment=None, prefix=()):
        """Exit code, what it told, and what it complained of."""
        command = [*prefix, self.host.program, "journal", "rotate-key", "--json", "--config", str(self.host.config)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60,
                              env=dict(self.host.environment, **(environment or {})))
        return done.returncode, json.loads(done.stdout) if done.returncode == 0 else {}, done.stderr

    def configure_key(self, name, reference):
        self.host.configure(lambda text: text.replace("\nhost:\n", f"\nhost:\n  {name}: \"{reference}\"\n", 1))

    def expect_rotated(self, configured=False):
        """Nothing of the old key or of what it opens is left."""
        assert not (self.data / "journal.key.next").exists()
        for path in self.data.iterdir():
            if path.is_file():
                content = path.read_bytes()
                assert self.old_key not in content, path
                assert not [value for value in self.old_sealed if value[-64:] in content], path
        if configured:
            assert not (self.data / "journal.key").exists()
        else:
            assert (self.data / "journal.key").stat().st_mode & 0o777 == 0o600

    def expect_all_goes_on(self):
        """With a host and a CA that work again every request is answered, and once."""
        host = self.host
        assert self.audited() == self.audit
        assert host.json("journal", "check")["faults"] == []
        self.outside.start()
        host.start()
        client = ScepClient(host.url())
        assert client.send(self.finished).certificate == self.certificate
        client.send(self.new_request(client, "one-time.example", self.one_time), tries=5)
        wait_until(lambda: not host.items("--open"))
        assert client.send(self.open).pki_status == scep.SUCCESS
        dead, = host.items("--state", "dead")
        host.command("work", "retry", dead["id"])
        wait_until(lambda: not host.items("--open"))
        assert sorted(item["state"] for item in host.items()) == ["dead"] + ["done"] * 4, host.items()
        assert not self.outside.issued_twice()
        assert json.loads(host.command("audit", "verify", "--json"))["faults"] == []
        assert host.stop() == 0


@pytest.fixture(name="company")
def company_fixture(make_host, outside, tmp_path):
    host = make_host()
    host.configure(lambda text: use_outside_ca(text, outside.address, timeout="30s", reply="{ within: 1s, then: pending }",
                                               retry="{ attempts: 3, backoff: 100ms..200ms }"))
    certify_ra(host, tmp_path / "outside")
    return Company(host.start(), outside)


def test_everything_goes_on_and_the_old_key_opens_nothing(company):
    code, told, wrong = company.rotate()
    assert (code, told["items"], told["resumed"]) == (0, 2, False), wrong
    company.expect_rotated()
    new_key = (company.data / "journal.key").read_bytes()
    (company.data / "journal.key").write_bytes(company.old_key)
    company.host.start(expect_ready=False)
    assert company.host.wait() == 3
    assert "journal.key" in company.host.log() and "put it back from a backup" in company.host.log()
    (company.data / "journal.key").write_bytes(new_key)
    company.expect_all_goes_on()


def test_a_host_that_runs_is_left_alone(host):
    key = host.directory / "data" / "journal.key"
    before = key.read_bytes()
    done = host.run_program("journal", "rotate-key", "--config", str(host.config))
    assert (done.returncode, "stop it, rotate, and start it again" in done.stderr) == (1, True), done.stderr
    assert f"process {host.process.pid}" in done.stderr
    assert key.read_bytes() == before
    assert not (key.parent / "journal.key.next").exists()
    ScepClient(host.url()).enrol("after.example", host.challenge)
    assert host.stop() == 0
    assert "the journal has a new key" in host.command("journal", "rotate-key")
    host.start()
    assert len(host.items()) == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root can do it for another user")
def test_what_root_rotates_stays_its_hosts(host):
    other_user = 4242
    data = host.directory / "data"
    host.stop()
    for path in [data, *data.rglob("*")]:
        os.chown(path, other_user, other_user)
    host.command("journal", "rotate-key")
    assert {path.stat().st_uid for path in [data, *data.rglob("*")]} == {other_user}
    assert (data / "journal.key").stat().st_mode & 0o777 == 0o600


def test_the_log_tells_keys_apart(host):
    before = re.findall(r"sealing_key=(\w+)", host.log())
    host.stop()
    told = host.json("journal", "rotate-key")["key"]
    host.start()
    assert re.findall(r"sealing_key=(\w+)", host.log()) == [*before, told]
    assert len(set(before)) == 1 and told not in before


def test_a_rotation_that_is_killed_anywhere_goes_on(company, point):
    died = company.rotate({"CERTSPAN_FAILPOINT": point})[0]
    assert died == -signal.SIGKILL
    ended = not (company.data / "journal.key.next").exists()
    # A host works in between, and says that something is left to do.
    company.host.start()
    assert ("rotation of the journal's key has not ended" in company.host.log()) != ended
    assert len(company.host.items("--open")) == 1
    company.host.kill()
    code, told, wrong = company.rotate()
    assert (code, told["items"], told["resumed"]) == (0, 2, not ended), wrong
    company.expect_rotated()
    company.expect_all_goes_on()


def test_a_rotation_that_is_killed_at_any_time_goes_on(company, seed):
    chance = random.Random(seed)
    for _ in range(12):
        command = subprocess.Popen([company.host.program, "journal", "rotate-key", "--config", str(company.host.config)],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0, 0.1))
        command.kill()
        command.wait()
        assert company.host.json("journal", "check")["faults"] == []
        assert company.audited() == company.audit
    code, _, wrong = company.rotate()
    assert code == 0, wrong
    company.expect_rotated()
    company.expect_all_goes_on()


#: The journal on a small disk that is full to the last byte, and then has room again.
ON_A_FULL_DISK = """
set -e
data=$1; shift
mkdir "$data.before"; cp -a "$data/." "$data.before"
mount -t tmpfs -o size=40m,mode=0700 none "$data"; cp -a "$data.before/." "$data"; rm -r "$data.before"
dd if=/dev/zero of="$data/ballast" bs=4096 2>/dev/null || true
if "$@"; then exit 9; fi
rm "$data/ballast"
"$@"
mkdir "$data.after"; cp -a "$data/." "$data.after"
"""


def test_a_disk_that_is_full_ends_it_and_with_room_it_goes_on(company):
    need_mount_namespaces()
    code, told, wrong = company.rotate(prefix=[*UNSHARE, ON_A_FULL_DISK, "sh", str(company.data)])
    assert code == 0, wrong
    assert told["items"] == 2
    assert "journal.full" in wrong or "o space left on device" in wrong, wrong
    shutil.rmtree(company.data)
    shutil.move(company.data.with_name("data.after"), company.data)
    company.expect_rotated()
    company.expect_all_goes_on()


def test_a_directory_that_cannot_be_written_is_told(company):
    need_mount_namespaces()
    code, _, wrong = company.rotate(prefix=read_only(company.data))
    assert (code, "journal.unwritable" in wrong) == (1, True), wrong
    assert (company.data / "journal.key").read_bytes() == company.old_key
    company.expect_all_goes_on()


NOT_ENDED = "a rotation of the journal's key has not ended"


def key_file(path):
    path.touch(0o600)
    path.write_text(secrets.token_hex(32) + "\n")
    return "${file:" + str(path) + "}"


def test_the_configuration_may_name_the_key(company, tmp_path):
    company.configure_key("journal_key", key_file(tmp_path / "first"))
    code, told, wrong = company.rotate()
    assert (code, told["items"]) == (0, 2), wrong
    company.expect_rotated(configured=True)
    assert company.rotate()[0] == 0, "a second time there is nothing left to do"
    company.expect_all_goes_on()
    assert NOT_ENDED not in company.host.log()


def test_a_host_works_with_either_key_until_it_is_rotated(company, tmp_path):
    company.outside.start()
    company.configure_key("journal_key", key_file(tmp_path / "first"))
    assert company.rotate()[0] == 0
    old = "${file:" + str(tmp_path / "first") + "}"
    company.host.configure(lambda text: text.replace(old, key_file(tmp_path / "second")))
    company.host.start(expect_ready=False)
    assert company.host.wait() == 3, "nobody says what the key was before"
    assert "belongs to another journal" in company.host.log()
    company.configure_key("previous_journal_key", old)
    company.host.start()
    assert NOT_ENDED in company.host.log()
    assert company.host.stop() == 0
    assert company.rotate()[0] == 0
    company.host.configure(lambda text: text.replace(f"  previous_journal_key: \"{old}\"\n", ""))
    offset = len(company.host.log())
    company.host.start()
    assert NOT_ENDED not in company.host.log()[offset:]
    assert company.host.json("journal", "check")["faults"] == []


def test_a_reload_tells_of_another_key_behind_the_same_name(company, tmp_path):
    company.outside.start()
    reference = key_file(tmp_path / "first")
    company.configure_key("journal_key", reference)
    assert company.rotate()[0] == 0
    company.host.start()
    good = (tmp_path / "first").read_text()
    key_file(tmp_path / "first")
    company.host.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "config.journal_key" in company.host.log())
    assert "configuration applied" not in company.host.log()
    (tmp_path / "first").write_text(good)
    company.host.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "configuration applied" in company.host.log())


def test_who_reads_no_secrets_needs_no_key(company, tmp_path):
    company.configure_key("journal_key", key_file(tmp_path / "first"))
    assert company.rotate()[0] == 0
    (tmp_path / "first").unlink()
    assert len(company.host.items()) == 3
    assert company.host.command("why", "finished.example")
    company.host.start(expect_ready=False)
    assert company.host.wait() == 2


@pytest.mark.parametrize("content, said", [("hunter2" * 9, "64 hexadecimal digits"), ("", "empty")])
def test_what_is_no_key_is_told_at_its_place(company, tmp_path, content, said):
    reference = key_file(tmp_path / "bad")
    (tmp_path / "bad").write_text(content)
    company.configure_key("journal_key", reference)
    done = company.host.run_program("check", str(company.host.config))
    assert (done.returncode, said in done.stderr + done.stdout) == (2, True), done
    assert "hunter2" not in done.stderr + done.stdout
    assert company.rotate()[0] == 1
    assert (company.data / "journal.key").read_bytes() == company.old_key
