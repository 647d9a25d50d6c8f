"""Many devices over some time, with reloads and a restart in between: each gets its own certificate, and nothing is left over."""
import random
import signal

import pytest

from tests.support.scep_client import ScepClient

DEVICES = 120


@pytest.mark.long
def test_many_devices_through_reloads_and_a_restart(host, seed):
    chances = random.Random(seed)
    serials = set()
    for number in range(DEVICES):
        chance = chances.random()
        if chance < 0.05:
            host.process.send_signal(signal.SIGHUP)
        elif chance < 0.07:
            assert host.stop() == 0
            host.start()
        enrolled = ScepClient(host.url()).enrol(f"soak-{number}", challenge=host.challenge)
        serials.add(enrolled.certificate.serial_number)
    assert len(serials) == DEVICES
    items = host.items("--limit", "1000")
    assert [item["state"] for item in items] == ["done"] * DEVICES
