"""What goes wrong between the host and a tenant of Intune lets nobody through, and is told apart in words."""
import socket
import time

import pytest

from tests.support import scep_messages as scep
from tests.support.host import Host
from tests.support.intune import ManagedDevice, everything_told, only_once, story, use_intune
from tests.support.scep_client import ScepClient
from tests.support.tls import make_server_certificate
from tests.tenant.directory import READ_APPLICATIONS, VALIDATE_CHALLENGES, App
from tests.tenant.server import Fault, Tenant

FINAL = {
    "CertificateRequestDecodingFailed": "request_not_read", "ChallengePasswordMissing": "challenge_missing",
    "ChallengeDeserializationError": "challenge_not_read", "ChallengeDecryptionError": "challenge_not_opened",
    "ChallengeDecodingError": "challenge_altered", "ChallengeInvalidTimestamp": "challenge_time", "ChallengeExpired": "challenge_expired",
    "SubjectNameMissing": "subject_missing", "SubjectNameMismatch": "subject_mismatch", "SubjectAltNameMissing": "san_missing",
    "SubjectAltNameMismatch": "san_mismatch", "KeyUsageMismatch": "key_usage_mismatch", "KeyLengthMismatch": "key_length_mismatch",
    "EnhancedKeyUsageMissing": "eku_missing", "EnhancedKeyUsageMismatch": "eku_mismatch", "AadKeyIdentifierListMissing": "key_not_registered",
    "RegisteredKeyMismatch": "other_key_registered", "SigningCertThumbprintMismatch": "challenge_signer",
    "ScepProfileNoLongerTargetedToTheClient": "profile_withdrawn", "SignatureValidationFailed": "challenge_forged",
    "BadCertificateRequestIdInChallenge": "challenge_of_other_request", "BadDeviceIdInChallenge": "challenge_of_other_device",
    "BadUserIdInChallenge": "challenge_of_other_user", "AWordOfTomorrow": "refused", "success": "refused", "Success ": "refused"}


@pytest.fixture(scope="module", name="key")
def key_fixture():
    return scep.new_rsa_key()


@pytest.fixture(name="host")
def host_fixture(make_host):
    return make_host()


def start(host, tenant, **options):
    use_intune(host, tenant, validate=only_once(), **options)
    return host.start()


def turned_away(host, tenant, key, *words, told_by=story):
    """The device is told to come again, no certificate is made, and the story has these words. (One that is put off by a pause that
    the service asks for is not kept, and stands in the log alone.)"""
    with pytest.raises(scep.ProtocolError, match="HTTP 503"):
        ManagedDevice(tenant).enrol(host, key=key)
    told = told_by(host)
    for word in words:
        assert word in told, told
    assert tenant.successes == [] and not [item for item in host.items() if item["state"] == "done"]


def test_each_of_the_codes_refuses_for_good_with_a_word_of_its_own(host, tenant, key):
    start(host, tenant)
    client = ScepClient(host.url())
    for number, (code, word) in enumerate(FINAL.items()):
        device = ManagedDevice(tenant, f"device-{number}.example")
        tenant.fail("validate", Fault("code", code))
        refused = client.enrol(device.device.name, device.challenge, key, transaction_id=device.device.id).reply
        assert (refused.pki_status, refused.fail_info) == (scep.FAILURE, scep.BAD_REQUEST), code
        told = story(host, device.device.name)
        assert f"intune.{word}" in told and f"Intune says {code}: " in told and "[activity " in told, told
    assert tenant.successes == tenant.failures == [] and tenant.calls["validate"] == len(FINAL)


FAULTS = {
    "500": (Fault("status", 500), "intune.status", "HTTP 500", "a fault of the simulator"),
    "503": (Fault("status", 503, retry_after=2), "intune.status", "HTTP 503"),
    "400": (Fault("status", 400), "intune.status", "HTTP 400"),
    "302": (Fault("status", 302), "intune.status", "HTTP 302"),
    "403": (Fault("status", 403), "intune.denied", "scep_challenge_provider"),
    "429": (Fault("status", 429, retry_after=7), "intune.throttled", "Intune answered HTTP 429"),
    "Unknown": (Fault("code", "Unknown"), "intune.unknown"),
    "cut off": (Fault("cut"), "intune.broken"),
    "a page for people": (Fault("junk"), "intune.unreadable", "sign-in"),
    "nothing": (Fault("empty"), "intune.unreadable"),
    "both": (Fault("body", b'{"code":"ChallengeExpired","code":"Success","errorDescription":""}'), "intune.unreadable"),
    "no code": (Fault("body", b'{"errorDescription":""}'), "intune.unreadable"),
    "a number": (Fault("body", b'{"code":1,"errorDescription":""}'), "intune.unreadable"),
    "a list": (Fault("body", b'["Success"]'), "intune.unreadable"),
    "more behind it": (Fault("body", b'{"code":"Success","errorDescription":""} {}'), "intune.unreadable"),
    "no UTF-8": (Fault("body", b'{"code":"Success","errorDescription":"\xff"}'), "intune.unreadable"),
    "too much": (Fault("body", b'{"code":"Success","errorDescription":"' + b"x" * 300_000 + b'"}'), "intune.too_large")}


@pytest.mark.parametrize("name", FAULTS)
def test_an_answer_that_is_not_a_clear_yes_lets_nobody_through(host, tenant, key, name):
    fault, *words = FAULTS[name]
    start(host, tenant)
    tenant.fail("validate", fault)
    turned_away(host, tenant, key, *words, told_by=Host.log if name == "429" else story)


def test_a_tenant_that_is_silent_lets_nobody_through(host, tenant, key):
    use_intune(host, tenant, validate=only_once())
    host.configure(lambda text: text.replace("timeout: 5s }", "timeout: 300ms }")).start()
    tenant.fail("validate", Fault("silent"))
    turned_away(host, tenant, key, "intune.no_time")


def test_a_token_that_is_not_taken_any_more_is_replaced_unnoticed(host, tenant, key):
    start(host, tenant)
    assert ManagedDevice(tenant, "first.example").enrol(host, key=key, transaction_id="first").reply.pki_status == scep.SUCCESS
    with tenant.lock:
        tenant.directory.expire_tokens()
    assert ManagedDevice(tenant).enrol(host, key=key).reply.pki_status == scep.SUCCESS
    assert tenant.calls["token"] == 3, "Graph's was not needed"


def test_a_token_that_is_never_taken_is_asked_for_once_more_and_no_oftener(host, tenant, key):
    start(host, tenant)
    tenant.fail("validate", *[Fault("status", 401)] * 9)
    turned_away(host, tenant, key, "intune.denied", "scep_challenge_provider", "admin consent")
    assert (tenant.calls["validate"], tenant.calls["token"]) == (2, 3)


@pytest.mark.parametrize("roles, words", [
    ({VALIDATE_CHALLENGES}, ("intune.graph_denied", "Application.Read.All")),
    ({READ_APPLICATIONS}, ("intune.not_offered", "scep_challenge_provider", "licence"))], ids=["Graph", "Intune"])
def test_a_missing_permission_is_named_and_counts_as_soon_as_it_is_there(host, tenant, key, roles, words):
    app = tenant.directory.register(App(roles=frozenset(roles)))
    start(host, tenant, app=app)
    turned_away(host, tenant, key, *words)
    app.roles = frozenset({READ_APPLICATIONS, VALIDATE_CHALLENGES})

    def enrolled():
        reply = ManagedDevice(tenant, "second.example").enrol_silently(host, key=key, transaction_id="second")
        return reply is not None and reply.pki_status == scep.SUCCESS
    deadline = time.monotonic() + 60
    while not enrolled():
        assert time.monotonic() < deadline


@pytest.mark.parametrize("change, words", [
    (dict(secret="another"), "AADSTS7000215"), (dict(secret_ends=0), "AADSTS7000222"), (dict(client_id="0" * 8 + "-0000" * 3 + "-" + "0" * 12), "AADSTS700016")],
    ids=["wrong", "expired", "unknown app"])
def test_a_credential_that_is_refused_is_told_of_by_its_number(host, tenant, key, change, words):
    app = tenant.directory.register()
    kept = App(client_id=app.client_id, secret=app.secret)
    if "client_id" in change:
        kept.client_id = change.pop("client_id")
    for name, value in change.items():
        setattr(app, name, value)
    start(host, tenant, app=kept)
    turned_away(host, tenant, key, "intune.credential_refused", words)
    assert kept.secret not in everything_told(host) and app.secret not in story(host)


def test_a_throttled_token_endpoint_is_left_in_peace_for_as_long_as_it_asks(host, tenant, key):
    start(host, tenant)
    tenant.fail("token", Fault("status", 429, retry_after=3600))
    turned_away(host, tenant, key, "intune.throttled", "the token endpoint answered HTTP 429", told_by=Host.log)
    for number in range(5):
        ManagedDevice(tenant, f"more-{number}.example").enrol_silently(host, key=key, transaction_id=f"more-{number}")
    assert tenant.calls["token"] == 1


@pytest.mark.parametrize("fault", [Fault("junk"), Fault("empty"), Fault("body", b'{"token_type":"Bearer","expires_in":3599}'),
                                   Fault("body", b'{"value":{}}')], ids=["page", "nothing", "no token", "no list"])
@pytest.mark.parametrize("word", ["token", "discovery"])
def test_answers_before_the_question_are_read_as_strictly(host, tenant, key, word, fault):
    start(host, tenant)
    tenant.fail(word, fault)
    turned_away(host, tenant, key, "intune.unreadable")
    assert tenant.calls["validate"] == 0


@pytest.mark.parametrize("fault, words", [
    (Fault("body", b'{"value":[],"@odata.nextLink":"https://graph.example/next"}'), "goes on at another address"),
    (Fault("body", b'{"value":[{"providerName":"ScepRequestValidationFEService","uri":"http://fef.example/x"}]}'), "intune.not_offered")],
    ids=["next page elsewhere", "address without TLS"])
def test_a_discovery_leads_nowhere_that_could_be_listened_to(host, tenant, key, fault, words):
    start(host, tenant)
    tenant.fail("discovery", fault)
    turned_away(host, tenant, key, words)
    assert tenant.calls["elsewhere"] == 0


def test_a_tenant_that_moved_is_followed_within_the_same_request(host, tenant, key):
    start(host, tenant)
    assert ManagedDevice(tenant, "first.example").enrol(host, key=key, transaction_id="first").reply.pki_status == scep.SUCCESS
    tenant.move("fef.msuc07")
    assert ManagedDevice(tenant).enrol(host, key=key).reply.pki_status == scep.SUCCESS
    assert (tenant.calls["elsewhere"], tenant.calls["token"]) == (1, 2)


def test_names_connections_and_certificates_that_are_not_good_are_told_apart(make_host, tenant, key, tmp_path):
    make_server_certificate(tmp_path)
    with socket.socket() as nobody, Tenant(tmp_path / "tls.pem", tmp_path / "tls.key") as untrusted:
        nobody.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
        for name, url, code in (("name", "https://nowhere.invalid/", "intune.no_name"), ("connection", closed, "intune.no_connection"),
                                ("tls", untrusted.url, "intune.no_tls")):
            host = make_host(name)
            start(host, tenant)
            host.configure(lambda text, url=url: text.replace(f'authority: "{tenant.url}"', f'authority: "{url}"'))
            host.stop()
            host.start()
            turned_away(host, tenant, key, code)
            host.stop()


def test_a_proxy_that_refuses_is_named(host, tenant, key):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        host.configure(lambda text: text.replace("host:\n", f"host:\n  http_out: {{ proxy: \"{proxy}\" }}\n", 1))
        start(host, tenant)
        turned_away(host, tenant, key, "intune.no_connection", "proxy")


def test_the_company_s_own_ca_is_trusted_where_it_is_given(host, key, tmp_path):
    make_server_certificate(tmp_path)
    with Tenant(tmp_path / "tls.pem", tmp_path / "tls.key") as tenant:
        quoted = (tmp_path / "tls.pem").read_text().replace("\n", "\\n")
        start(host, tenant, more=f', ca_certificates: "{quoted}"')
        assert ManagedDevice(tenant).enrol(host, key=key).reply.pki_status == scep.SUCCESS
        assert len(tenant.successes) == 1
