"""A real step-ca with a SCEP provisioner: what STEP_CA names, or Debian's packages of its library, built here."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time

GO = next((path for path in ("/usr/lib/go-1.19/bin/go", shutil.which("go")) if path and pathlib.Path(path).exists()), None)
LIBRARY = pathlib.Path("/usr/share/gocode/src/github.com/smallstep/certificates")
START_LIMIT_S, BUILD_LIMIT_S = 30, 900
PROVISIONER, CHALLENGE = "devices", "secret"


def why_not():
    """Why there is none here; empty if there is one."""
    if os.environ.get("STEP_CA"):
        return ""
    if GO is None or not LIBRARY.exists():
        return "there is no STEP_CA, and no Go with golang-github-smallstep-certificates-dev"
    return ""


def program(folder):
    """The program; built in `folder` if it is not there yet."""
    if os.environ.get("STEP_CA"):
        return pathlib.Path(os.environ["STEP_CA"])
    folder = pathlib.Path(folder)
    built = folder / "bin" / "step-ca"
    if not built.exists():
        source = folder / "src" / "stepca"
        source.mkdir(parents=True, exist_ok=True)
        shutil.copy(pathlib.Path(__file__).parent / "step_ca" / "main.go", source)
        subprocess.run([GO, "build", "-o", str(built), "stepca"], check=True, capture_output=True, timeout=BUILD_LIMIT_S,
                       env={"PATH": os.environ["PATH"], "HOME": str(folder), "GO111MODULE": "off", "GOCACHE": str(folder / "cache"),
                            "GOPATH": f"{folder}:/usr/share/gocode"})
    return built


def version_of(built):
    """In words: that of the library where the program does not know its own."""
    go = subprocess.run([GO or "go", "version", str(built)], capture_output=True, text=True, check=False).stdout.split()
    said = subprocess.run([str(built), "--version"], capture_output=True, text=True, check=False).stdout
    packaged = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "golang-github-smallstep-certificates-dev"], capture_output=True,
                              text=True, check=False).stdout
    number = packaged if not os.environ.get("STEP_CA") else (said.splitlines() or ["of unknown version"])[0]
    return f"step-ca {number}, {go[-1] if go else 'unknown Go'}"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def openssl(directory, *arguments):
    subprocess.run(["openssl", *map(str, arguments)], cwd=directory, check=True, capture_output=True)


class StepCa:
    """Root, issuing CA (RSA-2048, also the RA) and server in `directory`. Use it in `with`."""

    def __init__(self, built, directory):
        self.directory, self._built, self.process = pathlib.Path(directory), built, None
        self.directory.mkdir(parents=True)
        self._make_authorities()
        self.secure_port, self.port = free_port(), free_port()
        (self.directory / "ca.json").write_text(json.dumps({
            "root": str(self.directory / "root.pem"), "crt": str(self.directory / "ra.pem"), "key": str(self.directory / "ra.key"),
            "address": f"127.0.0.1:{self.secure_port}", "insecureAddress": f"127.0.0.1:{self.port}", "dnsNames": ["127.0.0.1"],
            "logger": {"format": "text"}, "db": {"type": "badgerv2", "dataSource": str(self.directory / "db")},
            "authority": {"provisioners": [{
                "type": "SCEP", "name": PROVISIONER, "challenge": CHALLENGE, "forceCN": False, "minimumPublicKeyLength": 2048,
                "encryptionAlgorithmIdentifier": 2, "claims": {"defaultTLSCertDuration": "8760h", "maxTLSCertDuration": "8760h"}}]}}))
        self.path = f"/scep/{PROVISIONER}"

    def _make_authorities(self):
        d = self.directory
        (d / "ca.cnf").write_text("[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign,digitalSignature,"
                                  "keyEncipherment\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
        openssl(d, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=Root",
                "-days", "3650", "-config", "/dev/null", "-addext", "basicConstraints=critical,CA:TRUE")
        openssl(d, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "ra.key", "-out", "ra.csr", "-subj", "/CN=Issuing CA", "-config",
                "/dev/null")
        openssl(d, "x509", "-req", "-in", "ra.csr", "-CA", "root.pem", "-CAkey", "root.key", "-out", "ra.pem", "-days", "3650",
                "-extfile", "ca.cnf", "-extensions", "ca", "-CAcreateserial")
        # What a load generator of ours looks for.
        shutil.copy(d / "ra.key", d / "ca.key")
        (d / "challenge").write_text(CHALLENGE + "\n")

    def __enter__(self):
        with open(self.directory / "log", "wb") as log:
            self.process = subprocess.Popen([self._built, str(self.directory / "ca.json")], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env={"HOME": str(self.directory), "PATH": os.environ["PATH"]})
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.__exit__()
                    raise RuntimeError("step-ca does not start: " + (self.directory / "log").read_text()[-2000:]) from None
                time.sleep(0.05)

    def __exit__(self, *failure):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(START_LIMIT_S)
