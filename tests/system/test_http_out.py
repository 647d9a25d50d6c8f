"""A CA plugin that speaks HTTP through the host and calls everything "unavailable" that is not the CA's own answer: the host
knows which orders left, and asks another CA only where the first certainly did nothing."""
import pytest

from tests.support.two_cas import LATE_MS, Device, TwoCas, check_once, wait_until

PROXY_SAYS = "<html>503 Service Unavailable</html>"


@pytest.fixture
def cas(tmp_path):
    cas = TwoCas(tmp_path)
    yield cas
    cas.kill()


@pytest.fixture
def host(make_host, cas):
    return cas.put_into(make_host(), plugin="http_ca")


def made_and_503(cas):
    cas.first.script(next=[{"garbage": PROXY_SAYS, "status": 503}])


def made_and_the_connection_closed(cas):
    cas.first.script(next=[{"drop": "after"}])


def made_and_answered_late(cas):
    cas.first.script(next=[{"after_ms": LATE_MS}])


def made_and_more_than_fits(cas):
    cas.first.script(next=[{"garbage": "x" * (2 << 20)}])


@pytest.mark.parametrize("misbehaviour", (made_and_503, made_and_the_connection_closed, made_and_answered_late,
                                          made_and_more_than_fits))
def test_an_order_that_left_is_looked_up_whatever_the_plugin_says(host, cas, misbehaviour):
    host.start()
    misbehaviour(cas)
    check_once(host, cas, [Device(host, "laptop-1")])
    assert cas.first.asked("issue") == 1 and cas.first.asked("lookup") >= 1
    assert cas.second.asked("issue") == 0
    story = host.command("why", "laptop-1")
    assert "http_out.order_left" in story, story


def test_a_503_of_somebody_between_leaves_the_next_ca_unasked_until_the_first_promises(host, cas):
    host.start()
    cas.first.script(next=[{"answer": PROXY_SAYS, "status": 503}], lookup="cannot_tell")
    device = Device(host, "laptop-1")
    assert device.ask() is None
    wait_until(lambda: cas.first.asked("lookup") >= 2, host)
    assert cas.first.asked("issue") == 1 and cas.second.asked("issue") == 0
    cas.first.script(lookup="promise")
    check_once(host, cas, [device])
    assert cas.first.asked("issue") == 1 and len(cas.second.ledger()) == 1


def test_a_refused_connection_is_certain_so_the_next_ca_is_asked_at_once(host, cas):
    host.start()
    cas.first.kill()
    device = Device(host, "laptop-1")
    certificate = wait_until(device.ask, host)
    assert [f"{certificate.serial_number:x}"] == [entry["serial"] for entry in cas.second.ledger()]
    assert cas.first.ledger() == []


def test_a_ca_that_says_itself_that_it_did_nothing_is_believed(host, cas):
    host.start()
    busy = {"outcome": "unavailable", "code": "busy", "message": "come again"}
    cas.first.script(next=[{"answer": busy, "status": 503}], lookup="cannot_tell")
    check_once(host, cas, [Device(host, "laptop-1")])
    assert len(cas.second.ledger()) == 1 and cas.first.asked("lookup") == 0


def test_a_proxy_that_is_not_there_means_that_nothing_left_and_no_proxy_goes_past_it(host, cas):
    nowhere = "http_out: { proxy: \"http://127.0.0.1:9\", no_proxy: [other.example] }\n"
    host.configure(lambda text: text.replace("host:\n", f"host:\n  {nowhere}", 1))
    host.start()
    check_once(host, cas, [Device(host, "laptop-1")])
    assert cas.first.asked("issue") == 0 and len(cas.second.ledger()) == 1
    host.stop()
    host.configure(lambda text: text.replace("[other.example]", "[127.0.0.1]"))
    host.start()
    assert Device(host, "laptop-2").ask_until_answered()
    assert len(cas.first.ledger()) == 1
