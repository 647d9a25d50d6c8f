"""What a simulated tenant asks of its devices: SCEP profiles, challenges that are made for one device and one profile, and whether a
request is what the profile says. Anything that a request brings beyond that is not looked at, as with the real service."""
import base64
import dataclasses
import json
import secrets
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.exceptions import InvalidSignature, InvalidTag

CHALLENGE_S = 60 * 60
NONCE_SIZE = 12


@dataclasses.dataclass(eq=False)
class Device:
    name: str
    id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    user: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    managed: bool = True


@dataclasses.dataclass(eq=False)
class Profile:
    """`subject` is RFC 4514 text and `san` a list of GeneralNames, each of them a function of the device; with an empty `eku` a
    request brings none."""
    name: str
    subject: object = lambda device: f"CN={device.name}"
    san: object = lambda device: []
    key_usage: frozenset = frozenset({"digital_signature", "key_encipherment"})
    eku: frozenset = frozenset({x509.ObjectIdentifier("1.3.6.1.5.5.7.3.2")})
    key_size: int = 2048
    id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))


class Challenges:
    """Makes challenges, signed and encrypted, and reads them again. What is wrong with one is told by the service's code."""

    def __init__(self, now):
        self._now, self._key = now, AESGCM(AESGCM.generate_key(256))
        self._signer = ec.generate_private_key(ec.SECP256R1())

    def make(self, device, profile, made_at=None):
        said = json.dumps({"request": str(uuid.uuid4()), "device": device.id, "user": device.user, "profile": profile.id,
                           "at": self._now() if made_at is None else made_at}).encode()
        signature = self._signer.sign(said, ec.ECDSA(hashes.SHA256()))
        nonce = secrets.token_bytes(NONCE_SIZE)
        return base64.b64encode(nonce + self._key.encrypt(nonce, len(signature).to_bytes(2, "big") + signature + said, None)).decode()

    def read(self, text):
        """(what it says, None) or (None, the code)."""
        try:
            octets = base64.b64decode(text, validate=True)
        except ValueError:
            return None, "ChallengeDecodingError"
        try:
            inside = self._key.decrypt(octets[:NONCE_SIZE], octets[NONCE_SIZE:], None)
        except (InvalidTag, ValueError):
            return None, "ChallengeDecryptionError"
        size = int.from_bytes(inside[:2], "big")
        try:
            self._signer.public_key().verify(inside[2:2 + size], inside[2 + size:], ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return None, "SignatureValidationFailed"
        said = json.loads(inside[2 + size:])
        if said["at"] > self._now() + 300:
            return None, "ChallengeInvalidTimestamp"
        return (said, None) if self._now() < said["at"] + CHALLENGE_S else (None, "ChallengeExpired")


def extension(csr, kind):
    try:
        return csr.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def key_usages(value):
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    return frozenset(name for name in names if value is not None and getattr(value, name))


def mismatch(csr, profile, device):
    """The code of the first thing in which a request is not what its profile says, or None."""
    wanted = profile.subject(device)
    if wanted and not csr.subject.rfc4514_string():
        return "SubjectNameMissing"
    if csr.subject != x509.Name.from_rfc4514_string(wanted):
        return "SubjectNameMismatch"
    names, wanted = extension(csr, x509.SubjectAlternativeName), profile.san(device)
    if wanted and names is None:
        return "SubjectAltNameMissing"
    if sorted(map(repr, names or ())) != sorted(map(repr, wanted)):
        return "SubjectAltNameMismatch"
    if key_usages(extension(csr, x509.KeyUsage)) != profile.key_usage:
        return "KeyUsageMismatch"
    purposes = extension(csr, x509.ExtendedKeyUsage)
    if purposes is None and profile.eku:
        return "EnhancedKeyUsageMissing"
    if frozenset(purposes or ()) != profile.eku:
        return "EnhancedKeyUsageMismatch"
    key = csr.public_key()
    return None if not isinstance(key, rsa.RSAPublicKey) or key.key_size == profile.key_size else "KeyLengthMismatch"
