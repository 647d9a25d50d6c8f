"""The promise, proved: the host is killed at every failpoint, and every client ends with exactly one certificate."""
import http.client
import signal
import subprocess
import time

import pytest
from cryptography import x509

from tests.support.failpoints import DELIVERY, REVOCATION, ROTATION, SWAP, parametrize_points
from tests.support.host import HostError
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.configs import certify_ra, use_outside_ca
from tests.support.strongswan import Strongswan
from tests.support.two_cas import (PATIENCE_S, Device, TwoCas, check_once, late_and_withdrawn, made_and_the_reply_lost,
                                   made_but_not_understood, resolve_as_issued)

SUBJECT = "C=CH, O=Example, CN=killed"
MOST_TRIES = 20
# Points that a path does not pass: the embedded CA needs neither a commit nor a note before it is asked.
NOT_PASSED = {"embedded": {"issue.c1", "note.before", "journal.note.before", "journal.note.after"}, "outside": set()}


def pytest_generate_tests(metafunc):
    parametrize_points(metafunc, lambda name: not name.startswith((DELIVERY, REVOCATION, ROTATION, SWAP)))


def enrol_until_it_works(host, client, key, challenge, dies):
    """What a device does: it asks again. The host comes back as a service manager would bring it back. `dies`: it is to die
    once. Returns the certificate and how often the host died."""
    deaths = 0
    for _ in range(MOST_TRIES):
        try:
            if not host.running():
                deaths += 1
                host.wait()
                host.start()
                client.url = host.url()
            certificate = client.enrol(key, SUBJECT, challenge, timeout=60)
            if dies and deaths == 0:
                host.process.wait(60)  # it dies a moment after its last reply
            return certificate, deaths + (not host.running())
        except (RuntimeError, HostError, subprocess.TimeoutExpired):
            continue
    raise AssertionError(f"no certificate in {MOST_TRIES} tries:\n{host.log()[-4000:]}")


def bring_back(host, client):
    """A host that died right after its last reply is started again too."""
    if not host.running():
        host.wait()
        host.start()
        client.url = host.url()


def check_item(host, certificate):
    items = host.items()
    done = [item for item in items if item["state"] == "done"]
    assert len(done) == 1, items
    assert done[0]["labels"]["serial"].lstrip("0") == format(certificate.serial_number, "X")
    assert not [item for item in items if item["state"] in ("ready", "calling", "pending", "held", "dead")], items


def one_time_challenge(host):
    return host.json("challenge", "new")["challenge"]


def test_embedded_ca(point, make_host, tmp_path):
    host = make_host().start()
    client = Strongswan(tmp_path / "client", host.url()).fetch_ca()
    key = client.new_key()
    challenge = one_time_challenge(host)
    assert host.stop() == 0
    host.start(environment={"CERTSPAN_FAILPOINT": point})
    client.url = host.url()
    dies = point not in NOT_PASSED["embedded"]
    certificate, deaths = enrol_until_it_works(host, client, key, challenge, dies)
    assert deaths == dies
    bring_back(host, client)
    assert client.enrol(key, SUBJECT, challenge).serial_number == certificate.serial_number
    check_item(host, certificate)


def test_outside_ca(point, make_host, tmp_path):
    host = make_host()
    with OutsideCaProcess(tmp_path / "outside", key="rsa") as outside:
        host.configure(lambda text: use_outside_ca(text, outside.address))
        certify_ra(host, tmp_path / "outside")
        host.start()
        client = Strongswan(tmp_path / "client", host.url()).fetch_ca()
        key = client.new_key()
        challenge = one_time_challenge(host)
        assert host.stop() == 0
        host.start(environment={"CERTSPAN_FAILPOINT": point})
        client.url = host.url()
        dies = point not in NOT_PASSED["outside"]
        certificate, deaths = enrol_until_it_works(host, client, key, challenge, dies)
        assert deaths == dies
        bring_back(host, client)
        assert client.enrol(key, SUBJECT, challenge).serial_number == certificate.serial_number
        check_item(host, certificate)
        ledger = outside.ledger()
        assert len(ledger) == 1, ledger
        issued = x509.load_der_x509_certificate(bytes.fromhex(ledger[0]["certificate"]))
        assert issued.serial_number == certificate.serial_number


@pytest.fixture
def cas(tmp_path):
    cas = TwoCas(tmp_path)
    yield cas
    cas.kill()


def judge_held(host, cas):
    """A person looks into the ledger of the CA that can't be asked. The host may die of what it is told."""
    try:
        for item in host.items("--state", "held"):
            ledger = cas.first.ledger()
            if ledger:
                resolve_as_issued(host, item, ledger[0])
            else:
                host.command("work", "resolve", item["id"], "--not-done")
    except HostError:
        assert host.process.wait(10) == -signal.SIGKILL, host.log()[-3000:]


def ask_until_it_works(host, cas, device):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if not host.running():
            host.wait()
            host.start()
        try:
            certificate = device.ask()
        except (OSError, http.client.HTTPException):
            continue
        if certificate is not None:
            return certificate
        judge_held(host, cas)
        time.sleep(0.1)
    raise AssertionError(f"no certificate in {PATIENCE_S} s: {host.items()}\n{host.log()[-3000:]}")


@pytest.mark.long
@pytest.mark.parametrize("number", (1, 2), ids=("the first time", "the second time"))
@pytest.mark.parametrize("plugin, misbehaviour", (("example_ca", late_and_withdrawn), ("example_ca", made_but_not_understood),
                                                  ("example_ca", made_and_the_reply_lost),
                                                  ("example_ca_without_lookup", made_and_the_reply_lost)),
                         ids=("late", "unknown", "reply lost", "no lookup"))
def test_ca_that_misbehaves(point, plugin, misbehaviour, number, make_host, cas):
    """Two CAs, the first of which misbehaves; the host dies when it passes the point for the first or the second time."""
    host = cas.put_into(make_host(), plugin=plugin).start()
    device = Device(host, "killed")
    assert host.stop() == 0
    misbehaviour(cas)
    host.start(environment={"CERTSPAN_FAILPOINT": f"{point}:{number}"})
    ask_until_it_works(host, cas, device)
    if not host.running():
        host.wait()
        host.start()
    check_once(host, cas, [device])
