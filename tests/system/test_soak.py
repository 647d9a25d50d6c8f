"""Full load for a while, and a host that is killed at random moments: nothing is lost, nothing is done twice, nothing is stuck,
and neither its memory nor its disk grows with what it has done."""
import random
import time

import pytest

from tests.support.configs import certify_ra, use_outside_ca
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.soak import SoakClients, compact, memory_growth, reckon, resident_bytes, soak, told

DEVICES = 32
MB = 1_000_000
#: In days: later than the end of the CA's certificates, which are good for 365, and of the retention, 400.
AFTER_ALL_ENDED = 500
#: The memory of answers holds a minute's.
WARM_UP_S = 75


@pytest.fixture
def outside(tmp_path):
    with OutsideCaProcess(tmp_path / "outside", key="ec", sync=False) as process:
        yield process


@pytest.fixture
def host(make_host, outside, tmp_path):
    host = make_host()
    host.configure(lambda text: use_outside_ca(text, outside.address))
    certify_ra(host, tmp_path / "outside")
    return host


def allowed_growth(items):
    """1 MB for each 100,000, and for what is less."""
    return MB * max(1, items / 100_000)


def check_growth(host, before, items, tell):
    """What was done leaves next to nothing once its retention and its certificates have ended."""
    kept = compact(host) - before
    left = compact(host, days_ahead=AFTER_ALL_ENDED) - before
    tell(f"the data directory has grown by {kept / items:,.0f} bytes an item, and by {left / 1024:,.0f} KiB for all {items:,} "
         "after their retention")
    assert kept > 500 * items, "the items were there"
    assert left < allowed_growth(items)


def run(host, outside, seed, seconds, between_kills, tell):
    host.start()
    assert host.stop() == 0
    before = compact(host)
    host.start()
    begun = time.monotonic()
    with SoakClients(host, DEVICES, seed) as clients:
        kills = soak(host, outside, clients, random.Random(seed), seconds, between_kills)
        results = clients.end()
    tell(told(results, kills, time.monotonic() - begun))
    assert reckon(host, outside, results) == []
    assert kills > 0 and len(results) > DEVICES
    assert host.stop() == 0
    check_growth(host, before, len(results), tell)


def test_full_load_with_random_kills(host, outside, seed, tell_figure):
    run(host, outside, seed, 8, (0.5, 2.5), tell_figure)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_full_load_for_long_with_random_kills(host, outside, seed, soak_seconds, tell_figure):
    run(host, outside, seed, soak_seconds, (1, 15), tell_figure)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_memory_does_not_grow_with_what_was_done(host, outside, seed, soak_seconds, tell_figure):
    host.start()
    with SoakClients(host, DEVICES, seed) as clients:
        time.sleep(WARM_UP_S)
        warm = resident_bytes(host)
        growth, items = memory_growth(host, clients, soak_seconds / 2)
        results = clients.end()
    tell_figure(f"{growth * 100_000 / MB:.2f} MB of memory more for 100,000 items, by {items:,} of them beyond the first "
                f"{len(results) - items:,}, after which it was {warm / MB:.0f} MB")
    assert items > 1000
    assert growth * items < allowed_growth(items)
