"""What `./dev demo --swap` runs: versions of the CA plugin change places under a running host while devices enrol, and a bad one
takes itself back."""
import pathlib
import tempfile

from tests.support.host import Host
from tests.support.plugin_versions import next_version
from tests.support.soak import SoakClients, reckon
from tests.support.waiting import wait_until
from tests.system.demo import indent, say

DEVICES = 4


def versions_line(host):
    status = host.command("status")
    return status[status.index("\nversions\n"):].split("\n\n")[0].strip()


def wait_for_devices(clients, more):
    before = clients.done()
    wait_until(lambda: clients.done() >= before + more)


def swap(host, file, probation):
    say(f"certspan plugin swap ca_local {file.name} --probation {probation}")
    indent(host.command("plugin", "swap", "ca_local", str(file), "--probation", probation))


def swap_demo(build):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="certspan-demo-"))
    host = Host(pathlib.Path(build).resolve(), directory / "host").init()
    host.configure(lambda text: text.replace("plugins:\n", "plugins:\n  trust: { danger_allow_unsigned: true }\n", 1))
    good = next_version(pathlib.Path(build) / "plugins" / "ca_local.so", "0.2.0", directory / "next")
    bad = pathlib.Path(build).resolve() / "bad_update" / "ca_local.so"
    say("a host with an embedded CA, and devices that enrol without a pause")
    host.start()
    try:
        with SoakClients(host, DEVICES, 1) as clients:
            wait_for_devices(clients, 20)
            say("the next version of the CA plugin takes over while they do")
            swap(host, good, "1s")
            wait_until(lambda: host.json("plugin", "history")["plugins"]["ca_local"]["history"][-1]["event"] == "committed")
            say("certspan status")
            indent(versions_line(host))
            wait_for_devices(clients, 20)
            say("a bad version: it starts, takes its calls, and each ends in a fault")
            swap(host, bad, "1h")
            wait_until(lambda: host.json("plugin", "history")["plugins"]["ca_local"]["history"][-1]["event"] == "rolled back")
            say("it was taken back by itself. certspan status")
            indent(versions_line(host))
            say("certspan plugin quarantine")
            indent(host.command("plugin", "quarantine"))
            wait_for_devices(clients, 20)
            results = clients.end()
            wrong = reckon(host, None, results)
        say(f"{len(results)} devices have enrolled meanwhile; lost, doubled or left open: {len(wrong)}")
        indent("\n".join(wrong) or "none")
    finally:
        say(f"the host has drained and ended with exit code {host.stop()}")
    return 1 if wrong else 0
