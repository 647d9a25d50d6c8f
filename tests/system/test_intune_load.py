"""Many devices of an Intune tenant whose service fails in every way that it can: nothing is issued without its word, nothing twice, and
everything is told."""
import json
import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography import x509

from tests.support import scep_messages as scep
from tests.support.intune import ManagedDevice
from tests.support.intune_orders import results_of, use_orders
from tests.support.scep_client import ScepClient
from tests.support.waiting import wait_until
from tests.system.test_intune_faults import FINAL
from tests.tenant.server import Fault
from tests.tenant.service import COOL_DOWN_S, thumbprint

MOVES_AFTER = 80  # devices: then the service is elsewhere
SHARE, DEVICES_AT_A_TIME, SHORT_S, LONG_S, SETTLE_S = 0.05, 8, 15, 300, 240
BROKEN = [Fault("status", 401), Fault("status", 403), Fault("status", 429, retry_after=1), Fault("status", 500), Fault("status", 503), Fault("cut"),
          Fault("cut", done=True), Fault("status", 500, done=True), Fault("junk"), Fault("empty"), Fault("body", b'{"value": 7}'),
          Fault("silent")]
CODES = [Fault("code", code) for code in FINAL if code not in ("success", "Success ")]
FAULTS = {"token": [Fault("status", 429, retry_after=1), Fault("status", 500), Fault("cut"), Fault("silent")],
          "discovery": [Fault("status", 429, retry_after=1), Fault("status", 500), Fault("cut"), Fault("junk"), Fault("silent")],
          "validate": BROKEN + CODES, "success": BROKEN + CODES, "failure": BROKEN + CODES, "download": BROKEN, "upload": BROKEN}


class Fleet:
    """Devices that enrol once each until a time has passed; some leave management as soon as they have their certificates."""

    def __init__(self, host, tenant, seed):
        self.host, self.tenant, self.chances = host, tenant, random.Random(seed)
        self.key, self.given, self.leavers, self.tried = scep.new_rsa_key(), [], [], 0
        self.url = host.url()

    def one(self, number):
        device = ManagedDevice(self.tenant, f"laptop-{number}")
        try:
            outcome = ScepClient(self.url).enrol(device.device.name, device.challenge, key=self.key, transaction_id=device.device.id)
        except (OSError, scep.ProtocolError):
            return
        if outcome.reply.pki_status != scep.SUCCESS:
            return
        self.given.append((device.device.id, outcome.certificate))
        if number % 10 == 0:
            self.tenant.retire(device.device)
            self.leavers.append(outcome.certificate)

    def enrol_for(self, seconds):
        end = time.monotonic() + seconds
        with ThreadPoolExecutor(DEVICES_AT_A_TIME) as devices:
            while time.monotonic() < end:
                if self.tried % MOVES_AFTER == 0:
                    self.tenant.move(f"unit-{self.tried}")
                list(devices.map(self.one, range(self.tried, self.tried + DEVICES_AT_A_TIME)))
                self.tried += DEVICES_AT_A_TIME


def revoked_serials(host):
    crl = x509.load_der_x509_crl(ScepClient(host.url()).http("GET", "", path="/crl").body)
    return {entry.serial_number for entry in crl}


def settle(host, tenant):
    """The faults are over, the tenant's hour passes, and all that is owed is paid."""
    tenant.mix(None, 0, {})
    tenant.offset_s += COOL_DOWN_S + 1
    wait_until(lambda: None not in results_of(tenant), SETTLE_S)
    wait_until(lambda: host.items("--open") == [], SETTLE_S)


def run(host, tenant, seed, seconds, tell):
    use_orders(host, tenant)
    host.configure(lambda text: text.replace("host:\n", "host:\n  revocation_guard: { orders: 100000, percent: 100 }\n", 1).replace("      - deliver: intune\n", "      - deliver: intune\n        retry: { attempts: 100, backoff: 1ms..50ms }\n"))
    host.start()
    tenant.mix(random.Random(seed), SHARE, FAULTS)
    fleet = Fleet(host, tenant, seed)
    fleet.enrol_for(seconds)
    settle(host, tenant)

    items = [json.loads(line) for line in host.command("work", "export", "--pipeline", "devices").splitlines()]
    done = [item for item in items if item["state"] == "done"]
    validated = {transaction for transaction, _ in tenant.validated}
    told_of = {}
    for (transaction, of), times in tenant.told.items():
        told_of.setdefault(transaction, set()).add(of)
        assert times >= 1
    tell(f"seed {seed}: {fleet.tried:,} devices, {len(fleet.given):,} have certificates, {len(fleet.leavers)} of them left; "
         f"{sum(tenant.calls.values()):,} calls, {len(tenant.refusals)} refused")

    assert len(fleet.given) > fleet.tried / 2 and len(fleet.leavers) > 0
    assert {item["transaction_id"] for item in done} <= validated, "issued without a validation"
    for transaction, certificate in fleet.given:
        assert told_of.get(transaction) == {thumbprint(certificate)}, "each success is told, and each transaction has one certificate"
    assert all(len(of) == 1 for of in told_of.values())
    assert all(result == (True, 0) for result in results_of(tenant))
    revoked = revoked_serials(host)
    assert {certificate.serial_number for certificate in fleet.leavers} <= revoked
    kept = {certificate.serial_number for _, certificate in fleet.given} - {certificate.serial_number for certificate in fleet.leavers}
    assert not kept & revoked, "nobody who stayed lost a certificate"
    withheld = {int(item["serial"], 16) for item in items if item["state"] != "done" and item.get("serial")}
    assert withheld <= revoked, "what a device was never given is revoked"


def test_a_service_that_fails_now_and_then_costs_no_certificate_and_no_word(make_host, tenant, seed, tell_figure):
    host = make_host()
    host.isolation = "in_process"
    run(host, tenant, seed, SHORT_S, tell_figure)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_five_minutes_of_load_on_a_service_that_fails_now_and_then(make_host, tenant, seed, tell_figure):
    run(make_host(), tenant, seed, LONG_S, tell_figure)
