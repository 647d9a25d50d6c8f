"""`certspan probe scep`: enrols as a device does and says whether the service works, and if not why."""
import datetime
import json
import shutil
import socket
import subprocess
import threading

import pytest
from cryptography.hazmat.primitives import serialization
from prometheus_client.parser import text_string_to_metric_families

from tests.support import scep_messages as scep
from tests.support.scep_impostor import Impostor, certificate
from tests.support.tls import use_tls
from tests.support.waiting import wait_until
from tests.system.test_approval import ask_a_person, only_waiting

DAY = datetime.timedelta(days=1)


@pytest.fixture(name="probe")
def probe_fixture(build_dir):
    """probe(URL, option...): the command, run to its end."""
    def run(url, *options, stdin=None):
        return subprocess.run([build_dir / "bin" / "certspan", "probe", "scep", url, *map(str, options)], capture_output=True, text=True,
                              input=stdin, stdin=subprocess.DEVNULL if stdin is None else None, timeout=120, check=False)
    return run


@pytest.fixture(name="impostor")
def impostor_fixture():
    with Impostor() as server:
        yield server


def fails(done, *words):
    """The command said that the service doesn't work, why, and what to do."""
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    for word in (*words, "what to do: "):
        assert word in done.stderr, (word, done.stderr)


# --- our own endpoint ---


def test_a_working_endpoint_is_told_with_the_time_of_each_step(host, probe):
    done = probe(host.url(), "--challenge-file", host.directory / "challenge", "--subject", "CN=watch,O=Example")
    assert (done.returncode, done.stderr) == (0, "")
    for step in ("GetCACaps", "GetCACert", "enrolment", "checks"):
        assert any(step in line and " ms  ok" in line for line in done.stdout.splitlines()), done.stdout
    assert host.items()[0]["state"] == "done" and "CN=watch" in done.stdout
    assert "CN=watch" in host.command("why", "watch")


def test_programs_get_json_and_prometheus_a_file(host, probe, tmp_path):
    file = tmp_path / "probe.prom"
    done = probe(host.url(), "--challenge-file", "-", "--json", "--prometheus-file", file, "--dns", "probe.example",
                 stdin=host.challenge + "\n")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["works"] and [step["name"] for step in told["steps"]][1:] == ["GetCACaps", "GetCACert", "enrolment", "checks"]
    serial = told["certificate"]["serial"]
    assert host.run_program("why", serial, "--config", str(host.config)).returncode == 0
    samples = {sample.name: sample for family in text_string_to_metric_families(file.read_text()) for sample in family.samples}
    assert samples["certspan_probe_works"].value == 1 and samples["certspan_probe_works"].labels["url"] == host.url()
    end = datetime.datetime.fromtimestamp(samples["certspan_probe_certificate_end_seconds"].value, datetime.timezone.utc)
    assert end.strftime("%Y-%m-%dT%H:%M:%SZ") == told["certificate"]["not_after"]
    assert list(tmp_path.glob("probe.prom.*")) == []


def test_capabilities_alone_make_no_certificate(host, probe):
    done = probe(host.url(), "--capabilities-only")
    assert done.returncode == 0 and "SCEPStandard" in done.stdout
    assert host.items() == []


def test_a_wrong_challenge_is_told_as_the_refusal_that_it_is(host, probe):
    done = probe(host.url(), "--challenge-file", "-", stdin="guessed")
    fails(done, "badRequest", "challenge")
    assert "guessed" not in done.stdout + done.stderr
    told = json.loads(probe(host.url(), "--json").stdout)
    assert not told["works"] and told["failure"]["step"] == "enrolment" and "badRequest" in told["failure"]["what"]


def test_a_request_that_waits_for_a_person_ends_with_the_time(make_host, probe):
    host = make_host().configure(ask_a_person).start()
    done = probe(host.url(), "--challenge-file", host.directory / "challenge", "--timeout", "4s")
    fails(done, "still pending", "certspan why")
    transaction = done.stderr.rsplit("certspan why ", 1)[1].strip()
    assert host.run_program("why", transaction, "--config", str(host.config)).returncode == 0


def test_a_request_that_is_approved_meanwhile_is_polled_for(make_host, build_dir):
    host = make_host().configure(ask_a_person).start()
    asked = subprocess.Popen([build_dir / "bin" / "certspan", "probe", "scep", host.url(), "--challenge-file",
                              host.directory / "challenge"], stdout=subprocess.PIPE, text=True)
    host.command("work", "approve", only_waiting(host), "--reason", "it is the probe")
    out, _ = asked.communicate(timeout=90)
    assert asked.returncode == 0 and "works" in out
    wait_until(lambda: host.items()[0]["state"] == "done")


def test_a_host_that_is_down_is_no_connection(host, probe):
    url = host.url()
    host.stop()
    fails(probe(url), "no connection")


def test_tls_is_verified_as_devices_do(make_host, probe):
    host = make_host()
    host.configure(lambda text: use_tls(text, host.directory)).start()
    url = host.url(scheme="https").replace("127.0.0.1", "localhost")
    challenge = ("--challenge-file", host.directory / "challenge")
    fails(probe(url, *challenge), "TLS certificate is not trusted")
    done = probe(url, *challenge, "--tls-ca", host.directory / "tls.pem")
    assert done.returncode == 0, done.stderr
    fails(probe(url.replace("https", "http"), *challenge), "")


def test_another_ca_than_the_one_that_is_named_does_not_count(make_host, host, probe):
    other = make_host("other")
    challenge = ("--challenge-file", host.directory / "challenge")
    assert probe(host.url(), *challenge, "--ca", host.directory / "ca.pem").returncode == 0
    fails(probe(host.url(), *challenge, "--ca", other.directory / "ca.pem"), "does not come from the CA")


def test_the_installed_program_is_found(build_dir, tmp_path, host):
    subprocess.run(["cmake", "--install", build_dir, "--component", "host", "--prefix", tmp_path / "usr"], check=True,
                   stdout=subprocess.DEVNULL)
    done = subprocess.run([tmp_path / "usr/bin/certspan", "probe", "scep", host.url(), "--capabilities-only"], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr


# --- the command line ---


@pytest.mark.parametrize("options", [(), ("--no-such-option", "http://x/"), ("http://x/", "--timeout", "soon"),
                                     ("http://x/", "--key-bits", "512"), ("http://x/", "http://y/")])
def test_a_wrong_command_line_is_64(probe, options):
    done = probe(*(options or ("--json",)))
    assert done.returncode == 64 and done.stderr


def test_help_is_the_probes_own(probe):
    done = probe("--help")
    assert done.returncode == 0 and "--challenge-file" in done.stdout and "certspan probe scep" in done.stdout


@pytest.mark.parametrize("url", ["ftp://x/scep", "http://user:word@x/scep", "nothing", "http://x/scep?operation=GetCACaps"])
def test_what_is_no_url_of_an_endpoint_is_told(probe, url):
    fails(probe(url), "is no URL of a SCEP endpoint")


def test_a_challenge_file_that_is_missing_is_told_before_the_server_is_asked(impostor, probe, tmp_path):
    fails(probe(impostor.url, "--challenge-file", tmp_path / "nothing"), "can't be read")
    fails(probe(impostor.url, "--challenge-file", "-", stdin="\n"), "holds no challenge")
    fails(probe(impostor.url, "--subject", "laptop"), "is no name")
    assert impostor.asked == []


# --- servers that are wrong ---


def test_an_honest_impostor_works(impostor, probe):
    done = probe(impostor.url)
    assert (done.returncode, done.stderr) == (0, "")
    impostor.capabilities = b""
    done = probe(impostor.url)
    assert done.returncode == 0 and impostor.asked[-1] == ("GET", "PKIOperation")


@pytest.mark.parametrize("changes,said", [
    ({"nonce": b"n" * 16}, "recipientNonce"),
    ({"transaction": "another"}, "transactionID"),
    ({"status": "7"}, "pkiStatus"),
    ({"flip": True}, "signature of the answer is wrong"),
    ({"ends": -DAY}, "has ended at"),
    ({"issuer_key": scep.new_rsa_key()}, "does not come from the CA"),
    ({"key": scep.new_rsa_key()}, "for another key"),
])
def test_an_answer_that_is_wrong_is_told(impostor, probe, changes, said):
    impostor.changes = changes
    fails(probe(impostor.url), said)


def test_an_answer_signed_by_a_stranger_is_told(impostor, probe):
    stranger = certificate("Stranger", impostor.other_key, "Stranger", impostor.other_key)
    impostor.changes = {"signer": stranger, "signer_key": impostor.other_key}
    fails(probe(impostor.url), "signed by a certificate that GetCACert doesn't give")
    impostor.changes = {"signer_key": impostor.other_key}
    fails(probe(impostor.url), "signature of the answer is wrong")


@pytest.mark.parametrize("operation,answer,said", [
    ("GetCACaps", lambda h: h.reply(404, "text/html", b"no"), "answers with 404"),
    ("GetCACaps", lambda h: h.reply(200, "text/html", b"<html>hello</html>"), "no list of capabilities"),
    ("GetCACaps", lambda h: h.reply(302, "text/html", b"", Location="http://127.0.0.1:1/other"), "sends on to"),
    ("GetCACaps", lambda h: h.reply(200, "text/plain", b"A" * 20_000), "longer than 16 KB"),
    ("GetCACert", lambda h: h.reply(200, "text/html", b"<html>"), 'type "text/html"'),
    ("GetCACert", lambda h: h.reply(200, "application/x-x509-ca-cert", b"\x30\x03abc"), "no certificate although"),
    ("GetCACert", lambda h: h.reply(200, "application/x-x509-ca-ra-cert", b"\x30\x80"), "no PKCS #7"),
    ("GetCACert", lambda h: h.reply(200, "application/x-x509-ca-cert", b"0" * 300_000), "longer than 256 KB"),
    ("PKIOperation", lambda h: h.reply(500, "text/html", b"oops"), "answers with 500"),
    ("PKIOperation", lambda h: h.reply(503, "text/html", b"", **{"Retry-After": "5"}), "takes no work now"),
    ("PKIOperation", lambda h: h.reply(200, "application/x-pki-message", b"not DER"), "no SCEP message"),
    ("PKIOperation", lambda h: h.reply(200, "application/x-pki-message", b""), "no SCEP message"),
    ("PKIOperation", lambda h: h.reply(200, "application/x-pki-message", b"0" * 600_000), "longer than 512 KB"),
    ("PKIOperation", lambda h: h.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nhalf"), "connection broke"),
])
def test_a_server_that_breaks_off_somewhere_is_told_with_the_step(impostor, probe, operation, answer, said):
    impostor.answers[operation] = answer
    fails(probe(impostor.url), said)
    told = json.loads(probe(impostor.url, "--json").stdout)
    assert told["failure"]["step"] == {"PKIOperation": "enrolment"}.get(operation, operation)


def test_a_server_that_never_answers_ends_with_the_time(impostor, probe):
    over = threading.Event()
    impostor.answers["PKIOperation"] = lambda handler: over.wait(60)
    done = probe(impostor.url, "--timeout", "2s")
    over.set()
    fails(done, "no whole answer in time")


def test_a_server_that_does_not_speak_http_is_told(probe):
    with socket.create_server(("127.0.0.1", 0)) as server:
        def greet():
            connection, _ = server.accept()
            with connection:
                connection.recv(1)
                connection.sendall(b"220 mail ready\r\n")
        greeter = threading.Thread(target=greet)
        greeter.start()
        done = probe(f"http://127.0.0.1:{server.getsockname()[1]}/scep")
        greeter.join()
    assert done.returncode == 1 and "what to do" in done.stderr


def test_a_name_that_is_nowhere_is_told(probe):
    fails(probe("http://nowhere.invalid/scep", "--timeout", "10s"), "name can't be resolved")


def test_an_ra_that_has_ended_is_told_before_anything_is_enrolled(probe):
    with Impostor(ra_ends=-DAY) as server:
        fails(probe(server.url, "--capabilities-only"), "has ended at", "renew the RA")


def test_an_ra_that_may_not_sign_is_told(probe):
    with Impostor(ra_usages=("key_encipherment",)) as server:
        fails(probe(server.url), "does not allow signatures")


def test_a_server_that_shows_no_ca_needs_one_named(probe, tmp_path):
    with Impostor(shown=lambda server: [server.ra]) as server:
        fails(probe(server.url), "--ca FILE")
        (tmp_path / "ca.pem").write_bytes(server.ca.public_bytes(serialization.Encoding.PEM))
        assert probe(server.url, "--ca", tmp_path / "ca.pem").returncode == 0


# --- a server of somebody else ---


@pytest.mark.skipif(shutil.which("scepserver") is None, reason="there is no scepserver")
def test_micromdms_scepserver_works(probe, tmp_path):
    subprocess.run(["scepserver", "ca", "-init"], cwd=tmp_path, check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as place:
        port = place.getsockname()[1]
    url = f"http://127.0.0.1:{port}/scep"
    server = subprocess.Popen(["scepserver", "-depot", "depot", "-port", str(port), "-challenge", "secret"], cwd=tmp_path,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: probe(url, "--capabilities-only").returncode == 0)
        fails(probe(url, "--challenge-file", "-", stdin="secret"), "such as single DES")
        done = probe(url, "--challenge-file", "-", "--danger-allow-des", "--subject", "CN=probe-2", stdin="secret")
        assert done.returncode == 0, done.stderr
        fails(probe(url, "--challenge-file", "-", "--danger-allow-des", "--subject", "CN=probe-3", stdin="wrong"), "refuses")
    finally:
        server.kill()
        server.wait()
