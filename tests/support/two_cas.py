"""Two CAs outside, the first of which misbehaves, and devices that ask until they have an answer."""
import time

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
            text = text.replace("  outside-ca:\n    plugin: example_ca\n    type: example_ca\n",
                                f"  outside-ca:\n    plugin: {plugin}\n    type: {plugin}\n")
            if plugin == "http_ca":
                before, after = text.split("  outside-ca:\n", 1)
                text = before + "  outside-ca:\n" + after.replace("    network: true\n", "", 1).replace("answer_after: 0s, ", "", 1)
            return text

        host.configure(edit)
        certify_ra(host, self.folder)
        return host

    def serials(self):
        return [entry["serial"] for ca in (self.first, self.second) for entry in ca.ledger()]


# Each prepares the first CA for one order and returns how many orders the second may carry out.
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


def resolve_as_issued(host, item, entry):
    """What a person does who finds a held order in the CA's ledger."""
    issued = host.directory.parent / "issued.der"
    issued.write_bytes(bytes.fromhex(entry["certificate"]))
    host.command("work", "resolve", item["id"], "--issued", str(issued))


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
