"""A configuration is replaced while clients are being served: no call may be inside a connector that is stopped."""
import http.client
import itertools
import signal
import threading
import urllib.parse

from tests.support import scep_messages as scep
from tests.support.scep_client import ScepClient

RELOADS = 15
CLIENTS = 8
MESSAGES = 120


def messages(client, challenge):
    """Different ones, since a repeat is answered from memory; three of four with a wrong challenge."""
    key = scep.new_rsa_key()
    certificate = scep.self_signed(key)
    return [client.pkcs_req(scep.build_csr(key, f"device-{number}", challenge=challenge if number % 4 == 0 else "wrong"),
                            key, certificate, transaction_id=f"T{number}").der for number in range(MESSAGES)]


class Client(threading.Thread):
    """Sends one message after the other over a connection that stays."""

    def __init__(self, url, texts, stop):
        super().__init__()
        self.address, self.texts, self.stop = urllib.parse.urlsplit(url), itertools.cycle(texts), stop
        self.statuses, self.broken = [], 0

    def run(self):
        connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=60)
        while not self.stop.is_set():
            try:
                connection.request("POST", self.address.path + "?operation=PKIOperation", next(self.texts))
                answer = connection.getresponse()
                answer.read()
                self.statuses.append(answer.status)
            except (OSError, http.client.HTTPException):
                self.broken += 1
                connection.close()
                if self.broken > 20:
                    return


def wait_for_reloads(host, count):
    while host.log().count("configuration applied") < count:
        assert host.running(), host.log()[-4000:]


def test_requests_are_answered_through_reloads(host):
    client = ScepClient(host.url())
    texts = messages(client, host.challenge)
    stop = threading.Event()
    clients = [Client(host.url(), texts[number * 10:] + texts[:number * 10], stop) for number in range(CLIENTS)]
    for each in clients:
        each.start()
    try:
        for count in range(1, RELOADS + 1):
            host.process.send_signal(signal.SIGHUP)
            wait_for_reloads(host, count)
    finally:
        stop.set()
        for each in clients:
            each.join()
    statuses = [status for each in clients for status in each.statuses]
    assert set(statuses) <= {200, 503}, set(statuses)
    assert len(statuses) > RELOADS * CLIENTS
    assert sum(each.broken for each in clients) == 0
    # From elsewhere: the address of the clients has guessed too many challenges, perhaps since the last reload.
    device = ScepClient(host.url(), source="127.0.0.2")
    assert device.enrol("device.example", challenge=host.challenge, tries=20).certificate is not None
    assert host.stop() == 0
