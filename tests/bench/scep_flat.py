"""Enrolments per second of a host that has issued a million certificates, held against the same host with none: items in the journal,
and the embedded CA's ledger of them.
"""
import contextlib
import os
import pathlib
import sqlite3
import tempfile

from tests.bench.fairness import Load, running
from tests.bench.report import throughput
from tests.bench.slices import interleave
from tests.support.finished_items import multiply
from tests.support.host import Host
from tests.support.scep_client import ScepClient

NAMES = ["scep.flat"]
ISSUED = 1_000_000


def multiply_ledger(host, count):
    """As many entries of the embedded CA's ledger as it has items, each under a key and a serial number of its own."""
    with contextlib.closing(sqlite3.connect(host.directory / "data" / "journal.db")) as database, database:
        for key, value in database.execute("SELECT key, value FROM store WHERE connector = 'example-ca'").fetchall():
            if len(key) < 16:
                continue  # its CRL
            database.executemany("INSERT INTO store (connector, key, revision, value) VALUES ('example-ca', ?, 1, ?)",
                                 ((key[:1] + os.urandom(len(key) - 1), value) for _ in range(count)))


def run(name, build):
    with tempfile.TemporaryDirectory(prefix="certspan-bench-") as folder:
        old = Host(build, pathlib.Path(folder) / "old", isolation="in_process").init().start()
        ScepClient(old.url()).enrol("first.example", old.challenge)
        old.stop()
        multiply(old, ISSUED)
        multiply_ledger(old, ISSUED)
        new = Host(build, pathlib.Path(folder) / "new", isolation="in_process").init()
        with running(old), running(new), Load(build, old) as many, Load(build, new) as none:
            def prepare():
                many.prepare(1)
                none.prepare(2)

            rounds = interleave(lambda: none.rate("enrol"), lambda: many.rate("enrol"),
                                [old.process.pid, new.process.pid, many.program.pid, none.program.pid], before_round=prepare)
    return [throughput(name, "/s", "a host that has issued none", rounds.pairs, 0.95, rounds.noisy)]
