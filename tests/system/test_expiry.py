"""What ends is watched: `certspan status --expiry` and its exit code, the log, and metrics in Prometheus's format."""
import datetime
import json
import urllib.error
import urllib.request

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from prometheus_client.parser import text_string_to_metric_families

from tests.support.swaps import Device
from tests.support.tls import use_tls
from tests.support.waiting import wait_until

OK, SOON, NOW, NOT_KNOWN = 0, 1, 2, 3
DAY_S = 86400
METRICS = "  metrics: { listener: inside }\n"


@pytest.fixture(name="host")
def host_fixture(make_host):
    return make_host()


def expiry(host):
    """(exit code, name -> row) of what people's monitoring runs."""
    done = host.run_program("status", "--expiry", "--json", "--config", str(host.config))
    return done.returncode, {row["name"]: row for row in json.loads(done.stdout)}


def certify_ra_for(host, days):
    """The RA's certificate as it was, but that it ends in `days`."""
    ca_key = serialization.load_pem_private_key((host.directory / "ca.key").read_bytes(), None)
    old = x509.load_pem_x509_certificate((host.directory / "ra.pem").read_bytes())
    now = datetime.datetime.utcnow()
    builder = (x509.CertificateBuilder().subject_name(old.subject).issuer_name(old.issuer).public_key(old.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=400))
               .not_valid_after(now + datetime.timedelta(days=days, hours=1)))
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    new = builder.sign(ca_key, hashes.SHA256())
    (host.directory / "ra.pem").write_bytes(new.public_bytes(serialization.Encoding.PEM))


def with_metrics(text):
    """A listener of its own, for the inside alone."""
    web = 'web: { address: "127.0.0.1:0" }'
    assert web in text
    return text.replace(web, web + '\n    inside: { address: "127.0.0.1:0" }', 1).replace("  listeners:", METRICS + "  listeners:", 1)


def metrics(host, path="/metrics"):
    with urllib.request.urlopen(host.url(path, "inside")) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        families = text_string_to_metric_families(answer.read().decode())
        return {(sample.name, *sorted(sample.labels.items())): sample.value for family in families for sample in family.samples}


def one(samples, name, **labels):
    return samples[(name, *sorted(labels.items()))]


def test_a_new_host_lists_what_ends_and_monitoring_is_content(host):
    code, rows = expiry(host.start())
    assert code == OK
    assert {row["kind"] for row in rows.values()} == {"ra", "ca"}
    ra, = (row for name, row in rows.items() if name.startswith("scep/"))
    certificate = x509.load_pem_x509_certificate((host.directory / "ra.pem").read_bytes())
    assert ra["ends_at"] == int(certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc).timestamp())
    assert "ends soon" not in host.log()


@pytest.mark.parametrize("days, code, level", [(45, OK, "info"), (20, SOON, "warn"), (5, NOW, "error")])
def test_the_nearer_an_end_the_louder_it_is_told(host, days, code, level):
    certify_ra_for(host, days)
    host.start()
    wait_until(lambda: "what is watched ends soon" in host.log())
    line, = (line for line in host.log().splitlines() if "what is watched ends soon" in line)
    assert f"days_left={days}" in line and "kind=ra" in line and level in line
    found, rows = expiry(host)
    assert found == code
    assert next(iter(rows)).startswith("scep/"), "the nearest stands first"
    words = host.run_program("status", "--expiry", "--config", str(host.config))
    assert f"{days} days left" in words.stdout and words.returncode == code


def test_the_certificate_of_a_listener_is_watched_as_it_is_served(host, tmp_path):
    host.configure(lambda text: use_tls(text, tmp_path)).start()
    code, rows = expiry(host)
    assert code == NOW and rows["listeners/web"]["kind"] == "tls" and rows["listeners/web"]["days_left"] in (1, 2)


def test_a_host_that_is_down_is_not_taken_for_one_that_is_well(host):
    done = host.run_program("status", "--expiry", "--config", str(host.config))
    assert done.returncode == NOT_KNOWN and "control.no_host" in done.stderr


def test_metrics_are_what_prometheus_reads(host):
    host.configure(with_metrics).start()
    device = Device(host)
    before = metrics(host)
    device.enrol()
    after = metrics(host)
    ra, = (labels for labels in after if labels[0] == "certspan_expiry_seconds" and ("kind", "ra") in labels)
    assert after[ra] > 300 * DAY_S
    assert one(after, "certspan_serving") == 1
    assert one(after, "certspan_work_items", state="finished") == one(before, "certspan_work_items", state="finished") + 1
    assert one(after, "certspan_connector_up", connector="scep") == 1
    assert one(after, "certspan_breaker_closed", issuer="example-ca") == 1
    assert one(after, "certspan_http_requests_total", listener="web") > one(before, "certspan_http_requests_total", listener="web")


def test_metrics_are_told_nowhere_unless_the_file_says_where(host):
    host.start()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(host.url("/metrics"))


def test_metrics_answer_no_posts(host):
    host.configure(with_metrics).start()
    with pytest.raises(urllib.error.HTTPError, match="405"):
        urllib.request.urlopen(host.url("/metrics", "inside"), data=b"")


@pytest.mark.parametrize("line, words", [
    ("  metrics: { listener: insid }\n", 'listener "insid" is not defined'),
    ("  metrics: { listener: web, path: /scep }\n", "taken twice: by host.metrics and here"),
    ("  metrics: { listener: web, path: metrics }\n", '"path" of metrics is no path'),
    ("  metrics: {}\n", '"listener"'),
])
def test_check_tells_what_is_wrong_with_the_place_of_metrics(host, line, words):
    host.configure(lambda text: text.replace("  listeners:", line + "  listeners:", 1))
    done = host.run_program("check", "--config", str(host.config))
    assert done.returncode == 2 and words in done.stdout + done.stderr
