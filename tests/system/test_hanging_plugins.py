"""A new version of a plugin that does not come back from a call costs nobody else anything: the host serves, tells how it stands,
takes other versions back and ends."""
import contextlib
import subprocess
import time

import pytest

from tests.support.swaps import Device, Versions, allow_unsigned, bad_update, commit, history, refusal, running, swap
from tests.support.waiting import wait_until

HANGS_IN_START, HANGS_IN_STOP = 4, 5
END_LIMIT_S = 40


@pytest.fixture(name="host", params=["in_process", "process"])
def host_fixture(request, make_host):
    host = make_host().configure(allow_unsigned).configure(lambda text: text.replace("host:\n", "host:\n  drain_timeout: 1s\n", 1))
    host.isolation = request.param
    return host


@pytest.fixture(name="versions")
def versions_fixture(host, tmp_path):
    return Versions(host, tmp_path / "versions")


def changes_that_take_long(host):
    return [notice for notice in host.json("status")["notices"] if "a change is under way" in notice]


@contextlib.contextmanager
def swap_under_way(host, plugin, file):
    """A command that waits for a swap which does not come back; what it says is its caller's."""
    with subprocess.Popen([host.program, "plugin", "swap", plugin, str(file), "--config", str(host.config)], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=host.environment) as swapping:
        try:
            yield swapping
        finally:
            swapping.kill()


def ended_within(host, limit):
    began = time.monotonic()
    code = host.stop()
    assert time.monotonic() - began < limit
    return code


def test_a_version_that_hangs_in_its_start_holds_up_only_its_swap(host, versions, tmp_path):
    host.start()
    swap(host, "ndes", versions.next("ndes"))
    with swap_under_way(host, "ca_local", bad_update(host, HANGS_IN_START, tmp_path)) as swapping:
        wait_until(lambda: changes_that_take_long(host))
        assert "plugin swap ca_local" in changes_that_take_long(host)[0]
        assert Device(host).enrol().certificate
        assert history(host, "ndes")[-1][0] == "swapped"
        said = refusal(host, "apply")
        assert "[change.under_way]" in said and "plugin swap ca_local" in said, said
        assert host.json("plugin", "rollback", "ndes")["rolled_back"], "another plugin's new version can be taken back meanwhile"
        assert running(host)["example-ca"] == "0.1.0"
        for _ in range(8):  # more than the host answers at a time
            with subprocess.Popen([host.program, "apply", "--config", str(host.config)], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=host.environment) as impatient:
                impatient.kill()
        assert host.json("status")["state"] == "serving"
        assert ended_within(host, END_LIMIT_S) == 1, "a plugin's thread was left behind"
        swapping.wait(timeout=END_LIMIT_S)
    assert "a plugin does not come back" in host.log()
    host.start()
    assert Device(host).enrol().certificate
    assert running(host)["example-ca"] == "0.1.0"
    assert history(host)[-1][0] == "recovered"


def test_a_version_that_hangs_in_its_stop_holds_up_nothing(host, versions, tmp_path):
    host.start()
    swap(host, "ca_local", bad_update(host, HANGS_IN_STOP, tmp_path))
    assert Device(host).enrol().certificate, "its request fails at the bad version and is issued by the one before"
    wait_until(lambda: running(host)["example-ca"] == "0.1.0")
    swap(host, "ca_local", versions.next("ca_local"))
    commit(host, "ca_local")
    host.command("apply")
    assert Device(host).enrol().certificate
    assert ended_within(host, END_LIMIT_S) == 1
    assert "a plugin does not come back" in host.log()
    host.start()
    assert running(host)["example-ca"] == "0.2.0"


@pytest.mark.long
def test_a_worker_that_hangs_in_its_start_is_killed_and_its_swap_is_refused(make_host, tmp_path):
    host = make_host().configure(allow_unsigned)
    host.isolation = "process"
    host.start()
    said = refusal(host, "plugin", "swap", "ca_local", bad_update(host, HANGS_IN_START, tmp_path))
    assert "did not return in time" in said
    assert not changes_that_take_long(host) and host.stop() == 0
