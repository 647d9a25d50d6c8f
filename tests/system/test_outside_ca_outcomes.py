"""CAs that answer late, can't be understood, lose their reply, can't be asked again or are restarted in the middle: each device
ends with one certificate and each request with one entry in the ledgers; also when the host is killed at some moment."""
import random
import time

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate

from tests.support import scep_messages as scep
from tests.support.configs import CONNECTOR, certify_ra, use_outside_ca
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.scep_client import ScepClient

PATIENCE_S = 120
#: Longer than the host waits for an answer, so that it goes on while the order is still at the first CA.
LATE_MS = 1500
ANSWER_LIMIT = "500ms"
#: A client hears "try later" soon and asks again.
REPLY = "{ within: 1s, then: try_later }\n    deadline: 10m"


class TwoCas:
    """A first CA that misbehaves and a second one under the same root, which stands ready for fail-over."""

    def __init__(self, folder):
        self.folder = folder / "first"
        self.first = OutsideCaProcess(self.folder)
        self.second = OutsideCaProcess(folder / "second", root=self.folder / "root")

    def kill(self):
        self.first.kill()
        self.second.kill()

    def put_into(self, host, plugin="example_ca"):
        """The configuration of `host` issues from these two, in their order."""

        def edit(text):
            second = CONNECTOR.format(address=self.second.address, answer_after="0s", timeout=ANSWER_LIMIT)
            text = text.replace("\nprofiles:", second.replace("outside-ca:", "second-ca:") + "\nprofiles:", 1)
            text = use_outside_ca(text, self.first.address, timeout=ANSWER_LIMIT, reply=REPLY)
            text = text.replace("issue: outside-ca\n", "issue: [outside-ca, second-ca]\n")
            return text.replace("  outside-ca:\n    plugin: example_ca\n    type: example_ca\n",
                                f"  outside-ca:\n    plugin: {plugin}\n    type: {plugin}\n")

        host.configure(edit)
        certify_ra(host, self.folder)
        return host

    def serials(self):
        return [entry["serial"] for ca in (self.first, self.second) for entry in ca.ledger()]


@pytest.fixture
def cas(tmp_path):
    cas = TwoCas(tmp_path)
    yield cas
    cas.kill()


class Device:
    """One device, which repeats its one request until it has an answer, wherever the host listens by then."""

    def __init__(self, host, name):
        self.host = host
        self.key = scep.new_rsa_key()
        self.csr = scep.build_csr(self.key, name, challenge=host.challenge)
        self.request = ScepClient(host.url()).pkcs_req(self.csr, self.key)

    def ask(self):
        """The certificate, or None for "try later". Raises OSError when the host goes down meanwhile, as a device sees it."""
        client = ScepClient(self.host.url())
        answer = client.post(self.request.der)
        if answer.status == 503:
            return None
        reply = scep.read_reply(answer.body, self.request, client.ra())
        assert reply.pki_status == scep.SUCCESS, (reply.fail_info_text, self.host.log()[-3000:])
        return reply.certificate

    def ask_until_answered(self):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            certificate = self.ask()
            if certificate is not None:
                return certificate
            time.sleep(0.2)
        raise AssertionError(f"no answer in {PATIENCE_S} s: {self.host.items()}\n{self.host.log()[-3000:]}")


def check_once(host, cas, devices):
    """Each device has the one certificate that was made for it, and nothing is left to do."""
    certificates = [device.ask_until_answered() for device in devices]
    assert sorted(f"{one.serial_number:x}" for one in certificates) == sorted(cas.serials())
    for certificate, device in zip(certificates, devices):
        assert certificate.public_key().public_numbers() == device.key.public_key().public_numbers()
    assert cas.first.issued_twice() == [] and cas.second.issued_twice() == []
    assert host.items("--open") == []
    assert [item["state"] for item in host.items()] == ["done"] * len(devices)


def late_and_found(cas):
    cas.first.script(next=[{"before_ms": LATE_MS}], lookup="cannot_tell")
    return 0


def late_and_withdrawn(cas):
    cas.first.script(next=[{"before_ms": LATE_MS}], lookup="promise")
    return 1


def made_but_answered_late(cas):
    cas.first.script(next=[{"after_ms": LATE_MS}], lookup="promise")
    return 0


def made_but_not_understood(cas):
    cas.first.script(next=[{"garbage": "<html>proxy error</html>"}], lookup="promise")
    return 0


def not_made_and_not_understood(cas):
    cas.first.script(next=[{"answer": {"outcome": "perhaps"}}], lookup="promise")
    return 1


def made_and_the_reply_lost(cas):
    cas.first.script(next=[{"drop": "after"}], lookup="promise")
    return 0


def not_made_and_the_connection_lost(cas):
    cas.first.script(next=[{"drop": "before"}], lookup="promise")
    return 1


#: Each prepares the first CA for one order and returns how many orders the second may carry out.
MISBEHAVIOURS = (late_and_found, late_and_withdrawn, made_but_answered_late, made_but_not_understood,
                 not_made_and_not_understood, made_and_the_reply_lost, not_made_and_the_connection_lost)


@pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS)
def test_another_ca_is_asked_only_when_the_first_promised(make_host, cas, misbehaviour):
    host = cas.put_into(make_host()).start()
    allowed = misbehaviour(cas)
    device = Device(host, "laptop-1")
    check_once(host, cas, [device])
    assert len(cas.second.ledger()) <= allowed
    if not allowed:
        assert len(cas.first.ledger()) == 1


@pytest.mark.long
@pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS)
def test_the_same_when_the_host_is_killed_at_some_moment(make_host, cas, misbehaviour, seed):
    chances = random.Random(f"{seed}-{misbehaviour.__name__}")
    host = cas.put_into(make_host()).start()
    allowed = misbehaviour(cas)
    device = Device(host, "laptop-1")
    for _ in range(2):
        kill_while_asked(host, [device], chances)
    check_once(host, cas, [device])
    assert len(cas.second.ledger()) <= allowed


def kill_while_asked(host, devices, chances):
    """The devices ask, the host dies at some moment and comes back as its service manager would bring it."""
    connections = [ScepClient(host.url()).begin_post(device.request.der) for device in devices]
    if chances.random() < 0.5:
        wait_until(host.items, host)
    time.sleep(chances.uniform(0, 1.0))
    host.kill()
    for connection in connections:
        connection.close()
    host.start()


def test_a_ca_that_cannot_be_asked_is_left_to_a_person_and_no_other_ca_is_asked(make_host, cas, tmp_path):
    host = cas.put_into(make_host(), plugin="example_ca_without_lookup").start()
    cas.first.script(next=[{"drop": "after"}])
    device = Device(host, "laptop-1")
    assert device.ask() is None
    item = wait_for_state(host, "held")
    host.kill()
    host.start()
    assert wait_for_state(host, "held")["id"] == item["id"]
    assert device.ask() is None and len(cas.serials()) == 1
    issued = tmp_path / "issued.pem"
    made = load_der_x509_certificate(bytes.fromhex(cas.first.ledger()[0]["certificate"]))
    issued.write_bytes(made.public_bytes(Encoding.PEM))
    host.command("work", "resolve", item["id"], "--issued", str(issued))
    check_once(host, cas, [device])


def wait_for_state(host, state):
    return wait_until(lambda: host.items("--state", state), host)[0]


def wait_until(question, host):
    """The first answer that is not empty."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        answer = question()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"this did not happen in {PATIENCE_S} s: {host.items()}\n{host.log()[-3000:]}")


@pytest.mark.parametrize("behaviour", ({"before_ms": LATE_MS}, {"after_ms": LATE_MS}), ids=("before it made it", "after"))
def test_a_ca_that_is_restarted_in_the_middle_of_an_order(make_host, cas, behaviour):
    host = cas.put_into(make_host()).start()
    cas.first.script(next=[behaviour], lookup="cannot_tell")
    device = Device(host, "laptop-1")
    connection = ScepClient(host.url()).begin_post(device.request.der)
    wait_for_state(host, "calling")
    cas.first.kill()
    connection.close()
    cas.first.start()  # forgets its script: lookup promises again
    check_once(host, cas, [device])


def test_many_devices_with_cas_and_host_that_die(make_host, cas, seed):
    """A mix of all of it: what a device can't tell apart from a bad network must not cost a second certificate."""
    chances = random.Random(seed)
    host = cas.put_into(make_host()).start()
    behaviours = [{}, {"drop": "after"}, {"drop": "before"}, {"before_ms": LATE_MS}, {"after_ms": LATE_MS}, {"garbage": "?"}]
    cas.first.script(next=[chances.choice(behaviours) for _ in range(40)])
    devices = [Device(host, f"laptop-{number}") for number in range(8)]
    for _ in range(2):
        kill_while_asked(host, devices, chances)
    check_once(host, cas, devices)
