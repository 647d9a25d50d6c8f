"""A plugin in Go, in a real host: it brings a runtime of its own, with threads and signals, and so it lives in worker processes."""
import json
import re
import subprocess

import pytest

from tests.support import scep_messages as scep
from tests.support.host import put
from tests.support.plugin_versions import next_version
from tests.support.scep_client import ScepClient
from tests.support.swaps import running, swap
from tests.support.two_cas import Device

CONNECTOR = "\n  stolen: { plugin: com.example.golang, type: golang, settings: SETTINGS }\n"


@pytest.fixture
def plugin(build_dir):
    """The built file, or the test is skipped."""
    file = build_dir / "foreign_plugins" / "com.example.golang.so"
    if not file.exists():
        pytest.skip("the plugin in Go was not built: install golang-go (or Go in /usr/local/go), run cmake again and build foreign_plugins")
    return file


def with_plugin(text, plugin):
    return text.replace("plugins:\n  dirs: [", f'plugins:\n  trust: {{ danger_allow_unsigned: true }}\n  dirs: ["{plugin.parent}", ', 1)


def configure(host, plugin, settings="{ stolen: [laptop-9] }"):
    def edit(text):
        text = with_plugin(text, plugin)
        return text.replace("\nprofiles:", CONNECTOR.replace("SETTINGS", settings) + "\nprofiles:", 1).replace(
            "      - validate: challenge\n", "      - validate: challenge\n      - validate: stolen\n", 1)

    host.configure(edit)


def enrol(host, name):
    return ScepClient(host.url()).enrol(name, host.challenge).reply


def line_of(host):
    return next(line for line in host.command("status").splitlines() if "(com.example.golang" in line)


def process_of(host):
    return int(re.search(r"in process (\d+)", line_of(host)).group(1))


def test_a_plugin_in_go_decides_in_its_worker_and_its_next_version_goes_on(make_host, plugin, tmp_path):
    host = make_host()
    host.isolation = "process"
    configure(host, plugin)
    host.start()
    assert enrol(host, "laptop-1").pki_status == scep.SUCCESS
    (item,) = host.items()
    assert host.json("work", "show", item["id"])["labels"]["user"] == "asked-go"
    assert enrol(host, "laptop-9").pki_status == scep.FAILURE
    assert "the device laptop-9 was stolen" in host.command("why", "laptop-9")
    assert "in process" in line_of(host), host.command("status")
    swap(host, "com.example.golang", next_version(plugin, "1.0.1", tmp_path / "next"))
    assert running(host)["stolen"] == "1.0.1"
    assert enrol(host, "laptop-2").pki_status == scep.SUCCESS
    assert enrol(host, "laptop-9").pki_status == scep.FAILURE
    assert host.stop() == 0


def test_a_panic_in_go_is_an_answer_and_its_worker_lives(make_host, plugin):
    host = make_host()
    host.isolation = "process"
    configure(host, plugin, "{ panic: true }")
    host.start()
    worker = process_of(host)
    device = Device(host, "laptop-1")
    assert device.ask() is None
    assert "golang.panic" in host.command("why", "laptop-1")
    assert process_of(host) == worker


def test_a_plugin_in_go_is_kept_out_of_the_host(make_host, plugin):
    host = make_host()
    configure(host, plugin)
    host.configure(lambda text: put(text, "in_process"))
    done = host.run_program("check", str(host.config))
    assert done.returncode == 2 and "it is written in Go" in done.stderr, done
    assert 'leave out "isolation: in_process"' in done.stderr
    host.configure(lambda text: put(text, "process"))
    assert host.run_program("check", str(host.config)).returncode == 0


def test_a_plugin_in_go_is_listed_before_a_connector_uses_it(make_host, plugin):
    host = make_host()
    host.configure(lambda text: with_plugin(text, plugin))
    assert any("com.example.golang" in line and "1.0.0" in line for line in host.command("plugin", "list").splitlines())


#: What the runtime of Go does in whatever process it is: its threads stay, it unblocks signals, and each copy has a heap.
GOS_OWN = {"load.environment", "env.threads", "env.signals", "swap.rounds"}


def test_the_checks_for_vendors_find_nothing_but_gos_runtime(build_dir, plugin):
    done = subprocess.run([str(build_dir / "bin/certspan-plugin-check"), str(plugin), "--json"], capture_output=True, text=True, check=False, timeout=120)
    report = json.loads(done.stdout)
    failed = {check["id"] for check in report["checks"] if check["result"] == "failed"}
    assert report["passed"] >= 40 and failed <= GOS_OWN, report
    text = subprocess.run([str(build_dir / "bin/certspan-plugin-check"), str(plugin), "--only", "static.note"], capture_output=True, text=True, check=True)
    assert text.stdout.endswith("runtime does; a host takes it in worker processes alone\n")
