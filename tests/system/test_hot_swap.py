"""Versions of plugins change places on a running host while devices enrol: nobody is turned away, nothing is lost, nothing is
done twice; a bad version takes itself back, and a host that dies meanwhile starts with the good one."""
import itertools
import json
import pathlib
import time

import pytest

from tests.support.host import put_into_workers
from tests.support.plugin_versions import next_version
from tests.support.soak import SoakClients, reckon

DEVICES = 8
SWAPS, ALL_SWAPS = 3, 100


def allow_unsigned(text):
    return text.replace("plugins:\n", "plugins:\n  trust: { danger_allow_unsigned: true }\n", 1)


@pytest.fixture(name="host")
def host_fixture(make_host):
    return make_host().configure(allow_unsigned)


class Versions:
    """As many versions of the built plugins as one likes."""

    def __init__(self, host, directory):
        self.plugins, self.directory, self.numbers = pathlib.Path(host.program).parents[1] / "plugins", directory, itertools.count(1)

    def next(self, plugin):
        number = next(self.numbers)
        return next_version(self.plugins / f"{plugin}.so", f"{number // 100 + 1}.{number // 10 % 10}.{number % 10}",
                            self.directory / str(number))


@pytest.fixture(name="versions")
def versions_fixture(host, tmp_path):
    return Versions(host, tmp_path / "versions")


def swap(host, *names_and_files, probation="1h"):
    return host.json("plugin", "swap", *map(str, names_and_files), "--probation", probation)


def commit(host, plugin):
    return host.json("plugin", "commit", plugin)


def running(host):
    return {connector["name"]: connector["version"] for connector in host.json("status")["connectors"]}


def enrol_through_swaps(host, versions, plugins, count):
    """How many devices were served."""
    host.start()
    with SoakClients(host, DEVICES, 1) as clients:
        for _ in range(count):
            before = clients.done()
            swap(host, *itertools.chain(*((plugin, versions.next(plugin)) for plugin in plugins)))
            while clients.done() < before + DEVICES:
                assert host.running(), host.log()[-4000:]
            commit(host, plugins[0])
        refused = clients.refused()
        results = clients.end()
    assert reckon(host, None, results) == []
    assert refused == 0, host.log()[-4000:]
    return len(results)


EVERY_WAY = [pytest.param(plugins, isolation, id=f"{'+'.join(plugins)}, {isolation}")
             for plugins in (["ca_local"], ["ndes"], ["ndes", "ca_local"]) for isolation in ("in_process", "process")]


@pytest.mark.parametrize("plugins, isolation", [EVERY_WAY[1], EVERY_WAY[2], EVERY_WAY[4]])
def test_devices_enrol_through_swaps(host, versions, plugins, isolation):
    if isolation == "process":
        host.configure(put_into_workers)
    assert enrol_through_swaps(host, versions, plugins, SWAPS) > DEVICES


@pytest.mark.long
@pytest.mark.parametrize("plugins, isolation", EVERY_WAY)
def test_devices_enrol_through_a_hundred_swaps(host, versions, plugins, isolation, tell_figure):
    if isolation == "process":
        host.configure(put_into_workers)
    served = enrol_through_swaps(host, versions, plugins, ALL_SWAPS)
    tell_figure(f"{ALL_SWAPS} swaps of {' and '.join(plugins)}, {isolation}: {served:,} devices enrolled meanwhile")
