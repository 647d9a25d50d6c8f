"""A service of the company is told how requests ended: of a certificate before the device has it, and of a failure after a yes."""
import base64
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support import scep_messages as scep
from tests.support.failpoints import DELIVERY, parametrize_points
from tests.support.scep_client import ScepClient
from tests.support.waiting import wait_until
from tests.support.webhook_service import ID, SECRET, WebhookService

BOTH = pytest.mark.parametrize("isolation", ["process", "in_process"])
STEP = "      - issue: example-ca\n        profile: device\n"


def pytest_generate_tests(metafunc):
    parametrize_points(metafunc, lambda name: name.startswith(DELIVERY))


def telling(host, service, step="deliver: notices", on_failure=None):
    """The service hears of certificates, or of failures, of the endpoint."""
    (host.directory / "hook.secret").write_text(base64.b64encode(SECRET).decode() + "\n")
    connector = f'  notices:\n    plugin: ndes\n    type: webhook\n    settings: {{ url: "{service.url}", id: {ID}, ' \
                f'secret: "${{file:{host.directory}/hook.secret}}", timeout: 5s }}\n'

    def edit(text):
        more = f"      - {step}\n" if step else ""
        if on_failure:
            more += f"    on_failure:\n      - {on_failure}\n"
        assert text.count(STEP) == 2
        return text.replace("connectors:\n", f"connectors:\n{connector}", 1).replace(STEP, STEP + more)
    return host.configure(edit)


@pytest.fixture(name="host")
def host_fixture(make_host):
    return make_host()


@BOTH
def test_the_service_has_the_certificate_before_the_device(host, isolation):
    host.isolation = isolation
    may_go, told = threading.Event(), threading.Event()

    def hear(_notice, _csr):
        told.set()
        may_go.wait(60)
        return 200, {}
    answer = []
    with WebhookService(hear) as service:
        telling(host, service).start()
        device = threading.Thread(target=lambda: answer.append(ScepClient(host.url()).enrol("told.example", host.challenge)))
        device.start()
        assert told.wait(60)
        assert answer == [] and [item["state"] for item in host.items()] == ["ready"]
        may_go.set()
        device.join(60)
    enrolled, = answer
    notice, = service.notices
    assert service.faults == [] and enrolled.reply.pki_status == scep.SUCCESS
    certificate = x509.load_der_x509_certificate(base64.b64decode(notice["x509Certificate"]["raw"]))
    assert certificate.public_bytes(Encoding.DER) == enrolled.certificate.public_bytes(Encoding.DER)
    assert notice["scepTransactionID"] == enrolled.request.transaction_id
    assert notice["x509Certificate"]["subject"]["commonName"] == "told.example"
    assert "raw" not in notice["x509CertificateRequest"], "it holds the challenge"
    assert host.challenge not in str(notice) and "scepErrorCode" not in notice


def test_a_service_that_is_down_is_told_later_and_the_same_certificate_is_handed_out(host):
    answers = [(503, {}), (404, {}), (200, {})]
    with WebhookService(lambda *_: answers.pop(0)) as service:
        telling(host, service, "deliver: notices\n        retry: { backoff: 10ms..20ms }").start()
        enrolled = ScepClient(host.url()).enrol("late.example", host.challenge)
    assert enrolled.reply.pki_status == scep.SUCCESS
    assert len(service.notices) == 3 and len({notice["x509Certificate"]["raw"] for notice in service.notices}) == 1
    story = host.command("why", "late.example")
    assert story.count('told "notices" how it ended') == 3 and "HTTP 503" in story and "HTTP 404" in story


def test_what_nobody_may_hear_of_is_handed_to_nobody_unless_the_step_says_so(make_host):
    retry = "deliver: notices\n        retry: {{ attempts: 2, backoff: 1ms..2ms }}\n        required: {}"
    with WebhookService(lambda *_: (500, {})) as service:
        strict = telling(make_host("strict"), service, retry.format("true")).start()
        refused = ScepClient(strict.url()).enrol("withheld.example", strict.challenge)
        lenient = telling(make_host("lenient"), service, retry.format("false")).start()
        enrolled = ScepClient(lenient.url()).enrol("handed.example", lenient.challenge)
    assert refused.reply.pki_status == scep.FAILURE and enrolled.reply.pki_status == scep.SUCCESS
    assert "handed to nobody" in strict.command("why", "withheld.example") and "certificate withheld" in strict.log()
    assert "not told" in lenient.log()


def test_a_failure_after_a_yes_is_told_with_its_reason(host):
    def without_an_issuer_of_this_key(text):
        return text.replace("keys: [", "keys: [rsa>=8192] # [", 1)
    with WebhookService(lambda *_: (200, {})) as service:
        telling(host, service, None, "deliver: notices").configure(without_an_issuer_of_this_key).start()
        client = ScepClient(host.url())
        assert client.enrol("weak.example", host.challenge).reply.pki_status == scep.FAILURE
        assert ScepClient(host.url()).enrol("guess.example", "wrong").reply.pki_status == scep.FAILURE
        host.stop()
    notice, = service.notices
    assert notice["x509CertificateRequest"]["subject"]["commonName"] == "weak.example"
    assert notice["scepErrorCode"] in (0, 2) and "key" in notice["scepErrorDescription"]
    assert "x509Certificate" not in notice


def test_what_was_owed_when_the_host_was_killed_is_told_by_the_next_one(host):
    told, answers = threading.Event(), [(503, {})]

    def hear(_notice, _csr):
        told.set()
        return answers[0]
    with WebhookService(hear) as service:
        telling(host, service, "deliver: notices\n        retry: { backoff: 1ms..100ms }").start()
        device = threading.Thread(target=lambda: silently(lambda: ScepClient(host.url()).enrol("owed.example", host.challenge)))
        device.start()
        assert told.wait(60)
        host.kill()
        device.join(60)
        answers[0] = (200, {})
        host.start()
        wait_until(lambda: [item["state"] for item in host.items()] == ["done"])
    assert len({notice["x509Certificate"]["raw"] for notice in service.notices}) == 1
    assert len(host.items()) == 1


@pytest.mark.parametrize("fails", [False, True])
def test_a_host_that_dies_at_any_point_of_a_delivery_tells_all_the_same(host, point, fails):
    """Of one certificate, or of one failure, and maybe twice."""
    with WebhookService(lambda *_: (200, {})) as service:
        telling(host, service, "deliver: notices", "deliver: notices")
        if fails:
            host.configure(lambda text: text.replace("keys: [", "keys: [rsa>=8192] # [", 1))
        host.start(environment={"CERTSPAN_FAILPOINT": point})
        silently(lambda: ScepClient(host.url()).enrol("killed.example", host.challenge))
        host.wait()
        host.start()
        wait_until(lambda: [item["state"] for item in host.items()] == ["failed" if fails else "done"])
    told = {notice.get("x509Certificate", {}).get("raw") for notice in service.notices}
    assert len(told) == 1 and (None in told) == fails and 1 <= len(service.notices) <= 2


def silently(action):
    try:
        action()
    except (OSError, scep.ProtocolError):
        pass
