"""CAs that answer late, can't be understood, lose their reply, can't be asked again or are restarted in the middle: each device
ends with one certificate and each request with one entry in the ledgers; also when the host is killed at some moment."""
import random
import time

import pytest

from tests.support import scep_messages as scep, waiting
from tests.support.configs import certify_ra, use_outside_ca
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.scep_client import ScepClient
from tests.support.two_cas import (LATE_MS, Device, TwoCas, check_once, late_and_found, late_and_withdrawn,
                                   made_and_the_reply_lost, made_but_answered_late, made_but_not_understood,
                                   not_made_and_not_understood, not_made_and_the_connection_lost, resolve_as_issued,
                                   wait_for_state, wait_until)


@pytest.fixture
def cas(tmp_path):
    cas = TwoCas(tmp_path)
    yield cas
    cas.kill()


MISBEHAVIOURS = (late_and_found, late_and_withdrawn, made_but_answered_late, made_but_not_understood,
                 not_made_and_not_understood, made_and_the_reply_lost, not_made_and_the_connection_lost)


@pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS)
def test_another_ca_is_asked_only_when_the_first_promised(make_host, cas, misbehaviour):
    host = cas.put_into(make_host()).start()
    allowed = misbehaviour(cas)
    device = Device(host, "laptop-1")
    check_once(host, cas, [device])
    assert len(cas.second.ledger()) <= allowed
    if not allowed:
        assert len(cas.first.ledger()) == 1


@pytest.mark.long
@pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS)
def test_the_same_when_the_host_is_killed_at_some_moment(make_host, cas, misbehaviour, seed):
    chances = random.Random(f"{seed}-{misbehaviour.__name__}")
    host = cas.put_into(make_host()).start()
    allowed = misbehaviour(cas)
    device = Device(host, "laptop-1")
    for _ in range(2):
        kill_while_asked(host, [device], chances)
    check_once(host, cas, [device])
    assert len(cas.second.ledger()) <= allowed


def kill_while_asked(host, devices, chances):
    """The devices ask, the host dies at some moment and comes back as its service manager would bring it."""
    connections = [ScepClient(host.url()).begin_post(device.request.der) for device in devices]
    if chances.random() < 0.5:
        wait_until(host.items, host)
    time.sleep(chances.uniform(0, 1.0))
    host.kill()
    for connection in connections:
        connection.close()
    host.start()


def test_a_ca_that_cannot_be_asked_is_left_to_a_person_and_no_other_ca_is_asked(make_host, cas):
    host = cas.put_into(make_host(), plugin="example_ca_without_lookup").start()
    cas.first.script(next=[{"drop": "after"}])
    device = Device(host, "laptop-1")
    assert device.ask() is None
    item = wait_for_state(host, "held")
    host.kill()
    host.start()
    assert wait_for_state(host, "held")["id"] == item["id"]
    assert device.ask() is None and len(cas.serials()) == 1
    resolve_as_issued(host, item, cas.first.ledger()[0])
    check_once(host, cas, [device])


@pytest.mark.parametrize("behaviour", ({"before_ms": LATE_MS}, {"after_ms": LATE_MS}), ids=("before it made it", "after"))
def test_a_ca_that_is_restarted_in_the_middle_of_an_order(make_host, cas, behaviour):
    host = cas.put_into(make_host()).start()
    cas.first.script(next=[behaviour], lookup="cannot_tell")
    device = Device(host, "laptop-1")
    connection = ScepClient(host.url()).begin_post(device.request.der)
    wait_for_state(host, "calling")
    cas.first.kill()
    connection.close()
    cas.first.start()  # forgets its script: lookup promises again
    check_once(host, cas, [device])


def test_that_a_ca_is_down_is_told_once_and_an_order_that_waits_for_it_says_so(make_host, tmp_path):
    with OutsideCaProcess(tmp_path / "outside") as outside:
        host = make_host().configure(lambda text: use_outside_ca(text, outside.address, answer_after="1s",
                                                                 reply="{ within: 500ms, then: pending }"))
        certify_ra(host, tmp_path / "outside")
        client, key = ScepClient(host.start().url()), scep.new_rsa_key()
        request = client.pkcs_req(scep.build_csr(key, "patient.example", challenge=host.challenge), key)
        assert client.send(request).pki_status == scep.PENDING
        assert "it is polled again at" in host.command("why", "patient.example")
        outside.kill()
        waiting.wait_until(lambda: "CA is left in peace connector=outside-ca" in host.log())
        assert "has not answered since it was to be polled at" in host.command("why", "patient.example")
        outside.start()
        waiting.wait_until(lambda: "CA is asked as before connector=outside-ca" in host.log())
        assert host.log().count("CA is left in peace") == 1


def test_many_devices_with_cas_and_host_that_die(make_host, cas, seed):
    """A mix of all of it: what a device can't tell apart from a bad network must not cost a second certificate."""
    chances = random.Random(seed)
    host = cas.put_into(make_host()).start()
    behaviours = [{}, {"drop": "after"}, {"drop": "before"}, {"before_ms": LATE_MS}, {"after_ms": LATE_MS}, {"garbage": "?"}]
    cas.first.script(next=[chances.choice(behaviours) for _ in range(40)])
    devices = [Device(host, f"laptop-{number}") for number in range(8)]
    for _ in range(2):
        kill_while_asked(host, devices, chances)
    check_once(host, cas, devices)


@pytest.fixture
def strangers(tmp_path):
    """Two CAs of different roots, which have the same name all the same."""
    cas = TwoCas(tmp_path)
    cas.second.kill()
    cas.second = OutsideCaProcess(tmp_path / "stranger")
    yield cas
    cas.kill()


def test_cas_of_different_roots_do_not_stand_in_for_each_other(make_host, strangers):
    host = strangers.put_into(make_host())
    refused = host.run_program("run", "--config", str(host.config), timeout=30)
    assert refused.returncode == 3
    assert 'CA "second-ca" stands under another root than "outside-ca"' in refused.stderr
    host.configure(lambda text: text.replace("    deadline: 10m\n", "    deadline: 10m\n    danger_mixed_chains: true\n"))
    host.start()
    assert host.stop() == 0
