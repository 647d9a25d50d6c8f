"""Enrolments per second beside 10,000 plain connections that are open and say nothing, held against the same host without them; and
the memory that they take, which may be 100 MB."""
import contextlib
import pathlib
import resource
import socket
import tempfile

import yaml

from tests.bench.fairness import Load
from tests.bench.memory_idle import in_mb
from tests.bench.report import bounded, throughput
from tests.bench.slices import interleave
from tests.support.host import Host

NAMES = ["scep.idle_connections"]
CONNECTIONS = 10_000
MOST_MB = 100


def more_connections(text):
    """A listener that takes these and those that enrol, and does not close them meanwhile."""
    document = yaml.safe_load(text)
    for listener in document["host"]["listeners"].values():
        listener["limits"] = {"max_connections": CONNECTIONS + 1000, "idle_timeout": "10m"}
    return yaml.safe_dump(document, sort_keys=False)


@contextlib.contextmanager
def idle(address):
    """They have asked something once, so that they are known to be kept alive."""
    host, port = address.rsplit(":", 1)
    with contextlib.ExitStack() as opened:
        sockets = [opened.enter_context(socket.create_connection((host, int(port)))) for _ in range(CONNECTIONS)]
        for each in sockets:
            each.sendall(b"GET /scep?operation=GetCACaps HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for each in sockets:
            if not each.recv(4096).startswith(b"HTTP/1.1 200"):
                raise RuntimeError("a connection was not served")
        yield


def run(name, build):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, CONNECTIONS + 1000), hard))
    with tempfile.TemporaryDirectory(prefix="certspan-bench-") as folder:
        crowded = Host(build, pathlib.Path(folder) / "crowded", isolation="in_process").init().configure(more_connections).start()
        alone = Host(build, pathlib.Path(folder) / "alone", isolation="in_process").init().configure(more_connections).start()
        try:
            return compare(name, build, crowded, alone)
        finally:
            crowded.stop()
            alone.stop()


def compare(name, build, crowded, alone):
    with Load(build, crowded) as with_idle, Load(build, alone) as without:
        before = in_mb(crowded.process.pid, "Rss")
        with idle(crowded.address()):
            memory = in_mb(crowded.process.pid, "Rss") - before

            def prepare():
                with_idle.prepare(1)
                without.prepare(2)

            rounds = interleave(lambda: without.rate("enrol"), lambda: with_idle.rate("enrol"),
                                [crowded.process.pid, alone.process.pid, with_idle.program.pid, without.program.pid], before_round=prepare)
    return [throughput(name, "/s", "a host without them", rounds.pairs, 0.95, rounds.noisy),
            bounded(f"{name}.memory", "MB", MOST_MB, [memory])]
