"""Whether a journal slows down as finished items gather in it: claiming and listing 200 open items beside 1,000,000 finished
ones, held against the same beside 1,000; and finding one of the million by its key, which shall take 15 us at most.
"""
import tempfile

from tests.bench.report import bounded, throughput
from tests.bench.slices import Program, interleave, repeat

NAMES = ["journal.flat", "journal.look_up"]
GOAL = 0.83
BOUND_US = 15
SLICE_MS = 400


def flat(name, program):
    program.rate("few", SLICE_MS)
    program.rate("many", SLICE_MS)
    rounds = interleave(lambda: program.rate("few", SLICE_MS), lambda: program.rate("many", SLICE_MS), [program.pid])
    return throughput(name, "/s", "the same beside 1,000 finished items", rounds.pairs, GOAL, rounds.noisy,
                      "one is a durable claim of 200 open items and ten lists of a hundred")


def look_up(name, program):
    program.rate("look_up", SLICE_MS)
    rounds = repeat(lambda: 1e6 / program.rate("look_up", SLICE_MS), [program.pid])
    return bounded(name, "us", BOUND_US, rounds.pairs, rounds.noisy, "a finished item among a million, by its key")


def run(name, build):
    with tempfile.TemporaryDirectory(prefix="certspan-bench-") as folder, \
            Program(build / "bin" / "journal_flat", folder) as program:
        return [flat(name, program) if name == "journal.flat" else look_up(name, program)]
