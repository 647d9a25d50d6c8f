"""Plugins that are not built as Certspan's own are, in a real host: by clang with libc++, with a C++ library of their own inside, in
plain C, in Rust. Each in the host and in a worker process."""
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import threading

import pytest

from tests.support import scep_messages as scep
from tests.support.scep_client import ScepClient
from tests.support.two_cas import Device, TwoCas, wait_until

CONNECTORS = """
  inventory: {{ plugin: com.example.plain_c, type: inventory, settings: {{ url: "http://127.0.0.1:{port}/inventory/" }} }}
  rust: {{ plugin: com.example.rust, type: rust }}
"""


class Inventory(http.server.ThreadingHTTPServer):
    """What the plain C validator asks. It says no to "stolen" in a request."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            request = self.rfile.read(int(self.headers["Content-Length"]))
            word, body = ("no", b"it was stolen") if b"stolen" in request else ("yes", b"device-7")
            self.send_response(200 if self.path == "/inventory/requests" else 404)
            self.send_header("Inventory-Answer", word)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.shutdown()
        self.server_close()
        self.thread.join()


@pytest.fixture
def inventory():
    inventory = Inventory()
    yield inventory
    inventory.close()


@pytest.fixture
def cas(tmp_path):
    cas = TwoCas(tmp_path)
    yield cas
    cas.kill()


@pytest.fixture
def with_rust(tell_figure):
    found = shutil.which("rustc") is not None or (pathlib.Path.home() / ".cargo/bin/rustc").exists()
    if not found:
        tell_figure("there is no rustc: the plugin in Rust was not tried")
    return found


def configure(host, cas, inventory, plugins, with_rust):
    cas.put_into(host, plugin="http_ca")

    def edit(text):
        text = text.replace("plugins:\n  dirs: [", f'plugins:\n  trust: {{ danger_allow_unsigned: true }}\n  dirs: ["{plugins}", ', 1)
        connectors = CONNECTORS.format(port=inventory.server_port)
        validators = "      - validate: challenge\n      - validate: inventory\n"
        if with_rust:
            validators += "      - validate: rust\n"
        else:
            connectors = connectors.split("  rust:")[0]
        text = text.replace("\nprofiles:", connectors + "\nprofiles:", 1).replace("      - validate: challenge\n", validators, 1)
        second = "plugin: com.example.own_libstdcxx\n    type: http_ca"
        text = text.replace("plugin: example_ca\n    type: example_ca\n    network: true", second).replace("answer_after: 0s, ", "")
        return text.replace("plugin: http_ca", "plugin: com.example.libcxx")

    host.configure(edit)


@pytest.mark.parametrize("isolation", ("in_process", "process"))
def test_plugins_of_other_hands_serve(make_host, cas, inventory, build_dir, isolation, with_rust):
    host = make_host()
    host.isolation = isolation
    configure(host, cas, inventory, build_dir / "foreign_plugins", with_rust)
    host.start()
    wait_until(Device(host, "laptop-1").ask, host)
    assert len(cas.first.ledger()) == 1 and not cas.second.ledger()
    cas.first.kill()
    wait_until(Device(host, "laptop-2").ask, host)
    assert len(cas.second.ledger()) == 1
    for item in host.items():
        labels = host.json("work", "show", item["id"])["labels"]
        assert labels["device"] == "device-7" and (not with_rust or labels["user"] == "asked-rust")
    refused = ScepClient(host.url()).enrol("stolen", host.challenge).reply
    assert refused.pki_status == scep.FAILURE
    assert "it was stolen" in host.command("why", "stolen")
    theirs = [line for line in host.command("status").splitlines() if "(com.example." in line]
    assert len(theirs) == 3 + with_rust and all(("in process" in line) == (isolation == "process") for line in theirs), theirs
    assert host.stop() == 0


def test_threads_have_the_stack_that_plugins_are_promised_whatever_limit_the_host_is_started_with(make_host):
    host = make_host().start(prefix=("prlimit", "--stack=131072:", "--"))
    folder = pathlib.Path("/proc") / str(host.process.pid)
    assert re.search(r"Max stack size +1048576 ", (folder / "limits").read_text())
    threads = len(list((folder / "task").iterdir()))
    regions = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) rw-p 00000000 00:00 0 *$", (folder / "maps").read_text(), re.MULTILINE)
    assert sum(int(end, 16) - int(start, 16) >= 1 << 20 for start, end in regions) >= threads - 1 > 4
    assert ScepClient(host.url()).enrol("laptop-1", host.challenge).reply.pki_status == scep.SUCCESS


def failed_checks(build_dir, name, settings, tmp_path):
    (tmp_path / "settings.json").write_text(settings)
    done = subprocess.run([str(build_dir / "bin/certspan-plugin-check"), str(build_dir / f"foreign_plugins/com.example.{name}.so"),
                           "--settings", str(tmp_path / "settings.json"), "--json"], capture_output=True, text=True, check=False, timeout=120)
    report = json.loads(done.stdout)
    assert report["passed"] >= 40, report
    return {check["id"] for check in report["checks"] if check["result"] == "failed"}


def test_the_checks_for_vendors_know_them_too(build_dir, tmp_path, with_rust):
    template = pathlib.Path(__file__).parents[2] / "sdk/templates/any/validator/tests/settings.json.in"
    assert failed_checks(build_dir, "plain_c", template.read_text().replace("@TYPE@", "inventory"), tmp_path) == set()
    if with_rust:
        assert failed_checks(build_dir, "rust", "{}", tmp_path) == set()
    # This one calls everything "unavailable" that is not the CA's own answer.
    lies = {"fault.reset", "fault.silence", "fault.proxy", "fault.nonsense"}
    settings = json.dumps({"http_ca": {"settings": {"address": "ca.example:1"}}})
    assert failed_checks(build_dir, "own_libstdcxx", settings, tmp_path) == lies
    # A shared libc++ is there once for all versions of a plugin in one process.
    assert failed_checks(build_dir, "libcxx", settings, tmp_path) == lies | {"static.libraries"}
