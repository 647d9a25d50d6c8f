"""What many and slow clients do to a whole host: nothing that the others would notice."""
import pathlib
import re
import resource
import socket
import time

import pytest

from tests.support.scep_client import ScepClient

MOST = 10_000  # max_connections, unless the file says otherwise
AT_ONCE = 2_000  # requests: beyond 4,096 that wait for a thread there is a 503
CAPS = b"GET /scep?operation=GetCACaps HTTP/1.1\r\nHost: host\r\n\r\n"


@pytest.fixture
def connect():
    """connect(host, bytes): a connection to the host that has sent these bytes; all are closed in the end."""
    connections = []

    def one(host, data=b""):
        name, port = host.address().rsplit(":", 1)
        connection = socket.create_connection((name, int(port)), timeout=60)
        connections.append(connection)
        if data:
            connection.sendall(data)
        return connection

    yield one
    for connection in connections:
        connection.close()


@pytest.fixture
def many():
    """How many connections a test may open, up to the 10,000 of a listener; raises its own limit of open files as the host does."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield min(MOST, before[1] - 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def limited(text, limits):
    return text.replace('web: { address: "127.0.0.1:0" }', 'web: { address: "127.0.0.1:0", limits: { ' + limits + " } }")


def listener(host):
    return host.json("status")["listeners"][0]


def wait_until(host, condition):
    deadline = time.monotonic() + 30
    while not condition(listener(host)):
        assert time.monotonic() < deadline, listener(host)
        time.sleep(0.02)


def answer(connection):
    """Status and body of one response."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(4096)
        assert piece, "the host hung up"
        data += piece
    head, body = data.split(b"\r\n\r\n", 1)
    length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
    while len(body) < length:
        body += connection.recv(4096)
    return int(head.split()[1]), body


def resident_megabytes(host):
    status = pathlib.Path(f"/proc/{host.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


def test_ten_thousand_connections_stay_open_and_are_served(host, connect, many):
    if many < MOST:
        print(f"the limit of open files allows {many} connections only")
    before = resident_megabytes(host)
    connections = [connect(host) for _ in range(many)]
    enrolled = ScepClient(host.url()).enrol(challenge=host.challenge)
    assert enrolled.certificate
    status = listener(host)
    assert many - 20 <= status["open"] <= MOST
    assert status["refused"] == 0
    assert resident_megabytes(host) - before < 100
    # The requests of one enrolment took the places of those that had been idle for longest.
    kept = connections[20:]
    answers = set()
    for first in range(0, len(kept), AT_ONCE):
        for connection in kept[first:first + AT_ONCE]:
            connection.sendall(CAPS)
        answers |= {answer(connection) for connection in kept[first:first + AT_ONCE]}
    assert len(answers) == 1
    assert answers.pop()[0] == 200
    for connection in connections:
        connection.close()
    wait_until(host, lambda status: status["open"] <= 1)


def test_above_the_limit_a_busy_listener_says_try_later(make_host, connect):
    host = make_host().configure(lambda text: limited(text, "max_connections: 3")).start()
    busy = [connect(host, CAPS[:-2]) for _ in range(3)]
    wait_until(host, lambda status: status["open"] == 3 and status["idle"] == 0)
    refused = connect(host, CAPS)
    assert answer(refused)[0] == 503
    assert listener(host)["refused"] == 1
    busy[0].sendall(CAPS[-2:])
    assert answer(busy[0])[0] == 200
    # That one is idle now, and gives way.
    assert answer(connect(host, CAPS))[0] == 200
    assert busy[0].recv(1) == b""


@pytest.mark.parametrize("start, piece", [
    (CAPS[:-2], b"X-A: b\r\n"),
    (b"POST /scep?operation=PKIOperation HTTP/1.1\r\nHost: host\r\nContent-Length: 3000\r\n\r\n", b"a")], ids=["head", "body"])
def test_a_client_that_trickles_is_sent_away_in_time(make_host, connect, start, piece):
    times = "header_timeout: 300ms, body_timeout: 300ms"
    host = make_host().configure(lambda text: limited(text, times)).start()
    slow = connect(host, start)
    slow.settimeout(0.02)
    told = b""
    deadline = time.monotonic() + 20
    while not told and time.monotonic() < deadline:
        slow.sendall(piece)
        try:
            told = slow.recv(4096)
        except socket.timeout:
            pass
    assert told.startswith(b"HTTP/1.1 408 ")
    assert listener(host)["timed_out"] == 1
    assert ScepClient(host.url()).enrol(challenge=host.challenge).certificate


def test_an_idle_connection_is_closed_in_time_and_silently(make_host, connect):
    host = make_host().configure(lambda text: limited(text, "idle_timeout: 200ms")).start()
    fresh, used = connect(host), connect(host, CAPS)
    assert answer(used)[0] == 200
    assert fresh.recv(1) == used.recv(1) == b""
    assert listener(host)["timed_out"] == 0


def test_clients_that_stop_in_the_middle_do_not_stop_the_others(host, connect):
    half = [b"", b"G", CAPS[:-2], b"POST /scep?operation=PKIOperation HTTP/1.1\r\nHost: host\r\nContent-Length: 3000\r\n\r\nabc"]
    stopped = [connect(host, half[i % len(half)]) for i in range(400)]
    assert ScepClient(host.url()).enrol(challenge=host.challenge).certificate
    assert listener(host)["open"] >= len(stopped)


def test_what_is_no_scep_is_refused_and_the_host_goes_on(host, connect):
    for data, status in [(b"nonsense\r\n\r\n", 400), (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
                         (b"GET /elsewhere HTTP/1.1\r\nHost: h\r\n\r\n", 404),
                         (b"GET /scep?operation=PKIOperation&message=" + b"a" * 70_000, 414),
                         (b"GET /scep HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 40_000, 431),
                         (b"POST /scep?operation=PKIOperation HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n", 413),
                         (b"POST /scep HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501)]:
        assert answer(connect(host, data))[0] == status, data[:80]
    assert ScepClient(host.url()).enrol(challenge=host.challenge).certificate
