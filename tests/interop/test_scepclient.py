"""micromdm's scepclient, as Debian ships it: single DES and SHA-1, so behind `danger_` switches; renews by RenewalReq."""
import concurrent.futures
import os
import subprocess

import pytest
from cryptography import x509

from tests.support.configs import ask_a_person, renew_at_any_time
from tests.support.independent_reader import check_issued
from tests.support.soft_hsm import SoftHsm, put_keys_into
from tests.support.tls import use_tls
from tests.support.waiting import wait_until

SWITCHES = "path: /scep\n      danger_allow_des: true\n      danger_allow_sha1: true\n      ca_certificates: ra_only\n"


def scepclient(directory, url, challenge, trusts=None):
    directory.mkdir(exist_ok=True)
    trust = {"SSL_CERT_FILE": str(trusts)} if trusts else {}
    done = subprocess.run(["scepclient", "-server-url", url, "-private-key", directory / "client.key", "-certificate",
                           directory / "client.pem", "-challenge", challenge, "-cn", "scepclient", "-country", "CH"],
                          env=dict(os.environ, **trust), cwd=directory, capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return x509.load_pem_x509_certificate((directory / "client.pem").read_bytes())


@pytest.mark.parametrize("ca_key", ["rsa:2048", "p256"])
def test_enrols_and_renews(make_host, tmp_path, ca_key):
    host = make_host("host", "--ca-key", ca_key).configure(lambda text: text.replace("path: /scep\n", SWITCHES))
    host.configure(renew_at_any_time).start()
    first = scepclient(tmp_path / "client", host.url(), host.challenge)
    check_issued(host.directory, first)
    second = scepclient(tmp_path / "client", host.url(), host.challenge)
    check_issued(host.directory, second)
    assert second.serial_number != first.serial_number
    assert [item["message"] for item in host.items()] == ["renewal", "enrolment"]


@pytest.mark.parametrize("ca_key", ["rsa:2048", "p256"])
def test_enrols_and_renews_over_tls_with_keys_in_a_token(make_host, tmp_path, ca_key):
    host = put_keys_into(SoftHsm(tmp_path / "hsm"), make_host("host", "--ca-key", ca_key))
    host.configure(lambda text: use_tls(text.replace("path: /scep\n", SWITCHES), tmp_path)).configure(renew_at_any_time).start()
    url = host.url(scheme="https").replace("127.0.0.1", "localhost")
    first, second = (scepclient(tmp_path / "client", url, host.challenge, tmp_path / "tls.pem") for _ in range(2))
    check_issued(host.directory, second)
    assert second.serial_number != first.serial_number
    assert [item["message"] for item in host.items()] == ["renewal", "enrolment"]


def test_sends_its_request_again_after_half_a_minute_when_it_has_to_wait(make_host, tmp_path):
    host = make_host().configure(lambda text: ask_a_person(text.replace("path: /scep\n", SWITCHES))).start()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        enrolling = pool.submit(scepclient, tmp_path / "client", host.url(), host.challenge)
        item, = wait_until(lambda: [item for item in host.items() if item["state"] == "ready"])
        host.command("work", "approve", item["id"], "--reason", "ordered by telephone")
        check_issued(host.directory, enrolling.result(timeout=110))
    assert len(host.items()) == 1


def test_is_refused_without_the_switches(make_host, tmp_path):
    host = make_host().start()
    with pytest.raises(AssertionError):
        scepclient(tmp_path / "client", host.url(), host.challenge)
    assert host.items() == []
