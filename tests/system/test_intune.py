"""Devices of a tenant of Microsoft Intune: it is asked before and told after, whoever vouches for the app and whatever happens to the host."""
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from asn1crypto import core
from asn1crypto import x509 as asn1_x509
from cryptography import x509

from tests.support import scep_messages as scep
from tests.support.intune import (ManagedDevice, app_certificate, by_certificate, everything_told, only_once, plain_profile, registered, story,
                                  use_intune)
from tests.support.scep_client import ScepClient
from tests.support.soft_hsm import SoftHsm
from tests.support.strongswan import Strongswan
from tests.support.waiting import wait_until
from tests.tenant.profiles import Profile
from tests.tenant.server import Fault
from tests.tenant.service import thumbprint

BOTH = pytest.mark.parametrize("isolation", ["process", "in_process"])
SID = "1.3.6.1.4.1.311.25.2"


@pytest.fixture(scope="module", name="key")
def key_fixture():
    """Making one takes long; requests are told apart by their challenges."""
    return scep.new_rsa_key()


@pytest.fixture(name="host")
def host_fixture(make_host):
    return make_host()


@BOTH
def test_strongswan_enrols_with_a_challenge_of_the_tenant_and_the_tenant_is_told(host, tenant, tmp_path, isolation):
    host.isolation = isolation
    use_intune(host, tenant)
    host.start()
    device, client = ManagedDevice(tenant), Strongswan(tmp_path / "client", host.url()).fetch_ca()
    certificate = client.enrol(client.new_key(), "CN=laptop-1", device.challenge)
    told, = tenant.successes
    item, = host.items()
    assert told["certificateThumbprint"] == thumbprint(certificate)
    assert int(told["certificateSerialNumber"], 16) == certificate.serial_number and len(told["certificateSerialNumber"]) % 2 == 0
    assert told["certificateExpirationDateUtc"].startswith(certificate.not_valid_after.strftime("%Y-%m-%dT%H:%M:%S."))
    assert told["issuingCertificateAuthority"] == certificate.issuer.rfc4514_string()
    assert told["caConfiguration"] == f"example-ca/{item['id']}"
    assert (item["state"], tenant.refusals, tenant.failures) == ("done", [], [])


def test_a_certificate_vouches_for_the_app_and_its_end_is_watched(host, tenant):
    certificate, its_key = app_certificate(host.directory)
    use_intune(host, tenant, registered(tenant, certificate), by_certificate(certificate, its_key))
    host.start()
    assert ManagedDevice(tenant).enrol(host).reply.pki_status == scep.SUCCESS
    assert tenant.refusals == [] and len(tenant.successes) == 1
    done = host.run_program("status", "--expiry", "--config", str(host.config))
    assert "intune_app" in done.stdout and "certspan intune" in done.stdout


def test_a_certificate_whose_key_lies_in_a_token_vouches_for_the_app(make_host, tenant, tmp_path):
    hsm = SoftHsm(tmp_path / "hsm")
    host = make_host(environment=hsm.environment)
    host.isolation = "in_process"
    certificate, its_key = app_certificate(host.directory)
    hsm.take(its_key, "intune")
    use_intune(host, tenant, registered(tenant, certificate), f"certificate_file: {certificate}, {hsm.setting('intune')}")
    host.start()
    assert ManagedDevice(tenant).enrol(host).reply.pki_status == scep.SUCCESS
    assert tenant.refusals == [] and len(tenant.successes) == 1


def test_a_failure_after_a_yes_is_told_with_its_number_and_its_reason(host, tenant):
    use_intune(host, tenant)
    host.configure(lambda text: text.replace("keys: [", "keys: [rsa>=8192] # [", 1)).start()
    assert ManagedDevice(tenant).enrol(host).reply.pki_status == scep.FAILURE
    wait_until(lambda: tenant.failures)
    told, = tenant.failures
    assert told["hResult"] == 0xA0C50020 and told["errorDescription"].startswith("profile.") and tenant.successes == []


@pytest.mark.parametrize("fault", [Fault("code", "ChallengeExpired"), Fault("status", 500), Fault("cut", done=True)], ids=lambda fault: fault.kind)
def test_a_failure_of_the_validation_itself_is_told_to_nobody(host, tenant, fault):
    use_intune(host, tenant, validate=only_once())
    host.start()
    tenant.fail("validate", fault)
    ManagedDevice(tenant).enrol_silently(host)
    wait_until(lambda: [item["state"] for item in host.items()] in (["failed"], ["dead"]))
    host.stop()
    assert tenant.calls["failure"] == tenant.calls["success"] == 0 and tenant.calls["validate"] == 1


def test_a_crowd_of_devices_costs_two_tokens_and_one_discovery(host, tenant, key):
    use_intune(host, tenant)
    host.start()
    crowd, ra = [ManagedDevice(tenant, f"crowd-{number}") for number in range(24)], ScepClient(host.url())
    ra.ra()
    with ThreadPoolExecutor(len(crowd)) as devices:
        replies = list(devices.map(lambda device: device.enrol(host, key=key, transaction_id=device.device.id).reply, crowd))
    assert all(reply.pki_status == scep.SUCCESS for reply in replies)
    assert (tenant.calls["token"], tenant.calls["discovery"]) == (2, 4), "the discovery has four pages"
    assert tenant.calls["validate"] == tenant.calls["success"] == len(crowd) and tenant.refusals == []


def test_a_repeat_gets_the_same_certificate_without_being_asked_about_again(host, tenant, key):
    use_intune(host, tenant)
    host.start()
    device, client = ManagedDevice(tenant), ScepClient(host.url())
    csr = scep.build_csr(key, device.device.name, challenge=device.challenge)
    first, second = (client.send(client.pkcs_req(csr, key)) for _ in range(2))
    assert first.certificate.serial_number == second.certificate.serial_number
    assert tenant.calls["validate"] == tenant.calls["success"] == 1


def test_a_notification_that_could_not_be_sent_outlives_the_host(host, tenant, key):
    use_intune(host, tenant, deliver="        retry: { backoff: 1ms..100ms }\n")
    host.start()
    tenant.fail("success", *[Fault("status", 503)] * 1000)
    device = ManagedDevice(tenant)
    waiting = threading.Thread(target=lambda: device.enrol_silently(host, key=key))
    waiting.start()
    wait_until(lambda: tenant.calls["success"])
    host.kill()
    waiting.join(60)
    tenant.recover("success")
    host.start()
    wait_until(lambda: [item["state"] for item in host.items()] == ["done"])
    told, = tenant.successes
    again = device.enrol(host, key=key).reply
    assert told["certificateThumbprint"] == thumbprint(again.certificate) and tenant.calls["validate"] == 1


def test_an_answer_that_got_lost_is_asked_for_again_with_the_same_certificate(host, tenant, key):
    use_intune(host, tenant, deliver=only_once(3))
    host.start()
    tenant.fail("success", Fault("cut", done=True))
    certificate = ManagedDevice(tenant).enrol(host, key=key).certificate
    assert [told["certificateThumbprint"] for told in tenant.successes] == [thumbprint(certificate)] * 2


def test_a_certificate_that_the_tenant_refuses_word_of_is_handed_to_nobody(host, tenant, key):
    use_intune(host, tenant)
    host.start()
    tenant.fail("success", Fault("code", "ScepProfileNoLongerTargetedToTheClient"))
    refused = ManagedDevice(tenant).enrol(host, key=key)
    assert refused.reply.pki_status == scep.FAILURE and tenant.successes == []
    assert "handed to nobody" in story(host) and "certificate withheld" in host.log()


def extension(oid, value):
    return asn1_x509.Extension({"extn_id": oid, "critical": False, "extn_value": core.ParsableOctetString(value.dump())})


@pytest.mark.parametrize("more, number", [
    pytest.param(dict(extensions=[extension(SID, core.OctetString(b"S-1-5-21-1-500"))]), 0xA0C50021, id="a foreign SID"),
    pytest.param(dict(extensions=[extension("1.2.3.4", core.Null())]), 0xA0C50024, id="an unknown extension")])
def test_what_the_tenant_does_not_look_at_is_refused_here(host, tenant, key, more, number):
    use_intune(host, tenant)
    host.start()
    device, client = ManagedDevice(tenant), ScepClient(host.url())
    csr = scep.build_csr(key, device.device.name, challenge=device.challenge, **more)
    assert client.send(client.pkcs_req(csr, key)).pki_status == scep.FAILURE
    wait_until(lambda: tenant.failures)
    assert tenant.validated and tenant.failures[0]["hResult"] == number


def eku(*names):
    return extension("extended_key_usage", asn1_x509.ExtKeyUsageSyntax(names))


def test_a_challenge_of_a_weak_profile_gains_nothing_at_a_strong_endpoint(host, tenant, key):
    use_intune(host, tenant)
    host.configure(lambda text: text.replace("eku: [client_auth]", "eku: [client_auth, server_auth, smartcard_logon]")).start()
    client = ScepClient(host.url())

    def enrol(name, *purposes):
        device = ManagedDevice(tenant, name, Profile("weak", key_usage=frozenset()))
        csr = scep.build_csr(key, name, challenge=device.challenge, extensions=[eku(*purposes)] if purposes else [])
        return client.send(client.pkcs_req(csr, key, transaction_id=device.device.id))
    issued = enrol("modest", "client_auth").certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [purpose.dotted_string for purpose in issued] == ["1.3.6.1.5.5.7.3.2"]
    assert enrol("greedy", "client_auth", "server_auth").pki_status == scep.FAILURE
    assert enrol("silent").pki_status == scep.FAILURE
    assert "EnhancedKeyUsageMismatch" in story(host, "greedy") and "EnhancedKeyUsageMissing" in story(host, "silent")


def test_a_device_that_left_can_not_renew(host, tenant, key):
    use_intune(host, tenant)
    host.start()
    device, client = ManagedDevice(tenant), ScepClient(host.url())
    enrolled = client.enrol(device.device.name, device.challenge, key)
    challenge = tenant.challenges.make(device.device, device.profile)
    tenant.retire(device.device)
    assert client.renew(enrolled, device.device.name).reply.pki_status == scep.FAILURE, "without a challenge"
    assert ScepClient(host.url()).enrol(device.device.name, challenge).reply.pki_status == scep.FAILURE
    assert "ChallengePasswordMissing" in story(host) and "ScepProfileNoLongerTargetedToTheClient" in story(host)
    assert len(tenant.successes) == 1


def test_no_secret_token_or_challenge_is_told_to_anybody(host, tenant):
    app = use_intune(host, tenant, validate=only_once())
    host.start()
    tenant.fail("validate", Fault("status", 500), Fault("code", "SubjectNameMismatch"))
    devices = [ManagedDevice(tenant, f"laptop-{number}") for number in range(3)]
    for device in devices:
        device.enrol_silently(host)
    told = everything_told(host) + "".join(story(host, device.device.name) for device in devices)
    assert "laptop-2" in told and "SubjectNameMismatch" in told
    for secret in [app.secret, *tenant.directory.tokens, *(device.challenge for device in devices)]:
        assert secret not in told


def test_the_story_has_the_ids_by_which_microsoft_finds_the_calls(host, tenant):
    use_intune(host, tenant)
    host.start()
    ManagedDevice(tenant).enrol(host)
    item, = host.items()
    ids = {item["labels"]["intune_validation"], item["labels"]["intune_notification"]}
    assert len(ids) == 2 and ids <= tenant.call_ids and all(one in host.log() for one in ids)


BAD = [
    ("the app has a certificate or a client secret", lambda s: s + ', certificate_file: a.pem'),
    ('give "certificate_file" and its key', lambda s: ""),
    ("must be https, or http on 127.0.0.1", lambda s: s + ', authority: "http://login.example/"'),
    ("must be https, or http on 127.0.0.1", lambda s: s + ', graph: "https://user:pass@graph.example/"'),
    ("is not published", lambda s: s + ", cloud: china"),
]


@pytest.mark.parametrize("words, change", BAD)
def test_check_tells_what_the_schema_can_not(host, tenant, words, change):
    secret = 'client_secret: "${file:challenge}"'
    settings = f"tenant: example.com, client_id: {tenant.directory.register().client_id}"
    credential = change(secret)
    connector = f"  intune:\n    plugin: intune\n    type: scep_validator\n    settings: {{ {settings}{', ' if credential else ''}{credential} }}\n"
    host.configure(lambda text: text.replace("connectors:\n", f"connectors:\n{connector}", 1))
    done = host.run_program("check", "--config", str(host.config))
    assert done.returncode == 2 and words in done.stdout + done.stderr
