"""What a person does about work that can't go on by itself, with a CA outside that misbehaves by script."""
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate

from tests.support import scep_messages as scep
from tests.support.configs import certify_ra, use_outside_ca
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.scep_client import ScepClient
from tests.support.waiting import wait_until

#: A client is told "try later" soon, and what may have been done is held soon after.
IMPATIENT = "{ within: 1s, then: try_later }\n    deadline: 2s"


@pytest.fixture
def outside(tmp_path):
    with OutsideCaProcess(tmp_path / "outside", key="rsa") as process:
        yield process


@pytest.fixture
def host(make_host, outside, tmp_path):
    host = make_host()
    host.configure(lambda text: use_outside_ca(text, outside.address, reply=IMPATIENT))
    certify_ra(host, tmp_path / "outside")
    return host.start()


class Device:
    """One device with one request, which it repeats as it is."""

    def __init__(self, host, name="laptop-1"):
        self.client = ScepClient(host.url())
        key = scep.new_rsa_key()
        self.csr = scep.build_csr(key, name, challenge=host.challenge)
        self.request = self.client.pkcs_req(self.csr, key)

    def ask(self):
        """HTTP status, and the certificate if there is one."""
        answer = self.client.post(self.request.der)
        if answer.status != 200:
            return answer.status, None
        reply = scep.read_reply(answer.body, self.request, self.client.ra())
        return (200, reply.certificate) if reply.pki_status == scep.SUCCESS else (reply.fail_info, None)


def wait_for(host, state, seconds=30):
    return wait_until(lambda: host.items("--state", state), seconds)[0]


def test_a_person_resolves_what_nobody_can_tell(host, outside, tmp_path):
    outside.script(next=[{"drop": "before"}], lookup="cannot_tell")
    device = Device(host)
    assert device.ask() == (503, None)
    item = wait_for(host, "held")
    story = host.command("why", "laptop-1")
    assert "certspan work resolve " + item["id"] in story
    assert "outside-ca: breaker" in host.command("status")
    for command in (["retry"], ["cancel"]):
        refused = host.run_program("work", *command, item["id"], "--config", str(host.config))
        assert refused.returncode == 1
        assert "work resolve" in refused.stderr

    # The CA's own people issue it by hand.
    outside.ask("issue", key="by-hand", attempt=1, csr=device.csr.hex(), answer_after_ms=0)
    issued = load_der_x509_certificate(bytes.fromhex(outside.ledger()[0]["certificate"]))
    wrong = host.run_program("work", "resolve", item["id"], "--issued", str(host.directory / "ca.pem"), "--config",
                             str(host.config))
    assert wrong.returncode == 1 and "not what was asked for" in wrong.stderr
    file = tmp_path / "issued.pem"
    file.write_bytes(issued.public_bytes(Encoding.PEM))
    host.command("work", "resolve", item["id"], "--issued", str(file))
    assert device.ask() == (200, issued)
    assert len(outside.ledger()) == 1


def test_what_was_not_done_is_asked_for_again_and_once(host, outside):
    outside.script(next=[{"drop": "before"}], lookup="cannot_tell")
    device = Device(host)
    assert device.ask() == (503, None)
    item = wait_for(host, "held")
    host.command("work", "resolve", item["id"], "--not-done")
    wait_for(host, "done")
    status, certificate = device.ask()
    assert status == 200
    assert [entry["serial"] for entry in outside.ledger()] == [f"{certificate.serial_number:x}"]


def test_what_is_abandoned_is_refused(host, outside):
    outside.script(next=[{"drop": "before"}], lookup="cannot_tell")
    device = Device(host)
    assert device.ask() == (503, None)
    item = wait_for(host, "held")
    host.command("work", "resolve", item["id"], "--abandon")
    status, certificate = device.ask()
    assert certificate is None and status != 503
    assert "a person ended it" in host.command("why", item["id"])


def test_a_ca_that_is_down_is_left_in_peace_and_shown(host, outside):
    outside.kill()
    devices = [Device(host, f"laptop-{number}") for number in range(6)]
    for device in devices:
        assert device.ask() == (503, None)
    issuer, = host.json("status")["issuers"]
    assert issuer["name"] == "outside-ca" and issuer["breaker"] != "closed"
    assert issuer["failures"] <= 12, "an open breaker lets almost nothing through"


def test_many_are_tried_again_or_ended_by_a_filter(host, outside):
    """After a CA was down for long: what gave up is asked for anew, all of it with one command, and nothing twice."""
    outside.kill()
    devices = [Device(host, f"laptop-{number}") for number in range(3)]
    for device in devices:
        assert device.ask() == (503, None)
    wait_until(lambda: len(host.items("--state", "dead")) == 3)
    choice = ["work", "retry", "--state", "dead", "--subject", "LAPTOP-"]
    unsure = host.run_program(*choice, "--config", str(host.config))
    assert unsure.returncode == 1 and "3 work items would be tried again" in unsure.stdout and "--yes" in unsure.stderr
    assert host.json(*choice, "--dry-run") == {"would_change": 3}
    outside.start()
    wait_until(lambda: host.json("status")["issuers"][0]["opens_in_ms"] == 0)
    done = host.json(*choice, "--yes")
    assert len(done["items"]) == 3 and not done["refused"]
    wait_until(lambda: len(host.items("--state", "done")) == 3)
    again = host.run_program(*choice, "--yes", "--config", str(host.config))
    assert again.returncode == 1 and again.stdout.count("stays as it is") == 3
    assert len(outside.ledger()) == 3
    assert [device.ask()[0] for device in devices] == [200, 200, 200]
    assert host.run_program("work", "cancel", "--open", "--yes", "--config", str(host.config)).stdout.startswith("0 of 0")


@pytest.mark.parametrize("words, said", [([], "say which"), (["w-0123456789abc", "--open"], "say one of them"),
                                         (["--limit", "5"], "say which"), (["--state", "ded", "--yes"], "dead")])
def test_who_is_meant_has_to_be_said(host, words, said):
    for command in ("retry", "cancel"):
        done = host.run_program("work", command, *words, "--config", str(host.config))
        assert (done.returncode, said in done.stderr) == (64, True), done.stderr
