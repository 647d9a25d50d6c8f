"""`certspan import ndes`: from an export of NDES's registry to devices that enrol where they did."""
import base64
import json
import re
import urllib.request

import pytest
import yaml

from tests.support import scep_messages as scep
from tests.support.host import Host
from tests.support.scep_client import ScepClient

HEADER = "Windows Registry Editor Version 5.00\r\n\r\n"
MSCEP = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Cryptography\MSCEP"
PATH = "/certsrv/mscep/mscep.dll"


def export(*keys, templates=("Devices", "Devices", "Devices")):
    """What `reg export` writes: UTF-16 with a byte order mark. `keys`: (key below MSCEP, line...)."""
    names = ("SignatureTemplate", "EncryptionTemplate", "GeneralPurposeTemplate")
    text = HEADER + f"[{MSCEP}]\r\n" + "".join(f'"{name}"="{value}"\r\n' for name, value in zip(names, templates)) + "\r\n"
    text += f'[{MSCEP}\\CAInfo]\r\n"Configuration"="ca01.corp.example\\\\Corp Issuing CA"\r\n\r\n[{MSCEP}\\CAType]\r\n"CAType"=dword:00000001\r\n\r\n'
    for key, *lines in keys:
        text += f"[{MSCEP}\\{key}]\r\n" + "".join(line + "\r\n" for line in lines) + "\r\n"
    return b"\xff\xfe" + text.encode("utf-16-le")


def number(name, value):
    return name, f'"{name}"=dword:{value:08x}'


@pytest.fixture(name="imported")
def imported_fixture(build_dir, tmp_path, request):
    """imported(file): the configuration that the command proposes, its CA made as it says, not yet checked. Stopped after the test."""
    hosts = []

    def make(file, *options):
        directory = tmp_path / f"taken-over-{len(hosts)}"
        directory.mkdir()
        host = Host(build_dir, directory, isolation=request.config.getoption("--isolation"))
        hosts.append(host)
        (tmp_path / "ndes.reg").write_bytes(file)
        host.told = host.run_program("import", "ndes", str(tmp_path / "ndes.reg"), "--output", str(host.config), "--listen", "127.0.0.1:0",
                                     *options)
        assert host.told.returncode == 0, host.told.stderr
        made = host.run_program("ca", "create", "--directory", str(directory), "--subject", "CN=Taken Over CA")
        assert made.returncode == 0, made.stderr
        return host

    yield make
    for host in hosts:
        host.kill()


def secret(host, name, text):
    path = host.directory / name
    path.write_text(text + "\n")
    path.chmod(0o600)


def enrols(host, challenge):
    """A device as NDES's were set up gets a certificate."""
    reply = ScepClient(host.url(PATH + "/pkiclient.exe")).enrol("laptop.example", challenge).reply
    assert reply.pki_status == scep.SUCCESS
    assert reply.certificate.issuer.rfc4514_string() == "CN=Taken Over CA"


def refused(host, challenge):
    assert ScepClient(host.url(PATH)).enrol("laptop.example", challenge).reply.pki_status == scep.FAILURE


def test_one_time_passwords_come_from_the_admin_page_as_before(imported):
    host = imported(export(number("PasswordMax", 2), number("PasswordValidity", 90)))
    secret(host, "mdm.password", "word of the MDM")
    assert host.run_program("check", str(host.config)).returncode == 0
    host.start()
    settings = yaml.safe_load(host.config.read_text())["connectors"]["challenge"]["settings"]
    assert settings["one_time"]["lifetime"] == "90m" and settings["mint"]["most_open"] == 2
    refused(host, "guessed")
    page = urllib.request.Request(host.url("/certsrv/mscep_admin/"), headers={
        "Authorization": "Basic " + base64.b64encode(b"mdm:word of the MDM").decode()})
    with urllib.request.urlopen(page, timeout=60) as answer:
        password = re.search(r"The enrollment challenge password is: <B> (\S*)", answer.read().decode("utf-16")).group(1)
    enrols(host, password.split("<")[0])


def test_one_password_for_all_goes_on(imported):
    host = imported(export(number("UseSinglePassword", 1)))
    assert "does not" not in host.told.stdout and str(host.directory / "challenge") in host.told.stdout
    assert host.run_program("check", str(host.config)).returncode == 2  # what is to do is not done yet
    secret(host, "challenge", "0123456789ABCDEF")
    assert host.run_program("check", str(host.config)).returncode == 0
    host.start()
    refused(host, "guessed")
    enrols(host, "0123456789ABCDEF")


def test_no_password_stays_none_and_says_so(imported):
    host = imported(export(number("EnforcePassword", 0)))
    assert "whoever reaches the listener" in host.told.stdout
    assert host.run_program("check", str(host.config)).returncode == 0
    host.start()
    enrols(host, None)


def test_a_policy_module_is_told_to_need_its_own_validator(imported):
    host = imported(export(("Modules\\NDESPolicy", '"NDESCertThumbprint"="00"')))
    assert "Intune" in host.told.stdout
    assert host.run_program("check", str(host.config)).returncode == 0
    host.start()
    refused(host, "guessed")
    enrols(host, host.json("challenge", "new")["challenge"])


def test_what_is_not_taken_over_is_listed(imported):
    host = imported(export(("Refresh", '"RefreshPeriod"=dword:00000007'), templates=("Sign", "Encrypt", "Devices")))
    text = host.config.read_text()
    for words in (r"Refresh\RefreshPeriod", '"Sign"', '"Encrypt"', r"ca01.corp.example\Corp Issuing CA"):
        assert words in text, words
    assert "ca01" not in "".join(line for line in text.splitlines() if not line.startswith("#"))


def test_nothing_is_overwritten(imported, tmp_path):
    host = imported(export())
    before = host.config.read_text()
    done = host.run_program("import", "ndes", str(tmp_path / "ndes.reg"), "--output", str(host.config))
    assert done.returncode == 1 and "is there already" in done.stderr
    assert host.config.read_text() == before


def test_standard_output_and_json_have_the_same_configuration(make_host, tmp_path):
    host = make_host()
    (tmp_path / "ndes.reg").write_bytes(export())
    plain = host.run_program("import", "ndes", str(tmp_path / "ndes.reg"))
    told = json.loads(host.run_program("import", "ndes", str(tmp_path / "ndes.reg"), "--json").stdout)
    assert plain.returncode == 0 and told["yaml"] == plain.stdout and len(told["to_do"]) >= 3
    document = yaml.safe_load(plain.stdout)
    assert document["host"]["data_dir"] == "/var/lib/certspan"
    assert document["connectors"]["scep"]["settings"]["path"] == PATH


@pytest.mark.parametrize("file,said", [
    (b"", "line 1"),
    (b"version: 1\n", "no export of the registry"),
    (export()[:401], "cut off"),
    (HEADER.encode() + b"[HKEY_LOCAL_MACHINE\\SOFTWARE\\Other]\r\n", "holds no settings of NDES"),
    (export(("PasswordMax", '"PasswordMax"=hex:0')) + "é".encode("utf-16-le"), "line"),
    (export(("PasswordMax", '"PasswordMax"="five"')), "PasswordMax has to be a number"),
    (b"\xff\xfe" + b"\x00\xd8", "UTF-16"),
    (HEADER.encode() + b"; " + b"x" * (5 << 20), "ndes.reg"),
], ids=["empty", "yaml", "cut", "other", "octets", "type", "half", "huge"])
def test_a_hostile_file_is_refused_and_nothing_written(make_host, tmp_path, file, said):
    host = make_host()
    (tmp_path / "ndes.reg").write_bytes(file)
    done = host.run_program("import", "ndes", str(tmp_path / "ndes.reg"), "--output", str(tmp_path / "new.yaml"))
    assert done.returncode == 1 and said in done.stderr, done.stderr
    assert not list(tmp_path.glob("*new.yaml*"))
