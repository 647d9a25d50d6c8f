"""The host's life: starting, refusing to start, reloading, draining, and what goes wrong with its directory."""
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from tests.support.configs import certify_ra, use_outside_ca
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.scep_client import ScepClient
from tests.support.strongswan import Strongswan
from tests.support.waiting import wait_until


def wait_for_log(host, pattern, after=0, limit=30):
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        found = re.search(pattern, host.log()[after:])
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{pattern!r} is not in the log:\n{host.log()[after:]}")


def reload_(host):
    offset = len(host.log())
    host.process.send_signal(signal.SIGHUP)
    return wait_for_log(host, r"configuration (applied|refused).*", offset).group(0)


def test_ten_faults_are_told_in_one_run_and_nothing_starts(make_host):
    host = make_host()

    def spoil(text):
        return (text.replace("version: 1", "version: 2")
                .replace("  listeners:", "  danger_ca_keys_in_host: true\n  listeners:")
                .replace("lifetime: 1h", "lifetime: 1")
                .replace("listener: web", "listener: wob")
                .replace("type: challenge", "type: chalenge")
                .replace("validity: 365d", "validity: ever")
                .replace("eku: [client_auth]", "eku: [cleint_auth]")
                .replace("when: { message: renewal }", "whem: { message: renewal }")
                .replace("- validate: challenge\n", "- validate: chalenge\n", 1)
                .replace("        profile: device\n", "        profile: devices\n", 1))

    host.configure(spoil)
    checked = host.run_program("check", str(host.config))
    assert checked.returncode == 2
    faults = re.findall(r"^.*certspan\.yaml:(\d+):\d+: error: ", checked.stderr, re.M)
    assert len(faults) >= 10, checked.stderr
    assert "did you mean" in checked.stderr
    started = host.run_program("run", "--config", str(host.config))
    assert started.returncode == 2
    assert not (host.directory / "data" / "journal.db").exists()


def test_a_reload_applies_a_change_and_keeps_serving(host, tmp_path):
    client = ScepClient(host.url())
    assert "SHA-384" in client.capabilities()
    host.configure(lambda text: text.replace("path: /scep\n", "path: /scep\n      extra_capabilities: [Later]\n"))
    assert "applied" in reload_(host)
    assert "Later" in client.capabilities()
    strongswan = Strongswan(tmp_path / "client", host.url())
    host.configure(lambda text: text.replace("extra_capabilities: [Later]", "extra_capabilities: [SHA-384]"))
    assert "applied" in reload_(host)
    strongswan.fetch_ca().enrol(strongswan.new_key(), "CN=after-reload", host.challenge)


def test_a_path_that_a_reload_takes_away_is_served_no_more(host):
    client = ScepClient(host.url())
    question = "operation=GetCACaps"
    for old, new in [("/scep", "/devices"), ("/devices", "/scep")]:
        host.configure(lambda text, old=old, new=new: text.replace(f"path: {old}\n", f"path: {new}\n"))
        assert "applied" in reload_(host)
        assert client.http("GET", question, path=new).status == 200
        assert client.http("GET", question, path=old).status == 404


ASK_AS_ANOTHER = """
import socket, sys
with socket.socket(socket.AF_UNIX) as host:
    host.connect(sys.argv[1])
    host.sendall(b'{"command": "status"}\\n')
    print(host.makefile().readline())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can ask as another user")
def test_a_reload_changes_who_may_do_what(make_host):
    with tempfile.TemporaryDirectory(prefix="certspan-") as directory:
        os.chmod(directory, 0o755)
        path = f"{directory}/control.sock"
        host = make_host().configure(lambda text: text.replace("host:\n", f"host:\n  control: {{ socket: {path} }}\n", 1)).start()

        def ask():
            done = subprocess.run(["/usr/bin/python3", "-c", ASK_AS_ANOTHER, path], user="daemon", group="daemon", extra_groups=[],
                                  cwd="/", capture_output=True, text=True, timeout=30, check=True)
            return json.loads(done.stdout)

        assert ask()["error"]["code"] == "control.not_allowed"
        host.configure(lambda text: text.replace(f"socket: {path}", f"socket: {path}, roles: {{ viewer: [daemon] }}"))
        assert "applied" in reload_(host)
        assert ask()["result"]["state"] == "serving"
        host.configure(lambda text: text.replace("viewer: [daemon]", "viewer: [bin]"))
        assert "applied" in reload_(host)
        assert ask()["error"]["code"] == "control.not_allowed"


def test_a_broken_configuration_is_refused_and_the_old_one_keeps_serving(host):
    client = ScepClient(host.url())
    good = host.config.read_text()
    host.config.write_text(good.replace("type: ca\n", "type: caa\n"))
    assert "refused" in reload_(host)
    assert "AES" in client.capabilities()
    assert any("refused" in notice for notice in host.json("status")["notices"])
    host.config.write_text(good)
    assert "applied" in reload_(host)


def test_ten_reloads_in_a_row_change_nothing(host):
    for _ in range(10):
        host.process.send_signal(signal.SIGHUP)
    assert "applied" in reload_(host)
    assert "AES" in ScepClient(host.url()).capabilities()
    assert host.stop() == 0


def test_a_connector_that_open_work_needs_is_removed_by_a_persons_word_only(make_host, tmp_path):
    host = make_host()
    with OutsideCaProcess(tmp_path / "outside", key="rsa") as outside:
        host.configure(lambda text: use_outside_ca(text, outside.address, answer_after="1h",
                                                   reply="{ within: 100ms, then: pending }"))
        certify_ra(host, tmp_path / "outside")
        host.start()
        client = Strongswan(tmp_path / "client", host.url()).fetch_ca()
        with pytest.raises(RuntimeError):
            client.enrol(client.new_key(), "CN=waits", host.challenge, extra=("--interval", "1", "--maxpolltime", "2"))
        assert [item["state"] for item in host.items("--open")] == ["pending"]
        host.configure(lambda text: text.replace("issue: outside-ca", "issue: example-ca")
                       .replace(text[text.index("  outside-ca:"):text.index("\nprofiles:")], ""))
        assert "1 open work items name a connector" in reload_(host)
        assert [item["state"] for item in host.items("--open")] == ["pending"]
        assert "1 open work items become dead letters" in host.command("apply", "--strand")
        wait_until(lambda: [item["state"] for item in host.items()] == ["dead"])
        story = host.command("why", "waits")
        assert "took a connector that it needs out of the configuration" in story and '"outside-ca" may have issued' in story, story
        assert client.enrol(client.new_key(), "CN=other", host.challenge).subject.rfc4514_string() == "CN=other"


def test_a_second_host_on_the_same_directory_is_refused(host):
    second = host.run_program("run", "--config", str(host.config))
    assert second.returncode == 3
    assert "journal.locked" in second.stderr
    assert str(host.process.pid) in second.stderr
    assert "AES" in ScepClient(host.url()).capabilities()


def test_a_corrupt_journal_is_refused_and_not_guessed_at(make_host):
    host = make_host().start()
    ScepClient(host.url()).capabilities()
    assert host.stop() == 0
    for name in ("journal.db", "journal.db-wal"):
        file = host.directory / "data" / name
        file.write_bytes(file.read_bytes()[:32] + os.urandom(file.stat().st_size - 32))
    refused = host.run_program("run", "--config", str(host.config))
    assert refused.returncode == 3
    assert "journal.corrupt" in refused.stderr


def test_a_directory_that_cannot_be_written_is_refused(make_host, tmp_path):
    host = make_host()
    blocked = tmp_path / "file"
    blocked.write_text("")
    host.configure(lambda text: re.sub(r"data_dir: .*", f"data_dir: {blocked}/data", text))
    refused = host.run_program("run", "--config", str(host.config))
    assert refused.returncode == 3 or refused.returncode == 2
    assert str(blocked) in refused.stderr


def test_a_port_that_is_taken_is_told(make_host):
    host = make_host()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        host.configure(lambda text: text.replace("127.0.0.1:0", f"127.0.0.1:{taken.getsockname()[1]}"))
        refused = host.run_program("run", "--config", str(host.config))
    assert refused.returncode == 3
    assert str(taken) not in refused.stderr and "in use" in refused.stderr


def test_a_host_runs_without_a_plugin_only_if_the_file_says_so(make_host):
    host = make_host()
    extra = "  vendor-ca: {{ plugin: com.acme.ca, type: ca{} }}\n"
    host.configure(lambda text: text.replace("\nprofiles:", "\n" + extra.format("") + "\nprofiles:"))
    refused = host.run_program("run", "--config", str(host.config))
    assert refused.returncode == 2
    assert "com.acme.ca" in refused.stderr
    host.configure(lambda text: text.replace("type: ca }", "type: ca, required: false }"))
    host.start()
    assert "AES" in ScepClient(host.url()).capabilities()


def test_sigterm_lets_a_request_finish_and_ends_with_0(make_host, tmp_path):
    host = make_host()
    with OutsideCaProcess(tmp_path / "outside", key="rsa") as outside:
        host.configure(lambda text: use_outside_ca(text, outside.address))
        certify_ra(host, tmp_path / "outside")
        host.start()
        client = Strongswan(tmp_path / "client", host.url()).fetch_ca()
        key = client.new_key()
        outside.script(next=[{"before_ms": 1500}])
        process = subprocess.Popen(["/usr/bin/python3", "-c", (
            "import sys; sys.path.insert(0, '.'); from tests.support.strongswan import Strongswan; "
            f"c = Strongswan({str(client.directory)!r}, {client.url!r}); "
            f"print(c.enrol({key!r}, 'CN=drained', {host.challenge!r}).serial_number)")], stdout=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 30
        while not host.items("--state", "calling") and time.monotonic() < deadline:
            time.sleep(0.01)
        assert host.stop() == 0
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert int(output) == int(outside.ledger()[0]["serial"], 16)


def test_the_service_manager_is_told(make_host, tmp_path):
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(60)
        host = make_host().start(environment={"NOTIFY_SOCKET": str(path)})
        assert b"READY=1" in manager.recv(4096)
        assert host.stop() == 0
        assert b"STOPPING=1" in manager.recv(4096)


def test_the_service_manager_gets_its_sign_of_life(make_host, tmp_path):
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(60)
        host = make_host().start(environment={"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "200000"})
        assert b"READY=1" in manager.recv(4096)
        begin = time.monotonic()
        for _ in range(5):
            assert manager.recv(4096) == b"WATCHDOG=1"
        assert time.monotonic() - begin < 5


def test_warnings_of_the_configuration_are_records_of_the_log(make_host):
    host = make_host()
    host.isolation = None  # the file keeps its lines
    host.configure(lambda text: text.replace("host:\n", "host:\n  log: { format: json }\n  danger_ca_key_in_host: true\n", 1))
    place = host.config.read_text().splitlines().index("  danger_ca_key_in_host: true") + 1
    host.start()
    records = [json.loads(line) for line in host.log().splitlines()]
    warned = [record for record in records if record["event"] == "configuration warning"]
    assert [record["code"] for record in warned] == ["CS1062"] and f":{place}:" in warned[0]["place"]


@pytest.mark.parametrize("option, told", [
    (("--endpoint", "scpe"), 'endpoint: "scpe" is no source of this configuration; did you mean "scep"?'),
    (("--endpoint", "example-ca"), "there are: scep"),
    (("--profile", "devise"), 'profile: "devise" is no profile of this configuration; did you mean "device"?'),
    (("--endpoint", ""), "endpoint"), (("--profile", ""), "profile"), (("--lifetime", ""), "lifetime"),
    (("--subject", ""), "subject: is empty; leave it out to bind nothing"),
    (("--san", "dns:a.example", "--san", "b"), 'san: "b" is no alternative name; write dns:host,')])
def test_a_challenge_that_could_never_be_spent_is_not_made(host, option, told):
    refused = host.run_program("challenge", "new", "--config", str(host.config), *option)
    assert refused.returncode == 1 and told in refused.stderr
    assert host.json("challenge", "list")["challenges"] == []


def test_a_challenge_is_listed_without_its_text_and_can_be_taken_back(host, tmp_path):
    made = host.json("challenge", "new", "--profile", "device", "--subject", "printer-7")
    listed = host.command("challenge", "list")
    assert f"{made['id']} " in listed and "open" in listed and "profile=device  subject=printer-7" in listed
    assert made["challenge"] not in listed
    assert made["id"] in host.command("challenge", "cancel", made["id"])
    assert "no one-time challenges" in host.command("challenge", "list")
    client = Strongswan(tmp_path / "late", host.url()).fetch_ca()
    with pytest.raises(RuntimeError):
        client.enrol(client.new_key(), "CN=printer-7", made["challenge"])


def test_one_time_challenge_is_good_once(host, tmp_path):
    challenge = host.json("challenge", "new")["challenge"]
    client = Strongswan(tmp_path / "client", host.url()).fetch_ca()
    client.enrol(client.new_key("a.pem"), "CN=first", challenge)
    with pytest.raises(RuntimeError):
        client.enrol(client.new_key("b.pem"), "CN=second", challenge)
    assert "challenge.spent" in host.command("why", "CN=second")
    assert challenge not in host.log()


def test_others_read_nothing_whatever_the_umask(make_host):
    host = make_host()
    before = os.umask(0)
    try:
        host.start()
    finally:
        os.umask(before)
    data = host.directory / "data"
    for path in [data, *data.rglob("*")]:
        if path.is_socket():
            continue  # its peers are told apart by their user, and here nobody else reaches it
        assert path.lstat().st_mode & 0o077 == 0, path
    with open(f"/proc/{host.process.pid}/limits", encoding="ascii") as limits:
        assert re.search(r"Max core file size +0 +0 ", limits.read())


def test_a_data_directory_that_others_may_write_to_is_refused(make_host):
    host = make_host()
    (host.directory / "data").mkdir()
    (host.directory / "data").chmod(0o777)
    refused = host.run_program("run", "--config", str(host.config))
    assert refused.returncode == 3
    assert "journal.open_directory" in refused.stderr


@pytest.mark.parametrize("key, text", [("log.level", "log: { level: debug }"), ("repeat_window", "repeat_window: 2h")])
def test_a_reload_that_cannot_follow_names_the_key(host, key, text):
    host.configure(lambda old: old.replace("host:\n", "host:\n  " + text + "\n", 1))
    assert "host." + key in reload_(host)
