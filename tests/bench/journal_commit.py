"""Durable enrolments per second through the journal, 64 in flight: the finished item and the CA's ledger record.

Held against SQLite alone, which writes rows of the same size, 64 enrolments in a transaction, in the same mode (write-ahead
log, synchronous=FULL) on the same disk: nothing is sealed, encoded, queued or answered there.
"""
import tempfile

from tests.bench.report import throughput
from tests.bench.slices import Program, interleave

NAMES = ["journal.commit"]
SLICE_MS = 400


def run(name, build):
    with tempfile.TemporaryDirectory(prefix="certspan-bench-") as folder, \
            Program(build / "bin" / "journal_slices", folder) as program:
        program.rate("journal", SLICE_MS)
        program.rate("sqlite", SLICE_MS)
        rounds = interleave(lambda: program.rate("sqlite", SLICE_MS), lambda: program.rate("journal", SLICE_MS), [program.pid])
        syncs = program.rate("sync", SLICE_MS)
    return [throughput(name, "/s", "SQLite alone, 64 in a transaction", rounds.pairs, None, rounds.noisy,
                       f"one durable write of 4 KiB after the other: {syncs:,.0f} /s")]
