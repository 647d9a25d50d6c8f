"""The two services of a simulated tenant: validation of SCEP challenges, and revocation orders. Strict about headers, versions,
permissions, lengths and the order of calls; what it was told stands in its lists. HTTP stands in server.py."""
import base64
import dataclasses
import hashlib
import re
import threading
import uuid
from collections import Counter
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AttributeOID

from tests.tenant.directory import VALIDATE_CHALLENGES, Directory
from tests.tenant.profiles import Challenges, mismatch

SCEP_VERSIONS, REVOCATION_VERSION = ("2018-02-20", "5019-05-05"), "5019-05-05"
COOL_DOWN_S = 60 * 60
MOST_ORDERS, LONGEST_DESCRIPTION, LONGEST_ISSUER = 500, 255, 256
RESULTS = {0: "None", 4000: "NonRetryableServiceException", 4001: "DataSerializationError", 4002: "ParameterDataInvalidError",
           4003: "CryptographyError", 4004: "CertificateNotFoundError", 4005: "ConflictError", 4006: "NotSupportedError",
           4007: "PayloadTooLargeError", 4100: "RetryableServiceException", 4101: "ServiceUnavailableException",
           4102: "ServiceTooBusyException", 4103: "AuthenticationException"}
REQUEST = {"transactionId", "certificateRequest", "callerInfo"}
SUCCESS = REQUEST | {"certificateThumbprint", "certificateSerialNumber", "certificateExpirationDateUtc", "issuingCertificateAuthority"}
FAILURE = REQUEST | {"hResult", "errorDescription"}
OPTIONAL = {"caConfiguration", "certificateAuthority"}


class Wrong(Exception):
    """A call that the service does not take: an HTTP status and why."""

    def __init__(self, status, why):
        super().__init__(why)
        self.status = status


@dataclasses.dataclass
class Order:
    """A revocation that is asked for. `result` is what was uploaded: (succeeded, number)."""
    serial: str
    issuer: str
    ca_configuration: str
    context: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    result: tuple = None

    @property
    def waits(self):
        return self.result is None or (not self.result[0] and self.result[1] >= 4100)


def fields(body, name, needed, optional=frozenset()):
    """The object `name` of a body that holds nothing else; its values are not empty."""
    inner = body.get(name) if isinstance(body, dict) and set(body) == {name} else None
    if not isinstance(inner, dict):
        raise Wrong(400, f"the body is not an object with {name} alone")
    missing, unknown = needed - set(inner), set(inner) - needed - optional
    empty = sorted(key for key in needed if inner.get(key) in ("", None))
    if missing or unknown or empty:
        raise Wrong(400, f"{name}: missing {sorted(missing)}, unknown {sorted(unknown)}, empty {empty}")
    return inner


class Services:
    """Use `lock` around everything; the server does."""

    def __init__(self, now):
        self.now, self.lock = now, threading.RLock()
        self.directory, self.challenges = Directory(now), Challenges(now)
        self.devices, self.profiles, self.assigned = {}, {}, set()
        self.validated = {}                 # (transactionId, request in base64) -> device
        self.successes, self.failures = [], []
        self.told = Counter()               # (transactionId, thumbprint) -> how often
        self.certificates = {}              # device id -> success notifications
        self.orders, self.downloads = [], []
        self._quiet_until = 0.0
        self.call_ids = set()

    def assign(self, device, profile):
        """The challenge that the device gets with its profile."""
        with self.lock:
            self.devices[device.id], self.profiles[profile.id] = device, profile
            self.assigned.add((device.id, profile.id))
            return self.challenges.make(device, profile)

    def unassign(self, device, profile):
        with self.lock:
            self.assigned.discard((device.id, profile.id))

    def retire(self, device):
        """The device leaves management: each certificate that was told of is to be revoked."""
        with self.lock:
            device.managed = False
            for told in self.certificates.get(device.id, []):
                self.orders.append(Order(told["certificateSerialNumber"], told["issuingCertificateAuthority"], told.get("caConfiguration")))

    def check_call(self, headers, versions):
        """Headers of every call of a service but Authorization."""
        if headers.get("api-version") not in versions:
            raise Wrong(400, f"api-version {headers.get('api-version')!r} is not served")
        if (headers.get("Content-Type") or "").split(";")[0].strip().lower() != "application/json":
            raise Wrong(415, "the content type is not application/json")
        try:
            call = str(uuid.UUID(headers.get("client-request-id", "")))
        except ValueError as fault:
            raise Wrong(400, "client-request-id is no GUID") from fault
        if call in self.call_ids:
            raise Wrong(400, "client-request-id was used before")
        self.call_ids.add(call)

    # --- SCEP

    def validate(self, body, token):
        request = fields(body, "request", REQUEST)
        if VALIDATE_CHALLENGES not in token.roles:
            raise Wrong(401, "the application may not validate challenges")
        device, code = self._judge(request)
        if code is None:
            self.validated[request["transactionId"], request["certificateRequest"]] = device
        return self._answer(code)

    def success(self, body, _token):
        told = fields(body, "notification", SUCCESS, OPTIONAL)
        device = self._known(told)
        if not re.fullmatch(r"[0-9A-F]{40}", told["certificateThumbprint"]):
            raise Wrong(400, "certificateThumbprint is not the SHA-1 of a certificate in upper-case hexadecimal")
        try:
            datetime.strptime(told["certificateExpirationDateUtc"], "%Y-%m-%dT%H:%M:%S.%fZ")
        except ValueError as fault:
            raise Wrong(400, "certificateExpirationDateUtc is no time in UTC with fractions") from fault
        self.successes.append(told)
        if not self.told[told["transactionId"], told["certificateThumbprint"]]:
            self.certificates.setdefault(device.id, []).append(told)
        self.told[told["transactionId"], told["certificateThumbprint"]] += 1
        return self._answer(None)

    def failure(self, body, _token):
        told = fields(body, "notification", FAILURE)
        self._known(told)
        result = told["hResult"]
        if not isinstance(result, int) or isinstance(result, bool) or not -2**31 <= result < 2**32 or 0 <= result < 2**31:
            raise Wrong(400, "hResult is no HRESULT of a failure")
        if len(told["errorDescription"]) > LONGEST_DESCRIPTION:
            raise Wrong(400, f"errorDescription is longer than {LONGEST_DESCRIPTION} characters")
        self.failures.append(told)
        return self._answer(None)

    def _judge(self, request):
        """(device, None), or (None, code)."""
        try:
            csr = x509.load_der_x509_csr(base64.b64decode(request["certificateRequest"], validate=True))
        except ValueError:
            return None, "CertificateRequestDecodingFailed"
        try:
            password = csr.attributes.get_attribute_for_oid(AttributeOID.CHALLENGE_PASSWORD).value.decode()
        except (x509.AttributeNotFound, ValueError):
            return None, "ChallengePasswordMissing"
        said, code = self.challenges.read(password)
        if code:
            return None, code
        device, profile = self.devices.get(said["device"]), self.profiles.get(said["profile"])
        if device is None:
            return None, "BadDeviceIdInChallenge"
        if said["user"] != device.user:
            return None, "BadUserIdInChallenge"
        if not device.managed or (device.id, said["profile"]) not in self.assigned:
            return None, "ScepProfileNoLongerTargetedToTheClient"
        return device, mismatch(csr, profile, device)

    def _known(self, told):
        """The device of a request that was validated before."""
        device = self.validated.get((told["transactionId"], told["certificateRequest"]))
        if device is None:
            raise Wrong(400, "nobody has validated this request under this transactionId")
        return device

    @staticmethod
    def _answer(code):
        return {"code": code or "Success", "errorDescription": "" if code is None else f"The request was refused: {code}."}

    # --- revocation

    def download(self, body, _token):
        asked = fields(body, "downloadParameters", {"maxRequests"}, {"issuerName"})
        most, issuer = asked["maxRequests"], asked.get("issuerName")
        if not isinstance(most, int) or isinstance(most, bool) or not 1 <= most <= MOST_ORDERS:
            raise Wrong(400, f"maxRequests is not 1 to {MOST_ORDERS}")
        if issuer is not None and (not isinstance(issuer, str) or len(issuer) > LONGEST_ISSUER):
            raise Wrong(400, f"issuerName is longer than {LONGEST_ISSUER} characters")
        quiet = self.now() < self._quiet_until
        given = [] if quiet else [order for order in self.orders if order.waits][:most]
        if not quiet:
            self._quiet_until = self.now() + COOL_DOWN_S
        self.downloads.append(len(given))
        # The filter counts after the cut, and compares with what the certificate's notification called caConfiguration.
        given = [order for order in given if issuer is None or order.ca_configuration == issuer]
        return {"value": [{"requestContext": order.context, "serialNumber": order.serial, "issuerName": order.issuer,
                           "caConfiguration": order.ca_configuration} for order in given]}

    def upload(self, body, _token):
        results = body.get("results") if isinstance(body, dict) and set(body) == {"results"} else None
        if not isinstance(results, list) or not results:
            raise Wrong(400, "the body is not an object with results alone")
        by_context = {order.context: order for order in self.orders}
        read = [self._result(one, by_context) for one in results]
        for order, result in read:
            order.result = result
        return {"value": True}

    @staticmethod
    def _result(one, by_context):
        if not isinstance(one, dict) or not {"requestContext", "succeeded", "errorCode"} <= set(one) <= \
                {"requestContext", "succeeded", "errorCode", "errorMessage"}:
            raise Wrong(400, "a result lacks a field, or has an unknown one")
        names = {name: number for number, name in RESULTS.items()}
        code = one["errorCode"]
        number = names.get(code, int(code) if isinstance(code, str) and code.isdigit() else None)
        if number not in RESULTS or not isinstance(one["succeeded"], bool) or one["succeeded"] != (number == 0):
            raise Wrong(400, "succeeded and errorCode do not fit")
        if one["requestContext"] not in by_context:
            raise Wrong(400, "there is no such request")
        return by_context[one["requestContext"]], (one["succeeded"], number)


def thumbprint(certificate):
    """As notifications name a certificate."""
    return hashlib.sha1(certificate.public_bytes(Encoding.DER)).hexdigest().upper()
