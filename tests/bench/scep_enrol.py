"""Enrolments per second over HTTP, on all cores, with a durable journal and every plugin behind the ABI.

Held against the crypto floor: the key operations that one enrolment can't avoid (verify the message, decrypt, verify the
request, sign the certificate, encrypt, sign the reply), bare, on the same keys and all cores. The load generator runs on
the same cores, so it is in the figure.
"""
import os
import pathlib
import tempfile

from tests.bench.report import throughput
from tests.bench.slices import Program, interleave
from tests.support.host import Host

CONNECTIONS = 64
ENROL_MS, FLOOR_MS = 1200, 400
REQUESTS = 6000        # for one slice: more than two cores can answer in it
WARM_UP_MS = 500
KINDS = {"scep.enrol.rsa_ra_rsa_ca": ("rsa:2048", 0.40), "scep.enrol.rsa_ra_ec_ca": ("p256", 0.33)}
NAMES = list(KINDS)


def run(name, build):
    ca_key, goal = KINDS[name]
    with tempfile.TemporaryDirectory(prefix="certspan-bench-") as folder:
        host = Host(build, pathlib.Path(folder) / "host").init("--ca-key", ca_key).start()
        try:
            return [enrol(name, build, host, goal)]
        finally:
            host.stop()


def enrol(name, build, host, goal):
    port = host.address().rsplit(":", 1)[1]
    with Program(build / "bin" / "scep_bench", port, str(host.directory), str(CONNECTIONS)) as program:
        program.slice("prepare", REQUESTS)
        program.slice("enrol", WARM_UP_MS)
        rounds = interleave(lambda: program.rate("floor", FLOOR_MS), lambda: program.rate("enrol", ENROL_MS),
                            [host.process.pid, program.pid], before_round=lambda: program.slice("prepare", REQUESTS))
    return throughput(name, "/s", f"crypto floor on {os.cpu_count()} cores", rounds.pairs, goal, rounds.noisy)
