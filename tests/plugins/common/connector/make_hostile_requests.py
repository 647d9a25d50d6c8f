"""Writes certificate requests that nobody should get a certificate for, one DER file each.

    make_hostile_requests.py OUTPUT_DIRECTORY CA_KEY_PEM CA_SUBJECT_DER

The encoder stands here in full and shares nothing with the one under test: it must be able to write what a correct
one refuses to. Keys are made anew on each run.
"""

import hashlib
import math
import pathlib
import secrets
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa

SID = "S-1-5-21-3623811015-3361044348-30300820-1013"


def tlv(tag, *parts):
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def seq(*parts):
    return tlv(0x30, *parts)


def der_set(*parts):
    return tlv(0x31, *parts)


def octets(content):
    return tlv(0x04, content)


def utf8(text):
    return tlv(0x0C, text.encode())


def printable(text):
    return tlv(0x13, text.encode())


def ia5(text):
    return tlv(0x16, text.encode())


def integer(value):
    size = value.bit_length() // 8 + 1
    return tlv(0x02, value.to_bytes(size, "big"))


def oid(dotted):
    arcs = [int(arc) for arc in dotted.split(".")]
    content = bytearray()
    for arc in [arcs[0] * 40 + arcs[1]] + arcs[2:]:
        groups = [arc & 0x7F]
        while arc >> 7:
            arc >>= 7
            groups.append(arc & 0x7F | 0x80)
        content += bytes(reversed(groups))
    return tlv(0x06, bytes(content))


def bits(content, unused=0):
    return tlv(0x03, bytes([unused]) + content)


NULL = tlv(0x05)
TRUE = tlv(0x01, b"\xff")


def rdn(attribute, value):
    return der_set(seq(oid(attribute), value))


def name(*rdns):
    return seq(*rdns)


LAPTOP = name(rdn("2.5.4.3", utf8("laptop-7")))


def extension(dotted, value, critical=False):
    return seq(oid(dotted), TRUE if critical else b"", octets(value))


def extension_request(*extensions, attribute="1.2.840.113549.1.9.14"):
    return seq(oid(attribute), der_set(seq(*extensions)))


def san(*names, critical=False):
    return extension("2.5.29.17", seq(*names), critical)


def dns(text):
    return tlv(0x82, text if isinstance(text, bytes) else text.encode())


def email(text):
    return tlv(0x81, text.encode())


def uri(text):
    return tlv(0x86, text.encode())


def other_name(dotted, value):
    return tlv(0xA0, oid(dotted), tlv(0xA0, value))


def eku(*dotted):
    return extension("2.5.29.37", seq(*[oid(one) for one in dotted]))


def key_usage(octet, unused):
    return extension("2.5.29.15", bits(bytes([octet]), unused), critical=True)


def application_policies(*dotted):
    return extension("1.3.6.1.4.1.311.21.10", seq(*[seq(oid(one)) for one in dotted]))


def basic_constraints(*parts):
    return extension("2.5.29.19", seq(*parts), critical=True)


def spki_of(key):
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def rsa_spki(modulus, exponent):
    key = seq(integer(modulus), integer(exponent))
    return seq(seq(oid("1.2.840.113549.1.1.1"), NULL), bits(key))


def ec_spki(point):
    return seq(seq(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")), bits(point))


ALGORITHMS = {
    "sha256WithRsa": (seq(oid("1.2.840.113549.1.1.11"), NULL), hashes.SHA256()),
    "sha1WithRsa": (seq(oid("1.2.840.113549.1.1.5"), NULL), hashes.SHA1()),
    "md5WithRsa": (seq(oid("1.2.840.113549.1.1.4"), NULL), hashes.MD5()),
    "ecdsaWithSha256": (seq(oid("1.2.840.10045.4.3.2")), hashes.SHA256()),
    "dsaWithSha256": (seq(oid("2.16.840.1.101.3.4.3.2")), hashes.SHA256()),
    "ed25519": (seq(oid("1.3.101.112")), None),
}


def sign(key, algorithm, data):
    _, digest = ALGORITHMS[algorithm]
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), digest)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(digest))
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    return key.sign(data, digest)


def default_algorithm(key):
    if isinstance(key, rsa.RSAPrivateKey):
        return "sha256WithRsa"
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return "ecdsaWithSha256"
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    return "dsaWithSha256"


def signed_request(key, *attributes, subject=LAPTOP, spki=None, algorithm=None, version=0, signature=None):
    algorithm = algorithm or default_algorithm(key)
    info = seq(integer(version), subject, spki or spki_of(key), tlv(0xA0, *attributes))
    return seq(info, ALGORITHMS[algorithm][0], bits(signature or sign(key, algorithm, info)))


def explicit_p256(key):
    """A P-256 key with the curve written out instead of named."""
    numbers = key.public_key().public_numbers()
    p = 2**256 - 2**224 + 2**192 + 2**96 - 1
    a = p - 3
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    g = bytes.fromhex(
        "046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
        "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"
    )
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    field = seq(oid("1.2.840.10045.1.1"), integer(p))
    curve = seq(octets(a.to_bytes(32, "big")), octets(b.to_bytes(32, "big")))
    parameters = seq(integer(1), field, curve, octets(g), integer(order), integer(1))
    point = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    return seq(seq(oid("1.2.840.10045.2.1"), parameters), bits(point))


def is_prime(number):
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        power = pow(base, odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True


def roca_primes():
    """Two primes as the chips of CVE-2017-15361 made them: a power of 65537 modulo the product of the small primes."""
    small = []
    for candidate in range(2, 702):
        if all(candidate % prime for prime in small):
            small.append(candidate)
    product, primes = math.prod(small), []
    while len(primes) < 2:
        power = pow(65537, secrets.randbelow(1 << 60), product)
        multiple = (3 << 1022) // product + secrets.randbelow((1 << 1022) // product)
        found = multiple * product + power
        if is_prime(found):
            primes.append(found)
    return primes


def factorable_request(primes, *attributes):
    """Signed by hand: no library makes such a key."""
    modulus = math.prod(primes)
    private = pow(65537, -1, math.prod(prime - 1 for prime in primes))
    info = seq(integer(0), LAPTOP, rsa_spki(modulus, 65537), tlv(0xA0, *attributes))
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(info).digest()
    size = (modulus.bit_length() + 7) // 8
    padded = b"\0\1" + b"\xff" * (size - 3 - len(digest)) + b"\0" + digest
    signature = pow(int.from_bytes(padded, "big"), private, modulus).to_bytes(size, "big")
    return seq(info, ALGORITHMS["sha256WithRsa"][0], bits(signature))


def flip_last(der):
    return der[:-1] + bytes([der[-1] ^ 1])


def hostile(good, other, ca_key, ca_subject, attributes=()):
    """`good` is an RSA key of 2048 bits, `other` one of P-256. `attributes` stand in every request: a challenge, for one."""

    def request(key, *own, **more):
        return signed_request(key, *own, *attributes, **more)

    sid_extension = extension(
        "1.3.6.1.4.1.311.25.2", seq(other_name("1.3.6.1.4.1.311.25.2.1", octets(SID.encode())))
    )
    upn = other_name("1.3.6.1.4.1.311.20.2.3", utf8("ceo@example.com"))

    def asks(*extensions, **more):
        return request(good, extension_request(*extensions), **more)

    yield "sid_extension", asks(sid_extension)
    yield "sid_extension_in_old_attribute", request(
        good, extension_request(sid_extension, attribute="1.3.6.1.4.1.311.2.1.14")
    )
    yield "sid_in_san_uri", asks(san(uri("tag:microsoft.com,2022-09-14:sid:" + SID)))
    yield "sid_in_san_uri_in_capitals", asks(san(uri("TAG:Microsoft.com,2022-09-14:SID:" + SID)))
    yield "sid_in_san_uri_percent_encoded", asks(
        san(uri("tag:microsoft.com,2022-09-14:%73id:" + SID))
    )
    yield "sid_as_other_name_in_san", asks(
        san(other_name("1.3.6.1.4.1.311.25.2.1", octets(SID.encode())))
    )

    yield "ca_true", asks(basic_constraints(TRUE))
    yield "ca_true_with_path_length", asks(basic_constraints(TRUE, integer(0)))
    yield "path_length_without_ca", asks(basic_constraints(integer(0)))
    yield "name_constraints", asks(
        extension("2.5.29.30", seq(tlv(0xA0, seq(dns("example.com")))), critical=True)
    )
    yield "certificate_policies", asks(extension("2.5.29.32", seq(seq(oid("2.5.29.32.0")))))
    yield "authority_key_identifier", asks(extension("2.5.29.35", seq(tlv(0x80, b"\x01" * 20))))
    yield "ocsp_no_check", asks(extension("1.3.6.1.5.5.7.48.1.5", NULL))
    yield "crl_distribution_point", asks(
        extension("2.5.29.31", seq(seq(tlv(0xA0, tlv(0xA0, uri("http://evil.example/crl"))))))
    )
    yield "unknown_extension", asks(extension("1.2.3.4.5", NULL))
    yield "unknown_critical_extension", asks(extension("1.2.3.4.5", NULL, critical=True))
    yield "extension_twice", asks(san(dns("a.example")), san(dns("b.example")))
    yield "extension_in_both_attributes", request(
        good,
        extension_request(san(dns("a.example"))),
        extension_request(san(dns("b.example")), attribute="1.3.6.1.4.1.311.2.1.14"),
    )
    yield "policy_mappings", asks(
        extension("2.5.29.33", seq(seq(oid("2.5.29.32.0"), oid("1.2.3.4"))), critical=True)
    )
    yield "policy_constraints", asks(extension("2.5.29.36", seq(tlv(0x80, b"\x00")), critical=True))
    yield "ca_version", asks(extension("1.3.6.1.4.1.311.21.1", integer(0)))
    yield "application_policy_beyond_the_profile", asks(
        eku("1.3.6.1.5.5.7.3.2"), application_policies("1.3.6.1.5.5.7.3.2", "1.3.6.1.4.1.311.20.2.1")
    )
    yield "application_policies_empty", asks(extension("1.3.6.1.4.1.311.21.10", seq()))
    yield "empty_key_identifier", asks(extension("2.5.29.14", octets(b"")))

    yield "san_email", asks(san(email("ceo@example.com")))
    yield "san_ip", asks(san(tlv(0x87, bytes([192, 0, 2, 1]))))
    yield "san_upn", asks(san(upn))
    yield "san_dns_and_upn", asks(san(dns("laptop-7.example"), upn))
    yield "san_directory_name", asks(san(tlv(0xA4, name(rdn("2.5.4.3", utf8("ceo"))))))
    yield "san_registered_id", asks(san(tlv(0x88, oid("1.2.3.4")[2:])))
    yield "san_other_name", asks(san(other_name("1.2.3.4", utf8("x"))))
    yield "san_kerberos_principal", asks(san(other_name("1.3.6.1.5.2.2", seq())))
    yield "san_empty", asks(extension("2.5.29.17", seq()))
    yield "san_nul_in_dns", asks(san(dns(b"laptop-7.example\x00.evil.example")))
    yield "san_not_ascii", asks(san(dns("läptop.example".encode("latin-1"))))
    yield "san_dns_with_space", asks(san(dns("laptop 7.example")))
    yield "san_wildcard", asks(san(dns("*.corp.example")))
    yield "san_wildcard_behind_a_good_name", asks(san(dns("a.corp.example"), dns("*.corp.example")))
    yield "san_wildcard_alone", asks(san(dns("*")))
    yield "san_wildcard_in_a_label", asks(san(dns("www*.corp.example")))
    yield "san_uri_with_control_character", asks(san(uri("urn:x\x07y")))
    yield "san_twice_in_one_attribute_set", request(
        good,
        extension_request(san(dns("a.example"))),
        extension_request(san(dns("b.example"))),
    )
    yield "san_dns_empty", asks(san(dns("")))
    yield "san_too_many", asks(san(*[dns(f"host-{i}.example") for i in range(500)]))
    yield "san_trailing_bytes", asks(extension("2.5.29.17", seq(dns("a.example")) + b"\x00"))

    yield "eku_server_auth", asks(eku("1.3.6.1.5.5.7.3.1"))
    yield "eku_client_and_code_signing", asks(eku("1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.3"))
    yield "eku_any", asks(eku("2.5.29.37.0"))
    yield "eku_enrollment_agent", asks(eku("1.3.6.1.4.1.311.20.2.1"))
    yield "eku_smartcard_logon", asks(eku("1.3.6.1.4.1.311.20.2.2"))
    yield "eku_ocsp_signing", asks(eku("1.3.6.1.5.5.7.3.9"))
    yield "eku_unknown", asks(eku("1.2.3.4.5.6"))
    yield "eku_empty", asks(extension("2.5.29.37", seq()))
    yield "ku_key_cert_sign", asks(key_usage(0x04, 2))
    yield "ku_crl_sign", asks(key_usage(0x02, 1))
    yield "ku_non_repudiation", asks(key_usage(0xC0, 6))
    yield "ku_no_bit_string", asks(extension("2.5.29.15", NULL))

    yield "empty_subject_without_san", request(good, subject=name())
    yield "subject_of_the_ca", request(good, subject=ca_subject)
    yield "subject_with_control_character", request(
        good, subject=name(rdn("2.5.4.3", utf8("laptop\n7")))
    )
    yield "subject_with_nul", request(good, subject=name(rdn("2.5.4.3", utf8("laptop\x007"))))
    yield "subject_with_empty_value", request(good, subject=name(rdn("2.5.4.3", utf8(""))))
    yield "subject_with_broken_utf8", request(
        good, subject=name(rdn("2.5.4.3", tlv(0x0C, b"laptop-\xff")))
    )
    yield "subject_with_written_direction", request(
        good, subject=name(rdn("2.5.4.3", utf8("laptop-\u202egpj.exe")))
    )
    yield "subject_with_byte_order_mark", request(good, subject=name(rdn("2.5.4.3", utf8("\ufefflaptop"))))
    yield "subject_with_c1_control", request(good, subject=name(rdn("2.5.4.3", utf8("laptop\x9b7"))))
    yield "subject_common_name_of_65", request(good, subject=name(rdn("2.5.4.3", utf8("x" * 65))))
    yield "subject_country_of_3", request(good, subject=name(rdn("2.5.4.6", printable("DEU"))))
    yield "subject_country_not_printable", request(good, subject=name(rdn("2.5.4.6", tlv(0x14, b"\xff\xfe"))))
    yield "subject_serial_number_not_printable", request(good, subject=name(rdn("2.5.4.5", utf8("4_2"))))
    yield "subject_mail_not_ascii", request(
        good, subject=name(rdn("1.2.840.113549.1.9.1", utf8("j\u00fcrgen@corp.example")))
    )
    yield "subject_two_names_in_one_part", request(
        good,
        subject=name(der_set(seq(oid("2.5.4.3"), utf8("ceo")), seq(oid("2.5.4.3"), utf8("laptop-7")))),
    )
    yield "subject_with_empty_part", request(good, subject=name(rdn("2.5.4.3", utf8("laptop-7")), der_set()))
    yield "subject_of_65_parts", request(good, subject=name(*[rdn("2.5.4.11", utf8(str(i))) for i in range(65)]))
    yield "subject_too_long", request(good, subject=name(rdn("2.5.4.3", utf8("x" * 5000))))

    yield "key_of_the_ca", request(ca_key)
    weak = rsa.generate_private_key(65537, 1024)
    yield "rsa_1024", request(weak)
    yield "rsa_exponent_3", request(rsa.generate_private_key(3, 2048))
    modulus = good.public_key().public_numbers().n
    yield "rsa_exponent_1", request(good, spki=rsa_spki(modulus, 1))
    yield "rsa_exponent_even", request(good, spki=rsa_spki(modulus, 65536))
    yield "rsa_modulus_even", request(good, spki=rsa_spki(modulus - 1, 65537))
    yield "rsa_modulus_negative", request(
        good,
        spki=seq(
            seq(oid("1.2.840.113549.1.1.1"), NULL),
            bits(seq(tlv(0x02, b"\x80" + b"\x01" * 255), integer(65537))),
        ),
    )
    yield "rsa_roca", factorable_request(roca_primes(), *attributes)
    numbers = good.private_numbers()
    yield "rsa_small_factor", factorable_request([numbers.p, numbers.q, 163], *attributes)
    yield "rsa_16384", request(good, spki=rsa_spki((1 << 16383) + 1, 65537))
    yield "ec_p192", request(ec.generate_private_key(ec.SECP192R1()))
    yield "ec_point_compressed", request(
        other, spki=ec_spki(bytes([2 + spki_of(other)[-1] % 2]) + spki_of(other)[-64:-32])
    )
    yield "ec_point_at_infinity", request(other, spki=ec_spki(b"\x00"))
    yield "ec_p224", request(ec.generate_private_key(ec.SECP224R1()))
    yield "ec_secp256k1", request(ec.generate_private_key(ec.SECP256K1()))
    yield "ec_explicit_parameters", request(other, spki=explicit_p256(other))
    spki = spki_of(other)
    yield "ec_point_not_on_curve", request(other, spki=spki[:-1] + bytes([spki[-1] ^ 1]))
    yield "ec_curve_not_in_profile", request(ec.generate_private_key(ec.SECP521R1()))
    yield "ed25519", request(ed25519.Ed25519PrivateKey.generate())
    yield "dsa", request(dsa.generate_private_key(1024))

    yield "signed_with_sha1", request(good, algorithm="sha1WithRsa")
    yield "signed_with_md5", request(good, algorithm="md5WithRsa")
    yield "signature_broken", flip_last(request(good))
    yield "signature_of_another_key", request(
        good, spki=spki_of(rsa.generate_private_key(65537, 2048))
    )
    yield "signature_empty", request(good, signature=b"\x00")
    yield "ecdsa_signature_zero", request(other, signature=seq(integer(0), integer(0)))

    yield "template_in_name_value_pair", request(
        good,
        seq(
            oid("1.3.6.1.4.1.311.13.2.1"),
            der_set(
                seq(
                    tlv(0x1E, "CertificateTemplate".encode("utf-16-be")),
                    tlv(0x1E, "SubCA".encode("utf-16-be")),
                )
            ),
        ),
    )
    yield "version_2", request(good, version=1)
    yield "trailing_bytes", request(good) + b"\x00"
    yield "truncated", request(good)[:-20]
    yield "empty", b""
    yield "not_der", b"-----BEGIN CERTIFICATE REQUEST-----\n"
    plain = request(good)
    yield "indefinite_length", b"\x30\x80" + plain[4:] + b"\x00\x00"
    yield "too_large", request(good, subject=name(rdn("2.5.4.3", utf8("x" * 70000))))


def main():
    output = pathlib.Path(sys.argv[1])
    ca_key = serialization.load_pem_private_key(pathlib.Path(sys.argv[2]).read_bytes(), None)
    ca_subject = pathlib.Path(sys.argv[3]).read_bytes()
    good = rsa.generate_private_key(65537, 2048)
    other = ec.generate_private_key(ec.SECP256R1())
    for label, der in hostile(good, other, ca_key, ca_subject):
        (output / f"{label}.der").write_bytes(der)


if __name__ == "__main__":
    main()
