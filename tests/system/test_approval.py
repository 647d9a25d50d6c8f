"""A person says yes or no to each request: devices hear PENDING and poll until somebody did."""
import concurrent.futures

import pytest

from tests.support import scep_messages as scep
from tests.support.configs import ask_a_person
from tests.support.scep_client import ScepClient
from tests.support.strongswan import Strongswan
from tests.support.waiting import wait_until


@pytest.fixture(params=["in_process", "process"], name="host")
def host_fixture(request, make_host):
    host = make_host().configure(ask_a_person)
    host.isolation = request.param
    return host.start()


def waiting_items(host):
    return [item["id"] for item in host.json("work", "list")["items"] if item["state"] == "ready"]


def only_waiting(host):
    return wait_until(lambda: waiting_items(host))[0]


def final(client, enrolment, subject):
    """What polling ends with."""
    def asked():
        reply = client.poll(enrolment.request, subject)
        return reply if reply.pki_status != scep.PENDING else None
    return wait_until(asked)


def test_a_device_polls_until_somebody_says_yes(host):
    client = ScepClient(host.url())
    asked = client.enrol("waits.example", host.challenge)
    assert asked.reply.pki_status == scep.PENDING
    subject = scep.self_signed(asked.key, "waits.example").subject
    assert client.poll(asked.request, subject).pki_status == scep.PENDING
    item = only_waiting(host)
    host.command("work", "approve", item, "--reason", "seen the device")
    reply = final(client, asked, subject)
    assert reply.pki_status == scep.SUCCESS
    assert reply.certificate.public_key().public_numbers() == asked.key.public_key().public_numbers()
    story = host.command("why", item)
    assert "seen the device" in story
    assert "seen the device" in host.command("work", "show", item)
    assert host.run_program("audit", "verify", "--config", str(host.config)).returncode == 0


def test_a_device_that_somebody_says_no_to_hears_a_signed_failure(host):
    client = ScepClient(host.url())
    asked = client.enrol("refused.example", host.challenge)
    assert asked.reply.pki_status == scep.PENDING
    host.command("work", "refuse", only_waiting(host), "--reason", "nobody knows it")
    reply = final(client, asked, scep.self_signed(asked.key, "refused.example").subject)
    assert (reply.pki_status, reply.fail_info) == (scep.FAILURE, scep.BAD_REQUEST)
    assert "nobody knows it" in host.command("why", "refused.example")


def test_what_waits_still_waits_after_a_restart(host):
    client = ScepClient(host.url())
    asked = client.enrol("restart.example", host.challenge)
    item = only_waiting(host)
    host.kill()
    host.start()
    client = ScepClient(host.url(), timeout=20)  # less than an answer may be put off
    subject = scep.self_signed(asked.key, "restart.example").subject
    assert client.poll(asked.request, subject).pki_status == scep.PENDING
    host.command("work", "approve", item, "--reason", "after all")
    assert final(client, asked, subject).pki_status == scep.SUCCESS


def test_strongswan_waits_for_the_yes(host, tmp_path):
    client = Strongswan(tmp_path / "client", host.url()).fetch_ca()
    key = client.new_key()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        enrolling = pool.submit(client.enrol, key, "CN=laptop", host.challenge, extra=("--interval", "1", "--maxpolltime", "60"))
        host.command("work", "approve", only_waiting(host), "--reason", "ordered by telephone")
        assert enrolling.result(timeout=90).subject.rfc4514_string() == "CN=laptop"


def test_a_word_needs_a_reason_and_an_item_that_waits_for_it(host):
    client = ScepClient(host.url())
    client.enrol("words.example", host.challenge)
    item = only_waiting(host)
    done = host.run_program("work", "approve", item, "--reason", "", "--config", str(host.config))
    assert done.returncode != 0 and "say why" in done.stderr
    host.command("work", "approve", item, "--reason", "once")
    wait_until(lambda: not waiting_items(host))
    done = host.run_program("work", "refuse", item, "--reason", "too late", "--config", str(host.config))
    assert done.returncode != 0 and "has ended" in done.stderr
