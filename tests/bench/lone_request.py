"""How long a lone device waits at an idle host, and what of it is durability.

`scep.lone`: the median of what one enrolment takes, one after the other over one connection, on a host that runs on one core; less that of
the same host whose syncs do nothing. What may be left is three syncs of the same disk and 0.15 ms. The note takes the time apart: the key
operations, reading and writing messages, HTTP, then pipeline, plugins and journal, then the syncs.
"""
import contextlib
import os
import pathlib
import statistics
import tempfile
import time

from tests.bench.report import bounded
from tests.bench.scep_core import served
from tests.bench.slices import Program
from tests.support.host import Host

NAMES = ["scep.lone"]
ROUNDS, REQUESTS, SYNCS, SLICE_MS = 9, 200, 200, 300
OWN_MS = 0.15


def run(name, build):
    with tempfile.TemporaryDirectory(prefix="certspan-bench-") as folder:
        return [lone(name, build, pathlib.Path(folder))]


def lone(name, build, folder):
    with contextlib.ExitStack() as at_end:
        durable = at_end.enter_context(on_one_core(build, folder / "durable", "0"))
        loose = at_end.enter_context(on_one_core(build, folder / "loose", "none"))
        pid, port = at_end.enter_context(served(build, durable.directory))
        os.sched_setaffinity(pid, {one_core()})
        devices = {"durable": Devices(at_end, build, durable.address().rsplit(":", 1)[1], durable.directory),
                   "loose": Devices(at_end, build, loose.address().rsplit(":", 1)[1], loose.directory),
                   "http": Devices(at_end, build, port, durable.directory)}
        core = at_end.enter_context(Program(build / "bin" / "scep_core_bench", str(durable.directory)))
        for each in devices.values():
            each.wait_ms()
        rounds = [one_round(core, devices, folder) for _ in range(ROUNDS)]
    sync, *steps = (statistics.median(column) for column in zip(*rounds))
    words = ("key operations", "messages", "HTTP", "pipeline, plugins and journal", "syncs")
    parts = [later - earlier for earlier, later in zip([0, *steps], steps)]
    return bounded(name, "ms", 3 * sync + OWN_MS, [steps_of_one[-1] - steps_of_one[-2] for _, *steps_of_one in rounds],
                   note=f"one takes {steps[-1]:.2f} ms: " + ", ".join(f"{word} {part:.2f}" for word, part in zip(words, parts)) +
                        f"; one sync of 4 KB {sync:.2f} ms")


def one_round(core, devices, folder):
    """(one sync, key operations, core, with HTTP, undurable, durable) in milliseconds."""
    return (sync_ms(folder), 1000 / core.rate("floor1", SLICE_MS), 1000 / core.rate("core1", SLICE_MS), devices["http"].wait_ms(),
            devices["loose"].wait_ms(), devices["durable"].wait_ms())


class Devices:
    """Devices that come one after the other, over one connection."""

    def __init__(self, at_end, build, port, directory):
        self._program = at_end.enter_context(Program(build / "bin" / "scep_bench", port, str(directory), "1"))

    def wait_ms(self):
        self._program.slice("prepare", REQUESTS)
        return self._program.slice("lone_ns", REQUESTS)[0] / 1e6


def one_core():
    return min(os.sched_getaffinity(0))


@contextlib.contextmanager
def on_one_core(build, directory, sync_us):
    host = Host(build, directory, isolation="in_process").init()
    host.start(environment={"LD_PRELOAD": str(build / "preload" / "paced_sync.so"), "CERTSPAN_TEST_SYNC_US": sync_us},
               prefix=("taskset", "--cpu-list", str(one_core())))
    try:
        yield host
    finally:
        host.stop()


def sync_ms(folder):
    times = []
    with open(folder / "synced", "ab", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(bytes(4096))
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)
