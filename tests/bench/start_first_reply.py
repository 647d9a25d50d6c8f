"""From the start of the host's process until the first GetCACaps is answered, files in the page cache. Under 100 ms.

The listener has a fixed port here (one that was free a moment ago), so that nothing but connecting tells that it is up.
"""
import pathlib
import re
import socket
import subprocess
import tempfile
import time

from tests.bench.report import bounded
from tests.bench.slices import repeat
from tests.support.host import Host

NAMES = ["start.first_reply"]
BOUND_MS = 100
LIMIT_S = 20
REQUEST = b"GET /scep?operation=GetCACaps&message=ca HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port, deadline):
    """The whole answer, as soon as somebody gives one."""
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S) as connection:
                connection.sendall(REQUEST)
                answer = b"".join(iter(lambda: connection.recv(65536), b""))
        except ConnectionError:
            time.sleep(0.0005)
            continue
        if b" 200 " not in answer.split(b"\r\n", 1)[0]:
            raise RuntimeError(f"GetCACaps: {answer[:200]!r}")
        return answer
    raise RuntimeError(f"the host did not answer within {LIMIT_S} s")


def start_ms(host):
    port = free_port()
    host.configure(lambda text: re.sub(r'address: "[^"]*"', f'address: "127.0.0.1:{port}"', text, count=1))
    start = time.monotonic()
    with subprocess.Popen([host.program, "run", "--config", str(host.config)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            ask(port, start + LIMIT_S)
            return (time.monotonic() - start) * 1000
        finally:
            process.terminate()


def run(name, build):
    with tempfile.TemporaryDirectory(prefix="certspan-bench-") as folder:
        host = Host(build, pathlib.Path(folder) / "host").init()
        start_ms(host)
        rounds = repeat(lambda: start_ms(host), [], rounds=9)
    return [bounded(name, "ms", BOUND_MS, rounds.pairs, rounds.noisy)]
