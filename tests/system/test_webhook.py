"""A service of the company says whether a SCEP challenge may pass; nothing but its own clear word lets a request through."""
import base64
import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support import scep_messages as scep
from tests.support.scep_client import ScepClient
from tests.support.tls import make_server_certificate
from tests.support.webhook_service import ID, SECRET, WebhookService

CHALLENGE = 'a "quoted" \\ challenge'
BOTH = pytest.mark.parametrize("isolation", ["process", "in_process"])


def asking(host, url, more=""):
    """The host's challenges are judged by the service at `url`."""
    (host.directory / "hook.secret").write_text(base64.b64encode(SECRET).decode() + "\n")
    settings = f'{{ url: "{url}", id: {ID}, secret: "${{file:{host.directory}/hook.secret}}"{more} }}'

    def edit(text):
        head, rest = text.split("  challenge:\n")
        _own, after = rest.split("\n  renewal:", 1)
        return f"{head}  challenge:\n    plugin: ndes\n    type: webhook\n    settings: {settings}\n  renewal:{after}"
    return host.configure(edit)


def enrol(host, challenge=CHALLENGE):
    return ScepClient(host.url()).enrol("hook.example", challenge)


def story(host):
    return host.command("why", "hook.example")


def once(text):
    """The service is asked once, and then it is over."""
    assert text.count("      - validate: challenge\n") == 1
    return text.replace("      - validate: challenge\n", "      - validate: challenge\n        retry: { attempts: 1 }\n")


def turned_away(host):
    """Whoever asks is told to come again, and no certificate is made."""
    with pytest.raises(scep.ProtocolError, match="HTTP 503"):
        enrol(host)
    assert not [item for item in host.items() if item["state"] == "done"]
    assert CHALLENGE not in host.log() + story(host)


@pytest.fixture(name="host")
def host_fixture(make_host):
    return make_host()


@BOTH
def test_what_the_service_allows_is_issued_and_it_was_asked_as_step_ca_asks(host, isolation):
    host.isolation = isolation
    with WebhookService() as service:
        asking(host, service.url).start()
        enrolled = enrol(host)
    assert enrolled.reply.pki_status == scep.SUCCESS
    question, = service.questions
    assert question["scepChallenge"] == CHALLENGE
    assert question["scepTransactionID"] == enrolled.request.transaction_id
    assert base64.b64decode(question["x509CertificateRequest"]["raw"]) == enrolled.csr
    assert service.faults == []
    described = question["x509CertificateRequest"]
    assert described["subject"] == {"commonName": "hook.example"} and described["publicKeyAlgorithm"] == "RSA"
    key = x509.load_der_x509_csr(enrolled.csr).public_key()
    assert base64.b64decode(described["publicKey"]) == key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert abs(datetime.fromisoformat(question["timestamp"]) - datetime.now(timezone.utc)) < timedelta(minutes=5)
    assert CHALLENGE not in host.log() + story(host)


@BOTH
def test_what_the_service_refuses_is_a_signed_failure_with_a_story(host, isolation):
    host.isolation = isolation
    with WebhookService(lambda *_: (200, {"allow": False})) as service:
        asking(host, service.url).start()
        refused = enrol(host)
    assert (refused.reply.pki_status, refused.reply.fail_info) == (scep.FAILURE, scep.BAD_REQUEST)
    assert "webhook.refused" in story(host) and CHALLENGE not in host.log() + story(host)


ECHO = WebhookService.echo


@pytest.mark.parametrize("answer, code", [
    pytest.param(lambda _q, csr: (500, {"allow": True, "csrSha256": ECHO(csr)}), "webhook.status", id="500"),
    pytest.param(lambda _q, csr: (403, {"allow": False}), "webhook.status", id="403"),
    pytest.param(lambda _q, csr: (302, b"", ("Location", "http://127.0.0.1:9/")), "webhook.status", id="redirect"),
    pytest.param(lambda _q, csr: (200, {"allow": True, "csrSha256": ECHO(csr + b"x")}), "webhook.wrong_echo", id="other request"),
    pytest.param(lambda _q, csr: (200, {"allow": True}), "webhook.wrong_echo", id="no echo"),
    pytest.param(lambda _q, csr: (200, {"allow": "true", "csrSha256": ECHO(csr)}), "webhook.unreadable", id="a word for true"),
    pytest.param(lambda _q, csr: (200, b'{"allow": true'), "webhook.unreadable", id="cut off"),
    pytest.param(lambda _q, csr: (200, b'{"allow": false, "allow": true}'), "webhook.unreadable", id="both"),
    pytest.param(lambda _q, csr: (200, {"allow": True, "csrSha256": ECHO(csr), "data": "x" * 65536}), "webhook.no_answer", id="too much")])
def test_an_answer_that_is_not_a_clear_yes_lets_nobody_through(host, answer, code):
    with WebhookService(answer) as service:
        asking(host, service.url).configure(once).start()
        turned_away(host)
    assert code in story(host)


def test_a_service_that_is_down_lets_nobody_through(host):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        asking(host, f"http://127.0.0.1:{nobody.getsockname()[1]}/hook").configure(once).start()
        turned_away(host)
    assert "webhook.no_answer" in story(host)


def test_a_service_that_is_slow_lets_nobody_through(host):
    free = threading.Event()

    def wait(question, csr):
        free.wait(60)
        return WebhookService.allow(question, csr)
    with WebhookService(wait) as service:
        asking(host, service.url, ", timeout: 300ms").configure(once).start()
        with contextlib.ExitStack() as at_end:
            at_end.callback(free.set)
            turned_away(host)
    assert "webhook.no_answer" in story(host)


def test_an_old_service_that_names_no_request_needs_the_danger_switch(host):
    with WebhookService(lambda *_: (200, {"allow": True})) as service:
        asking(host, service.url, ", danger_no_echo: true").start()
        assert enrol(host).reply.pki_status == scep.SUCCESS
    assert "danger_no_echo" in host.command("status")


@pytest.mark.parametrize("trusted", [True, False])
def test_only_the_pinned_ca_is_believed(host, tmp_path, trusted):
    own, other = tmp_path / "own", tmp_path / "other"
    for folder in (own, other):
        folder.mkdir()
        make_server_certificate(folder)
    pinned = ((own if trusted else other) / "tls.pem").read_text()
    with WebhookService(certificate=own / "tls.pem", key=own / "tls.key") as service:
        quoted = pinned.replace("\n", "\\n")
        asking(host, service.url, f', ca_certificates: "{quoted}"').configure(once).start()
        if trusted:
            assert enrol(host).reply.pki_status == scep.SUCCESS
        else:
            turned_away(host)
            assert service.questions == []


def test_a_request_without_a_challenge_is_asked_of_nobody(host):
    with WebhookService() as service:
        asking(host, service.url).start()
        assert enrol(host, None).reply.pki_status == scep.FAILURE
        assert service.questions == []


@pytest.mark.parametrize("url", ["http://hook.example/", "http://127.0.0.1.example/", "https://user:pass@hook.example/", "ftp://127.0.0.1/"])
def test_check_wants_https_or_this_machine(host, url):
    asking(host, url)
    done = host.run_program("check", "--config", str(host.config))
    assert done.returncode == 2 and "must be https, or http on 127.0.0.1" in done.stdout + done.stderr


def test_services_that_do_not_answer_keep_nobody_elses_requests_waiting(make_host):
    """Of a hundred devices whose service is stuck, none takes a place that others' requests need."""
    host, free, stuck = make_host(), threading.Event(), 100

    def wait(question, csr):
        free.wait(60)
        return WebhookService.allow(question, csr)

    def two_ways(text):
        head, tail = text.split("pipelines:\n", 1)
        own = "  asked:\n    source: scep\n    when: { subject: [\"*asked*\"] }\n    steps:\n      - validate: hook\n" \
              "      - issue: example-ca\n        profile: device\n"
        hook = f'  hook:\n    plugin: ndes\n    type: webhook\n    settings: {{ url: "{service.url}", id: {ID}, timeout: 60s, ' \
               f'secret: "${{file:{host.directory}/hook.secret}}" }}\n'
        return head.replace("connectors:\n", f"connectors:\n{hook}", 1) + f"pipelines:\n{own}{tail}"
    with WebhookService(wait) as service, contextlib.ExitStack() as at_end, ThreadPoolExecutor(stuck) as devices:
        at_end.callback(free.set)
        (host.directory / "hook.secret").write_text(base64.b64encode(SECRET).decode() + "\n")
        host.configure(two_ways).start()
        asked = [devices.submit(ScepClient(host.url()).enrol, f"asked-{i}.example", CHALLENGE) for i in range(stuck)]
        while len(service.questions) < 4:
            assert not any(one.done() for one in asked)
        began = time.monotonic()
        assert ScepClient(host.url()).enrol("other.example", host.challenge).reply.pki_status == scep.SUCCESS
        assert time.monotonic() - began < 20
        free.set()
        assert all(one.result().reply.pki_status == scep.SUCCESS for one in asked)
