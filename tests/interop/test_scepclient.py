"""micromdm's scepclient, as Debian ships it: single DES and SHA-1, so behind `danger_` switches; renews by RenewalReq."""
import subprocess

import pytest
from cryptography import x509

from tests.support.independent_reader import check_issued
from tests.support.configs import renew_at_any_time

SWITCHES = "path: /scep\n      danger_allow_des: true\n      danger_allow_sha1: true\n      ca_certificates: ra_only\n"


def scepclient(directory, url, challenge):
    directory.mkdir(exist_ok=True)
    done = subprocess.run(["scepclient", "-server-url", url, "-private-key", directory / "client.key", "-certificate",
                           directory / "client.pem", "-challenge", challenge, "-cn", "scepclient", "-country", "CH"],
                          cwd=directory, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False)
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


def test_is_refused_without_the_switches(make_host, tmp_path):
    host = make_host().start()
    with pytest.raises(AssertionError):
        scepclient(tmp_path / "client", host.url(), host.challenge)
    assert host.items() == []
