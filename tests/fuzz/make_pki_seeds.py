"""Makes the seeds of the SCEP and certificate fuzz targets: tests/fuzz/corpus/<target>/*. Public bytes only; the keys are
made for this run and forgotten. Run from the top of the tree: /usr/bin/python3 tests/fuzz/make_pki_seeds.py
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from asn1crypto import core, x509 as asn1_x509  # noqa: E402
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.x509 import ocsp  # noqa: E402

from tests.support import scep_messages as scep  # noqa: E402

CORPUS = pathlib.Path(__file__).parent / "corpus"


def save(target, name, data):
    place = CORPUS / target
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_bytes(data)


def requests(key):
    upn = asn1_x509.GeneralName("other_name", asn1_x509.AnotherName(
        {"type_id": "1.3.6.1.4.1.311.20.2.3", "value": core.UTF8String("user@example")}))
    with_upn = asn1_x509.Extension({"extn_id": "subject_alt_name", "critical": False,
                                    "extn_value": core.ParsableOctetString(asn1_x509.GeneralNames([upn]).dump())})
    return {
        "plain": scep.build_csr(key),
        "names": scep.build_csr(key, challenge="secret", dns=["a.example"], emails=["a@b.example"], uris=["urn:x"]),
        "upn": scep.build_csr(key, challenge="x", challenge_type=core.BMPString, extensions=[with_upn]),
    }


def content_of(csr):
    """Subject and attributes as scep_content_fuzz puts them together again."""
    info = scep.asn1_csr.CertificationRequest.load(csr)["certification_request_info"]
    subject, attributes = info["subject"].contents, info["attributes"].contents
    return bytes([len(subject)]) + subject + attributes


def main():
    key, ra_key = scep.new_ec_key(), scep.new_rsa_key(1024)
    certificate, ra = scep.self_signed(key), scep.self_signed(ra_key, "ra")
    for name, csr in requests(key).items():
        save("certificate_request_fuzz", name, csr)
        save("scep_content_fuzz", name, content_of(csr))
    for name, options in {"der": {}, "ber": {"ber_chunk": 300}, "oaep": {"key_transport": "oaep-sha256"}}.items():
        request = scep.build_request(scep.build_csr(key), signer_key=key, signer_certificate=certificate,
                                     recipients=[ra], **options)
        save("scep_outer_fuzz", name, request.der)
        save("scep_outer_fuzz", "envelope_" + name, request.enveloped)
    for name, digest in {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}.items():
        builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, ra, digest)
        for kind, request in {"": builder, "_nonce": builder.add_extension(x509.OCSPNonce(bytes(16)), critical=False)}.items():
            save("ocsp_request_fuzz", name + kind, request.build().public_bytes(serialization.Encoding.DER))
    for name, each in {"ec": certificate, "rsa": ra}.items():
        save("certificate_fuzz", name, each.public_bytes(serialization.Encoding.DER))


if __name__ == "__main__":
    main()
