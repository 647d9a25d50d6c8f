"""Enrolments per second over HTTP, on all cores, with a durable journal and every plugin behind the ABI.

Held against the crypto floor: the key operations that one enrolment can't avoid (verify the message, decrypt, verify the
request, sign the certificate, encrypt, sign the reply), bare, on the same keys and all cores. The load generator runs on
the same cores, so it is in the figure.
"""
import os
import pathlib
import tempfile

from tests.bench.report import throughput
from tests.bench.slices import Program, cpu_us, interleave
from tests.support.host import Host

CONNECTIONS = 64
ENROL_MS, FLOOR_MS = 1200, 400
WARM_UP_REQUESTS, WARM_UP_MS = 1000, 2000
SPARE = 1.5            # requests are made before each slice, by the rate of the last one and so much more
# Key of the CA, goal, and by how many microseconds every sync takes longer.
KINDS = {"scep.enrol.rsa_ra_rsa_ca": ("rsa:2048", 0.85, 0), "scep.enrol.rsa_ra_ec_ca": ("p256", 0.80, 0),
         "scep.enrol.slow_sync": ("rsa:2048", 0.83, 2000)}
NAMES = list(KINDS)


def run(name, build):
    ca_key, goal, sync_us = KINDS[name]
    with tempfile.TemporaryDirectory(prefix="certspan-bench-") as folder:
        host = Host(build, pathlib.Path(folder) / "host", isolation="in_process").init("--ca-key", ca_key)
        host.start(environment=slower_syncs(build, sync_us))
        try:
            return [enrol(name, build, host, goal)]
        finally:
            host.stop()


def slower_syncs(build, sync_us):
    if sync_us == 0:
        return {}
    return {"LD_PRELOAD": str(build / "preload" / "paced_sync.so"), "CERTSPAN_TEST_SYNC_US": str(sync_us)}


def enrol(name, build, host, goal):
    port = host.address().rsplit(":", 1)[1]
    with Program(build / "bin" / "scep_bench", port, str(host.directory), str(CONNECTIONS)) as program:
        program.slice("prepare", WARM_UP_REQUESTS)
        rates = [program.rate("enrol", WARM_UP_MS)]
        floor, enrolments = Spent(program.pid), Spent(host.process.pid)

        def prepare():
            program.slice("prepare", int(max(rates) * ENROL_MS / 1000 * SPARE) + CONNECTIONS)

        def enrol_rate():
            rates.append(enrolments.rate(program, "enrol", ENROL_MS))
            return rates[-1]

        rounds = interleave(lambda: floor.rate(program, "floor", FLOOR_MS), enrol_rate, [host.process.pid, program.pid],
                            before_round=prepare)
    return throughput(name, "/s", f"crypto floor on {os.cpu_count()} cores", rounds.pairs, goal, rounds.noisy,
                      f"the host's CPU time for one is {enrolments.us_each():,.0f} us, the floor's {floor.us_each():,.0f} us")


class Spent:
    """CPU time that a process spends on what slices count."""

    def __init__(self, pid):
        self._pid = pid
        self._us = self._count = 0.0

    def rate(self, program, name, length_ms):
        before = cpu_us(self._pid)
        count, seconds = program.slice(name, length_ms)
        self._us += cpu_us(self._pid) - before
        self._count += count
        return count / seconds

    def us_each(self):
        return self._us / self._count
