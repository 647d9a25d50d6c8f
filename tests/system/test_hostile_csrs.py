"""Hostile certificate requests through the whole host: each refused for what is hostile in it, by the fence, whatever the
issuer; and the requests that Windows makes, which look odd and are not."""
import os
import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from tests.plugins.common.connector import make_hostile_requests as builder
from tests.support import scep_messages as scep
from tests.support.configs import certify_ra, renew_at_any_time, use_outside_ca
from tests.support.host import Host
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.scep_client import ScepClient

# By a new device: the request's key is the signer's. (failInfo, code, requests)
FIRST_ENROLMENTS = [
    (scep.BAD_REQUEST, "profile.sid_extension", "sid_extension sid_extension_in_old_attribute"),
    (scep.BAD_REQUEST, "profile.sid_uri",
     "sid_in_san_uri sid_in_san_uri_in_capitals sid_in_san_uri_percent_encoded"),
    (scep.BAD_REQUEST, "profile.ca_true", "ca_true ca_true_with_path_length path_length_without_ca"),
    (scep.BAD_REQUEST, "profile.ca_name", "subject_of_the_ca"),
    (scep.BAD_REQUEST, "profile.extension_not_allowed",
     "name_constraints certificate_policies policy_mappings policy_constraints authority_key_identifier ocsp_no_check "
     "crl_distribution_point ca_version unknown_extension unknown_critical_extension"),
    (scep.BAD_REQUEST, "profile.attribute_not_allowed", "template_in_name_value_pair"),
    (scep.BAD_REQUEST, "profile.san_not_allowed",
     "sid_as_other_name_in_san san_email san_ip san_upn san_dns_and_upn san_directory_name san_registered_id "
     "san_other_name san_kerberos_principal"),
    (scep.BAD_REQUEST, "profile.wildcard_not_allowed", "san_wildcard san_wildcard_behind_a_good_name"),
    (scep.BAD_REQUEST, "profile.bad_san",
     "san_empty san_nul_in_dns san_not_ascii san_dns_with_space san_wildcard_alone san_wildcard_in_a_label "
     "san_uri_with_control_character san_dns_empty san_too_many san_trailing_bytes"),
    (scep.BAD_REQUEST, "profile.eku_not_allowed",
     "eku_server_auth eku_client_and_code_signing eku_any eku_enrollment_agent eku_smartcard_logon eku_ocsp_signing "
     "eku_unknown application_policy_beyond_the_profile"),
    (scep.BAD_REQUEST, "profile.key_usage_not_allowed", "ku_key_cert_sign ku_crl_sign ku_non_repudiation"),
    (scep.BAD_REQUEST, "profile.bad_extension",
     "empty_key_identifier application_policies_empty eku_empty ku_no_bit_string"),
    (scep.BAD_REQUEST, "profile.empty_subject", "empty_subject_without_san"),
    (scep.BAD_REQUEST, "profile.bad_subject",
     "subject_with_control_character subject_with_empty_value subject_with_written_direction "
     "subject_with_byte_order_mark subject_with_c1_control subject_common_name_of_65 subject_country_of_3 "
     "subject_country_not_printable subject_serial_number_not_printable subject_mail_not_ascii "
     "subject_two_names_in_one_part subject_too_long"),
    # No request that could be held against a profile: told apart from a message that does not open by nobody.
    (scep.BAD_MESSAGE_CHECK, None,
     "extension_twice extension_in_both_attributes san_twice_in_one_attribute_set subject_with_nul "
     "subject_with_broken_utf8 subject_with_empty_part subject_of_65_parts signed_with_sha1 signed_with_md5 "
     "signature_broken signature_of_another_key signature_empty version_2 trailing_bytes truncated empty not_der "
     "indefinite_length"),
]
# By a device that has a certificate of ours, which vouches for any key.
RENEWALS = [
    (scep.BAD_REQUEST, "profile.own_key", "key_of_the_ca"),
    (scep.BAD_ALG, "profile.weak_key", "rsa_1024 rsa_exponent_3 rsa_roca rsa_small_factor"),
    (scep.BAD_ALG, "profile.key_not_allowed", "ec_curve_not_in_profile"),
    (scep.BAD_MESSAGE_CHECK, None,
     "rsa_exponent_1 rsa_exponent_even rsa_modulus_even rsa_modulus_negative rsa_16384 ec_p192 ec_p224 ec_secp256k1 "
     "ec_explicit_parameters ec_point_compressed ec_point_at_infinity ec_point_not_on_curve ecdsa_signature_zero "
     "ed25519 dsa"),
]
TOO_LARGE = "too_large"  # is 413 before anyone reads it


def rows(table):
    return {name: (fail_info, code) for fail_info, code, names in table for name in names.split()}


def strict(text):
    """The profile that the requests break: that of the fence's own tests. Challenges leave users' names to the fence."""
    return renew_at_any_time(text).replace("      one_time:", "      danger_unbound_users: true\n      one_time:").replace(
        "san: [dns, email, upn, uri]", "san: [dns, uri]").replace(
        "keys: [rsa>=2048, p256, p384]", "keys: [rsa>=2048, p256]")


def challenge_attribute(challenge):
    return builder.seq(builder.oid(scep.OID_CHALLENGE_PASSWORD), builder.der_set(builder.printable(challenge)))


class Attack:
    """All the requests, sent once to a running host; what came back by name."""

    def __init__(self, host, names=None):
        self.client = ScepClient(host.url())
        self.key, other = scep.new_rsa_key(), scep.new_ec_key()
        self.host, self.attributes = host, [challenge_attribute(host.challenge)]
        ca = self.client.certificates()[-1]
        ca_key = serialization.load_pem_private_key((host.directory / "ca.key").read_bytes(), None)
        self.requests = dict(builder.hostile(self.key, other, ca_key, ca.subject.public_bytes(), self.attributes))
        self.own = self.enrol_good()
        self.replies, self.transactions = {}, {}
        for name in names or [*rows(FIRST_ENROLMENTS), *rows(RENEWALS)]:
            self.send(name)
        self.items = {item["transaction_id"]: item for item in host.items("--limit", "1000")}

    def enrol_good(self):
        csr = builder.signed_request(self.key, *self.attributes)
        message = self.client.pkcs_req(csr, self.key, transaction_id=os.urandom(20).hex())
        reply = self.client.send(message)
        assert reply.pki_status == scep.SUCCESS, reply
        return reply.certificate

    def send(self, name):
        renewal = name in rows(RENEWALS)
        transaction = os.urandom(20).hex()
        message = self.client.pkcs_req(self.requests[name], self.key, self.own if renewal else None,
                                       transaction_id=transaction)
        self.replies[name], self.transactions[name] = self.client.send(message), transaction

    def item(self, name):
        return self.items.get(self.transactions[name])


@pytest.fixture(scope="module")
def attack(build_dir, tmp_path_factory):
    host = Host(build_dir, tmp_path_factory.mktemp("hostile") / "host").init().configure(strict).start()
    yield Attack(host)
    host.kill()


def test_every_request_of_the_builder_has_an_expectation(attack):
    assert {*rows(FIRST_ENROLMENTS), *rows(RENEWALS), TOO_LARGE} == set(attack.requests)
    assert len(attack.replies) >= 100


@pytest.mark.parametrize("name, fail_info, code",
                         [(name, *expected) for table in (FIRST_ENROLMENTS, RENEWALS) for name, expected in rows(table).items()])
def test_a_hostile_request_is_refused(attack, name, fail_info, code):
    reply, item = attack.replies[name], attack.item(name)
    assert (reply.pki_status, reply.fail_info) == (scep.FAILURE, fail_info)
    sentence, reference = reply.fail_info_text.rsplit("; reference ", 1)
    if code is None:
        assert item is None and sentence == "the request can't be opened"
        assert reference in attack.host.log()
        return
    assert sentence == "the request is refused"
    assert (item["state"], item["code"], item["id"]) == ("failed", code, reference)
    assert item["attempts"][-1]["call"] == "check_request", "a CA was asked before the fence"
    assert re.search(rf"code={re.escape(code)}\b.*{item['id']}|{item['id']}.*code={re.escape(code)}\b", attack.host.log())


@pytest.mark.parametrize("name, advice", [
    ("sid_extension", "find out who asked for somebody's security identifier"), ("san_upn", "add the kind of name to `san`"),
    ("san_wildcard", "add `dns_wildcard` to `san`"), ("eku_any", "add the purpose to `eku`"), ("rsa_roca", "make a new key"),
    ("key_of_the_ca", "find out who holds a key"), ("subject_common_name_of_65", "not too long"),
    ("ec_curve_not_in_profile", "of a kind under `keys`")])
def test_why_says_what_to_do_about_a_refusal(attack, name, advice):
    transaction = attack.transactions[name]
    story = attack.host.command("why", transaction)
    what_to_do = story.partition("What to do: ")[2]
    assert transaction in story and attack.item(name)["code"] in story
    assert advice in what_to_do and what_to_do.rstrip().endswith(".")


def test_a_request_that_is_too_large_is_told_so_before_anyone_reads_it(attack):
    message = attack.client.pkcs_req(attack.requests[TOO_LARGE], attack.key)
    assert attack.client.post(message.der).status == 413


def test_the_ras_own_key_is_certified_for_nobody(attack):
    ra_key = serialization.load_pem_private_key((attack.host.directory / "ra.key").read_bytes(), None)
    csr = builder.signed_request(ra_key, *attack.attributes)
    for signer, certificate in ((ra_key, None), (attack.key, attack.own)):
        reply = attack.client.send(attack.client.pkcs_req(csr, signer, certificate, transaction_id=os.urandom(20).hex()))
        assert (reply.pki_status, reply.fail_info) == (scep.FAILURE, scep.BAD_REQUEST)


def test_the_host_goes_on_and_issued_to_nobody_hostile(attack):
    assert attack.host.running()
    attack.enrol_good()
    done = [item for item in attack.host.items("--limit", "1000") if item["state"] == "done"]
    assert {item["labels"]["subject"] for item in done} == {"CN=laptop-7"}
    assert not {item["transaction_id"] for item in done} & set(attack.transactions.values())


def windows_request(key, attributes):
    """As certreq and Intune's client make it: template in both spellings, operating system, client, provider, mail ciphers and
    purposes in Microsoft's own extension."""
    bmp = builder.tlv(0x1E, "DeviceTemplate".encode("utf-16-be"))
    template = builder.seq(builder.oid("1.3.6.1.4.1.311.21.8.1234.5678.1"), builder.integer(100), builder.integer(3))
    client = builder.seq(builder.integer(9), builder.utf8("pc7.corp.example"), builder.utf8("CORP\\pc7$"),
                         builder.utf8("taskhostw.exe"))
    provider = builder.seq(builder.integer(1), builder.tlv(0x1E, "Microsoft Platform Crypto Provider".encode("utf-16-be")),
                           builder.bits(b""))

    def attribute(dotted, value):
        return builder.seq(builder.oid(dotted), builder.der_set(value))

    return builder.signed_request(
        key, *attributes, attribute("1.3.6.1.4.1.311.13.2.3", builder.ia5("10.0.22631.2")),
        attribute("1.3.6.1.4.1.311.21.20", client), attribute("1.3.6.1.4.1.311.13.2.2", provider),
        builder.extension_request(
            builder.san(builder.dns("pc7.corp.example")),
            builder.eku("1.3.6.1.5.5.7.3.2"),
            builder.application_policies("1.3.6.1.5.5.7.3.2"),
            builder.key_usage(0xA0, 5),
            builder.extension("1.3.6.1.4.1.311.20.2", bmp),
            builder.extension("1.3.6.1.4.1.311.21.7", template),
            builder.extension("1.2.840.113549.1.9.15", builder.seq(builder.seq(builder.oid("2.16.840.1.101.3.4.1.42")))),
            builder.extension("2.5.29.14", builder.octets(x509.SubjectKeyIdentifier.from_public_key(
                key.public_key()).digest))))


def test_what_windows_writes_into_a_request_is_let_be_and_stays_out_of_the_certificate(attack):
    csr = windows_request(attack.key, attack.attributes)
    reply = attack.client.send(attack.client.pkcs_req(csr, attack.key, transaction_id=os.urandom(20).hex()))
    assert reply.pki_status == scep.SUCCESS
    found = {extension.oid: extension.value for extension in reply.certificate.extensions}
    assert set(found) == {ExtensionOID.AUTHORITY_KEY_IDENTIFIER, ExtensionOID.SUBJECT_KEY_IDENTIFIER,
                          ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE, ExtensionOID.EXTENDED_KEY_USAGE,
                          ExtensionOID.SUBJECT_ALTERNATIVE_NAME}
    assert list(found[ExtensionOID.EXTENDED_KEY_USAGE]) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_a_key_identifier_that_is_not_the_key_s_is_let_be_and_stays_out_of_the_certificate(attack):
    strange = builder.extension_request(builder.extension("2.5.29.14", builder.octets(b"\x02" * 20)))
    csr = builder.signed_request(attack.key, *attack.attributes, strange)
    reply = attack.client.send(attack.client.pkcs_req(csr, attack.key, transaction_id=os.urandom(20).hex()))
    assert reply.pki_status == scep.SUCCESS
    given = reply.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert given == x509.SubjectKeyIdentifier.from_public_key(attack.key.public_key())


def test_old_string_types_of_a_subject_become_those_of_rfc_5280(attack):
    subject = builder.name(builder.rdn("2.5.4.6", builder.utf8("DE")),
                           builder.rdn("2.5.4.10", builder.tlv(0x14, "Büro".encode("latin-1"))),
                           builder.rdn("2.5.4.3", builder.tlv(0x1E, "laptop-7".encode("utf-16-be"))))
    csr = builder.signed_request(attack.key, *attack.attributes, subject=subject)
    reply = attack.client.send(attack.client.pkcs_req(csr, attack.key, transaction_id=os.urandom(20).hex()))
    assert reply.pki_status == scep.SUCCESS
    assert reply.certificate.subject.public_bytes() == builder.name(
        builder.rdn("2.5.4.6", builder.printable("DE")), builder.rdn("2.5.4.10", builder.utf8("Büro")),
        builder.rdn("2.5.4.3", builder.utf8("laptop-7")))


def test_a_transaction_id_may_hold_a_space(attack):
    csr = builder.signed_request(attack.key, *attack.attributes)
    reply = attack.client.send(attack.client.pkcs_req(csr, attack.key, transaction_id="laptop 7: first try"))
    assert reply.pki_status == scep.SUCCESS


SAMPLE = ["sid_extension", "sid_in_san_uri", "ca_true", "san_upn", "san_wildcard", "eku_any",
          "application_policy_beyond_the_profile", "subject_with_written_direction"]


def test_another_issuer_is_fenced_alike_and_never_asked(make_host, tmp_path):
    host = make_host()
    with OutsideCaProcess(tmp_path / "outside", key="rsa") as outside:
        host.configure(lambda text: use_outside_ca(strict(text), outside.address))
        certify_ra(host, tmp_path / "outside")
        host.start()
        found = Attack(host, SAMPLE)
        for name in SAMPLE:
            fail_info, code = rows(FIRST_ENROLMENTS)[name]
            assert (found.replies[name].fail_info, found.item(name)["code"]) == (fail_info, code), name
        assert len(outside.ledger()) == 1, "of the good enrolment"
