"""The simulated tenant does what the real one is known to do, asked by a client that is nothing but urllib."""
import base64
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AttributeOID, ExtendedKeyUsageOID, NameOID

from tests.tenant.directory import ASSERTION_TYPE, GRAPH_SCOPE, INTUNE_SCOPE, App
from tests.tenant.profiles import Device, Profile
from tests.tenant.server import Fault
from tests.tenant.service import thumbprint

CLIENT_AUTH = [ExtendedKeyUsageOID.CLIENT_AUTH]
KEY = rsa.generate_private_key(65537, 2048)


class Connector:
    """What a product does, in the shortest way."""

    def __init__(self, tenant, app=None):
        self.tenant, self.app, self._tokens = tenant, app or tenant.directory.register(), {}

    def post(self, url, body, headers):
        octets = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send(urllib.request.Request(url, octets, headers))

    @staticmethod
    def send(request):
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as no:
            return no.code, json.loads(no.read())

    def ask_for_token(self, scope, **more):
        form = {"grant_type": "client_credentials", "client_id": self.app.client_id, "scope": scope}
        form.update(more or {"client_secret": self.app.secret})
        return self.post(self.tenant.token_endpoint, urllib.parse.urlencode(form).encode(), {})

    def token(self, scope):
        if scope not in self._tokens:
            self._tokens[scope] = self.ask_for_token(scope)[1]["access_token"]
        return self._tokens[scope]

    def endpoints(self):
        """Every page's, in their order, or the status of the first refusal."""
        url = f"{self.tenant.url}v1.0/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000/endpoints"
        found = []
        while url:
            status, page = self.send(urllib.request.Request(url, headers={"Authorization": f"Bearer {self.token(GRAPH_SCOPE)}"}))
            if status != 200:
                return status
            found += page["value"]
            url = page.get("@odata.nextLink")
        return found

    def place(self, name):
        return next(one["uri"] for one in self.endpoints() if one["providerName"].lower() == name.lower())

    def call(self, action, body, version="2018-02-20", **headers):
        name = "ScepRequestValidationFEService" if action.startswith("Scep") else "PkiConnectorFEService"
        fields = {"Authorization": f"Bearer {self.token(INTUNE_SCOPE)}", "Content-Type": "application/json", "api-version": version,
                  "client-request-id": str(uuid.uuid4())}
        fields.update({key.replace("_", "-"): value for key, value in headers.items()})
        return self.post(f"{self.place(name)}/{action}", body, fields)

    def validate(self, csr, transaction="t1"):
        return self.call("ScepActions/validateRequest", {"request": request(csr, transaction)})

    def succeed(self, csr, certificate, transaction="t1", **more):
        told = dict(request(csr, transaction), certificateThumbprint=thumbprint(certificate), issuingCertificateAuthority="corp-ca",
                    certificateSerialNumber=format(certificate.serial_number, "X"), caConfiguration="corp-ca/w-1",
                    certificateExpirationDateUtc="2030-01-31T08:00:00.000Z")
        return self.call("ScepActions/successNotification", {"notification": dict(told, **more)})

    def fail(self, csr, transaction="t1", **more):
        told = dict(request(csr, transaction), hResult=0x8000ffff, errorDescription="the CA refused it")
        return self.call("ScepActions/failureNotification", {"notification": dict(told, **more)})

    def orders(self, **more):
        return self.call("CertificateAuthorityRequests/downloadRevocationRequests",
                         {"downloadParameters": dict({"issuerName": None, "maxRequests": 100}, **more)}, "5019-05-05")[1]["value"]

    def upload(self, *results):
        return self.call("CertificateAuthorityRequests/uploadRevocationResults", {"results": list(results)}, "5019-05-05")


def request(csr, transaction):
    return {"transactionId": transaction, "certificateRequest": base64.b64encode(csr.public_bytes(Encoding.DER)).decode(),
            "callerInfo": "a client of urllib"}


def make_csr(challenge, name="laptop-1", key=KEY, purposes=CLIENT_AUTH, san=(), more=()):
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else []
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    usage = x509.KeyUsage(True, False, True, False, False, False, False, False, False)
    for extension in [usage, *([x509.ExtendedKeyUsage(purposes)] if purposes else []),
                      *([x509.SubjectAlternativeName(san)] if san else []), *more]:
        builder = builder.add_extension(extension, False)
    if challenge is not None:
        builder = builder.add_attribute(AttributeOID.CHALLENGE_PASSWORD, challenge.encode())
    return builder.sign(key, hashes.SHA256())


def make_certificate(key=KEY, name="app"):
    subject, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.now(timezone.utc)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    return builder.serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + timedelta(days=30)).sign(
        key, hashes.SHA256())


def test_a_device_is_validated_told_of_retired_and_its_certificate_revoked(tenant):
    device, connector = Device("laptop-1"), Connector(tenant)
    csr, certificate = make_csr(tenant.assign(device, Profile("wifi"))), make_certificate()
    assert connector.validate(csr) == (200, {"code": "Success", "errorDescription": ""})
    assert connector.succeed(csr, certificate)[1]["code"] == "Success"
    assert connector.succeed(csr, certificate)[1]["code"] == "Success", "a repeat is no fault"
    assert tenant.told["t1", thumbprint(certificate)] == 2
    assert connector.orders() == []
    tenant.retire(device)
    assert connector.orders() == [], "for an hour after a call there is nothing"
    tenant.offset_s += 3601
    connector = Connector(tenant, connector.app)
    order, = connector.orders()
    assert (order["serialNumber"], order["caConfiguration"]) == (format(certificate.serial_number, "X"), "corp-ca/w-1")
    assert connector.upload({"requestContext": order["requestContext"], "succeeded": True, "errorCode": "0"}) == (200, {"value": True})
    assert [one.result for one in tenant.orders] == [(True, 0)]


@pytest.mark.parametrize("change, code", [
    (dict(challenge=None), "ChallengePasswordMissing"), (dict(challenge="?"), "ChallengeDecodingError"),
    (dict(challenge=base64.b64encode(bytes(64)).decode()), "ChallengeDecryptionError"), (dict(name=""), "SubjectNameMissing"),
    (dict(name="laptop-2"), "SubjectNameMismatch"), (dict(purposes=None), "EnhancedKeyUsageMissing"),
    (dict(purposes=[ExtendedKeyUsageOID.SERVER_AUTH]), "EnhancedKeyUsageMismatch"),
    (dict(san=[x509.DNSName("other.example")]), "SubjectAltNameMismatch"), (dict(key=rsa.generate_private_key(65537, 1024)), "KeyLengthMismatch"),
    (dict(), "Success")])
def test_a_request_that_is_not_what_its_profile_says_is_refused_by_its_code(tenant, change, code):
    challenge = tenant.assign(Device("laptop-1"), Profile("wifi"))
    status, answer = Connector(tenant).validate(make_csr(**dict({"challenge": challenge}, **change)))
    assert (status, answer["code"]) == (200, code) and isinstance(answer["errorDescription"], str)


def test_what_a_request_brings_beyond_its_profile_is_not_looked_at(tenant):
    sid = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.311.25.2"), bytes.fromhex("0500"))
    csr = make_csr(tenant.assign(Device("laptop-1"), Profile("wifi")), more=[sid])
    assert Connector(tenant).validate(csr)[1]["code"] == "Success"


def test_a_challenge_ends_after_an_hour_and_with_its_assignment(tenant):
    device, profile, connector = Device("laptop-1"), Profile("wifi"), Connector(tenant)
    late, early = make_csr(tenant.assign(device, profile)), make_csr(tenant.challenges.make(device, profile, time.time() + 7200))
    assert connector.validate(early)[1]["code"] == "ChallengeInvalidTimestamp"
    tenant.offset_s += 3601
    connector = Connector(tenant, connector.app)
    assert connector.validate(late)[1]["code"] == "ChallengeExpired"
    fresh = make_csr(tenant.assign(device, profile))
    tenant.unassign(device, profile)
    assert connector.validate(fresh)[1]["code"] == "ScepProfileNoLongerTargetedToTheClient"


@pytest.mark.parametrize("headers, status", [
    (dict(api_version="2017-01-01"), 400), (dict(client_request_id="one"), 400), (dict(Content_Type="text/plain"), 415),
    (dict(Authorization="Bearer nonsense"), 401)])
def test_headers_are_held_to_what_is_known_of_them(tenant, headers, status):
    csr = make_csr(tenant.assign(Device("laptop-1"), Profile("wifi")))
    got, body = Connector(tenant).call("ScepActions/validateRequest", {"request": request(csr, "t1")}, **headers)
    assert got == status and "Message" in json.loads(body["error"]["message"])


def test_an_id_of_a_call_counts_once(tenant):
    connector, same = Connector(tenant), str(uuid.uuid4())
    body = {"request": request(make_csr(tenant.assign(Device("laptop-1"), Profile("wifi"))), "t1")}
    assert [connector.call("ScepActions/validateRequest", body, client_request_id=same)[0] for _ in range(2)] == [200, 400]


@pytest.mark.parametrize("change", [
    dict(certificateThumbprint="ab"), dict(certificateExpirationDateUtc="2030-01-31"), dict(certificateSerialNumber=""), dict(unknown=1),
    dict(transactionId="t2")])
def test_word_of_a_certificate_is_whole_and_follows_a_validation(tenant, change):
    connector, csr = Connector(tenant), make_csr(tenant.assign(Device("laptop-1"), Profile("wifi")))
    connector.validate(csr)
    assert connector.succeed(csr, make_certificate(), **change)[0] == 400 and tenant.successes == []


@pytest.mark.parametrize("change, status", [
    (dict(), 200), (dict(hResult=-2147418113), 200), (dict(hResult=5), 400), (dict(hResult="0x8000ffff"), 400),
    (dict(errorDescription="x" * 255), 200), (dict(errorDescription="x" * 256), 400)])
def test_word_of_a_failure_has_an_hresult_and_at_most_255_characters(tenant, change, status):
    connector, csr = Connector(tenant), make_csr(tenant.assign(Device("laptop-1"), Profile("wifi")))
    connector.validate(csr)
    assert connector.fail(csr, **change)[0] == status


def test_a_filter_of_orders_counts_after_the_cut_and_retryable_failures_come_again(tenant):
    device, connector = Device("laptop-1"), Connector(tenant)
    for number in range(3):
        csr = make_csr(tenant.assign(device, Profile("wifi")))
        connector.validate(csr, f"t{number}")
        connector.succeed(csr, make_certificate(), f"t{number}", caConfiguration=f"ca-{number}")
    tenant.retire(device)
    assert connector.orders(maxRequests=1, issuerName="ca-2") == []
    tenant.offset_s += 3601
    connector = Connector(tenant, connector.app)
    first, second, _ = connector.orders()
    connector.upload({"requestContext": first["requestContext"], "succeeded": False, "errorCode": "4101", "errorMessage": "not now"},
                     {"requestContext": second["requestContext"], "succeeded": False, "errorCode": "CertificateNotFoundError"})
    tenant.offset_s += 3601
    assert len(Connector(tenant, connector.app).orders()) == 2


@pytest.mark.parametrize("result", [dict(succeeded=True, errorCode="4004"), dict(succeeded=False, errorCode="0"), dict(succeeded=1, errorCode="0"),
                                    dict(succeeded=True, errorCode="9")])
def test_a_result_that_contradicts_itself_is_refused(tenant, result):
    assert Connector(tenant).upload(dict({"requestContext": "c"}, **result))[0] == 400


def test_secrets_of_an_app_are_asked_for_and_end(tenant):
    connector = Connector(tenant)
    assert connector.ask_for_token(GRAPH_SCOPE)[1]["expires_in"] == 3599
    assert connector.ask_for_token("https://api.manage.microsoft.com/.default")[1]["error"] == "invalid_scope", "the double slash is right"
    assert connector.ask_for_token(GRAPH_SCOPE, client_secret="wrong")[1]["error_codes"] == [7000215]
    connector.app.secret_ends = 0
    assert connector.ask_for_token(GRAPH_SCOPE)[1]["error_codes"] == [7000222]


def assertion(app, endpoint, key=KEY, header=(), **claims):
    def encoded(octets):
        return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
    digest = hashes.Hash(hashes.SHA256())
    digest.update(app.certificate.public_bytes(Encoding.DER))
    now = int(time.time())
    head = dict({"typ": "JWT", "alg": "PS256", "x5t#S256": encoded(digest.finalize())}, **dict(header))
    said = dict({"aud": endpoint, "iss": app.client_id, "sub": app.client_id, "jti": str(uuid.uuid4()), "nbf": now, "iat": now, "exp": now + 600}, **claims)
    signed = f"{encoded(json.dumps(head).encode())}.{encoded(json.dumps(said).encode())}"
    return f"{signed}.{encoded(key.sign(signed.encode(), padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()))}"


@pytest.mark.parametrize("change, status", [
    (dict(), 200), (dict(aud="https://elsewhere.example/"), 401), (dict(exp=int(time.time()) + 7200), 401), (dict(exp=1), 401),
    (dict(header={"alg": "RS256"}), 401), (dict(key=rsa.generate_private_key(65537, 2048)), 401), (dict(iss="somebody"), 401)])
def test_a_certificate_vouches_for_an_app_by_a_signed_assertion(tenant, change, status):
    app = tenant.directory.register(App(certificate=make_certificate()))
    more = dict(client_assertion=assertion(app, tenant.token_endpoint, **change), client_assertion_type=ASSERTION_TYPE)
    connector = Connector(tenant, app)
    assert connector.ask_for_token(INTUNE_SCOPE, **more)[0] == status
    assert connector.ask_for_token(INTUNE_SCOPE, **more)[0] == 401, "an assertion counts once"


def test_discovery_has_pages_and_duplicates_and_tells_who_lacks_which_permission(tenant):
    names = [one["providerName"] for one in Connector(tenant).endpoints()]
    assert names == ["SomeOtherService", "scepRequestValidationFEService".lower(), "PkiConnectorFEService", "PkiConnectorFEService"]
    blind = tenant.directory.register(App(roles=frozenset({"scep_challenge_provider"})))
    assert Connector(tenant, blind).endpoints() == 403
    unlicensed = tenant.directory.register(App(roles=frozenset({"Application.Read.All"})))
    assert [one["providerName"] for one in Connector(tenant, unlicensed).endpoints()] == ["SomeOtherService", "SomeOtherService"]


def test_a_tenant_that_moved_is_gone_from_its_old_place(tenant):
    connector = Connector(tenant)
    old = connector.place("PkiConnectorFEService")
    tenant.move("fef.msuc07")
    assert connector.post(f"{old}/CertificateAuthorityRequests/downloadRevocationRequests", {}, {})[0] == 404
    assert connector.orders() == []


def test_each_fault_comes_once_and_is_seen_by_the_client(tenant):
    connector, csr = Connector(tenant), make_csr(tenant.assign(Device("laptop-1"), Profile("wifi")))
    connector.token(INTUNE_SCOPE)
    tenant.fail("validate", Fault("code", "ChallengeExpired"), Fault("status", 429, retry_after=7), Fault("status", 500), Fault("cut"), Fault("junk"),
                Fault("empty"))
    assert connector.validate(csr)[1]["code"] == "ChallengeExpired"
    assert connector.validate(csr)[0] == 429
    status, body = connector.validate(csr)
    assert status == 500 and json.loads(body["error"]["message"])["_version"] == 3
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        connector.validate(csr)
    for _ in ("junk", "empty"):
        with pytest.raises(ValueError):
            connector.validate(csr)
    assert tenant.validated == {}
    assert connector.validate(csr)[1]["code"] == "Success" and tenant.calls["validate"] == 7


def test_an_answer_can_be_lost_after_its_call_was_carried_out(tenant):
    connector, csr = Connector(tenant), make_csr(tenant.assign(Device("laptop-1"), Profile("wifi")))
    connector.validate(csr)
    tenant.fail("success", Fault("cut", done=True))
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        connector.succeed(csr, make_certificate())
    assert len(tenant.successes) == 1
