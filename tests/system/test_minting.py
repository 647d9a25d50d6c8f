"""Programs mint one-time challenges over HTTP: by the API, and by the admin page of NDES as its clients read it."""
import base64
import http.client
import json
import re
import shutil
import subprocess
import urllib.request

import pytest
import yaml

from tests.support import scep_messages as scep
from tests.support.scep_client import ScepClient
from tests.support.strongswan import Strongswan
from tests.support.tls import use_tls

PASSWORD = "correct horse battery staple"
TOKEN = "0123456789abcdef-bearer"
PAGE = "/certsrv/mscep_admin/"
API = "/v1/challenges"
NOT_PERMITTED = "You do not have sufficient permission to enroll with SCEP."
CACHE_FULL = "The password cache is full."


def minting(host, most_open=10000, listener="web"):
    """The host's challenges are minted by the accounts `mdm` (for wifi) and `other` (for its own profile)."""
    (host.directory / "mdm.secret").write_text(PASSWORD + "\n")
    (host.directory / "token.secret").write_text(TOKEN + "\n")

    def edit(text):
        document = yaml.safe_load(text)
        profiles = document["profiles"]
        first = next(iter(profiles))
        profiles["other"] = dict(profiles[first])
        document["connectors"]["challenge"]["settings"] = {
            "one_time": {"lifetime": "1h"},
            "mint": {
                "listener": listener, "path": API, "ndes_page": PAGE.rstrip("/"), "most_open": most_open,
                "accounts": [
                    {"name": "CORP\\mdm", "password": "${file:mdm.secret}", "token": "${file:token.secret}", "profiles": [first],
                     "endpoint": "scep"},
                    {"name": "other", "password": "${file:mdm.secret}", "profiles": ["other"]}]}}
        return yaml.safe_dump(document, sort_keys=False)
    return host.configure(edit)


@pytest.fixture(params=["in_process", "process"], name="host")
def host_fixture(request, make_host):
    host = minting(make_host())
    host.isolation = request.param
    return host.start()


def basic(user="CORP\\mdm", password=PASSWORD):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def ask(host, method, path, body=None, authorization=None, content_type="application/json"):
    connection = http.client.HTTPConnection(host.address(), timeout=30)
    headers = {} if authorization is None else {"Authorization": authorization}
    if body is not None:
        headers["Content-Type"] = content_type
    connection.request(method, path, body=body if body is None or isinstance(body, bytes) else json.dumps(body), headers=headers)
    response = connection.getresponse()
    response.content = response.read()
    connection.close()
    return response


def mint(host, **body):
    response = ask(host, "POST", API, body, basic())
    assert response.status == 201, response.content
    return json.loads(response.content)


def read_page(response):
    """As clients of NDES do: the mark says which UTF-16 it is."""
    assert response.status == 200
    return response.content.decode("utf-16")


def challenge_on(page):
    found = re.search(r"(?i)The enrollment challenge password is: <B> (?P<password>\S*)", page)
    return found and found.group("password")


def ask_as_a_negotiator(host, user="CORP\\mdm", password=PASSWORD):
    """Asks without a password first, and again if Basic is among what is offered: urllib's way, as that of NTLM negotiators."""
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, host.url("/"), user, password)
    opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
    with opener.open(host.url(PAGE), timeout=30) as response:
        return response.read().decode("utf-16")


def test_a_device_enrols_with_a_challenge_from_the_api_and_its_repeat_passes(host):
    minted = mint(host, subject="laptop-7.example", san=["dns:laptop-7.example"], device="7F3A")
    client = ScepClient(host.url())
    asked = client.enrol("laptop-7.example", minted["challenge"])
    assert asked.reply.pki_status == scep.SUCCESS
    again = client.send(asked.request)
    assert again.pki_status == scep.SUCCESS
    assert client.enrol("laptop-7.example", minted["challenge"]).reply.pki_status == scep.FAILURE
    row, = host.json("challenge", "list")["challenges"]
    assert (row["state"], row["device"], row["id"]) == ("spent", "7F3A", minted["id"])
    assert minted["id"] in host.log()


def test_a_challenge_from_the_api_is_bound_to_what_the_request_named(host):
    minted = mint(host, subject="laptop-7.example")
    client = ScepClient(host.url())
    assert client.enrol("laptop-8.example", minted["challenge"]).reply.pki_status == scep.FAILURE
    assert client.enrol("laptop-7.example", minted["challenge"]).reply.pki_status == scep.SUCCESS
    assert "challenge.wrong_subject" in host.command("why", "laptop-8.example")


def test_strongswan_enrols_with_a_challenge_from_the_page(host, tmp_path):
    page = ask_as_a_negotiator(host)
    challenge = challenge_on(page)
    assert re.fullmatch("[0-9A-F]{16}", challenge)
    # Where other clients cut it out.
    assert f"<B> {challenge} </B> <P> This password can be used only once and will expire within 60 minutes." in page
    client = Strongswan(tmp_path / "client", host.url()).fetch_ca()
    key = client.new_key()
    certificate = client.enrol(key, "CN=laptop-1", challenge)
    assert client.enrol(key, "CN=laptop-1", challenge).serial_number == certificate.serial_number
    with pytest.raises(RuntimeError):
        client.enrol(client.new_key("another.key"), "CN=laptop-2", challenge)


def test_the_page_shows_the_thumbprint_of_the_ca(host):
    page = ask_as_a_negotiator(host)
    shown = re.search(r"The thumbprint \(hash value\) for the CA certificate is: <B> ([0-9A-F ]+) </B>", page).group(1)
    printed = subprocess.run(["openssl", "x509", "-in", str(host.directory / "ca.pem"), "-noout", "-fingerprint", "-sha1"],
                             capture_output=True, text=True, check=True).stdout
    assert shown.replace(" ", "") == printed.strip().split("=")[1].replace(":", "")


def test_curl_mints_with_a_password_and_with_a_token(host):
    curl = shutil.which("curl")
    assert curl, "curl is needed"
    command = [curl, "-sS", "--fail-with-body", "-H", "Content-Type: application/json", "-d", '{"device":"7F3A"}', host.url(API)]
    for how in (["-u", f"CORP\\mdm:{PASSWORD}"], ["-H", f"Authorization: Bearer {TOKEN}"], ["--anyauth", "-u", f"CORP\\mdm:{PASSWORD}"]):
        done = subprocess.run([*command, *how], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr + done.stdout
        assert len(json.loads(done.stdout)["challenge"]) == 32


def test_an_account_mints_for_its_own_profiles_only(host):
    refused = ask(host, "POST", API, {"profile": "other"}, basic())
    assert refused.status == 403
    assert json.loads(refused.content)["error"]["code"] == "mint.not_allowed"
    assert NOT_PERMITTED in read_page(ask(host, "GET", PAGE + "?profile=other", authorization=basic()))
    challenge = challenge_on(ask_as_a_negotiator(host, "other"))
    assert ScepClient(host.url()).enrol("laptop-7.example", challenge).reply.pki_status == scep.FAILURE
    assert "challenge.wrong_profile" in host.command("why", "laptop-7.example")


def test_wrong_passwords_are_limited_and_asking_for_the_schemes_is_not(host):
    for _ in range(8):
        response = ask(host, "GET", PAGE)
        assert response.status == 401
        assert response.getheader("WWW-Authenticate").startswith("Basic realm=")
    for _ in range(5):
        assert ask(host, "POST", API, {}, basic(password="guess")).status == 401
    limited = ask(host, "POST", API, {}, basic())
    assert limited.status == 429
    assert 0 < int(limited.getheader("Retry-After")) <= 60
    assert ask(host, "GET", PAGE, authorization=basic()).status == 429


def test_when_too_many_are_open_the_page_says_so_as_ndes_does(make_host):
    host = minting(make_host(), most_open=2).start()
    first = challenge_on(ask_as_a_negotiator(host))
    mint(host)
    assert CACHE_FULL in ask_as_a_negotiator(host)
    full = ask(host, "POST", API, {}, basic())
    assert full.status == 503
    assert json.loads(full.content)["error"]["code"] == "mint.too_many_open"
    assert ScepClient(host.url()).enrol("laptop-7.example", first).reply.pki_status == scep.SUCCESS
    # What it counts is what the book holds: a new start sees that one was spent.
    assert host.stop() == 0
    host.start()
    assert challenge_on(ask_as_a_negotiator(host))
    assert CACHE_FULL in ask_as_a_negotiator(host)


def test_a_challenge_is_good_after_a_restart(host):
    minted = mint(host)
    assert host.stop() == 0
    host.start()
    assert ScepClient(host.url()).enrol("laptop-7.example", minted["challenge"]).reply.pki_status == scep.SUCCESS


def test_bodies_that_are_none_are_refused_with_the_reason(host):
    def error(body, content_type="application/json"):
        response = ask(host, "POST", API, body, basic(), content_type)
        assert response.getheader("Cache-Control") == "no-store"
        return response.status, json.loads(response.content)["error"]
    status, told = error(b'{"lifetime":"90d"}')
    assert (status, told["code"]) == (400, "mint.bad_request")
    assert '"lifetime"' in told["message"]
    assert error(b'{"profile":"a","profile":"b"}')[1]["at"] == "/profile"
    assert error(b"{}", "text/plain")[0] == 415
    assert error(b'{"san":["nonsense"]}')[1]["at"] == "/san"
    assert ask(host, "POST", API, b" " * 16385, basic()).status == 413
    assert ask(host, "GET", API, authorization=basic()).status == 405
    assert ask(host, "POST", PAGE, b"", basic()).status == 405
    assert host.json("challenge", "list")["challenges"] == []


def test_no_secret_of_minting_is_written_anywhere(host):
    minted = mint(host, device="7F3A")
    on_page = challenge_on(ask_as_a_negotiator(host))
    ask(host, "POST", API, {}, basic(password="not-the-password"))
    ScepClient(host.url()).enrol("laptop-7.example", on_page)
    story = host.command("why", "laptop-7.example") + host.command("challenge", "list")
    assert host.stop() == 0
    written = story.encode() + host.log_path.read_bytes()
    files = [file for file in (host.directory / "data").rglob("*") if file.is_file()]
    assert files
    for file in files:
        written += file.read_bytes()
    for secret in (minted["challenge"], on_page, PASSWORD, TOKEN, "not-the-password"):
        assert secret.encode() not in written
    assert b"challenge minted" in written and b"challenge not minted" in written


def test_passwords_need_tls_unless_only_this_machine_can_send_them(make_host):
    host = minting(make_host())
    host.configure(lambda text: text.replace("127.0.0.1:0", "0.0.0.0:0"))
    checked = host.run_program("check", "--config", str(host.config))
    assert checked.returncode != 0
    assert "would cross the network in the clear" in checked.stdout + checked.stderr
    host.configure(lambda text: text.replace(f"path: {API}", f"path: {API}\n        danger_plain_http: true"))
    checked = host.run_program("check", "--config", str(host.config))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert '"connectors.challenge.settings.mint.danger_plain_http" is on' in checked.stdout + checked.stderr


def test_under_tls_passwords_may_come_from_anywhere(make_host):
    host = make_host()
    minting(host.configure(lambda text: use_tls(text, host.directory)))
    host.configure(lambda text: text.replace("127.0.0.1:0", "0.0.0.0:0"))
    checked = host.run_program("check", "--config", str(host.config))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    host.configure(lambda text: text.replace("0.0.0.0:0", "127.0.0.1:0")).start()
    done = subprocess.run([shutil.which("curl"), "-sS", "--fail-with-body", "--cacert", str(host.directory / "tls.pem"), "--anyauth",
                           "-u", f"CORP\\mdm:{PASSWORD}", host.url(PAGE, scheme="https")], capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert challenge_on(done.stdout.decode("utf-16"))


def test_check_names_what_is_wrong_with_the_settings(make_host):
    host = minting(make_host())

    def spoil(text):
        document = yaml.safe_load(text)
        settings = document["connectors"]["challenge"]["settings"]
        del settings["one_time"]
        settings["static"] = "${file:challenge}"
        settings["mint"]["accounts"][0]["profiles"] = ["wiffi"]
        settings["mint"]["accounts"][1]["name"] = "CORP\\mdm"
        settings["mint"]["accounts"][1]["password"] = "typed into the file"
        return yaml.safe_dump(document, sort_keys=False)
    host.configure(spoil)
    said = host.run_program("check", "--config", str(host.config))
    told = said.stdout + said.stderr
    assert said.returncode != 0
    assert 'profile "wiffi" is not defined' in told
    assert "is a secret and must be a reference" in told
    assert "typed into the file" not in told


def test_no_pipeline_begins_with_a_connector_that_only_mints(make_host):
    host = minting(make_host())
    host.configure(lambda text: text.replace("source: scep\n", "source: challenge\n", 1))
    said = host.run_program("check", "--config", str(host.config))
    assert said.returncode != 0
    assert "is no source" in said.stdout + said.stderr


def test_a_reload_takes_new_accounts_and_keeps_what_was_minted(host):
    minted = mint(host)
    host.configure(lambda text: text.replace("CORP\\mdm", "CORP\\fleet"))
    host.command("apply")
    assert ask(host, "POST", API, {}, basic()).status == 401
    assert ask(host, "POST", API, {}, basic("CORP\\fleet")).status == 201
    assert ScepClient(host.url()).enrol("laptop-7.example", minted["challenge"]).reply.pki_status == scep.SUCCESS
