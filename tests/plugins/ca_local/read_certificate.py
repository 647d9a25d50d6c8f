"""Reads a certificate as an independent implementation does and prints what it says as JSON.

    read_certificate.py CERTIFICATE_DER
"""

import json
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtensionOID as Ext

USAGES = [
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
]


def value_of(extension):
    value = extension.value
    if extension.oid == Ext.BASIC_CONSTRAINTS:
        return {"ca": value.ca, "path_length": value.path_length}
    if extension.oid == Ext.KEY_USAGE:
        return [name for name in USAGES if getattr(value, name)]
    if extension.oid == Ext.EXTENDED_KEY_USAGE:
        return [purpose.dotted_string for purpose in value]
    if extension.oid == Ext.SUBJECT_ALTERNATIVE_NAME:
        return [str(name.value) for name in value]
    if extension.oid == Ext.SUBJECT_KEY_IDENTIFIER:
        return value.digest.hex()
    if extension.oid == Ext.AUTHORITY_KEY_IDENTIFIER:
        return value.key_identifier.hex()
    if extension.oid == Ext.CRL_DISTRIBUTION_POINTS:
        return [name.value for point in value for name in point.full_name]
    if extension.oid == Ext.AUTHORITY_INFORMATION_ACCESS:
        return [[access.access_method.dotted_string, access.access_location.value] for access in value]
    return extension.value.public_bytes().hex()


def main():
    der = pathlib.Path(sys.argv[1]).read_bytes()
    certificate = x509.load_der_x509_certificate(der)
    computed = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key())
    report = {
        "version": certificate.version.name,
        "serial_bits": certificate.serial_number.bit_length(),
        "serial_positive": certificate.serial_number > 0,
        "issuer": certificate.issuer.public_bytes().hex(),
        "subject": certificate.subject.public_bytes().hex(),
        "not_before": certificate.not_valid_before.isoformat(),
        "not_after": certificate.not_valid_after.isoformat(),
        "signature_algorithm": certificate.signature_algorithm_oid.dotted_string,
        "key_sha1": computed.digest.hex(),
        "extensions": {
            extension.oid.dotted_string: {"critical": extension.critical, "value": value_of(extension)}
            for extension in certificate.extensions
        },
        "order": [extension.oid.dotted_string for extension in certificate.extensions],
        "canonical": certificate.public_bytes(serialization.Encoding.DER) == der,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
