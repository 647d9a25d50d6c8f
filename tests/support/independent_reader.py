"""Judges issued certificates with readers that are not ours: OpenSSL's verifier and python3-cryptography."""
import pathlib
import subprocess
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID


def check_issued(host_directory, certificate, names=()):
    """A client certificate of the embedded CA in `host_directory`, by the profile that `certspan init` writes."""
    ca_file = pathlib.Path(host_directory) / "ca.pem"
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(certificate.public_bytes(serialization.Encoding.PEM))
        file.flush()
        verified = subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", ca_file, file.name],
                                  capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stderr
    extensions = certificate.extensions
    assert extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    ca = x509.load_pem_x509_certificate(ca_file.read_bytes())
    assert certificate.not_valid_after <= ca.not_valid_after
    assert 64 <= certificate.serial_number.bit_length() <= 159
    if names:
        alternative = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert alternative.get_values_for_type(x509.DNSName) == list(names)


def checked_by_openssl(directory, ca, crl, certificate):
    """What `openssl verify -crl_check` says of `certificate`, in `directory`."""
    for name, what in (("ca", ca), ("crl", crl), ("device", certificate)):
        (directory / f"{name}.pem").write_bytes(what.public_bytes(serialization.Encoding.PEM))
    done = subprocess.run(["openssl", "verify", "-crl_check", "-CAfile", "ca.pem", "-CRLfile", "crl.pem", "device.pem"],
                          cwd=directory, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
