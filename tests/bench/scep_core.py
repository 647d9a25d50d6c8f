"""What one enrolment costs beyond the key operations that it can't avoid, without a host around it.

`scep.core`: messages read, requests opened, held to their profile and certified, replies written, by the plugins' own code in one
program; held against the crypto floor on as many threads. `scep.http`: the same behind the host's HTTP server, with no journal and
with the load generator on the same cores. `scep.instructions`: the instructions of one above the floor's, counted by callgrind.
"""
import contextlib
import os
import pathlib
import re
import subprocess
import tempfile

from tests.bench.report import bounded, throughput
from tests.bench.slices import Program, interleave
from tests.support.host import Host

CA_KEYS = {"scep.core": "rsa:2048", "scep.core.ec_ca": "p256", "scep.http": "rsa:2048", "scep.instructions": "rsa:2048"}
NAMES = list(CA_KEYS)
GOALS = {"scep.core": 0.95, "scep.core.ec_ca": 0.93, "scep.http": 0.90}
CORE_MS, FLOOR_MS, HTTP_MS = 400, 300, 1000
CONNECTIONS, SPARE, WARM_UP_REQUESTS = 64, 1.5, 1000
MOST_INSTRUCTIONS = 500_000
COUNTED = 20


def run(name, build):
    with tempfile.TemporaryDirectory(prefix="certspan-bench-") as folder:
        directory = Host(build, pathlib.Path(folder) / "host", isolation="in_process").init("--ca-key", CA_KEYS[name]).directory
        if name == "scep.http":
            return [http(name, build, directory)]
        if name == "scep.instructions":
            return [instructions(name, build, directory)]
        return core(name, build, directory)


def core(name, build, directory):
    results = []
    with Program(build / "bin" / "scep_core_bench", str(directory)) as program:
        for threads in (1, 2):
            program.rate(f"core{threads}", CORE_MS)
            rounds = interleave(lambda: program.rate(f"floor{threads}", FLOOR_MS), lambda: program.rate(f"core{threads}", CORE_MS),
                                [program.pid])
            results.append(throughput(f"{name}.{threads}", "/s", f"crypto floor on {threads} threads", rounds.pairs, GOALS[name],
                                      rounds.noisy))
    return results


@contextlib.contextmanager
def served(build, directory):
    with subprocess.Popen([build / "bin" / "scep_core_bench", str(directory), "http"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as server:
        try:
            yield server.pid, server.stdout.readline().strip()
        finally:
            server.stdin.close()


def http(name, build, directory):
    with served(build, directory) as (pid, port), \
            Program(build / "bin" / "scep_bench", port, str(directory), str(CONNECTIONS)) as program:
        program.slice("prepare", WARM_UP_REQUESTS)
        rates = [program.rate("enrol", HTTP_MS)]

        def enrol_rate():
            rates.append(program.rate("enrol", HTTP_MS))
            return rates[-1]

        rounds = interleave(lambda: program.rate("floor", FLOOR_MS), enrol_rate, [pid, program.pid],
                            before_round=lambda: program.slice("prepare", int(max(rates) * HTTP_MS / 1000 * SPARE) + CONNECTIONS))
    return throughput(name, "/s", f"crypto floor on {os.cpu_count()} cores", rounds.pairs, GOALS[name], rounds.noisy)


def counted(program, directory, what, times, message, folder):
    """Instructions of the whole run."""
    done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", str(program), str(directory), what,
                           str(times), str(message)], capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


def instructions_of_one(build, directory):
    """Of an enrolment, and of the floor's."""
    program = build / "bin" / "scep_core_bench"
    with tempfile.TemporaryDirectory(prefix="certspan-bench-") as folder:
        message = pathlib.Path(folder) / "message"
        subprocess.run([str(program), str(directory), "prepare", str(message)], check=True)
        counts = [(counted(program, directory, what, COUNTED, message, folder) - counted(program, directory, what, 0, message, folder)) / COUNTED
                  for what in ("core", "floor")]
    return counts


def instructions(name, build, directory):
    whole, floor = instructions_of_one(build, directory)
    return bounded(name, "", MOST_INSTRUCTIONS, [whole - floor],
                   note=f"an enrolment takes {whole / 1e6:,.2f} million instructions, its key operations {floor / 1e6:,.2f} million (by callgrind, "
                        "on the processor that it emulates)")
