"""Whom a Windows domain takes the holder of a certificate for: a security identifier (SID) is issued only on the word of somebody who knows."""
import os

import pytest
from cryptography import x509

from tests.support import scep_messages as scep
from tests.support.configs import renew_at_any_time
from tests.support.intune import ManagedDevice, only_once, story, use_intune
from tests.support.scep_client import Enrolment, ScepClient
from tests.support.waiting import wait_until
from tests.support.webhook_service import WebhookService
from tests.system.test_webhook import asking
from tests.tenant.profiles import Profile

SID = "S-1-5-21-1004336348-1177238915-682003330-1105"
ADMINISTRATOR = "S-1-5-21-1004336348-1177238915-682003330-500"
SID_EXTENSION = x509.ObjectIdentifier("1.3.6.1.4.1.311.25.2")
# Made apart from the host, by the structure of MS-WCCE 2.2.2.7.7.4.
ENCODED_SID = bytes.fromhex("303fa03d060a2b060104018237190201a02f042d532d312d352d32312d313030343333363334382d31313737323338"
                            "3931352d3638323030333333302d31313035")


def uri(sid):
    return f"tag:microsoft.com,2022-09-14:sid:{sid}"


def mapped(sid_rule):
    """What makes the profile of a configuration let a SID in, and no other URI."""
    return lambda text: text.replace("    san: [dns, email, upn, uri]\n", f"    san: [dns]\n    sid: {sid_rule}\n")


def strong_profile():
    return Profile("vpn", san=lambda device: [x509.UniformResourceIdentifier(uri(SID))], key_usage=frozenset(), eku=frozenset())


def ask(host, name, challenge, *uris, key=None, **options):
    key, client = key or scep.new_rsa_key(), ScepClient(host.url())
    csr = scep.build_csr(key, name, challenge=challenge, uris=uris)
    request = client.pkcs_req(csr, key, transaction_id=os.urandom(20).hex(), **options)
    return Enrolment(key, csr, request, client.send(request))


def sids_of(certificate):
    """Of its alternative names, and the bytes of its extension or None."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = []
    found = [extension for extension in certificate.extensions if extension.oid == SID_EXTENSION]
    assert not any(extension.critical for extension in found)
    return [name.value for name in names], found[0].value.value if found else None


@pytest.fixture(name="host")
def host_fixture(make_host):
    return make_host()


@pytest.mark.parametrize("isolation", ["process", "in_process"])
@pytest.mark.parametrize("sid_rule, extension", [("pass", None), ("extension", ENCODED_SID)], ids=["pass", "extension"])
def test_a_sid_that_intune_has_compared_stands_in_the_certificate(host, tenant, isolation, sid_rule, extension):
    host.isolation = isolation
    use_intune(host, tenant)
    host.configure(mapped(sid_rule)).start()
    device = ManagedDevice(tenant, profile=strong_profile())
    enrolled = ask(host, "laptop-1", device.challenge, uri(SID))
    assert sids_of(enrolled.certificate) == ([uri(SID)], extension)
    item, = host.items()
    assert (item["labels"]["validated_sid"], item["labels"]["validated_names"]) == (SID, "intune") and len(tenant.successes) == 1


@pytest.mark.parametrize("asked", [ADMINISTRATOR, None])
def test_a_device_that_asks_for_another_sid_than_its_profile_gave_gets_none(host, tenant, asked):
    use_intune(host, tenant)
    host.configure(mapped("extension")).start()
    device = ManagedDevice(tenant, profile=strong_profile())
    assert ask(host, "laptop-1", device.challenge, *([uri(asked)] if asked else [])).reply.pki_status == scep.FAILURE
    assert "SubjectAltName" in story(host) and tenant.successes == []


def test_a_profile_that_says_nothing_of_sids_refuses_one_that_intune_found_good(host, tenant):
    use_intune(host, tenant)
    host.start()
    device = ManagedDevice(tenant, profile=strong_profile())
    assert ask(host, "laptop-1", device.challenge, uri(SID)).reply.pki_status == scep.FAILURE
    wait_until(lambda: [item["state"] for item in host.items()] == ["failed"])
    assert tenant.failures[0]["hResult"] == 0xA0C50021 and "set `sid` of the profile" in story(host)


def test_a_static_challenge_vouches_for_no_sid(host):
    host.configure(mapped("pass")).start()
    assert ask(host, "boss", host.challenge, uri(ADMINISTRATOR)).reply.pki_status == scep.FAILURE
    assert "profile.sid_not_validated" in host.command("why", "boss")
    assert ask(host, "plain", host.challenge).reply.pki_status == scep.SUCCESS


def test_no_switch_for_users_lets_a_sid_through(host):
    host.configure(mapped("pass")).configure(lambda text: text.replace(
        '      static: "${file:challenge}"\n', '      static: "${file:challenge}"\n      danger_unbound_users: true\n')).start()
    assert ask(host, "boss", host.challenge, uri(ADMINISTRATOR)).reply.pki_status == scep.FAILURE


def test_a_challenge_that_was_minted_for_a_sid_is_good_for_that_one(host):
    host.configure(mapped("extension")).start()

    def minted():
        return host.json("challenge", "new", "--san", f"uri:{uri(SID)}")["challenge"]
    assert ask(host, "boss", minted(), uri(ADMINISTRATOR)).reply.pki_status == scep.FAILURE
    assert ask(host, "boss", host.json("challenge", "new")["challenge"], uri(SID)).reply.pki_status == scep.FAILURE
    enrolled = ask(host, "laptop-1", minted(), uri(SID))
    assert sids_of(enrolled.certificate) == ([uri(SID)], ENCODED_SID)


def test_a_renewal_keeps_the_sid_and_takes_no_other(host):
    host.configure(mapped("extension")).configure(renew_at_any_time).start()
    old = ask(host, "laptop-1", host.json("challenge", "new", "--san", f"uri:{uri(SID)}")["challenge"], uri(SID))

    def renew(sid):
        key, client = scep.new_rsa_key(), ScepClient(host.url())
        csr = scep.build_csr(key, "laptop-1", uris=[uri(sid)])
        return client.send(scep.build_request(csr, message_type=scep.RENEWAL_REQ, signer_key=old.key, signer_certificate=old.certificate,
                                              recipients=[client.ra()], transaction_id=scep.transaction_id_for(key)))
    assert renew(ADMINISTRATOR).pki_status == scep.FAILURE
    assert sids_of(renew(SID).certificate) == ([uri(SID)], ENCODED_SID)


def test_a_webhook_vouches_for_no_sid(host):
    with WebhookService() as service:
        asking(host, service.url).configure(mapped("pass")).start()
        assert ask(host, "boss", "anything", uri(ADMINISTRATOR)).reply.pki_status == scep.FAILURE
        assert service.questions and "profile.sid_not_validated" in host.command("why", "boss")


@pytest.mark.parametrize("adds, code", [("[]", "profile.key_usage_not_validated"), ("[key_usage]", "profile.eku_not_validated")])
def test_behind_intune_nothing_is_given_that_nobody_asked_for(host, tenant, adds, code):
    use_intune(host, tenant, validate=only_once(), adds=adds)
    host.start()
    assert ManagedDevice(tenant).enrol(host).reply.pki_status == scep.FAILURE
    wait_until(lambda: [item["state"] for item in host.items()] == ["failed"])
    assert tenant.failures[0]["hResult"] == 0xA0C50023 and tenant.failures[0]["errorDescription"].startswith(code)
    assert "under `adds` of the profile" in story(host) and tenant.successes == []
