"""The directory of a simulated tenant: who may ask for which tokens, and which tokens hold. Written from what Microsoft publishes of
its identity platform, by nothing but the standard library and `cryptography`."""
import base64
import dataclasses
import hashlib
import hmac
import json
import secrets
import uuid

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding

GRAPH_SCOPE = "https://graph.microsoft.com/.default"
INTUNE_SCOPE = "https://api.manage.microsoft.com//.default"     # the double slash is right
READ_APPLICATIONS, VALIDATE_CHALLENGES = "Application.Read.All", "scep_challenge_provider"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN_S = 3599
LONGEST_ASSERTION_S = 600
CLOCK_SKEW_S = 300


@dataclasses.dataclass
class App:
    """An app registration with admin consent to `roles`."""
    client_id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    secret: str = dataclasses.field(default_factory=lambda: secrets.token_urlsafe(30))
    secret_ends: float = float("inf")
    certificate: x509.Certificate = None
    roles: frozenset = frozenset({READ_APPLICATIONS, VALIDATE_CHALLENGES})


@dataclasses.dataclass(frozen=True)
class Token:
    client_id: str
    scope: str
    roles: frozenset
    ends: float


class Refused(Exception):
    """What the token endpoint says no with."""

    def __init__(self, status, error, number, words):
        super().__init__(words)
        self.status, self.error, self.number = status, error, number

    def body(self):
        return {"error": self.error, "error_description": f"AADSTS{self.number}: {self}", "error_codes": [self.number],
                "correlation_id": str(uuid.uuid4())}


def base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Directory:
    """Gives tokens out and knows those that it gave. `now` is a function. Its callers hold a lock."""

    def __init__(self, now):
        self.now, self.tenant_id = now, str(uuid.uuid4())
        self._apps, self.tokens, self._assertions = {}, {}, set()

    def register(self, app=None):
        app = app or App()
        self._apps[app.client_id] = app
        return app

    def token(self, form, endpoint):
        """The answer to a token request; `form` maps names to single values. Raises Refused."""
        if form.get("grant_type") != "client_credentials":
            raise Refused(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        app = self._apps.get(form.get("client_id"))
        if app is None:
            raise Refused(400, "unauthorized_client", 700016, "The application was not found in the directory.")
        self._authenticate(app, form, endpoint)
        if form.get("scope") not in (GRAPH_SCOPE, INTUNE_SCOPE):
            raise Refused(400, "invalid_scope", 70011, "The provided value for the input parameter 'scope' is not valid.")
        text = self._jwt(app, form["scope"])
        self.tokens[text] = Token(app.client_id, form["scope"], app.roles, self.now() + TOKEN_S)
        return {"token_type": "Bearer", "expires_in": TOKEN_S, "access_token": text}

    def _jwt(self, app, scope):
        """In the form of the real ones; nobody here reads more of it than what it is."""
        mine = VALIDATE_CHALLENGES if scope == INTUNE_SCOPE else READ_APPLICATIONS
        claims = {"aud": scope.removesuffix("/.default"), "appid": app.client_id, "roles": [mine]} if mine in app.roles else {"appid": app.client_id}
        parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"typ": "JWT", "alg": "RS256"}, claims)]
        return ".".join([*parts, secrets.token_urlsafe(40)])

    def bearer(self, authorization, scope):
        """The token of an Authorization field if it is one for `scope` that holds, else None."""
        kind, _, text = (authorization or "").partition(" ")
        token = self.tokens.get(text) if kind == "Bearer" else None
        return token if token and token.scope == scope and self.now() < token.ends else None

    def expire_tokens(self):
        self.tokens.clear()

    def _authenticate(self, app, form, endpoint):
        if "client_assertion" in form:
            if form.get("client_assertion_type") != ASSERTION_TYPE or "client_secret" in form:
                raise Refused(400, "invalid_request", 90014, "The request holds an assertion of an unknown type, or a secret beside it.")
            self._check_assertion(app, form["client_assertion"], endpoint)
        elif not hmac.compare_digest(form.get("client_secret", "").encode(), app.secret.encode()):
            raise Refused(401, "invalid_client", 7000215, "Invalid client secret provided.")
        elif self.now() >= app.secret_ends:
            raise Refused(401, "invalid_client", 7000222, "The provided client secret keys are expired.")

    def _check_assertion(self, app, assertion, endpoint):
        def wrong(words):
            return Refused(401, "invalid_client", 700027, f"Client assertion failed: {words}")
        try:
            head, claims, signature = assertion.split(".")
            header, said = json.loads(base64url(head)), json.loads(base64url(claims))
            if app.certificate is None:
                raise wrong("no certificate is registered")
            thumbprint = hashlib.sha256(app.certificate.public_bytes(Encoding.DER)).digest()
            if header.get("alg") != "PS256" or header.get("typ") != "JWT" or base64url(header.get("x5t#S256", "")) != thumbprint:
                raise wrong("the header names another algorithm or certificate")
            app.certificate.public_key().verify(base64url(signature), f"{head}.{claims}".encode(),
                                                padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        except (ValueError, InvalidSignature) as fault:
            raise wrong("it can't be read, or its signature does not hold") from fault
        now = self.now()
        if said.get("aud") != endpoint or said.get("iss") != app.client_id or said.get("sub") != app.client_id:
            raise wrong("aud, iss or sub is not right")
        if not now - CLOCK_SKEW_S <= said.get("exp", 0) or said.get("nbf", now + 1e9) > now + CLOCK_SKEW_S:
            raise wrong("it is not within its valid time range")
        if said["exp"] - said["nbf"] > LONGEST_ASSERTION_S:
            raise wrong("it is valid for too long")
        if not said.get("jti") or said["jti"] in self._assertions:
            raise wrong("its jti is missing or was used before")
        self._assertions.add(said["jti"])
