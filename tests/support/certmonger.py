"""certmonger: a daemon that enrols over SCEP and renews, told what to do by `getcert`. It listens on a private socket: no D-Bus."""
import base64
import os
import pathlib
import re
import subprocess
import uuid

from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.support.waiting import wait_until

CA = "certspan"
REQUEST = "device"


class Certmonger:
    """A daemon of its own, with all that it keeps in `directory`, and one request; use it in a `with` statement.
    `prefix`: a command that runs it by exec."""

    def __init__(self, directory, prefix=()):
        self.directory = pathlib.Path(directory)
        self.prefix = prefix
        self.key_file, self.certificate_file = self.directory / "device.key", self.directory / "device.pem"
        self.address = f"abstract=certspan-{uuid.uuid4().hex}"
        self.process = None

    def __enter__(self):
        names = ("REQUESTS_DIR", "CAS_DIR", "TMPDIR", "CONFIG_DIR", "LOCAL_CA_DIR")
        kept = {name: self.directory / name.lower() for name in names}
        for folder in kept.values():
            folder.mkdir(parents=True)
        kept["SYSTEM_LOCK_FILE"] = self.directory / "lock"
        environment = dict(os.environ, **{f"CERTMONGER_{name}": str(path) for name, path in kept.items()})
        with open(self.directory / "log", "wb") as log:
            self.process = subprocess.Popen([*self.prefix, "certmonger", "-n", "-d", "1", "-L", "-P", self.address], env=environment,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_until(lambda: self._run("list-cas").returncode == 0, limit=30)
        except AssertionError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def log(self):
        return (self.directory / "log").read_text(errors="replace")

    def _run(self, *arguments):
        return subprocess.run(["getcert", *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False,
                              stdin=subprocess.DEVNULL, env=dict(os.environ, CERTMONGER_PVT_ADDRESS=f"unix:{self.address}"))

    def getcert(self, *arguments):
        """What `getcert` prints; raises with certmonger's log when it fails."""
        done = self._run(*arguments)
        if done.returncode != 0:
            raise RuntimeError(f"getcert {arguments[0]} failed ({done.returncode}): {done.stdout}{done.stderr}\n{self.log()}")
        return done.stdout

    def add_ca(self, url, *options):
        """Names the endpoint and waits until certmonger has the certificates of CA and RA, by GetCACert or from the files given."""
        self.getcert("add-scep-ca", "-c", CA, "-u", url, *options)
        wait_until(lambda: "thumbprint" in self.getcert("list-cas", "-c", CA))
        return self

    def go_to(self, url):
        """The endpoint has moved."""
        self.getcert("modify-ca", "-c", CA, "-e", f"/usr/lib/certmonger/scep-submit -u {url}")

    def request(self, subject, challenge, *options):
        """Asks for a first certificate and does not wait for it."""
        self.getcert("request", "-c", CA, "-I", REQUEST, "-k", self.key_file, "-f", self.certificate_file, "-N", subject,
                     "-L", challenge, *options)

    def again(self, how):
        """`how` is "resubmit", "rekey" or "refresh" (asks for what is pending)."""
        self.getcert(how, "-i", REQUEST)

    def told(self):
        """What `getcert list` says of the request, by name."""
        lines = [line.strip().split(": ", 1) for line in self.getcert("list", "-i", REQUEST).splitlines()]
        return dict(line for line in lines if len(line) == 2)

    def until(self, status):
        """Waits for that status, or for certmonger to be stuck in another one; what it tells then."""
        def settled():
            now = self.told()
            return now if now.get("status") == status or now.get("stuck") == "yes" else None
        told = wait_until(settled)
        assert told["status"] == status, (told, self.log()[-3000:])
        return told

    def certificate(self, other_than=None):
        """The certificate in its file, once certmonger has put there one that is not `other_than`."""
        def changed():
            self.until("MONITORING")
            found = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
            return found if found != other_than else None
        return wait_until(changed)

    def cipher(self):
        """What its request to the RA is encrypted with."""
        kept = "".join(file.read_text() for file in (self.directory / "requests_dir").iterdir())
        armoured = re.search(r"^scep_req=-+BEGIN PKCS7-+\n((?: .*\n)+?) -+END", kept, re.MULTILINE).group(1)
        signed = cms.ContentInfo.load(base64.b64decode(armoured))["content"]
        enveloped = cms.ContentInfo.load(signed["encap_content_info"]["content"].native)["content"]
        return enveloped["encrypted_content_info"]["content_encryption_algorithm"]["algorithm"].native

    def public_key(self):
        """Of the key in its file, as SubjectPublicKeyInfo."""
        key = serialization.load_pem_private_key(self.key_file.read_bytes(), None)
        return spki(key.public_key())


def spki(key):
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
