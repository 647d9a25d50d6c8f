"""Who is well does not pay for who is not: one who repeats himself without end, and a neighbour whose CA never answers."""
import concurrent.futures
import http.client
import pathlib
import statistics
import threading
import time
import urllib.parse

import pytest

from tests.bench.slices import Program, interleave
from tests.support import scep_messages as scep
from tests.support.configs import add_neighbour
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.scep_client import ScepClient

FLOODERS = 8
REPEATS, GOOD = 2000, 40
#: Of the long form, and of each of its rounds.
MANY_REPEATS, MANY_GOOD = 10_000, 1_000
NEIGHBOURS = 60
#: Of one enrolment, on a machine that does other things as well. A neighbour's calls take 5 s each, one after the other.
PATIENCE_S = 5
MB = 1024 * 1024


def resident(host):
    pages = int(pathlib.Path(f"/proc/{host.process.pid}/statm").read_text().split()[1])
    return pages * 4096


def repeat(host, message, times, statuses):
    """The same message on one connection, again and again."""
    url = urllib.parse.urlsplit(host.url())
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    for _ in range(times):
        connection.request("POST", url.path + "?operation=PKIOperation", message, {"Content-Type": "application/x-pki-message"})
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    connection.close()


def enrol_in_time(host, number, key):
    begun = time.monotonic()
    name = f"good-{number}"
    assert ScepClient(host.url()).enrol(name, host.challenge, key=key, transaction_id=name).certificate
    assert time.monotonic() - begun < PATIENCE_S


def test_one_who_repeats_himself_takes_neither_work_nor_memory_from_the_others(make_host):
    host = make_host().start()
    key = scep.new_rsa_key()
    client = ScepClient(host.url())
    request = client.pkcs_req(scep.build_csr(key, "flooder", challenge=host.challenge), key)
    assert client.send(request).pki_status == scep.SUCCESS
    before = resident(host)
    statuses = []
    flooders = [threading.Thread(target=repeat, args=(host, request.der, REPEATS // FLOODERS, statuses))
                for _ in range(FLOODERS)]
    for flooder in flooders:
        flooder.start()
    for number in range(GOOD):
        enrol_in_time(host, number, key)
    for flooder in flooders:
        flooder.join()
    assert len(statuses) == REPEATS // FLOODERS * FLOODERS and set(statuses) == {200}
    assert len(host.items()) == 1 + GOOD
    assert resident(host) - before < 32 * MB


@pytest.mark.long
def test_ten_thousand_repeats_do_not_slow_a_thousand_good_ones(build_dir, make_host, tell_figure):
    """One request 10,000 times at its sender's fastest, beside 1,000 good ones of 64 devices."""
    host = make_host().start()
    port = host.address().rsplit(":", 1)[1]
    with Program(build_dir / "bin" / "scep_bench", port, str(host.directory), "64") as devices:
        def good_per_second(repeats):
            devices.slice("prepare", MANY_GOOD)
            us, _ = devices.slice("good_us_beside", repeats)
            return MANY_GOOD * 1e6 / us

        good_per_second(0)  # the request that is repeated is the first of all
        rounds = interleave(lambda: good_per_second(0), lambda: good_per_second(MANY_REPEATS), [host.process.pid, devices.pid])
        repeated, _ = devices.slice("repeated", 0)
    assert repeated % MANY_REPEATS == 0 and repeated >= len(rounds.pairs) * MANY_REPEATS
    ratio = statistics.median(beside / alone for beside, alone in rounds.pairs)
    told = ", ".join(f"{beside:.0f}/s beside the flood and {alone:.0f}/s without" for beside, alone in rounds.pairs)
    tell_figure(f"{ratio:.2f} as fast in the median of {len(rounds.pairs)} rounds, {rounds.noisy} of them noisy: {told}")
    assert ratio >= 0.9


def test_one_who_repeats_himself_with_new_messages_is_told_to_come_later(make_host):
    """Each has a nonce of its own, so no memory of answers helps: they are counted before the private key is used."""
    host = make_host().start()
    key = scep.new_rsa_key()
    client = ScepClient(host.url())
    csr = scep.build_csr(key, "flooder", challenge=host.challenge)
    answers = [client.post(client.pkcs_req(csr, key).der) for _ in range(40)]
    statuses = [answer.status for answer in answers]
    assert statuses[0] == 200 and statuses.count(503) > 0
    assert len(host.items()) == 1
    assert ScepClient(host.url()).enrol("good", host.challenge).certificate


def test_a_neighbour_whose_ca_never_answers_leaves_the_others_alone(make_host, tmp_path):
    with OutsideCaProcess(tmp_path / "outside") as ca:
        ca.script(always={"before_ms": 3_600_000})
        host = make_host()
        host.configure(lambda text: add_neighbour(text, ca.address)).start()
        key = scep.new_rsa_key()
        sick = ScepClient(host.url("/neighbour"))
        requests = [sick.pkcs_req(scep.build_csr(key, f"sick-{number}", challenge=host.challenge), key,
                                  transaction_id=f"sick-{number}").der
                    for number in range(NEIGHBOURS)]

        def ask(request):
            return ScepClient(host.url("/neighbour")).post(request).status

        with concurrent.futures.ThreadPoolExecutor(NEIGHBOURS) as pool:
            waiting = [pool.submit(ask, request) for request in requests]
            for number in range(10):
                enrol_in_time(host, number, key)
            assert {one.result() for one in waiting} == {503}
        assert len(host.items("--open", "--limit", "1000")) == NEIGHBOURS
        assert ca.ledger() == []
