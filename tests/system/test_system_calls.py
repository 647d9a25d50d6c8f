"""System calls on the journal's files that fail or never return: the host is killed in the N-th of them, or it gets "no space"
or "input/output error" for it. Whatever was answered before, every device ends with exactly one certificate."""
import http.client
import os
import random
import signal
import subprocess
import time

import pytest

from tests.support import scep_messages as scep
from tests.support.configs import certify_ra, use_outside_ca
from tests.support.host import HostError
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.scep_client import ScepClient

CALLS = "write,pwrite64,ftruncate,fsync,fdatasync,rename,unlink"
SYNCS = "fsync,fdatasync"
FAULTS = {"killed": "signal=SIGKILL", "no space": "error=ENOSPC", "input/output error": "error=EIO"}
MOST_CALLS = 200
PATIENCE_S = 120
#: The host can't start, or its journal failed while it ran (docs/command-line.md).
EXIT_CODES = (3, 4)


@pytest.fixture(autouse=True)
def tracing():
    if os.geteuid() != 0:
        pytest.skip("only root can tell the files of a host, which lets no other process look into it")
    if subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this user can't trace processes")


@pytest.fixture
def outside(tmp_path):
    with OutsideCaProcess(tmp_path / "outside") as process:
        yield process


@pytest.fixture
def host(make_host, outside, tmp_path):
    host = make_host()
    host.configure(lambda text: use_outside_ca(text, outside.address))
    certify_ra(host, tmp_path / "outside")
    host.start()
    assert host.stop() == 0
    return host


class Tracer:
    """strace around a host, which stays the test's own child. A thread counts its own calls."""

    def __init__(self, host, calls, fault, number):
        self.output = host.directory.parent / "strace.out"
        data = host.directory / "data"
        files = [argument for name in ("journal.db", "journal.db-wal") for argument in ("-P", str(data / name))]
        self.prefix = ["strace", "-D", "-f", "-qq", "-o", str(self.output), *files, "-e", f"trace={calls}", "-e",
                       f"inject={calls}:{fault}:when={number}"]

    def injected(self):
        return "INJECTED" in self.output.read_text(errors="replace")


class Device:
    def __init__(self, host, name):
        self.host = host
        self.key = scep.new_rsa_key()
        self.csr = scep.build_csr(self.key, name, challenge=host.challenge)
        self.message = None

    def ask(self):
        """The certificate; None for "try later", or for no answer at all, as a device sees a host that dies."""
        try:
            client = ScepClient(self.host.url())
            self.message = self.message or client.pkcs_req(self.csr, self.key)
            answer = client.post(self.message.der)
        except (OSError, http.client.HTTPException):
            return None
        if answer.status == 503:
            return None
        reply = scep.read_reply(answer.body, self.message, client.ra())
        assert reply.pki_status == scep.SUCCESS, reply.fail_info_text
        return reply.certificate

    def ask_until_answered(self):
        """The host is brought back when it is down, as its service manager would."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if not self.host.running():
                self.host.start()
            certificate = self.ask()
            if certificate is not None:
                return certificate
            time.sleep(0.2)
        raise AssertionError(f"no answer in {PATIENCE_S} s: {self.host.items()}\n{self.host.log()[-3000:]}")


def start_traced(host, tracer):
    """A fault while the journal is opened ends the host before it listens."""
    try:
        host.start(prefix=tracer.prefix)
    except HostError:
        assert not host.running()


def check_one_fault(host, outside, fault, number):
    """False when nothing made so many calls."""
    before = len(outside.ledger())
    tracer = Tracer(host, CALLS, FAULTS[fault], number)
    start_traced(host, tracer)
    device = Device(host, f"{fault.replace('/', '-')}-{number}".replace(" ", "-"))
    first = device.ask() if host.running() else None
    died = not host.running()
    if died:
        assert host.wait() in ([-signal.SIGKILL] if fault == "killed" else EXIT_CODES)
    certificate = device.ask_until_answered()
    assert first is None or first == certificate
    assert len(outside.ledger()) == before + 1 and outside.issued_twice() == []
    assert host.items("--open") == []
    ended = host.stop()
    hit = died or tracer.injected() or ended == -signal.SIGKILL
    assert ended == 0 or hit
    return hit


@pytest.mark.parametrize("fault", FAULTS)
def test_some_calls(host, outside, fault, seed):
    number = random.Random(f"{seed}-{fault}").randrange(1, 25)
    check_one_fault(host, outside, fault, number)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("fault", FAULTS)
def test_every_call(host, outside, fault):
    hit = 0
    for number in range(1, MOST_CALLS):
        if not check_one_fault(host, outside, fault, number):
            break
        hit += 1
    assert 5 < hit < MOST_CALLS - 1, "the calls of one enrolment, and not more"


@pytest.mark.parametrize("number", (1, 2), ids=("before the CA is asked", "after it has issued"))
def test_after_a_failed_sync_nobody_is_answered_and_the_host_ends(host, outside, number):
    """What the disk has of it is not known, so only the next start decides."""
    offset = len(host.log())
    tracer = Tracer(host, SYNCS, "error=EIO", f"{number}+")
    start_traced(host, tracer)
    device = Device(host, "laptop-1")
    if host.running():
        assert device.ask() is None
    assert host.wait() in EXIT_CODES
    assert tracer.injected() and "journal" in host.log()[offset:]
    certificate = device.ask_until_answered()
    assert [entry["serial"] for entry in outside.ledger()] == [f"{certificate.serial_number:x}"]
    assert host.items("--open") == []
