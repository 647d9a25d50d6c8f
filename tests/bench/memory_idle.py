"""What the idle host holds with the configuration of `certspan init`, after it has enrolled one device: its resident set,
which counts shared libraries whole. Under 60 MB; the proportional set size is told beside it.
"""
import pathlib
import tempfile

from tests.bench.report import bounded
from tests.support.host import Host
from tests.support.scep_client import ScepClient

NAMES = ["memory.idle"]
BOUND_MB = 60


def in_mb(rollup, key):
    """A field of /proc/PID/smaps_rollup."""
    line = next(line for line in rollup.splitlines() if line.startswith(key + ":"))
    return int(line.split()[1]) / 1024


def run(name, build):
    with tempfile.TemporaryDirectory(prefix="certspan-bench-") as folder:
        host = Host(build, pathlib.Path(folder) / "host").init().start()
        try:
            ScepClient(host.url()).enrol("device.example", host.challenge)
            rollup = pathlib.Path(f"/proc/{host.process.pid}/smaps_rollup").read_text()
        finally:
            host.stop()
    resident, proportional = in_mb(rollup, "Rss"), in_mb(rollup, "Pss")
    return [bounded(name, "MB", BOUND_MB, [resident], note=f"the resident set; the proportional one is {proportional:.1f} MB")]
