"""What it costs that plugins run in worker processes.

`abi.call.worker`: a call with a 4 KB request and a 4 KB answer into a worker, held against the same octets there and back over a
bare pair of sockets (SOCK_SEQPACKET), all of it on one core: on several, what counts is how fast the machine wakes a sleeping one.

`scep.enrol.workers`: enrolments per second of a host whose connectors are all in workers, held against those of a host that runs
the same plugins itself; each host with its workers on one core, and the clients on any.
"""
import contextlib
import os
import pathlib
import tempfile

from tests.bench.fairness import Load
from tests.bench.report import throughput
from tests.bench.slices import Program, interleave
from tests.support.host import Host

NAMES = ["abi.call.worker", "scep.enrol.workers"]
SLICE_MS = 150


def run(name, build):
    if name == "abi.call.worker":
        return [call(name, build)]
    with tempfile.TemporaryDirectory(prefix="certspan-bench-") as folder:
        return [enrol(name, build, pathlib.Path(folder))]


def call(name, build):
    with Program(build / "bin" / "abi_bench", "pinned") as program:
        program.rate("worker", SLICE_MS)
        rounds = interleave(lambda: program.rate("bare", SLICE_MS), lambda: program.rate("worker", SLICE_MS), [program.pid])
    rate, bare = rounds.pairs[len(rounds.pairs) // 2]
    return throughput(name, "/s", "bare socket pair", rounds.pairs, 0.5, rounds.noisy,
                      f"one call takes {1e6 / rate:.1f} us, the bare round trip {1e6 / bare:.1f} us")


@contextlib.contextmanager
def on_one_core(host):
    host.start(prefix=("taskset", "--cpu-list", str(min(os.sched_getaffinity(0)))))
    try:
        yield host
    finally:
        host.stop()


def enrol(name, build, folder):
    apart = Host(build, folder / "apart", isolation="process").init()
    with on_one_core(apart), on_one_core(Host(build, folder / "together", isolation="in_process").init()) as together, \
            Load(build, apart) as workers, Load(build, together) as in_process:
        def prepare():
            workers.prepare(1)
            in_process.prepare(2)

        rounds = interleave(lambda: in_process.rate("enrol"), lambda: workers.rate("enrol"),
                            [apart.process.pid, together.process.pid, workers.program.pid, in_process.program.pid],
                            before_round=prepare)
    return throughput(name, "/s", "the same plugins in the host", rounds.pairs, 0.92, rounds.noisy)
