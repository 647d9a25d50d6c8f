"""An embedded CA under a company's root: `certspan ca csr`, the root signs, `certspan ca import`, and devices enrol."""
import datetime
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.strongswan import Strongswan

CA_EXTENSIONS = """basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""
RA_EXTENSIONS = """basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""
DAY = datetime.timedelta(days=1)


def openssl(*arguments, folder):
    done = subprocess.run(["openssl", *map(str, arguments)], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class CompanyRoot:
    """A root CA that openssl has made, in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-days", "30", "-subj",
                "/O=Example/CN=Company Root", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", "root.key", "-out",
                "root.pem", folder=folder)

    @property
    def pem(self):
        return (self.folder / "root.pem").read_text()

    def sign(self, csr):
        """The CA's certificate alone."""
        (self.folder / "ca.csr").write_text(csr)
        return sign(self.folder, "ca.csr", "root.pem", "root.key", CA_EXTENSIONS)

    def sign_oddly(self, csr, ca=True, not_after=None):
        """By another hand, which takes what openssl's command refuses."""
        request, root = x509.load_pem_x509_csr(csr.encode()), x509.load_pem_x509_certificate(self.pem.encode())
        key = serialization.load_pem_private_key((self.folder / "root.key").read_bytes(), None)
        now = datetime.datetime.utcnow()
        usage = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
                               "decipher_only"), False)
        return (x509.CertificateBuilder().subject_name(request.subject).issuer_name(root.subject)
                .public_key(request.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(now - 3 * DAY).not_valid_after(not_after or now + DAY)
                .add_extension(x509.BasicConstraints(ca, None), critical=True)
                .add_extension(x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, **usage), critical=True)
                .sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode())


def sign(folder, csr, ca, key, extensions):
    (folder / "extensions").write_text(extensions)
    return openssl("x509", "-req", "-in", csr, "-CA", ca, "-CAkey", key, "-CAcreateserial", "-days", "20", "-extfile", "extensions",
                   folder=folder)


@pytest.fixture
def root(tmp_path):
    return CompanyRoot(tmp_path / "root")


@pytest.fixture
def ca(make_host, tmp_path):
    """A host that is to get a CA in `directory`, and the request for it."""

    class Requested:
        host = make_host()
        directory = tmp_path / "corporate"

        def ask(self, *options):
            made = self.host.run_program("ca", "csr", "--directory", str(self.directory), "--subject",
                                         "CN=Example Issuing CA,O=Example", *options)
            assert made.returncode == 0, made.stderr
            return made.stdout

        def import_(self, text):
            file = tmp_path / "given.pem"
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
            return self.host.run_program("ca", "import", str(file), "--directory", str(self.directory))

    return Requested()


def certify_ra(host, directory):
    """What the admin's openssl does for the RA: clients want RA and CA of one chain."""
    openssl("req", "-new", "-key", host.directory / "ra.key", "-subj", "/CN=Example RA", "-out", "ra.csr", folder=directory)
    pem = sign(directory, "ra.csr", "ca.pem", "ca.key", RA_EXTENSIONS)
    (host.directory / "ra.pem").write_text(pem)


@pytest.mark.parametrize("key", ["rsa:2048", "p256"])
def test_a_ca_under_a_companys_root_issues_what_the_root_vouches_for(ca, root, tmp_path, key):
    host = ca.host
    csr = ca.ask("--key", key)
    assert (ca.directory / "ca.key").stat().st_mode & 0o777 == 0o600
    imported = ca.import_(root.sign(csr) + root.pem)
    assert imported.returncode == 0, imported.stderr
    certify_ra(host, ca.directory)
    host.configure(lambda text: text.replace(f"certificate_file: {host.directory}/ca.pem", f"certificate_file: {ca.directory}/ca.pem")
                   .replace('key: "${file:ca.key}"', f'key: "${{file:{ca.directory}/ca.key}}"')
                   .replace("path: /scep\n", "path: /scep\n      ca_certificates: chain\n"))
    host.start()
    client = Strongswan(tmp_path / "client", host.url()).fetch_ca()
    certificate = client.enrol(client.new_key(), "C=CH, CN=under-the-root", host.challenge)
    (tmp_path / "leaf.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    openssl("verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", root.folder / "root.pem", "-untrusted",
            ca.directory / "ca.pem", "leaf.pem", folder=tmp_path)
    assert certificate.issuer.rfc4514_string() == "CN=Example Issuing CA,O=Example"


def test_a_request_that_is_made_again_never_replaces_the_key(ca):
    ca.ask()
    before = (ca.directory / "ca.key").read_bytes()
    again = ca.host.run_program("ca", "csr", "--directory", str(ca.directory), "--subject", "CN=Other")
    assert again.returncode == 1
    assert "ca.key" in again.stderr
    assert (ca.directory / "ca.key").read_bytes() == before


def test_a_subject_that_is_no_text_is_refused(ca):
    done = ca.host.run_program("ca", "csr", "--directory", str(ca.directory), "--subject", b"CN=M\xfcller")
    assert (done.returncode, "subject is no text: write it in UTF-8" in done.stderr) == (1, True), done.stderr
    assert not (ca.directory / "ca.key").exists()


def test_a_certificate_that_does_not_fit_is_refused_and_changes_nothing(ca, root, tmp_path):
    csr = ca.ask("--key", "p256")
    stranger = (x509.CertificateSigningRequestBuilder()
                .subject_name(x509.load_pem_x509_csr(csr.encode()).subject)
                .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode())
    other_root = CompanyRoot(tmp_path / "other-root")
    der = x509.load_pem_x509_certificate(root.sign(csr).encode()).public_bytes(serialization.Encoding.DER)
    expired = root.sign_oddly(csr, not_after=datetime.datetime.utcnow() - DAY)
    for given, told in [(root.sign(stranger) + root.pem, "none of the certificates is for this CA's key"),
                        (root.sign_oddly(csr, ca=False) + root.pem, "is not a CA's"),
                        (expired + root.pem, "expired at"),
                        (root.sign(csr), "add the certificate of its issuer"),
                        (root.sign(csr) + other_root.pem, "add the certificate of its issuer"),
                        ("nothing\n", "no certificate in PEM in it"),
                        (der, "`openssl x509 -inform DER` makes PEM of DER")]:
        refused = ca.import_(given)
        assert refused.returncode == 1, told
        assert told in refused.stderr
        assert "given.pem" in refused.stderr
        assert not (ca.directory / "ca.pem").exists()
    absent = ca.host.run_program("ca", "import", str(tmp_path / "absent.pem"), "--directory", str(ca.directory))
    assert (absent.returncode, "absent.pem" in absent.stderr) == (1, True)
    assert ca.import_(root.sign(csr) + root.pem).returncode == 0
