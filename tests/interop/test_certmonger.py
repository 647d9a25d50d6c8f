"""certmonger's daemon against RSA and EC CAs: enrols, waits for approval, renews with the same and with a new key; what it can't do."""
import pathlib

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support.certmonger import Certmonger, spki
from tests.support.configs import ask_a_person, certify_ra, renew_at_any_time, use_outside_ca
from tests.support.independent_reader import check_issued
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.tls import ca_bundle_mounted, use_tls
from tests.support.waiting import wait_until

SUBJECT = "CN=certmonger,O=Example"


def der(certificate):
    return certificate.public_bytes(Encoding.DER)


def approve_what_waits(host):
    item, = host.items()
    host.command("work", "approve", item["id"], "--reason", "seen the device")
    wait_until(lambda: host.items()[0]["state"] == "done")


def days_ahead(host, days):
    """For the host's environment: its wall clock is so many days ahead."""
    return {"LD_PRELOAD": str(pathlib.Path(host.program).parents[1] / "preload" / "shifted_clock.so"),
            "CERTSPAN_TEST_DAYS_AHEAD": str(days)}


@pytest.fixture(name="certmonger")
def certmonger_fixture(tmp_path):
    with Certmonger(tmp_path / "certmonger") as running:
        yield running


@pytest.mark.parametrize("ca_key", ["rsa:3072", "p256"])
def test_enrols_and_renews_with_the_same_key_and_with_a_new_one(make_host, certmonger, ca_key):
    host = make_host("host", "--ca-key", ca_key).configure(renew_at_any_time).start()
    certmonger.add_ca(host.url()).request(SUBJECT, host.challenge, "-D", "certmonger.example")
    first = certmonger.certificate()
    check_issued(host.directory, first, names=["certmonger.example"])
    certmonger.again("resubmit")
    same_key = certmonger.certificate(other_than=first)
    check_issued(host.directory, same_key, names=["certmonger.example"])
    certmonger.again("rekey")
    new_key = certmonger.certificate(other_than=same_key)
    check_issued(host.directory, new_key, names=["certmonger.example"])
    assert spki(first.public_key()) == spki(same_key.public_key()) != spki(new_key.public_key()) == certmonger.public_key()
    assert [item["message"] for item in host.items()] == ["renewal", "renewal", "enrolment"]


def test_waits_until_somebody_says_yes(make_host, certmonger):
    host = make_host().configure(ask_a_person).start()
    certmonger.add_ca(host.url()).request(SUBJECT, host.challenge)
    certmonger.until("CA_WORKING")
    approve_what_waits(host)
    certmonger.again("refresh")
    check_issued(host.directory, certmonger.certificate())
    assert len(host.items()) == 1


@pytest.mark.parametrize("window, items", [("8d", 1), ("1d", 2)])
def test_gets_what_was_said_yes_to_a_week_ago_if_repeats_count_for_so_long(make_host, certmonger, window, items):
    """By itself it asks again after a week; here the host's clock goes ahead, and it is told to ask."""
    host = make_host().configure(lambda text: ask_a_person(text).replace("host:\n", f"host:\n  repeat_window: {window}\n", 1)).start()
    certmonger.add_ca(host.url()).request(SUBJECT, host.challenge)
    certmonger.until("CA_WORKING")
    approve_what_waits(host)
    assert host.stop() == 0
    certmonger.go_to(host.start(environment=days_ahead(host, 7)).url())
    certmonger.again("refresh")
    if items == 1:
        check_issued(host.directory, certmonger.certificate())
    else:
        wait_until(lambda: len(host.items()) == items)
        certmonger.until("CA_WORKING")
    assert len(host.items()) == items


def test_needs_the_root_among_the_certificates_and_gets_what_was_issued_to_it_meanwhile(make_host, certmonger, tmp_path):
    host = make_host()
    with OutsideCaProcess(tmp_path / "outside", key="rsa") as outside:
        host.configure(lambda text: use_outside_ca(text, outside.address).replace("certificates: chain", "certificates: ra_ca"))
        certify_ra(host, tmp_path / "outside")
        host.start()
        certmonger.add_ca(host.url()).request(SUBJECT, host.challenge)
        assert "certificate verify error" in certmonger.until("CA_UNREACHABLE")["ca-error"]
        host.configure(lambda text: text.replace("ca_certificates: ra_ca", "ca_certificates: chain")).command("apply")
        certmonger.getcert("refresh-ca", "-c", "certspan")
        certmonger.again("refresh")
        certificate = certmonger.certificate()
        assert [bytes.fromhex(entry["certificate"]) for entry in outside.ledger()] == [der(certificate)]


def test_leaves_an_endpoint_alone_whose_answers_its_ec_key_could_not_open(make_host, certmonger):
    host = make_host().start()
    certmonger.add_ca(host.url()).request(SUBJECT, host.challenge, "-G", "ec")
    assert certmonger.until("NEED_SCEP_RSA_CLIENT_KEY")["stuck"] == "yes"
    assert not host.items()


def test_hears_that_a_challenge_is_wrong(make_host, certmonger):
    host = make_host().start()
    certmonger.add_ca(host.url()).request(SUBJECT, "guessed")
    assert certmonger.until("CA_REJECTED")["stuck"] == "yes"


def test_enrols_over_tls(make_host, tmp_path):
    """Its PKIOperation trusts nothing but the system's bundle, whatever -R says."""
    host = make_host().configure(lambda text: use_tls(text, tmp_path)).start()
    url = host.url(scheme="https").replace("127.0.0.1", "localhost")
    with ca_bundle_mounted(tmp_path) as prefix, Certmonger(tmp_path / "certmonger", prefix) as certmonger:
        certmonger.add_ca(url, "-R", tmp_path / "tls.pem").request(SUBJECT, host.challenge)
        check_issued(host.directory, certmonger.certificate())
