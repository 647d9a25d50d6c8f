"""A changed configuration takes over, or is refused and leaves everything as it was; and a plugin changes where it matters most."""
import json
import socket
import threading

import pytest

from tests.support import scep_messages as scep
from tests.support.configs import certify_ra, use_outside_ca
from tests.support.mounts import in_memory, need_mount_namespaces
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.plugin_versions import next_version
from tests.support.scep_client import ScepClient
from tests.support.soak import SoakClients, reckon
from tests.support.swaps import Device, allow_unsigned, refusal, running, swap
from tests.support.waiting import wait_until

APPLIES, DEVICES = 10, 8


@pytest.mark.parametrize("old, new, words", [
    ("type: ca\n", "type: caa\n", "certspan check` shows"),
    ("${file:ca.key}", "${file:ra.key}", "key"),
    ("path: /scep\n", "path: no-slash\n", "is no path"),
    ("version: 1\n", "version: 1\n\tx: 1\n", "tab"),
])
def test_a_configuration_that_cannot_be_started_is_refused_and_the_old_one_serves(host, old, new, words):
    before = host.config.read_text()
    host.configure(lambda text: text.replace(old, new, 1))
    assert host.config.read_text() != before
    assert words in refusal(host, "apply")
    assert Device(host).enrol().certificate
    host.config.write_text(before)
    host.command("apply")
    assert Device(host).enrol().certificate


@pytest.mark.parametrize("arguments", [{"name": 5}, {"orders": "x"}, {"orders": [{"name": {}}]}, {}])
def test_arguments_of_another_kind_end_no_host(host, arguments):
    for command in ("plugin_swap", "plugin_rollback", "plugin_release"):
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(host.directory / "data" / "control.sock"))
            line.sendall(json.dumps({"command": command, "arguments": arguments}).encode() + b"\n")
            assert json.loads(line.makefile().readline())["ok"] is False
    assert host.running()


def test_ten_changes_at_once_turn_nobody_away(host):
    with SoakClients(host, DEVICES, 1) as clients:
        wait_until(lambda: clients.done() > 0)
        threads = [threading.Thread(target=host.command, args=("apply",)) for _ in range(APPLIES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        refused, results = clients.refused(), clients.end()
    assert host.log().count("configuration applied") == APPLIES
    assert refused == 0 and reckon(host, None, results) == []


@pytest.mark.parametrize("isolation", ["in_process", "process"])
def test_an_order_that_is_pending_is_polled_by_the_next_version(make_host, isolation, build_dir, tmp_path):
    host = make_host()
    host.isolation = isolation
    with OutsideCaProcess(tmp_path / "outside") as outside:
        host.configure(lambda text: allow_unsigned(use_outside_ca(text, outside.address, answer_after="3s",
                                                                  reply="{ within: 500ms, then: pending }")))
        certify_ra(host, tmp_path / "outside")
        client, key = ScepClient(host.start().url()), scep.new_rsa_key()
        request = client.pkcs_req(scep.build_csr(key, "patient.example", challenge=host.challenge), key)
        assert client.send(request).pki_status == scep.PENDING
        plugin = next_version(build_dir / "plugins" / "example_ca.so", "2.0.0", tmp_path / "next")
        swap(host, "outside-ca", plugin)
        assert running(host)["outside-ca"] == "2.0.0"
        wait_until(lambda: host.items()[0]["state"] == "done")
        assert len(outside.ledger()) == 1


def test_a_disk_that_is_full_refuses_a_swap_and_nothing_else(make_host, build_dir, tmp_path):
    need_mount_namespaces()
    host = make_host()
    host.configure(lambda text: allow_unsigned(text).replace(
        "host:\n", f"host:\n  control: {{ socket: {host.directory}/control.sock }}\n"))
    plugins = sum((build_dir / "plugins" / f"{name}.so").stat().st_size for name in ("ndes", "ca_local", "profile"))
    host.start(prefix=in_memory(host.directory / "data", plugins // (1 << 20) + 3))
    version = next_version(build_dir / "plugins" / "ca_local.so", "0.2.0", tmp_path / "next")
    with open(f"/proc/{host.process.pid}/root{host.directory}/data/ballast", "wb") as ballast:
        with pytest.raises(OSError):
            while True:
                ballast.write(bytes(1 << 16))
                ballast.flush()
    assert "make room there" in refusal(host, "plugin", "swap", "ca_local", version)
    assert running(host)["example-ca"] == "0.1.0"
