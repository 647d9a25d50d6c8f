"""The power fails under a whole host while devices enrol: whatever a device was told stands in the journal afterwards, and no
device ends with two certificates. A host that does not sync must be caught."""
import random

import pytest

from tests.support.configs import certify_ra, use_outside_ca
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.power import Power
from tests.support.soak import SoakClients, reckon, soak, told

DEVICES = 16


@pytest.fixture
def outside(tmp_path):
    with OutsideCaProcess(tmp_path / "outside") as process:
        yield process


def with_journal(host):
    """Its journal has been made and stands on the disk."""
    host.start()
    assert host.stop() == 0
    return host


@pytest.fixture
def host(make_host, outside, tmp_path):
    host = make_host()
    host.configure(lambda text: use_outside_ca(text, outside.address))
    certify_ra(host, tmp_path / "outside")
    return with_journal(host)


def run(host, outside, seed, seconds, between_cuts, cut):
    host.start()
    with SoakClients(host, DEVICES, seed) as clients:
        kills = soak(host, outside, clients, random.Random(seed), seconds, between_cuts, cut)
        results = clients.end()
    assert kills > 0 and len(results) > DEVICES
    return results, kills


def check_cuts(host, outside, seed, seconds, tell):
    power = Power(host, random.Random(seed))
    results, kills = run(host, outside, seed, seconds, (0.3, 1.5), power.cut)
    tell(f"{power.cuts} of the kills are power cuts; " + told(results, kills, seconds))
    assert reckon(host, outside, results) == []


def test_some_power_cuts(host, outside, seed, tell_figure):
    check_cuts(host, outside, seed, 5, tell_figure)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_many_power_cuts(host, outside, seed, soak_seconds, tell_figure):
    check_cuts(host, outside, seed, soak_seconds / 5, tell_figure)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_many_power_cuts_under_the_embedded_ca(make_host, seed, soak_seconds, tell_figure):
    check_cuts(with_journal(make_host()), None, seed, soak_seconds / 10, tell_figure)


def test_power_cuts_find_a_host_that_does_not_sync(host, outside, seed):
    power = Power(host, random.Random(seed), sync=False)
    results, _ = run(host, outside, seed, 3, (0.5, 1), lambda: power.cut("now", "nothing"))
    wrong = reckon(host, outside, results)
    assert any("certificates in the CA's ledger" in fault for fault in wrong), wrong
    assert any("finished items" in fault for fault in wrong), wrong
