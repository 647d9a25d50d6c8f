"""Enrolments per second held against those of step-ca on the same machine: RSA-2048 keys, the same messages and clients, an embedded CA
and a database each, every reply a success. step-ca is Debian's, or what STEP_CA names; the row says which, and by which Go.
"""
import pathlib
import tempfile

from tests.bench.fairness import Load, running
from tests.bench.report import throughput
from tests.bench.scep_enrol import CONNECTIONS
from tests.bench.slices import Program, interleave
from tests.support.host import Host
from tests.support.step_ca_server import StepCa, program, version_of, why_not

NAMES = ["scep.enrol.vs_step_ca"]
GOAL = 3.0


class StepCaLoad(Load):
    """The same devices at a step-ca."""

    def __init__(self, build, server):
        self.program = Program(build / "bin" / "scep_bench", str(server.port), str(server.directory), str(CONNECTIONS), server.path)
        self.best = 0.0


def run(name, build):
    if why_not():
        print(f"==> bench: {name} is left out: {why_not()}")
        return []
    built = program(build / "step-ca")
    with tempfile.TemporaryDirectory(prefix="certspan-bench-") as folder, \
            running(Host(build, pathlib.Path(folder) / "host", isolation="in_process").init()) as host, \
            StepCa(built, pathlib.Path(folder) / "step-ca") as other, StepCaLoad(build, other) as theirs, Load(build, host) as ours:
        def prepare():
            ours.prepare(1)
            theirs.prepare(2)

        rounds = interleave(lambda: theirs.rate("enrol"), lambda: ours.rate("enrol"),
                            [host.process.pid, other.process.pid, ours.program.pid, theirs.program.pid], before_round=prepare)
    return [throughput(name, "/s", version_of(built), rounds.pairs, GOAL, rounds.noisy)]
