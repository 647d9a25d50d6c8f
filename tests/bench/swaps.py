"""What a swap of plugins costs those who are served meanwhile, and the machine for good.

`swap.p99.*`: how long 99 of 100 devices wait at most for their certificate when SCEP and CA plugin are swapped at once while they
come, pooled over the swaps, held against the time between swaps. Devices come at half the rate that the host can serve, and who
comes late because others were slow has waited since it was to come.

`swap.memory.*`: resident memory of the host and its workers that is left of each swap when its probation is over.
"""
import pathlib
import statistics
import tempfile
import time

from tests.bench.report import Result, bounded
from tests.bench.slices import QUIET_CORES, Watch
from tests.support.host import Host
from tests.support.plugin_versions import next_version, numbered
from tests.support.soak import SoakClients

NAMES = ["swap.p99.in_process", "swap.p99.workers", "swap.memory.in_process", "swap.memory.workers"]
PLUGINS = ("ndes", "ca_local")
DEVICES = 8
SWAPS, MEMORY_ROUNDS, SWAPS_A_ROUND = 40, 5, 10
WARM_UP_S, CAPACITY_S, BETWEEN_S, SETTLE_S = 2, 3, 0.7, 0.2
MOST_MB = {"in_process": 0.5, "workers": 0.05}
MB = 1_000_000


def run(name, build):
    _, what, isolation = name.split(".")
    with tempfile.TemporaryDirectory(prefix="certspan-bench-") as folder:
        swaps = Swaps(build, pathlib.Path(folder), "process" if isolation == "workers" else "in_process")
        try:
            return [swaps.waits(name) if what == "p99" else swaps.memory(name, MOST_MB[isolation])]
        finally:
            swaps.host.stop()


class Swaps:
    """A host, and as many versions of its plugins as one likes."""

    def __init__(self, build, folder, isolation):
        self.build, self.folder, self.number = build, folder, 0
        self.host = Host(build, folder / "host", isolation=isolation).init()
        self.host.configure(lambda text: text.replace("plugins:\n", "plugins:\n  trust: { danger_allow_unsigned: true }\n", 1))
        self.host.start()

    def swap(self):
        """Both plugins, to versions that were never loaded; and to stay."""
        version = numbered(self.number)
        self.number += 1
        files = [(plugin, next_version(self.build / "plugins" / f"{plugin}.so", version, self.folder / version)) for plugin in PLUGINS]
        begun = time.monotonic()
        self.host.command("plugin", "swap", *(str(word) for pair in files for word in pair), "--probation", "1h")
        self.host.command("plugin", "commit", PLUGINS[0])
        return begun, time.monotonic() + SETTLE_S

    def waits(self, name):
        with Watch([]) as before:  # workers come and go later
            time.sleep(SETTLE_S)
        with SoakClients(self.host, DEVICES, 1) as clients:
            time.sleep(WARM_UP_S)
            done = clients.done()
            time.sleep(CAPACITY_S)
            capacity = (clients.done() - done) / CAPACITY_S
            clients.pace(capacity / 2)
            time.sleep(WARM_UP_S)
            paced = time.monotonic()
            windows = []
            for _ in range(SWAPS):
                time.sleep(BETWEEN_S)
                windows.append(self.swap())
            time.sleep(BETWEEN_S)
            refused = clients.refused()
            clients.end()
        waits = [(came, waited) for came, waited in clients.waits() if came >= paced]
        inside = [waited for came, waited in waits if any(first <= came <= last for first, last in windows)]
        outside = [waited for came, waited in waits if not any(first <= came <= last for first, last in windows)]
        swapped, quiet = percentile(inside), percentile(outside)
        return Result(name, swapped * 1000, "ms", f"between swaps, {quiet * 1000:.1f} ms", quiet / swapped, 0.5,
                      noisy_rounds=int(before.foreign > QUIET_CORES),
                      note=f"{SWAPS} swaps at {capacity / 2:.0f} devices/s, {len(inside):,} of them during swaps; {refused} messages refused")

    def memory(self, name, bound):
        with SoakClients(self.host, DEVICES, 1) as clients:
            clients.pace(50)
            for _ in range(SWAPS_A_ROUND):  # what every host needs once
                self.swap()
            left = []
            for _ in range(MEMORY_ROUNDS):
                before = self.resident()
                for _ in range(SWAPS_A_ROUND):
                    self.swap()
                time.sleep(2 * SETTLE_S)
                left.append(max(self.resident() - before, 0.001 * MB) / SWAPS_A_ROUND / MB)
            clients.end()
        return bounded(name, "MB", bound, left, note=f"for two plugins at once; in the mean {statistics.mean(left):.3f} MB")

    def resident(self):
        """Of the host and the worker processes that it has now."""
        pid = self.host.process.pid
        pids = [str(pid), *pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
        pids += [child for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
                 for child in (task / "children").read_text(encoding="ascii").split() if child not in pids]
        total = 0
        for each in pids:
            try:
                fields = pathlib.Path(f"/proc/{each}/smaps_rollup").read_text(encoding="ascii").split()
            except OSError:  # it has just ended
                continue
            total += int(fields[fields.index("Pss:") + 1]) * 1024 if each != str(pid) else 0
        total += int(pathlib.Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * 4096
        return total


def percentile(values, part=0.99):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
