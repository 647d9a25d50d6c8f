"""Full load for a while, and a host that is killed at random moments: nothing is lost, nothing is done twice, nothing is stuck,
and neither its memory nor its disk grows with what it has done."""
import random
import time

import pytest

from tests.support.configs import certify_ra, use_outside_ca
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.soak import SoakClients, reckon, soak, told

DEVICES = 32


@pytest.fixture
def outside(tmp_path):
    with OutsideCaProcess(tmp_path / "outside", key="ec", sync=False) as process:
        yield process


@pytest.fixture
def host(make_host, outside, tmp_path):
    host = make_host()
    host.configure(lambda text: use_outside_ca(text, outside.address))
    certify_ra(host, tmp_path / "outside")
    return host.start()


def run(host, outside, seed, seconds, between_kills, tell):
    begun = time.monotonic()
    with SoakClients(host, DEVICES, seed) as clients:
        kills = soak(host, outside, clients, random.Random(seed), seconds, between_kills)
        results = clients.end()
    tell(told(results, kills, time.monotonic() - begun))
    assert reckon(host, outside, results) == []
    assert kills > 0 and len(results) > DEVICES
    assert host.stop() == 0


def test_full_load_with_random_kills(host, outside, seed, tell_figure):
    run(host, outside, seed, 8, (0.5, 2.5), tell_figure)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_full_load_for_long_with_random_kills(host, outside, seed, soak_seconds, tell_figure):
    run(host, outside, seed, soak_seconds, (1, 15), tell_figure)
