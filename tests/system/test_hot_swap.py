"""Versions of plugins change places on a running host while devices enrol: nobody is turned away, nothing is lost, nothing is
done twice; a bad version takes itself back, and a host that dies meanwhile starts with the good one."""
import pathlib

import pytest

from tests.support.failpoints import SWAP, parametrize_points
from tests.support.swaps import (Device, Versions, allow_unsigned, bad_update, commit, enrol_through_swaps, history, refusal, running,
                                 swap)
from tests.support.waiting import wait_until

DEVICES = 8
SWAPS, ALL_SWAPS = 3, 100


def pytest_generate_tests(metafunc):
    parametrize_points(metafunc, lambda name: name.startswith(SWAP))


@pytest.fixture(name="host")
def host_fixture(make_host):
    return make_host().configure(allow_unsigned)


@pytest.fixture(name="versions")
def versions_fixture(host, tmp_path):
    return Versions(host, tmp_path / "versions")


EVERY_WAY = [pytest.param(plugins, isolation, id=f"{'+'.join(plugins)}, {isolation}")
             for plugins in (["ca_local"], ["ndes"], ["ndes", "ca_local"]) for isolation in ("in_process", "process")]


@pytest.mark.parametrize("plugins, isolation", [EVERY_WAY[1], EVERY_WAY[2], EVERY_WAY[4]])
def test_devices_enrol_through_swaps(host, versions, plugins, isolation):
    host.isolation = isolation
    assert enrol_through_swaps(host, versions, plugins, SWAPS, DEVICES) > DEVICES


@pytest.mark.long
@pytest.mark.parametrize("plugins, isolation", EVERY_WAY)
def test_devices_enrol_through_a_hundred_swaps(host, versions, plugins, isolation, tell_figure):
    host.isolation = isolation
    served = enrol_through_swaps(host, versions, plugins, ALL_SWAPS, DEVICES)
    tell_figure(f"{ALL_SWAPS} swaps of {' and '.join(plugins)}, {isolation}: {served:,} devices enrolled meanwhile")


@pytest.mark.parametrize("isolation", ["in_process", "process"])
def test_a_bad_version_is_taken_back_by_itself_and_what_it_spoiled_is_issued(host, versions, isolation, tmp_path):
    host.isolation = isolation
    host.start()
    fault = 0 if isolation == "in_process" else 1  # a crash takes a worker only
    bad = bad_update(host, fault, tmp_path)
    swap(host, "ca_local", bad)
    assert Device(host).enrol().certificate, "its request fails at the bad version and is issued by the one before"
    wait_until(lambda: running(host)["example-ca"] == "0.1.0")
    assert history(host) == [("swapped", "0.1.0", f"9.9.{fault}"), ("rolled back", f"9.9.{fault}", "0.1.0")]
    assert "rolled back" in host.command("status")
    quarantined, = host.json("plugin", "quarantine")["quarantine"]
    assert quarantined["version"] == f"9.9.{fault}" and "calls ended in a fault" in quarantined["reason"]
    assert "is quarantined" in refusal(host, "plugin", "swap", "ca_local", bad)
    host.command("plugin", "quarantine", "--release", quarantined["sha256"].upper())
    assert host.json("plugin", "quarantine")["quarantine"] == []
    swap(host, "example-ca", versions.next("ca_local"))
    assert Device(host).enrol().certificate


@pytest.mark.parametrize("fault, words", [(2, "another kind of key"), (3, "while it was made")])
def test_a_version_that_does_not_start_changes_nothing(host, fault, words, tmp_path):
    host.start()
    assert words in refusal(host, "plugin", "swap", "ca_local", bad_update(host, fault, tmp_path))
    assert running(host)["example-ca"] == "0.1.0" and history(host) == []
    assert Device(host).enrol().certificate


def test_a_swap_is_refused_where_it_could_not_be_taken_back(host, versions):
    host.start()
    newer = pathlib.Path(host.program).parents[1] / "newer_state" / "ca_local.so"
    assert "writes stored state of version 2" in refusal(host, "plugin", "swap", "ca_local", newer)
    same = pathlib.Path(host.program).parents[1] / "plugins" / "ca_local.so"
    assert "runs from this very file" in refusal(host, "plugin", "swap", "ca_local", same)
    swap(host, "ca_local", versions.next("ca_local"))
    assert "is on probation until" in refusal(host, "plugin", "swap", "ca_local", versions.next("ca_local"))
    assert "is on probation until" in refusal(host, "apply")
    swap(host, "ndes", versions.next("ndes"))
    commit(host, "ndes")
    host.command("plugin", "rollback", "ca_local")
    assert running(host)["example-ca"] == "0.1.0"
    host.command("apply")


def test_a_plugin_that_is_named_twice_is_refused_before_anything_changes(host, versions):
    """By itself and by its connector: the first of two versions would be watched by nobody."""
    host.start()
    first, second = versions.next("ca_local"), versions.next("ca_local")
    for names in (("ca_local", "ca_local"), ("example-ca", "ca_local"), ("ca_local", "example-ca")):
        assert "[swap.twice]" in refusal(host, "plugin", "swap", names[0], first, names[1], second)
    assert running(host)["example-ca"] == "0.1.0"
    assert history(host) == []
    assert not host.json("status")["swaps"]
    assert Device(host).enrol().certificate


@pytest.mark.parametrize("arguments, words", [
    (("ca_local", "FILE", "--probation", "0s"), "is not watched"), (("ca_local", ""), "is empty"), (("", "FILE"), "is empty")])
def test_a_swap_that_makes_no_sense_is_refused_in_words(host, versions, arguments, words):
    host.start()
    file = str(versions.next("ca_local"))
    done = host.run_program("plugin", "swap", *(file if word == "FILE" else word for word in arguments), "--config", str(host.config))
    assert done.returncode == 64 and words in done.stderr, done


def test_the_history_of_one_plugin_is_that_of_one(host, versions):
    host.start()
    for plugin in ("ca_local", "ndes"):
        swap(host, plugin, versions.next(plugin))
        commit(host, plugin)
    assert set(host.json("plugin", "history", "ndes")["plugins"]) == {"ndes"}


def test_a_probation_ends_by_itself_when_enough_calls_went_well(host, versions):
    host.start()
    swap(host, "ca_local", versions.next("ca_local"), probation="100ms")
    device = Device(host)
    for _ in range(20):
        device.enrol()
    wait_until(lambda: history(host)[-1] == ("committed", "0.1.0", "0.2.0"))


def test_a_committed_version_is_there_after_a_restart_and_the_one_before_can_be_had_again(host, versions):
    host.start()
    swap(host, "ca_local", versions.next("ca_local"))
    commit(host, "ca_local")
    assert host.stop() == 0
    host.start()
    assert running(host)["example-ca"] == "0.2.0"
    host.command("plugin", "rollback", "ca_local")
    assert running(host)["example-ca"] == "0.1.0"
    assert Device(host).enrol().certificate
    assert host.stop() == 0
    assert history(host)[-1][0] == "committed", "also of a host that is down"
    host.start()
    assert running(host)["example-ca"] == "0.1.0"


def test_a_host_that_ends_during_a_probation_starts_with_the_version_before(host, versions):
    host.start()
    version = versions.next("ca_local")
    for end, events in ((host.stop, 2), (host.kill, 4), (host.kill, 6)):
        swap(host, "ca_local", version)
        end()
        host.start()
        assert running(host)["example-ca"] == "0.1.0"
        assert len(history(host)) == events and history(host)[-1] == ("recovered", "0.2.0", "0.1.0")
    assert "for the second time" in refusal(host, "plugin", "swap", "ca_local", version), "quarantined"
    assert Device(host).enrol().certificate


def test_whoever_puts_another_file_into_the_directory_later_means_that_one(host, versions, tmp_path):
    own = tmp_path / "plugins"
    own.mkdir(mode=0o755)
    built = pathlib.Path(host.program).parents[1] / "plugins"
    for name in ("ndes", "profile", "ca_local"):
        (own / f"{name}.so").write_bytes((built / f"{name}.so").read_bytes())
    host.configure(lambda text: text.replace(str(built), str(own)))
    host.start()
    swap(host, "ca_local", versions.next("ca_local"))
    commit(host, "ca_local")
    newer = versions.next("ca_local").read_bytes()
    (own / "ca_local.so").unlink()
    (own / "ca_local.so").write_bytes(newer)
    host.command("apply")
    assert running(host)["example-ca"] == "0.3.0"
    assert Device(host).enrol().certificate


def test_a_host_that_dies_at_any_point_of_a_swap_starts_with_a_version_that_serves(host, versions, point):
    host.start()
    before = Device(host).enrol().certificate
    assert host.stop() == 0
    host.start(environment={"CERTSPAN_FAILPOINT": point})
    version = versions.next("ca_local")
    ends = {"swap.rolled_back": ("rollback", "ca_local"), "swap.committed": ("commit", "ca_local")}
    host.run_program("plugin", "swap", "ca_local", str(version), "--probation", "1h", "--config", str(host.config))
    if point in ends:
        host.run_program("plugin", *ends[point], "--config", str(host.config))
    host.wait()
    host.start()
    assert running(host)["example-ca"] == ("0.2.0" if point == "swap.committed" else "0.1.0")
    assert Device(host).enrol().certificate != before
    assert not host.items("--open") and host.json("journal", "check")["faults"] == []
