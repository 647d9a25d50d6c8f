"""The keys and certificates of the scripted outside CA: a root, an issuing CA under it, and what it issues."""
import datetime
import os
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def make_key(kind):
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Outside"),
                      x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def builder(subject, public_key, issuer, days):
    start = datetime.datetime.utcnow().replace(microsecond=0) - datetime.timedelta(minutes=5)
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
            .serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(start + days * DAY))


def key_usage(*usages):
    flags = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
                           "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False)
    flags.update(dict.fromkeys(usages, True))
    return x509.KeyUsage(**flags)


def ca_certificate(subject, public_key, issuer, issuer_key, path_length):
    return (builder(subject, public_key, issuer, 3650)
            .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
            .add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
            .sign(issuer_key, hashes.SHA256()))


class KeptCa:
    """A CA whose key and certificate stand in a folder, made there when they are missing."""

    def __init__(self, folder, common_name, key_kind, parent=None):
        folder.mkdir(parents=True, exist_ok=True)
        key_file, certificate_file = folder / "ca.key", folder / "ca.pem"
        if certificate_file.exists():
            self.key = serialization.load_pem_private_key(key_file.read_bytes(), None)
            self.certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
            return
        self.key = make_key(key_kind)
        subject = name(common_name)
        issuer, issuer_key = (parent.certificate.subject, parent.key) if parent else (subject, self.key)
        self.certificate = ca_certificate(subject, self.key.public_key(), issuer, issuer_key, None if parent is None else 0)
        with open(os.open(key_file, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "wb") as file:
            file.write(self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                              serialization.NoEncryption()))
        certificate_file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def sign_ca_request(self, request_pem, path_length=0):
        """A subordinate CA's certificate (PEM) for its PKCS #10 (PEM), for other CAs under the same root."""
        request = x509.load_pem_x509_csr(request_pem)
        certificate = ca_certificate(request.subject, request.public_key(), self.certificate.subject, self.key, path_length)
        return certificate.public_bytes(serialization.Encoding.PEM)


def load_root(folder, key_kind="ec"):
    return KeptCa(pathlib.Path(folder), "Outside Root", key_kind)


def requested_names(request):
    try:
        return request.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return None


def issue(ca, request, days, fault=None):
    """A leaf for a PKCS #10. `fault` makes it one that must never be delivered: ca_true, foreign_name, other_key,
    extra_usage or too_long."""
    public_key = make_key("ec").public_key() if fault == "other_key" else request.public_key()
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
    if fault == "extra_usage":
        usages.append(ExtendedKeyUsageOID.CODE_SIGNING)
    leaf = (builder(request.subject, public_key, ca.certificate.subject, days * 20 if fault == "too_long" else days)
            .add_extension(x509.BasicConstraints(ca=fault == "ca_true", path_length=None), critical=True)
            .add_extension(key_usage("digital_signature", "key_encipherment"), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key()), critical=False))
    names = requested_names(request)
    if fault == "foreign_name":
        leaf = leaf.add_extension(x509.SubjectAlternativeName([x509.DNSName("admin.foreign.example")]), critical=False)
    elif names is not None:
        leaf = leaf.add_extension(names.value, critical=names.critical)
    return leaf.sign(ca.key, hashes.SHA256())
