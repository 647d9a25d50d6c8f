"""Plugins that change places: other versions of them, the commands, and a device that enrols meanwhile."""
import itertools
import pathlib

from tests.support import scep_messages as scep
from tests.support.plugin_versions import next_version, numbered
from tests.support.scep_client import ScepClient
from tests.support.soak import SoakClients, reckon


def allow_unsigned(text):
    return text.replace("plugins:\n", "plugins:\n  trust: { danger_allow_unsigned: true }\n", 1)


def bad_update(host, fault, directory):
    """An update of ca_local with the fault that tests/support/bad_update has under this digit."""
    plugin = pathlib.Path(host.program).parents[1] / "bad_update" / "ca_local.so"
    return plugin if fault == 0 else next_version(plugin, f"9.9.{fault}", directory)


class Versions:
    """As many versions of the built plugins as one likes."""

    def __init__(self, host, directory):
        self.plugins, self.directory, self.numbers = pathlib.Path(host.program).parents[1] / "plugins", directory, itertools.count()

    def next(self, plugin):
        number = next(self.numbers)
        return next_version(self.plugins / f"{plugin}.so", numbered(number), self.directory / str(number))


def swap(host, *names_and_files, probation="1h"):
    return host.json("plugin", "swap", *map(str, names_and_files), "--probation", probation)


def commit(host, plugin):
    return host.json("plugin", "commit", plugin)


def enrol_through_swaps(host, versions, plugins, count, devices):
    """How many were served while so many devices enrolled again and again, and `plugins` changed places `count` times; that none
    was refused, lost or doubled is checked."""
    host.start()
    with SoakClients(host, devices, 1) as clients:
        for _ in range(count):
            before = clients.done()
            swap(host, *itertools.chain(*((plugin, versions.next(plugin)) for plugin in plugins)))
            while clients.done() < before + devices:
                assert host.running(), host.log()[-4000:]
            commit(host, plugins[0])
        refused = clients.refused()
        results = clients.end()
    assert reckon(host, None, results) == []
    assert refused == 0, host.log()[-4000:]
    return len(results)


def running(host):
    return {connector["name"]: connector["version"] for connector in host.json("status")["connectors"]}


def history(host, plugin="ca_local"):
    return [(event["event"], event["from"], event["to"])
            for event in host.json("plugin", "history")["plugins"].get(plugin, {"history": []})["history"]]


def refusal(host, *arguments):
    """What a command that must fail says."""
    done = host.run_program(*map(str, arguments), "--config", str(host.config))
    assert done.returncode == 1, done
    return done.stderr


class Device:
    """Enrols one key after the other, with SCEP in Python."""

    def __init__(self, host):
        self.client, self.challenge, self.numbers = ScepClient(host.url()), host.challenge, itertools.count()

    def enrol(self, tries=40):
        key, name = scep.new_rsa_key(), f"device-{next(self.numbers)}.example"
        return self.client.send(self.client.pkcs_req(scep.build_csr(key, name, challenge=self.challenge), key), tries=tries)
