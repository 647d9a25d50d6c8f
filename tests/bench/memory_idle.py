"""What the idle host holds with the configuration of `certspan init`, after it has enrolled one device: its resident set,
which counts shared libraries whole, and the proportional sets of its workers. Under 60 MB.
"""
import pathlib
import tempfile

from tests.bench.report import bounded
from tests.bench.slices import with_children
from tests.support.host import Host
from tests.support.scep_client import ScepClient

NAMES = ["memory.idle"]
BOUND_MB = 60


def in_mb(pid, key):
    """A field of /proc/PID/smaps_rollup."""
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    line = next(line for line in rollup.splitlines() if line.startswith(key + ":"))
    return int(line.split()[1]) / 1024


def run(name, build):
    with tempfile.TemporaryDirectory(prefix="certspan-bench-") as folder:
        host = Host(build, pathlib.Path(folder) / "host").init().start()
        try:
            ScepClient(host.url()).enrol("device.example", host.challenge)
            pid, *workers = with_children(host.process.pid)
            resident, apart = in_mb(pid, "Rss"), [in_mb(worker, "Pss") for worker in workers]
        finally:
            host.stop()
    return [bounded(name, "MB", BOUND_MB, [resident + sum(apart)],
                    note=f"the host alone {resident:.1f} MB, its {len(apart)} workers {sum(apart):.1f} MB")]
