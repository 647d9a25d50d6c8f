"""Behind a reverse proxy each device still counts by its own address, and nobody can borrow another's."""
import contextlib
import http.client
import http.server
import socket
import ssl
import struct
import threading

import pytest

from tests.support import scep_messages as scep
from tests.support.reverse_proxies import proxy
from tests.support.scep_client import ScepClient
from tests.support.tls import use_tls

PROXY, DEVICE, OTHER = "127.0.0.1", "127.0.0.7", "127.0.0.8"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
WRONG_TRIES = 5
WEB = 'web: { address: "127.0.0.1:0"'


@pytest.fixture(name="host")
def host_fixture(make_host):
    return make_host()


def trusting(host, settings):
    def edit(text):
        assert WEB in text
        return text.replace(WEB, f"{WEB}, {settings}")
    return host.configure(edit)


def behind_nginx(host):
    return trusting(host, f"trusted_proxies: [{PROXY}]")


def behind_haproxy(host):
    return trusting(host, f"trusted_proxies: [{PROXY}/32], proxy_protocol: true")


SETUPS = pytest.mark.parametrize("kind, setup", [("nginx", behind_nginx), ("haproxy", behind_haproxy)], ids=["nginx", "haproxy"])


def addresses(host):
    return [item["labels"]["address"] for item in host.items()]


@SETUPS
def test_a_device_enrols_through_a_proxy_and_is_known_by_its_own_address(host, tmp_path, kind, setup):
    setup(host).start()
    with proxy(kind, tmp_path, host.address()) as front:
        ScepClient(f"http://{front}/scep", source=DEVICE).enrol("one.example", host.challenge)
    assert addresses(host) == [DEVICE]


@SETUPS
def test_who_guesses_challenges_locks_out_nobody_else_behind_the_same_proxy(host, tmp_path, kind, setup):
    setup(host).start()
    with proxy(kind, tmp_path, host.address()) as front:
        guesser = ScepClient(f"http://{front}/scep", source=OTHER)
        for number in range(WRONG_TRIES):
            assert guesser.enrol(f"guess-{number}.example", "wrong").reply.pki_status == scep.FAILURE
        with pytest.raises(scep.ProtocolError, match="HTTP 503"):
            guesser.enrol("guess-last.example", host.challenge)
        served = ScepClient(f"http://{front}/scep", source=DEVICE).enrol("good.example", host.challenge)
    assert served.reply.pki_status == scep.SUCCESS


@contextlib.contextmanager
def old_ndes():
    """A server that is not ours, in the place of NDES: (its address, the paths that it was asked for)."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # pylint: disable=invalid-name
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"NDES")

        def log_message(self, *_):  # pylint: disable=arguments-differ
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_canary_enrols_here_while_all_others_go_to_ndes_and_goes_back_in_one_step(host, tmp_path):
    behind_nginx(host).start()
    with old_ndes() as (ndes, asked):
        with proxy("canary", tmp_path, host.address(), ndes=ndes, canary=f"{DEVICE}/32") as front:
            ScepClient(f"http://{front}/scep", source=DEVICE).enrol("canary.example", host.challenge)
            assert addresses(host) == [DEVICE] and not asked
            other = ScepClient(f"http://{front}/scep", source=OTHER)
            assert other.http("GET", "operation=GetCACaps").body == b"NDES"
            assert asked == ["/scep?operation=GetCACaps"]
        with proxy("canary", tmp_path, host.address(), ndes=ndes, canary="") as front:
            back = ScepClient(f"http://{front}/scep", source=DEVICE)
            assert back.http("GET", "operation=GetCACaps").body == b"NDES"


def test_tls_goes_through_a_proxy_that_tells_the_address_first(host, tmp_path):
    host.configure(lambda text: use_tls(text, tmp_path))
    behind_haproxy(host).start()

    context = ssl.create_default_context(cafile=tmp_path / "tls.pem")
    with proxy("haproxy", tmp_path, host.address()) as front:
        port = front.rsplit(":", 1)[1]
        ScepClient(f"https://localhost:{port}/scep", ssl_context=context, source=DEVICE).enrol("tls.example", host.challenge)
    assert addresses(host) == [DEVICE]


@pytest.mark.parametrize("trusted", ["", "trusted_proxies: [192.0.2.1]"], ids=["nobody", "somebody-else"])
def test_a_stranger_cannot_give_itself_another_address(host, trusted):
    if trusted:
        trusting(host, trusted)
    host.start()
    client = ScepClient(host.url(), source=DEVICE)
    send_with_header(client, host, "198.51.100.1")
    assert addresses(host) == [DEVICE]


def test_what_a_device_writes_itself_does_not_count_behind_a_proxy(host, tmp_path):
    behind_nginx(host).start()
    with proxy("nginx", tmp_path, host.address()) as front:
        send_with_header(ScepClient(f"http://{front}/scep", source=DEVICE), host, "198.51.100.1")
    assert addresses(host) == [DEVICE]


def send_with_header(client, host, forwarded_for):
    """An enrolment whose sender claims to be another."""
    original = http.client.HTTPConnection.request

    def request(connection, method, url, body=None, headers=None, **options):
        return original(connection, method, url, body, {**(headers or {}), "X-Forwarded-For": forwarded_for}, **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http.client.HTTPConnection, "request", request)
        client.enrol("claims.example", host.challenge)


def answer(address, opening, source=None):
    """What the host answers to `opening` and a request behind it; b"" when it closes instead."""
    name, port = address.rsplit(":", 1)
    with socket.create_connection((name, int(port)), 30, source_address=(source, 0) if source else None) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(opening + b"GET /scep?operation=GetCACaps HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return b"".join(iter(lambda: connection.recv(4096), b""))
        return b""


def header(command=0x21, family=0x11, rest=bytes([192, 0, 2, 7, 10, 0, 0, 1]) + struct.pack(">HH", 40000, 443)):
    return SIGNATURE + struct.pack(">BBH", command, family, len(rest)) + rest


def test_a_listener_for_the_proxy_protocol_takes_nothing_else(host):
    behind_haproxy(host).start()
    assert b" 200 " in answer(host.address(), header())
    assert b" 200 " in answer(host.address(), header(0x20, 0, b"")), "a proxy's own health check"
    assert answer(host.address(), b"") == b""
    assert answer(host.address(), header(command=0x31)) == b""
    assert answer(host.address(), header(rest=b"\0\0")) == b""
    assert answer(host.address(), SIGNATURE + b"\x21\x11\xff\xff") == b""
    assert answer(host.address(), header(), source=DEVICE) == b"", "only a trusted proxy is heard"


@pytest.mark.parametrize("settings, words", [
    ("trusted_proxies: [10.0.0.5/8]", "is no address and no network"),
    ("trusted_proxies: [proxy.example]", "is no address and no network"),
    ("trusted_proxies: [0.0.0.0/0]", "trusts everybody to say who they are"),
    ("proxy_protocol: true", "lets nobody in without"),
])
def test_check_tells_what_is_wrong_with_proxies(host, settings, words):
    trusting(host, settings)
    done = host.run_program("check", "--config", str(host.config))
    assert done.returncode == 2 and words in done.stderr + done.stdout
