"""SCEP messages (RFC 8894), built and read without any code of the product.

An independent implementation judges the wire format: python3-asn1crypto for the structures, python3-cryptography for the
primitives. The builder is free to be wrong on purpose (see `Breaks`); the reader accepts the product's reply profile and
nothing else, and says what it dislikes.
"""

import dataclasses
import datetime
import hashlib
import os
from typing import Callable, List, Optional, Sequence

from asn1crypto import algos, cms, core, csr as asn1_csr, keys as asn1_keys, x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.x509.oid import NameOID

PKCS_REQ, RENEWAL_REQ, CERT_POLL, GET_CERT, GET_CRL, CERT_REP = "19", "17", "20", "21", "22", "3"
SUCCESS, FAILURE, PENDING = "0", "2", "3"
BAD_ALG, BAD_MESSAGE_CHECK, BAD_REQUEST, BAD_TIME, BAD_CERT_ID = "0", "1", "2", "3", "4"

OID_MESSAGE_TYPE = "2.16.840.1.113733.1.9.2"
OID_PKI_STATUS = "2.16.840.1.113733.1.9.3"
OID_FAIL_INFO = "2.16.840.1.113733.1.9.4"
OID_SENDER_NONCE = "2.16.840.1.113733.1.9.5"
OID_RECIPIENT_NONCE = "2.16.840.1.113733.1.9.6"
OID_TRANSACTION_ID = "2.16.840.1.113733.1.9.7"
OID_FAIL_INFO_TEXT = "1.3.6.1.5.5.7.24.1"
OID_CHALLENGE_PASSWORD = "1.2.840.113549.1.9.7"
OID_EXTENSION_REQUEST = "1.2.840.113549.1.9.14"
OID_SUBJECT_ALT_NAME = "2.5.29.17"

_HASHES = {"md5": hashes.MD5, "sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}
# name: (object identifier, key bytes, block bytes)
_CIPHERS = {
    "aes128": ("2.16.840.1.101.3.4.1.2", 16, 16),
    "aes192": ("2.16.840.1.101.3.4.1.22", 24, 16),
    "aes256": ("2.16.840.1.101.3.4.1.42", 32, 16),
    "des3": ("1.2.840.113549.3.7", 24, 8),
    "des": ("1.3.14.3.2.7", 8, 8),
}


class ProtocolError(Exception):
    """A reply breaks the protocol or the product's reply profile."""


def _require(condition: bool, complaint: str) -> None:
    if not condition:
        raise ProtocolError(complaint)


# ---- keys, certificates and requests ------------------------------------------------------------------------------


def new_rsa_key(bits: int = 2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def new_ec_key(curve=None):
    return ec.generate_private_key(curve or ec.SECP256R1())


def spki(key) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def self_signed(key, common_name: str = "scep client", serial: Optional[int] = None,
                days: int = 7) -> x509.Certificate:
    """The throw-away certificate with which a new client signs its first request."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.datetime.utcnow()
    return (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(serial or x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=days)).sign(key, hashes.SHA256()))


def _raw_sign(key, digest: str, data: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(_HASHES[digest]()))
    return key.sign(data, padding.PKCS1v15(), _HASHES[digest]())


def _signature_algorithm(key, digest: str) -> algos.SignedDigestAlgorithm:
    family = "ecdsa" if isinstance(key, ec.EllipticCurvePrivateKey) else "rsa"
    return algos.SignedDigestAlgorithm({"algorithm": f"{digest}_{family}"})


def build_csr(key, common_name: str = "device.example", *, challenge: Optional[str] = None,
              challenge_type=core.PrintableString, dns: Sequence[str] = (), emails: Sequence[str] = (),
              uris: Sequence[str] = (), extensions: Sequence[asn1_x509.Extension] = (),
              attributes: Sequence[core.Asn1Value] = (), subject: Optional[dict] = None,
              digest: str = "sha256", break_signature: bool = False) -> bytes:
    """A PKCS #10 in DER. `extensions` are asn1crypto extensions added as they are, `attributes` whole attributes."""
    wanted: List[asn1_x509.Extension] = []
    names = ([asn1_x509.GeneralName("dns_name", v) for v in dns]
             + [asn1_x509.GeneralName("rfc822_name", v) for v in emails]
             + [asn1_x509.GeneralName("uniform_resource_identifier", v) for v in uris])
    if names:
        wanted.append(asn1_x509.Extension({
            "extn_id": "subject_alt_name", "critical": False,
            "extn_value": core.ParsableOctetString(asn1_x509.GeneralNames(names).dump())}))
    wanted.extend(extensions)
    attribute_ders: List[bytes] = []
    if challenge is not None:
        attribute_ders.append(_attribute(OID_CHALLENGE_PASSWORD, challenge_type(challenge)))
    if wanted:
        attribute_ders.append(_attribute(OID_EXTENSION_REQUEST, asn1_x509.Extensions(wanted)))
    attribute_ders.extend(a.dump() for a in attributes)
    name = asn1_x509.Name.build(subject or {"common_name": common_name}, use_printable=False)
    info = _sequence(core.Integer(0).dump(), name.dump(), spki(key),
                     _tlv(0xA0, b"".join(sorted(attribute_ders))))
    signature = bytearray(_raw_sign(key, digest, info))
    if break_signature:
        signature[-1] ^= 1
    return _sequence(info, _signature_algorithm(key, digest).dump(), _tlv(3, b"\0" + bytes(signature)))


def transaction_id_for(key) -> str:
    """SHA-1 of the key in upper-case hexadecimal, as strongSwan derives it: the same for every try with this key."""
    return hashlib.sha1(spki(key)).hexdigest().upper()


# ---- building ------------------------------------------------------------------------------------------------------


def _tlv(tag: int, content: bytes) -> bytes:
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def _sequence(*parts: bytes) -> bytes:
    return _tlv(0x30, b"".join(parts))


def _attribute(oid: str, *values: core.Asn1Value) -> bytes:
    return _sequence(core.ObjectIdentifier(oid).dump(), _tlv(0x31, b"".join(v.dump() for v in values)))


def _indefinite(tag: int, content: bytes) -> bytes:
    return bytes([tag, 0x80]) + content + b"\0\0"


def _chunked_octets(tag: int, content: bytes, chunk: int) -> bytes:
    return _indefinite(tag, b"".join(_tlv(0x04, content[i:i + chunk]) for i in range(0, len(content), chunk)))


@dataclasses.dataclass
class Breaks:
    """What shall be wrong with a message. Each hook gets the right bytes and returns those to send instead."""
    plaintext: Optional[Callable[[bytes], bytes]] = None        # before it is encrypted, without padding
    padded: Optional[Callable[[bytes], bytes]] = None           # the same, with its block padding
    encrypted_key: Optional[Callable[[bytes], bytes]] = None    # of each recipient
    ciphertext: Optional[Callable[[bytes], bytes]] = None
    enveloped: Optional[Callable[[bytes], bytes]] = None        # the whole inner ContentInfo, before it is digested
    message_digest: Optional[Callable[[bytes], bytes]] = None
    attributes: Optional[Callable[[List[bytes]], List[bytes]]] = None  # DER of each signed attribute
    signature: Optional[Callable[[bytes], bytes]] = None
    message: Optional[Callable[[bytes], bytes]] = None          # the finished message
    omit: Sequence[str] = ()                                    # object identifiers of attributes to leave out


@dataclasses.dataclass
class Request:
    """One message and what its sender must remember to read the reply."""
    der: bytes
    transaction_id: str
    sender_nonce: bytes
    signer_certificate: x509.Certificate
    signer_key: object
    cipher: str
    digest: str
    key_transport: str
    enveloped: bytes


def encrypt_content(plaintext: bytes, recipients: Sequence[x509.Certificate], cipher: str, key_transport: str,
                    breaks: Breaks, ber_chunk: int = 0) -> bytes:
    """ContentInfo with EnvelopedData for `recipients`, each named by issuer and serial number."""
    oid, key_size, block = _CIPHERS[cipher]
    content_key, iv = os.urandom(key_size), os.urandom(block)
    if breaks.plaintext:
        plaintext = breaks.plaintext(plaintext)
    fill = block - len(plaintext) % block
    padded = plaintext + bytes([fill]) * fill
    if breaks.padded:
        padded = breaks.padded(padded)
    ciphertext = _block_cipher(cipher, content_key, iv).encryptor().update(padded)
    if breaks.ciphertext:
        ciphertext = breaks.ciphertext(ciphertext)
    infos = b"".join(_recipient(c, content_key, key_transport, breaks) for c in recipients)
    algorithm = _sequence(core.ObjectIdentifier(oid).dump(), core.OctetString(iv).dump())
    encrypted = (_chunked_octets(0xA0, ciphertext, ber_chunk) if ber_chunk else _tlv(0x80, ciphertext))
    content_info = _sequence(core.ObjectIdentifier("1.2.840.113549.1.7.1").dump(), algorithm, encrypted)
    enveloped = _sequence(core.Integer(0).dump(), _tlv(0x31, infos), content_info)
    result = _sequence(core.ObjectIdentifier("1.2.840.113549.1.7.3").dump(), _tlv(0xA0, enveloped))
    return breaks.enveloped(result) if breaks.enveloped else result


def _block_cipher(cipher: str, key: bytes, iv: bytes) -> Cipher:
    if cipher in ("des", "des3"):
        return Cipher(algorithms.TripleDES(key * 3 if cipher == "des" else key), modes.CBC(iv))
    return Cipher(algorithms.AES(key), modes.CBC(iv))


def _oaep(key_transport: str) -> padding.OAEP:
    digest = _HASHES[key_transport.split("-")[1]]
    return padding.OAEP(mgf=padding.MGF1(digest()), algorithm=digest(), label=None)


def _recipient(certificate: x509.Certificate, content_key: bytes, key_transport: str, breaks: Breaks) -> bytes:
    if key_transport == "pkcs1":
        encrypted = certificate.public_key().encrypt(content_key, padding.PKCS1v15())
        algorithm = algos.AlgorithmIdentifier({"algorithm": "1.2.840.113549.1.1.1", "parameters": core.Null()}).dump()
    else:
        encrypted = certificate.public_key().encrypt(content_key, _oaep(key_transport))
        parameters = _sequence()  # all defaults: SHA-1
        if key_transport != "oaep-sha1":
            name = key_transport.split("-")[1]
            parameters = algos.RSAESOAEPParams({
                "hash_algorithm": {"algorithm": name},
                "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": name}}}).dump()
        algorithm = _sequence(core.ObjectIdentifier("1.2.840.113549.1.1.7").dump(), parameters)
    if breaks.encrypted_key:
        encrypted = breaks.encrypted_key(encrypted)
    return _sequence(core.Integer(0).dump(), _issuer_and_serial(certificate), algorithm,
                     core.OctetString(encrypted).dump())


def _issuer_and_serial(certificate: x509.Certificate) -> bytes:
    return _sequence(certificate.issuer.public_bytes(), core.Integer(certificate.serial_number).dump())


def build_request(content: bytes, *, message_type: str = PKCS_REQ, signer_key, signer_certificate: x509.Certificate,
                  recipients: Sequence[x509.Certificate], transaction_id: Optional[str] = None,
                  cipher: str = "aes256", digest: str = "sha256", key_transport: str = "pkcs1",
                  sender_nonce: Optional[bytes] = None, breaks: Optional[Breaks] = None, ber_chunk: int = 0,
                  enveloped: Optional[bytes] = None) -> Request:
    """A signed and enveloped pkiMessage. `ber_chunk` makes it BER with indefinite lengths, as Bouncy Castle does;
    `enveloped` wraps somebody else's captured envelope instead of `content`."""
    breaks = breaks or Breaks()
    nonce = sender_nonce if sender_nonce is not None else os.urandom(16)
    transaction_id = transaction_id if transaction_id is not None else transaction_id_for(signer_key)
    inner = enveloped or encrypt_content(content, recipients, cipher, key_transport, breaks, ber_chunk)
    message_digest = hashlib.new(digest, inner).digest()
    if breaks.message_digest:
        message_digest = breaks.message_digest(message_digest)
    attributes = {
        "1.2.840.113549.1.9.3": core.ObjectIdentifier("1.2.840.113549.1.7.1"),
        "1.2.840.113549.1.9.4": core.OctetString(message_digest),
        OID_MESSAGE_TYPE: core.PrintableString(message_type),
        OID_TRANSACTION_ID: core.PrintableString(transaction_id),
        OID_SENDER_NONCE: core.OctetString(nonce),
    }
    ders = sorted(_attribute(oid, value) for oid, value in attributes.items() if oid not in breaks.omit)
    if breaks.attributes:
        ders = breaks.attributes(ders)
    signature = _raw_sign(signer_key, digest, _tlv(0x31, b"".join(ders)))
    if breaks.signature:
        signature = breaks.signature(signature)
    message = _signed_data(inner, signer_certificate, signer_key, digest, b"".join(ders), signature, ber_chunk)
    if breaks.message:
        message = breaks.message(message)
    return Request(message, transaction_id, nonce, signer_certificate, signer_key, cipher, digest, key_transport, inner)


def _signed_data(content: bytes, certificate: x509.Certificate, key, digest: str, attributes: bytes,
                 signature: bytes, ber_chunk: int) -> bytes:
    digest_algorithm = algos.DigestAlgorithm({"algorithm": digest}).dump()
    algorithm = (_signature_algorithm(key, digest).dump() if isinstance(key, ec.EllipticCurvePrivateKey)
                 else algos.AlgorithmIdentifier({"algorithm": "1.2.840.113549.1.1.1", "parameters": core.Null()}).dump())
    signer = _sequence(core.Integer(1).dump(), _issuer_and_serial(certificate), digest_algorithm,
                       _tlv(0xA0, attributes), algorithm, core.OctetString(signature).dump())
    data = core.ObjectIdentifier("1.2.840.113549.1.7.1").dump()
    parts = [core.Integer(1).dump(), _tlv(0x31, digest_algorithm)]
    certificates = _tlv(0xA0, certificate.public_bytes(serialization.Encoding.DER))
    outer = core.ObjectIdentifier("1.2.840.113549.1.7.2").dump()
    if not ber_chunk:
        parts += [_sequence(data, _tlv(0xA0, core.OctetString(content).dump())), certificates, _tlv(0x31, signer)]
        return _sequence(outer, _tlv(0xA0, _sequence(*parts)))
    inner = _indefinite(0x30, data + _indefinite(0xA0, _chunked_octets(0x24, content, ber_chunk)))
    parts += [inner, _indefinite(0xA0, certificate.public_bytes(serialization.Encoding.DER)), _tlv(0x31, signer)]
    return _indefinite(0x30, outer + _indefinite(0xA0, _indefinite(0x30, b"".join(parts))))


def issuer_and_serial(certificate: x509.Certificate) -> bytes:
    """The content of a GetCert or GetCRL (RFC 8894 3.3.4)."""
    return _issuer_and_serial(certificate)


def issuer_and_subject(issuer: x509.Name, subject: x509.Name) -> bytes:
    """The content of a CertPoll (RFC 8894 3.3.3)."""
    return _sequence(issuer.public_bytes(), subject.public_bytes())


# ---- reading -------------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Reply:
    pki_status: str
    fail_info: Optional[str]
    fail_info_text: Optional[str]
    transaction_id: str
    sender_nonce: bytes
    recipient_nonce: bytes
    digest: str
    cipher: Optional[str]
    key_transport: Optional[str]
    signer: x509.Certificate
    certificates: List[x509.Certificate]  # of the inner degenerate SignedData, in its order
    outer_certificates: List[x509.Certificate]
    crls: List[x509.CertificateRevocationList] = dataclasses.field(default_factory=list)

    @property
    def certificate(self) -> x509.Certificate:
        _require(bool(self.certificates), "the reply carries no certificate")
        return self.certificates[0]


def read_reply(der: bytes, request: Request, ra: x509.Certificate) -> Reply:
    """Checks a CertRep against the request it answers and the RA that must have signed it."""
    info = cms.ContentInfo.load(der, strict=True)
    _require(info["content_type"].native == "signed_data", "the reply is no SignedData")
    signed = info["content"]
    _require(signed["version"].native == "v1", "SignedData is not version 1")
    _require(len(signed["signer_infos"]) == 1, "there is not exactly one signer")
    signer = signed["signer_infos"][0]
    _require(signer["version"].native == "v1", "SignerInfo is not version 1")
    _require(signer["sid"].name == "issuer_and_serial_number", "the signer is not named by issuer and serial number")
    _require(signer["sid"].chosen["serial_number"].native == ra.serial_number
             and signer["sid"].chosen["issuer"].dump() == ra.issuer.public_bytes(), "the signer is not the RA")
    _require(signer["signature_algorithm"].dump().hex() == "300d06092a864886f70d0101010500",
             "the signature algorithm is not rsaEncryption with NULL")
    digest = signer["digest_algorithm"]["algorithm"].native
    _require([d["algorithm"].native for d in signed["digest_algorithms"]] == [digest], "digest algorithms differ")
    _require(signed["encap_content_info"]["content_type"].native == "data", "the content type is not data")
    content = signed["encap_content_info"]["content"].native
    _require(content is not None, "eContent is absent")
    outer = [x509.load_der_x509_certificate(c.chosen.dump()) for c in signed["certificates"]
             if c.name == "certificate"] if signed["certificates"] else []
    values = _read_attributes(signer, content, digest, ra)
    return _read_status(values, content, digest, outer, request, ra)


def _read_attributes(signer, content: bytes, digest: str, ra: x509.Certificate) -> dict:
    attributes = signer["signed_attrs"]
    ders = [a.dump() for a in attributes]
    _require(ders == sorted(ders), "the signed attributes are not in DER order")
    ra.public_key().verify(signer["signature"].native, _tlv(0x31, b"".join(ders)), padding.PKCS1v15(),
                           _HASHES[digest]())
    values = {}
    for attribute in attributes:
        oid = attribute["type"].dotted
        _require(oid not in values, f"attribute {oid} stands twice")
        raw = core.SetOf.load(_raw_values(attribute.dump()), spec=core.Any)
        _require(len(raw) == 1, f"attribute {oid} has not exactly one value")
        values[oid] = raw[0].dump()
    _require(core.OctetString.load(values["1.2.840.113549.1.9.4"]).native == hashlib.new(digest, content).digest(),
             "messageDigest does not match the content")
    return values


def _raw_values(attribute: bytes) -> bytes:
    sequence = core.Sequence.load(attribute)
    return sequence[1].dump()


def _text(values: dict, oid: str, tag: int) -> Optional[str]:
    if oid not in values:
        return None
    _require(values[oid][0] == tag, f"attribute {oid} has string type {values[oid][0]:#x}")
    return core.load(values[oid]).native


def _octets(values: dict, oid: str) -> bytes:
    _require(oid in values, f"attribute {oid} is missing")
    return core.OctetString.load(values[oid], strict=True).native


def _read_status(values: dict, content: bytes, digest: str, outer: list, request: Request,
                 ra: x509.Certificate) -> Reply:
    _require(_text(values, OID_MESSAGE_TYPE, 0x13) == CERT_REP, "messageType is not CertRep")
    status = _text(values, OID_PKI_STATUS, 0x13)
    _require(status in (SUCCESS, FAILURE, PENDING), f"pkiStatus is {status}")
    transaction_id = _text(values, OID_TRANSACTION_ID, 0x13)
    _require(transaction_id == request.transaction_id, "transactionID differs")
    recipient_nonce = _octets(values, OID_RECIPIENT_NONCE)
    _require(recipient_nonce == request.sender_nonce, "recipientNonce is not the nonce that was sent")
    sender_nonce = _octets(values, OID_SENDER_NONCE)
    _require(len(sender_nonce) == len(request.sender_nonce), "senderNonce has another length than the client's")
    fail_info = _text(values, OID_FAIL_INFO, 0x13)
    _require((status == FAILURE) == (fail_info is not None), "failInfo and pkiStatus do not fit")
    _require(fail_info in (None, "0", "1", "2", "3", "4"), f"failInfo is {fail_info}")
    text = _text(values, OID_FAIL_INFO_TEXT, 0x0C)
    reply = Reply(status, fail_info, text, transaction_id, sender_nonce, recipient_nonce, digest, None, None, ra, [],
                  outer)
    if status == SUCCESS:
        _open(reply, content, request)
    else:
        _require(content == b"", "a reply without a certificate has content")
    return reply


def _open(reply: Reply, content: bytes, request: Request) -> None:
    info = cms.ContentInfo.load(content, strict=True)
    _require(info["content_type"].native == "enveloped_data", "the content is no EnvelopedData")
    enveloped = info["content"]
    _require(enveloped["version"].native == "v0", "EnvelopedData is not version 0")
    _require(len(enveloped["recipient_infos"]) == 1, "there is not exactly one recipient")
    recipient = enveloped["recipient_infos"][0].chosen
    rid = recipient["rid"].chosen
    _require(rid["serial_number"].native == request.signer_certificate.serial_number
             and rid["issuer"].dump() == request.signer_certificate.issuer.public_bytes(),
             "the reply is not encrypted to the request's signer")
    transport = recipient["key_encryption_algorithm"]
    encrypted_key = recipient["encrypted_key"].native
    if transport["algorithm"].dotted == "1.2.840.113549.1.1.1":
        reply.key_transport = "pkcs1"
        content_key = request.signer_key.decrypt(encrypted_key, padding.PKCS1v15())
    else:
        _require(transport["algorithm"].dotted == "1.2.840.113549.1.1.7", "unknown key transport")
        reply.key_transport = "oaep-" + transport["parameters"]["hash_algorithm"]["algorithm"].native
        content_key = request.signer_key.decrypt(encrypted_key, _oaep(reply.key_transport))
    encrypted = enveloped["encrypted_content_info"]
    oid = encrypted["content_encryption_algorithm"]["algorithm"].dotted
    reply.cipher = next((name for name, row in _CIPHERS.items() if row[0] == oid), None)
    _require(reply.cipher is not None, f"unknown content cipher {oid}")
    iv = core.OctetString.load(encrypted["content_encryption_algorithm"]["parameters"].dump()).native
    padded = _block_cipher(reply.cipher, content_key, iv).decryptor().update(encrypted["encrypted_content"].native)
    fill = padded[-1]
    _require(1 <= fill <= len(iv) and padded.endswith(bytes([fill]) * fill), "bad padding")
    reply.certificates, reply.crls = _read_degenerate(padded[:-fill])


def read_degenerate(der: bytes) -> List[x509.Certificate]:
    """The certificates of a SignedData without signers, in the order in which they stand."""
    return _read_degenerate(der)[0]


def _read_degenerate(der: bytes):
    info = cms.ContentInfo.load(der, strict=True)
    _require(info["content_type"].native == "signed_data", "no SignedData")
    _require(len(info["content"]["signer_infos"]) == 0, "a degenerate SignedData has a signer")
    _require(info["content"]["encap_content_info"]["content"].native is None, "a degenerate SignedData has content")
    data = info["content"]
    _require(data["version"].native == "v1", "a degenerate SignedData is not version 1")
    return ([x509.load_der_x509_certificate(c.chosen.dump()) for c in data["certificates"] or []],
            [x509.load_der_x509_crl(c.chosen.dump()) for c in data["crls"] or []])


def public_key_of_csr(der: bytes) -> bytes:
    return asn1_csr.CertificationRequest.load(der)["certification_request_info"]["subject_pk_info"].dump()


def public_key_info(key) -> asn1_keys.PublicKeyInfo:
    return asn1_keys.PublicKeyInfo.load(spki(key))
