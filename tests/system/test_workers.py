"""Plugins in worker processes: a worker may end in any way, and tries to get out, and nobody else notices."""
import os
import re
import signal
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support import scep_messages as scep
from tests.support.configs import certify_ra, use_outside_ca
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.scep_client import ScepClient
from tests.support.strongswan import Strongswan
from tests.support.waiting import wait_until


def runs_in(host):
    return {connector["name"]: connector["runs_in"] for connector in host.json("status")["connectors"]}


def pid_of(host, connector):
    """Of the connector's worker, once it stands ready."""
    found = wait_until(lambda: re.match(r"process (\d+) ", runs_in(host)[connector]))
    return int(found.group(1))


def alive(pid):
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False


@pytest.fixture(name="all_apart")
def all_apart_fixture(make_host):
    """The configuration of `certspan init`, each connector in a worker."""
    host = make_host()
    host.isolation = "process"
    return host.start()


def test_strongswan_enrols_and_renews_through_workers(all_apart, tmp_path):
    client = Strongswan(tmp_path / "client", all_apart.url()).fetch_ca()
    key = client.new_key()
    certificate = client.enrol(key, "C=CH, O=Test, CN=laptop", all_apart.challenge)
    assert client.enrol(key, "C=CH, O=Test, CN=laptop", all_apart.challenge).serial_number == certificate.serial_number
    places = runs_in(all_apart)
    assert places.pop("profile") == "host"
    assert all(place.endswith(" (seccomp, landlock, no network)") for place in places.values()), places
    pids = [pid_of(all_apart, name) for name in places]
    assert len(set(pids)) == 4
    assert all_apart.stop() == 0
    assert not [pid for pid in pids if alive(pid)]


def test_a_key_in_a_worker_needs_no_danger_switch(all_apart):
    done = all_apart.run_program("check", str(all_apart.config))
    assert (done.returncode, "danger" in done.stdout + done.stderr) == (0, False), done
    all_apart.configure(lambda text: text.replace("    plugin: ca_local\n", "    isolation: in_process\n    plugin: ca_local\n"))
    done = all_apart.run_program("check", str(all_apart.config))
    assert done.returncode == 2 and "remove `isolation: in_process`" in done.stderr, done


@pytest.mark.parametrize("connector", ["scep", "challenge", "example-ca", "renewal"])
def test_a_killed_worker_is_started_again_and_nothing_is_lost(all_apart, connector):
    client = ScepClient(all_apart.url())
    key = scep.new_rsa_key()
    request = client.pkcs_req(scep.build_csr(key, "before.example", challenge=all_apart.challenge), key)
    first = client.send(request, tries=5).certificate
    pid = pid_of(all_apart, connector)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: pid_of(all_apart, connector) != pid)
    assert client.send(request, tries=5).certificate == first
    after = client.enrol("after.example", all_apart.challenge, scep.new_rsa_key()).certificate
    assert first.serial_number != after.serial_number
    assert "worker ended" in all_apart.log()


@pytest.mark.parametrize("connector", ["example-ca", "scep"])
def test_status_answers_while_a_worker_does_not_and_costs_it_nothing(all_apart, connector):
    pid = pid_of(all_apart, connector)
    os.kill(pid, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        told = next(row for row in all_apart.json("status")["connectors"] if row["name"] == connector)
        assert time.monotonic() - begun < 30
    finally:
        os.kill(pid, signal.SIGCONT)
    assert "does not answer" in told["reason"] + told.get("trouble", ""), told
    assert ScepClient(all_apart.url()).enrol("after.example", all_apart.challenge).reply.pki_status == scep.SUCCESS
    assert pid_of(all_apart, connector) == pid and "worker ended" not in all_apart.log()


def test_without_the_host_its_workers_end(all_apart):
    pids = [pid_of(all_apart, name) for name, place in runs_in(all_apart).items() if place != "host"]
    all_apart.kill()
    wait_until(lambda: not [pid for pid in pids if alive(pid)])


def test_a_worker_that_dies_while_its_ca_issues_costs_no_certificate_and_gives_no_second(make_host, tmp_path):
    host = make_host()
    host.isolation = "process"
    with OutsideCaProcess(tmp_path / "outside", key="rsa") as outside:
        host.configure(lambda text: use_outside_ca(text, outside.address))
        certify_ra(host, tmp_path / "outside")
        host.start()
        client = ScepClient(host.url())
        key = scep.new_rsa_key()
        request = client.pkcs_req(scep.build_csr(key, "laptop.example", challenge=host.challenge), key)
        outside.script(next=[{"after_ms": 3000}])  # it has issued, and its answer is late
        pid = pid_of(host, "outside-ca")
        asking = threading.Thread(target=lambda: client.post(request.der))
        asking.start()
        wait_until(outside.ledger)
        os.kill(pid, signal.SIGKILL)
        asking.join(60)
        certificate = client.send(request, tries=20).certificate
        ledger = outside.ledger()
        assert len(ledger) == 1
        issued = x509.load_der_x509_certificate(bytes.fromhex(ledger[0]["certificate"]))
        assert issued.serial_number == certificate.serial_number
        story = host.command("why", "laptop.example")
        assert "ended in the middle of the call" in story, story


PRISONER = """
  prisoner:
    required: true
    plugin: prisoner
    type: prisoner
    settings: {{ deed: "{deed}", certificate_file: "{certificate}", secret_file: "{secret}" }}
"""


@pytest.fixture(name="prison")
def prison_fixture(make_host, build_dir):
    """prison(deed): a host whose enrolments go to a CA that harms itself; its other connectors are in workers too. With
    employed=False nothing goes there, and the host is not started."""

    def start(deed, employed=True):
        host = make_host()
        host.isolation = "process"
        certificate = x509.load_pem_x509_certificate((host.directory / "ca.pem").read_bytes())
        (host.directory / "ca.der").write_bytes(certificate.public_bytes(Encoding.DER))
        prisoner = PRISONER.format(deed=deed, certificate=host.directory / "ca.der", secret=host.directory / "ca.key")

        def edit(text):
            head, enrolments = text.split("  enrolments:\n")
            enrolments = enrolments.replace("issue: example-ca\n        profile: device",
                                            "issue: prisoner\n        profile: device\n        timeout: 1s\n        retry: { attempts: 1 }\n"
                                            "    reply: { within: 1s, then: try_later }")
            return head.replace("\nprofiles:", prisoner + "\nprofiles:", 1) + "  enrolments:\n" + enrolments

        if employed:
            return host.configure(edit).start()
        return host.configure(lambda text: text.replace("\nprofiles:", prisoner + "\nprofiles:", 1))

    return start


def tries_of(host):
    """What the prisoner tried, and what came of it."""
    told = next(connector["reason"] for connector in host.json("status")["connectors"] if connector["name"] == "prisoner")
    return dict(attempt.split(": ") for attempt in told.split(", "))


def test_a_prisoner_gets_nowhere(prison):
    tried = tries_of(prison(""))
    assert tried.pop("environment") == "empty"
    assert tried.pop("privileges") == "no new"
    assert tried.pop("read a file of the system") == "done"
    assert set(tried.values()) <= {"EACCES", "EPERM"}, tried
    assert len(tried) == 14
    assert not os.path.exists("/tmp/prisoner-was-here")


def test_the_network_is_no_way_to_sockets_of_this_machine(prison):
    """The host's own control socket obeys the host's user, who is the worker's too."""
    host = prison("", employed=False)
    host.configure(lambda text: text.replace("    type: prisoner\n", "    type: prisoner\n    network: true\n", 1)).start()
    tried = tries_of(host)
    assert tried["open a socket"] == "done"
    for way in ("open a local socket", "open a raw socket", "pair datagram sockets"):
        assert tried[way] == "EPERM", tried


@pytest.mark.parametrize("deed, code, logged", [("crash", "worker.died", "SIGILL"), ("abort", "worker.died", "SIGABRT"),
                                                ("exit", "worker.died", "exit code 0"), ("hang", "worker.hung", "SIGKILL"),
                                                ("leak", "plugin.exception", "bad_alloc")])
def test_who_harms_itself_harms_nobody_else(prison, build_dir, deed, code, logged):
    if deed == "leak" and build_dir.name in ("asan", "tsan"):
        pytest.skip("a sanitizer wants more memory than a worker may have, so its limit is not set")
    host = prison(deed)
    scep_worker = pid_of(host, "scep")
    client = ScepClient(host.url())
    key = scep.new_rsa_key()
    client.post(client.pkcs_req(scep.build_csr(key, "victim.example", challenge=host.challenge), key).der)
    held = wait_until(lambda: host.items("--state", "held"))  # it has no lookup, and may have issued
    assert held[0]["code"] == code, held
    assert logged in host.log()
    pid_of(host, "prisoner")
    assert pid_of(host, "scep") == scep_worker
    assert host.json("status")["work"]["held"] == 1


@pytest.mark.parametrize("deed", ["crash when asked", "crash when made"])
def test_one_that_crashes_before_it_is_of_use_is_told_and_left_out_if_it_may_be(prison, deed):
    host = prison(deed, employed=False)
    done = host.run_program("check", str(host.config))
    assert (done.returncode, "prisoner" in done.stderr, "worker process" in done.stderr) == (2, True, True), done
    host = host.configure(lambda text: text.replace("required: true", "required: false"))
    done = host.run_program("check", str(host.config))
    assert (done.returncode, "warning" in done.stderr, "prisoner" in done.stderr) == (0, True, True), done
    host.start()
    assert ScepClient(host.url()).enrol("laptop.example", host.challenge, scep.new_rsa_key()).certificate
    assert "running without connector" in host.log() or "runs without this connector" in host.log()


def test_a_worker_that_floods_its_log_is_cut_short(prison):
    host = prison("flood")
    client = ScepClient(host.url())
    key = scep.new_rsa_key()
    client.post(client.pkcs_req(scep.build_csr(key, "victim.example", challenge=host.challenge), key).der)
    wait_until(lambda: [item for item in host.items() if item["state"] not in ("ready", "calling")])
    assert host.log().count("the prisoner talks") < 5000
    host.stop()


@pytest.mark.long
def test_one_that_ends_too_often_is_left_alone(prison):
    host = prison("")
    start = time.monotonic()
    for _ in range(10):
        place = wait_until(lambda: re.match(r"process (?:(\d+) |failed)", runs_in(host)["prisoner"]))
        if place.group(1) is None:
            break
        os.kill(int(place.group(1)), signal.SIGKILL)
        wait_until(lambda: not runs_in(host)["prisoner"].startswith(place.group(0)))
    assert time.monotonic() - start < 200
    wait_until(lambda: runs_in(host)["prisoner"] == "process failed")
    assert "worker failed" in host.log()
    assert ScepClient(host.url()).capabilities()
