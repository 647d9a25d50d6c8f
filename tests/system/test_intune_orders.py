"""Revocation orders of Microsoft Intune: fetched, durable, carried out by the work item that they name, and answered."""
import contextlib
import sqlite3

import pytest
from cryptography import x509

from tests.support.intune import ManagedDevice
from tests.support.intune_orders import results_of, use_orders
from tests.support.ocsp import Asker, answer_ocsp
from tests.support.scep_client import ScepClient
from tests.support.waiting import wait_until
from tests.tenant.server import Fault
from tests.tenant.service import COOL_DOWN_S, Order

BOTH = pytest.mark.parametrize("isolation", ["process", "in_process"])
DONE = (True, 0)


@pytest.fixture(name="host")
def host_fixture(make_host):
    return make_host()


def crl_of(host):
    return x509.load_der_x509_crl(ScepClient(host.url()).http("GET", "", path="/crl").body)


def is_revoked(host, certificate):
    return crl_of(host).get_revoked_certificate_by_serial_number(certificate.serial_number) is not None


def let_an_hour_pass(tenant):
    tenant.offset_s += COOL_DOWN_S + 1


def order(tenant, serial, issuer="CN=nobody", configuration=None, **more):
    with tenant.lock:
        tenant.orders.append(Order(serial, issuer, configuration, **more))


@BOTH
def test_a_retired_device_loses_its_certificate_and_the_tenant_is_told(host, tenant, isolation):
    host.isolation = isolation
    use_orders(host, tenant)
    host.start()
    leaver, stays = ManagedDevice(tenant, "laptop-1"), ManagedDevice(tenant, "laptop-2")
    gone, kept = leaver.enrol(host).certificate, stays.enrol(host).certificate
    let_an_hour_pass(tenant)
    tenant.retire(leaver.device)
    wait_until(lambda: results_of(tenant) == [DONE])
    assert is_revoked(host, gone) and not is_revoked(host, kept)
    wait_until(lambda: host.items("--open") == [])
    story = host.command("why", f"{gone.serial_number:X}")
    assert 'asked CA "example-ca" to revoke' in story and 'told "orders" how it ended' in story
    assert "revoked: cessation_of_operation since" in story
    # The tenant's clock was moved, so a token of before has ended.
    assert all("token" in each for each in tenant.refusals)


def test_what_a_call_to_the_tenant_was_for_is_found_by_its_activity_id(host, tenant):
    use_orders(host, tenant)
    host.start()
    device = ManagedDevice(tenant)
    device.enrol(host)
    item, = host.items()
    let_an_hour_pass(tenant)
    tenant.retire(device.device)
    wait_until(lambda: results_of(tenant) == [DONE])
    wait_until(lambda: host.items("--open") == [])
    order_item, = host.items("--pipeline", "leavers")
    for work, labels in ((item, ("intune_validation", "intune_notification")), (order_item, ("intune_order", "intune_result"))):
        for label in labels:
            activity = work["labels"][label]
            assert activity in host.log()
            assert work["id"] in host.command("why", activity).split("\n")[0]


def test_a_refusal_of_the_tenant_is_found_by_its_activity_id(host, tenant):
    use_orders(host, tenant)
    host.start()
    device = ManagedDevice(tenant)
    device.challenge = "of nobody"
    device.enrol_silently(host)
    item, = host.items()
    activity = item["reason"].split("[activity ")[1].split("]")[0]
    assert host.command("why", activity).startswith(item["id"])


def test_the_same_order_again_revokes_once_and_is_a_success(host, tenant):
    use_orders(host, tenant)
    host.start()
    device = ManagedDevice(tenant)
    certificate = device.enrol(host).certificate
    let_an_hour_pass(tenant)
    tenant.retire(device.device)
    wait_until(lambda: results_of(tenant) == [DONE])
    first = crl_of(host).get_revoked_certificate_by_serial_number(certificate.serial_number).revocation_date
    with tenant.lock:
        tenant.orders[0].result = None
    let_an_hour_pass(tenant)
    wait_until(lambda: results_of(tenant) == [DONE])
    assert crl_of(host).get_revoked_certificate_by_serial_number(certificate.serial_number).revocation_date == first


def test_orders_for_what_was_not_issued_here_are_answered_and_cost_nobody_anything(host, tenant):
    use_orders(host, tenant)
    host.start()
    certificate = ManagedDevice(tenant).enrol(host).certificate
    item, = host.items()
    order(tenant, "0BADCAFE")
    order(tenant, f"{certificate.serial_number + 1:X}", configuration=f"example-ca/{item['id']}")
    order(tenant, "no number", configuration="of another product")
    let_an_hour_pass(tenant)
    wait_until(lambda: None not in results_of(tenant))
    assert results_of(tenant) == [(False, 4004), (False, 4002), (False, 4004)]
    assert not is_revoked(host, certificate)


def test_an_order_without_our_handle_is_known_by_its_serial_number(host, tenant):
    use_orders(host, tenant)
    host.start()
    certificate = ManagedDevice(tenant).enrol(host).certificate
    order(tenant, f"{certificate.serial_number:x}")
    let_an_hour_pass(tenant)
    wait_until(lambda: results_of(tenant) == [DONE])
    assert is_revoked(host, certificate)


def test_an_order_names_no_certificate_of_another_source(host, tenant):
    use_orders(host, tenant, sources="[orders]")
    host.start()
    certificate = ManagedDevice(tenant).enrol(host).certificate
    item, = host.items()
    order(tenant, f"{certificate.serial_number:X}", configuration=f"example-ca/{item['id']}")
    let_an_hour_pass(tenant)
    wait_until(lambda: results_of(tenant) == [(False, 4002)])
    assert not is_revoked(host, certificate)


FOREIGN = "\n        danger_revoke_foreign: true"


def test_a_switch_lets_an_order_name_certificates_of_other_sources(host, tenant):
    use_orders(host, tenant, sources="[orders]" + FOREIGN)
    host.start()
    certificate = ManagedDevice(tenant).enrol(host).certificate
    order(tenant, f"{certificate.serial_number:X}", configuration="old-ca\\old-ca of another connector")
    let_an_hour_pass(tenant)
    wait_until(lambda: results_of(tenant) == [DONE])
    assert is_revoked(host, certificate)
    assert "danger_revoke_foreign" in host.command("status") and "danger_revoke_foreign" in host.log()


def forget_finished_work(host):
    """As if its certificates had been issued to others than this host."""
    with contextlib.closing(sqlite3.connect(host.directory / "data" / "journal.db")) as journal, journal:
        assert journal.execute("DELETE FROM done").rowcount > 0


@pytest.mark.parametrize("switch, result", [(FOREIGN, DONE), ("", (False, 4004))], ids=["with the switch", "without"])
def test_what_the_ca_has_issued_to_others_is_revoked_by_the_switch_alone(host, tenant, switch, result):
    use_orders(host, tenant, sources="[scep]" + switch)
    host.start()
    certificate = ManagedDevice(tenant).enrol(host).certificate
    host.stop()
    forget_finished_work(host)
    host.start()
    order(tenant, f"{certificate.serial_number:X}", configuration="NDES")
    let_an_hour_pass(tenant)
    wait_until(lambda: results_of(tenant) == [result])
    assert is_revoked(host, certificate) == (result == DONE)
    assert ("a foreign certificate is revoked" in host.log()) == (result == DONE)
    with tenant.lock:
        tenant.orders[0].result = None
    let_an_hour_pass(tenant)
    wait_until(lambda: results_of(tenant) == [result])


def test_the_switch_lets_nobody_take_down_a_ca_an_ra_or_a_responder(host, tenant):
    use_orders(host, tenant, sources="[scep]" + FOREIGN)
    host.configure(answer_ocsp).start()
    own = [x509.load_pem_x509_certificate((host.directory / name).read_bytes()) for name in ("ca.pem", "ra.pem")]
    asker = Asker(host, host.directory / "asker", ManagedDevice(tenant).enrol(host).certificate)
    own += asker.post(asker.request()).certificates
    assert len(own) == 3
    for certificate in own:
        order(tenant, f"{certificate.serial_number:X}")
    order(tenant, "0BADCAFE")
    let_an_hour_pass(tenant)
    wait_until(lambda: results_of(tenant) == [(False, 4004)] * 4)
    assert len(crl_of(host)) == 0


def test_more_orders_than_fit_on_a_page_are_fetched_in_their_time(host, tenant):
    use_orders(host, tenant)
    host.start()
    for number in range(130):
        order(tenant, f"{0xABC000 + number:X}", context=f"{number}-{'x' * 4000}")
    wait_until(lambda: sum(result is not None for result in results_of(tenant)) == 100)
    let_an_hour_pass(tenant)
    wait_until(lambda: results_of(tenant) == [(False, 4004)] * 130)
    assert len(host.items("--pipeline", "leavers", "--limit", "1000")) == 130


@pytest.mark.parametrize("fault", [Fault("status", 500), Fault("status", 429, retry_after=1), Fault("cut"), Fault("junk"), Fault("empty"),
                                   Fault("body", b'{"value": false}'), Fault("status", 503, done=True)], ids=lambda fault: f"{fault.kind}-{fault.value}")
def test_a_result_that_could_not_be_uploaded_is_sent_later(host, tenant, fault):
    use_orders(host, tenant)
    host.start()
    order(tenant, "0BADCAFE")
    tenant.fail("upload", fault, fault)
    wait_until(lambda: results_of(tenant) == [(False, 4004)])
    wait_until(lambda: tenant.calls["upload"] >= 3)
    wait_until(lambda: host.items("--open") == [])


@pytest.mark.parametrize("fault", [Fault("status", 500), Fault("status", 401), Fault("junk"), Fault("body", b'{"value": [{}]}')],
                         ids=lambda fault: f"{fault.kind}-{fault.value}")
def test_a_download_that_fails_is_tried_again_and_told_once(host, tenant, fault):
    use_orders(host, tenant)
    tenant.fail("download", fault, fault)
    host.start()
    wait_until(lambda: "work is fetched again" in host.log())
    assert host.log().count("work could not be fetched") == 1


def test_what_was_downloaded_survives_a_kill_and_is_carried_out_and_told(host, tenant):
    use_orders(host, tenant)
    host.start()
    device = ManagedDevice(tenant)
    certificate = device.enrol(host).certificate
    tenant.fail("upload", *[Fault("status", 503)] * 10_000)
    let_an_hour_pass(tenant)
    tenant.retire(device.device)
    wait_until(lambda: tenant.calls["upload"] >= 1)
    host.kill()
    tenant.recover("upload")
    host.start()
    wait_until(lambda: results_of(tenant) == [DONE])
    assert is_revoked(host, certificate)


def test_an_order_for_the_whole_fleet_waits_for_an_officer(host, tenant):
    use_orders(host, tenant)
    host.start()
    devices = [ManagedDevice(tenant, f"laptop-{number}") for number in range(13)]
    for device in devices:
        device.enrol(host)
    let_an_hour_pass(tenant)
    for device in devices:
        tenant.retire(device.device)
    wait_until(lambda: results_of(tenant).count(DONE) == 10)
    waiting = wait_until(lambda: len(found := [item for item in host.items("--open")
                                               if any(attempt["call"] == "guard" for attempt in item["attempts"])]) == 3 and found)
    assert len(crl_of(host)) == 10
    host.command("work", "approve", waiting[0]["id"], "--reason", "they have left")
    wait_until(lambda: results_of(tenant).count(DONE) == 11)
    host.command("work", "refuse", waiting[1]["id"], "--reason", "a mistake in the group")
    wait_until(lambda: results_of(tenant).count((False, 4000)) == 1)
    assert len(crl_of(host)) == 11
