"""The 25 scenarios of Microsoft's acceptance list for CAs of third parties (CsrValidation/doc/TestMatrix.csv), as one table."""
import dataclasses
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AttributeOID, ExtendedKeyUsageOID, NameOID

from tests.support import scep_messages as scep
from tests.support.intune import ManagedDevice, only_once, story, use_intune
from tests.support.scep_client import ScepClient
from tests.support.waiting import wait_until
from tests.tenant.profiles import Profile
from tests.tenant.server import Fault

EMAIL, UPN = "ada@example.com", "ada@corp.example.com"
TUNNEL = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.6")
BY_EMAIL = x509.RFC822Name(EMAIL)
BY_UPN = x509.OtherName(x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), b"\x0c" + bytes([len(UPN)]) + UPN.encode())
SIGN, WRAP = "digital_signature", "key_encipherment"


@dataclasses.dataclass(frozen=True)
class Scenario:
    subject: tuple = ((NameOID.COMMON_NAME, "laptop-1"),)
    san: tuple = ()
    usage: tuple = (SIGN, WRAP)
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH
    bits: int = 2048
    digest: hashes.HashAlgorithm = hashes.SHA256()
    issued: bool = True
    why: str = ""


def named(*attributes):
    return Scenario(subject=attributes)


CN = NameOID.COMMON_NAME
ISSUED_OR_REFUSED = {
    "validity": Scenario(),
    "subject: CN": named((CN, "laptop-1")),
    "subject: CN and email": named((CN, "Ada"), (NameOID.EMAIL_ADDRESS, EMAIL)),
    "subject: email as CN": named((CN, EMAIL)),
    "subject: IMEI": named((CN, "490154203237518")),
    "subject: serial number": named((CN, "C02XL0GTJGH5")),
    "subject: custom": named((NameOID.COUNTRY_NAME, "CH"), (NameOID.ORGANIZATION_NAME, "Example"), (NameOID.ORGANIZATIONAL_UNIT_NAME, "Mobile"), (CN, "Ada")),
    "SAN: email": Scenario(san=(BY_EMAIL,)),
    "SAN: UPN": Scenario(san=(BY_UPN,)),
    "SAN: both": Scenario(san=(BY_EMAIL, BY_UPN)),
    "key usage: signature": Scenario(usage=(SIGN,)),
    "key usage: encipherment": Scenario(usage=(WRAP,)),
    "key usage: both": Scenario(usage=(SIGN, WRAP)),
    "key of 1024 bits": Scenario(bits=1024, issued=False, why="profile.weak_key"),
    "key of 2048 bits": Scenario(bits=2048),
    "hash: SHA-1": Scenario(digest=hashes.SHA1(), issued=False, why="profile.unsupported_algorithm"),
    "hash: SHA-2": Scenario(digest=hashes.SHA512()),
    "hash: either, so the device takes SHA-2": Scenario(digest=hashes.SHA256()),
    "EKU: client authentication": Scenario(),
    "EKU: IPsec tunnel": Scenario(purpose=TUNNEL)}
KEYS = {}


def key_of(bits):
    if bits not in KEYS:
        KEYS[bits] = rsa.generate_private_key(65537, bits)
    return KEYS[bits]


def extensions_of(scenario):
    used = [name in scenario.usage for name in (SIGN, "", WRAP, "", "", "", "")]
    yield x509.KeyUsage(*used, False, False)
    yield x509.ExtendedKeyUsage([scenario.purpose])
    if scenario.san:
        yield x509.SubjectAlternativeName(scenario.san)


def request_of(scenario, challenge):
    name = x509.Name([x509.NameAttribute(kind, value) for kind, value in scenario.subject])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name).add_attribute(AttributeOID.CHALLENGE_PASSWORD, challenge.encode())
    for extension in extensions_of(scenario):
        builder = builder.add_extension(extension, False)
    return builder.sign(key_of(scenario.bits), scenario.digest).public_bytes(Encoding.DER)


def profile_of(scenario):
    """As it was set up in the tenant."""
    subject = ",".join(f"{kind.dotted_string}={value}" for kind, value in reversed(scenario.subject))
    return Profile("acceptance", lambda _device: subject, lambda _device: list(scenario.san), frozenset(scenario.usage),
                   frozenset({scenario.purpose}), scenario.bits)


def prepare(host, tenant, **options):
    app = use_intune(host, tenant, **options)
    host.configure(lambda text: text.replace("eku: [client_auth]", f"eku: [client_auth, {TUNNEL.dotted_string}]")
                   .replace("validity: 365d", "validity: 30d").replace("path: /scep\n", "path: /scep\n      danger_allow_sha1: true\n"))
    host.start()
    return app


def enrol(host, device, scenario):
    client, key = ScepClient(host.url()), key_of(scenario.bits)
    csr = request_of(scenario, device.challenge)
    return client.send(client.pkcs_req(csr, key, transaction_id=device.device.id))


@pytest.fixture(name="host")
def host_fixture(make_host):
    return make_host()


@pytest.mark.parametrize("name", ISSUED_OR_REFUSED)
def test_a_device_with_this_profile(host, tenant, name):
    scenario = ISSUED_OR_REFUSED[name]
    prepare(host, tenant)
    device = ManagedDevice(tenant, profile=profile_of(scenario))
    reply = enrol(host, device, scenario)
    assert tenant.refusals == []
    if not scenario.issued:
        assert reply.pki_status == scep.FAILURE and tenant.successes == []
        wait_until(lambda: tenant.failures)
        assert scenario.why in tenant.failures[0]["errorDescription"] and tenant.failures[0]["hResult"] == 0xA0C50020
        return
    assert reply.pki_status == scep.SUCCESS and len(tenant.successes) == 1 and tenant.failures == []
    certificate = reply.certificate
    assert [(one.oid, one.value) for one in certificate.subject] == list(scenario.subject)
    assert timedelta(days=29) < certificate.not_valid_after - certificate.not_valid_before <= timedelta(days=30, minutes=10)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert {one for one in (SIGN, WRAP) if getattr(usage, one)} == set(scenario.usage)
    assert list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [scenario.purpose]
    if scenario.san:
        assert set(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value) == set(scenario.san)


def test_renewal_is_a_new_enrolment_with_a_new_challenge(host, tenant):
    prepare(host, tenant)
    device = ManagedDevice(tenant, profile=profile_of(Scenario()))
    first = enrol(host, device, Scenario())
    device.challenge = tenant.challenges.make(device.device, device.profile)
    second = enrol(host, device, Scenario())
    assert first.certificate.serial_number != second.certificate.serial_number and len(tenant.successes) == 2


def test_a_challenge_that_does_not_fit_is_refused(host, tenant):
    prepare(host, tenant)
    device = ManagedDevice(tenant, profile=profile_of(named((CN, "laptop-2"))))
    assert enrol(host, device, Scenario()).pki_status == scep.FAILURE
    assert "SubjectNameMismatch" in story(host) and tenant.successes == tenant.failures == []


def test_a_validation_that_ends_with_500_issues_nothing(host, tenant):
    prepare(host, tenant, validate=only_once())
    tenant.fail("validate", Fault("status", 500))
    with pytest.raises(scep.ProtocolError, match="HTTP 503"):
        enrol(host, ManagedDevice(tenant, profile=profile_of(Scenario())), Scenario())
    assert tenant.successes == tenant.failures == [] and "issued" not in host.log()


def test_a_certificate_whose_notification_fails_is_not_handed_out(host, tenant):
    prepare(host, tenant, deliver=only_once(2))
    tenant.fail("success", *[Fault("status", 500)] * 2)
    assert enrol(host, ManagedDevice(tenant, profile=profile_of(Scenario())), Scenario()).pki_status == scep.FAILURE
    wait_until(lambda: [item["state"] for item in host.items()] == ["failed"])
    assert tenant.successes == [] and "handed to nobody" in story(host)


def test_a_wrong_secret_issues_nothing(host, tenant):
    app = tenant.directory.register()
    prepare(host, tenant, app=dataclasses.replace(app, secret="wrong"), validate=only_once())
    with pytest.raises(scep.ProtocolError, match="HTTP 503"):
        enrol(host, ManagedDevice(tenant, profile=profile_of(Scenario())), Scenario())
    assert "AADSTS7000215" in story(host) and tenant.calls["validate"] == 0


def test_the_list_has_25_scenarios():
    assert len(ISSUED_OR_REFUSED) + 5 == 25
