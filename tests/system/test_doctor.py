"""`certspan doctor`: what is wrong with machine, services and files, named before a device meets it."""
import json
import os
import pathlib
import socket
import subprocess

import pytest

from tests.support.intune import use_intune
from tests.support.mounts import in_memory, need_mount_namespaces, read_only
from tests.support.tls import make_server_certificate
from tests.tenant.directory import READ_APPLICATIONS, VALIDATE_CHALLENGES, App
from tests.tenant.server import Tenant


@pytest.fixture(name="host")
def host_fixture(make_host, tenant):
    host = make_host()
    use_intune(host, tenant)
    (host.directory / "data").mkdir(mode=0o700, exist_ok=True)
    (host.directory / "intune.secret").chmod(0o600)
    return host


def doctor(host, prefix=(), environment=None):
    """The exit code and the findings."""
    done = subprocess.run([*prefix, host.program, "doctor", "--json", "--config", host.config], capture_output=True, text=True, check=False,
                          env=dict(os.environ, **environment or {}))
    assert done.stdout, done.stderr
    said = json.loads(done.stdout)
    assert said["faults"] == sum(each["verdict"] == "fault" for each in said["findings"])
    return done.returncode, said["findings"]


def texts(findings, area, verdict):
    return [f'{each["about"]}: {each["text"]}' for each in findings if (each["area"], each["verdict"]) == (area, verdict)]


def fault_of(host, area, *words, prefix=()):
    """There is a fault in this area that says all of the words."""
    code, findings = doctor(host, prefix)
    assert code == 1
    faults = texts(findings, area, "fault")
    assert any(all(word in fault for word in words) for fault in faults), findings
    return findings


def contents(directory):
    return {path: path.stat().st_mtime_ns if path.is_file() else None for path in pathlib.Path(directory).rglob("*")}


def test_a_machine_that_is_well_is_told_so_whether_the_host_runs_or_not(host, tenant):
    before = contents(host.directory)
    code, findings = doctor(host)
    assert (code, [each for each in findings if each["verdict"] == "fault"]) == (0, []), findings
    assert contents(host.directory) == before
    assert {each["area"] for each in findings} == {"configuration", "disk", "permissions", "reach", "clock", "connector"}
    told = " ".join(texts(findings, "connector", "ok"))
    for words in ("a token for Intune", f"has the role {VALIDATE_CHALLENGES}", "lists the service", "is reached"):
        assert words in told
    assert any("synced in" in text for text in texts(findings, "disk", "ok") + texts(findings, "disk", "warning"))
    assert tenant.calls["validate"] == tenant.calls["success"] == tenant.calls["failure"] == 0
    host.start()
    assert doctor(host)[0] == 0
    assert host.items() == []


def test_people_read_a_line_for_each_finding(host):
    said = host.command("doctor")
    assert "ok: configuration: " in said and "ok: reach: http://127.0.0.1:" in said and "ok: clock: " in said
    assert all(line.split(": ")[0] in ("ok", "warning") for line in said.splitlines())


def test_a_name_that_does_not_resolve_is_named(host, tenant):
    host.configure(lambda text: text.replace(f'authority: "{tenant.url}"', 'authority: "https://login.nowhere.invalid/"'))
    fault_of(host, "reach", "login.nowhere.invalid", "DNS")
    fault_of(host, "connector", "intune", "intune.no_name")


def test_a_closed_port_is_named(host, tenant):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    host.configure(lambda text: text.replace(f'authority: "{tenant.url}"', f'authority: "http://127.0.0.1:{port}/"'))
    fault_of(host, "reach", f"127.0.0.1:{port}", "firewall")


def test_a_proxy_that_refuses_is_named(host, tenant):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    host.configure(lambda text: text.replace("host:\n", f'host:\n  http_out: {{ proxy: "http://127.0.0.1:{port}" }}\n', 1))
    fault_of(host, "reach", "host.http_out.proxy")


def test_a_server_with_a_foreign_root_is_named(make_host, tmp_path):
    make_server_certificate(tmp_path)
    with Tenant(tmp_path / "tls.pem", tmp_path / "tls.key") as tenant:
        host = make_host()
        use_intune(host, tenant)
        fault_of(host, "reach", "https://localhost:", "inspects TLS", 'the chain shown there is issued by "CN = localhost"')
        assert tenant.calls.total() == 0
        fault_of(host, "connector", "intune.no_tls")


@pytest.mark.parametrize("offset, said", [(3600, "behind the server's"), (-3600, "ahead of the server's")])
def test_a_clock_that_is_off_is_a_fault(host, tenant, offset, said):
    tenant.offset_s = offset
    fault_of(host, "clock", said, "time synchronisation")


def test_a_clock_that_is_a_little_off_is_none(host, tenant):
    tenant.offset_s = 200
    assert doctor(host)[0] == 0


@pytest.mark.parametrize("roles, words", [
    ({READ_APPLICATIONS}, ("lacks the role", VALIDATE_CHALLENGES, "admin consent")),
    ({READ_APPLICATIONS}, ("lists no service", "Intune licence")),
    ({VALIDATE_CHALLENGES}, (READ_APPLICATIONS, "intune.graph_denied"))])
def test_a_missing_role_is_named(make_host, tenant, roles, words):
    host = make_host()
    use_intune(host, tenant, app=tenant.directory.register(App(roles=frozenset(roles))))
    fault_of(host, "connector", *words)


def test_a_secret_that_is_not_the_apps_is_named(host):
    (host.directory / "intune.secret").write_text("wrong\n")
    fault_of(host, "connector", "AADSTS7000215", "intune.credential_refused")


def test_a_key_that_cant_be_used_is_named_and_the_disk_looked_at_all_the_same(host):
    key = next(path for path in host.directory.rglob("*.key") if "ca" in path.name)
    key.write_text("no key\n")
    findings = fault_of(host, "configuration")
    assert texts(findings, "disk", "ok")
    key.unlink()
    findings = fault_of(host, "configuration", str(key))
    assert texts(findings, "disk", "ok")


def test_a_data_dir_that_cant_be_written_is_named(host):
    need_mount_namespaces()
    fault_of(host, "disk", "ead-only file system", prefix=read_only(host.directory / "data"))


@pytest.mark.parametrize("megabytes, verdict", [(8, "fault"), (256, "warning")])
def test_a_disk_with_little_room_is_named(host, megabytes, verdict):
    need_mount_namespaces()
    code, findings = doctor(host, prefix=in_memory(host.directory / "data", megabytes))
    assert code == (1 if verdict == "fault" else 0)
    assert any("MB are free; make room" in each for each in texts(findings, "disk", verdict)), findings


def test_a_disk_that_syncs_slowly_is_named(host):
    paced = pathlib.Path(host.program).parents[1] / "preload" / "paced_sync.so"
    code, findings = doctor(host, environment={"LD_PRELOAD": str(paced), "CERTSPAN_TEST_SYNC_US": "150000"})
    assert code == 0 and any("use a faster disk" in each for each in texts(findings, "disk", "warning")), findings


def test_a_data_dir_that_others_may_write_is_named(host):
    (host.directory / "data").chmod(0o770)
    fault_of(host, "permissions", "chmod go-w")


def test_a_secret_that_all_may_read_is_named(host):
    (host.directory / "intune.secret").chmod(0o644)
    fault_of(host, "permissions", "intune.secret", "chmod 600")
