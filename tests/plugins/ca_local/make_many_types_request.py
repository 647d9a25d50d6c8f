"""Writes a certificate request whose subject has an attribute in each string type, and one name of each kind.

    make_many_types_request.py OUTPUT_DER
"""

import ipaddress
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID


def main():
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(NameOID.DOMAIN_COMPONENT, "example", _ASN1Type.IA5String),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example", _ASN1Type.PrintableString),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Größe", _ASN1Type.BMPString),
            x509.NameAttribute(NameOID.LOCALITY_NAME, "Berlin", _ASN1Type.T61String),
            x509.NameAttribute(NameOID.COMMON_NAME, "laptop-7 ü", _ASN1Type.UTF8String),
        ]
    )
    upn = x509.OtherName(
        x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), b"\x0c\x10user@example.com"
    )
    names = [
        x509.DNSName("laptop-7.example"),
        upn,
        x509.RFC822Name("user@example.com"),
        x509.IPAddress(ipaddress.ip_address("2001:db8::7")),
        x509.UniformResourceIdentifier("urn:example:laptop-7"),
    ]
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    pathlib.Path(sys.argv[1]).write_bytes(request.public_bytes(serialization.Encoding.DER))


if __name__ == "__main__":
    main()
