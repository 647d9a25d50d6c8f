"""A responder for a host's CA, and openssl, ocsptool and plain HTTP that ask it."""
import http.client
import subprocess
import urllib.parse

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp


def answer_ocsp(text, **more):
    """A responder for the CA at /ocsp, and its address in every certificate."""
    document = yaml.safe_load(text)
    ca = document["connectors"]["example-ca"]
    ca["settings"]["ocsp_urls"] = ["http://pki.example/ocsp"]
    ca["settings"]["ocsp_responders"] = ["ocsp"]
    settings = {"listener": document["connectors"]["scep"]["settings"]["listener"], "path": "/ocsp", "issuers": ["example-ca"], **more}
    document["connectors"]["ocsp"] = {"plugin": ca["plugin"], "type": "ocsp_responder", "settings": settings}
    return yaml.safe_dump(document, sort_keys=False)


class Asker:
    """Keeps what openssl and ocsptool need as files."""

    def __init__(self, host, directory, certificate):
        self.host, self.certificate = host, certificate
        self.ca = x509.load_pem_x509_certificate((host.directory / "ca.pem").read_bytes())
        self.address = urllib.parse.urlsplit(host.url()).netloc
        self.directory = directory
        directory.mkdir(exist_ok=True)
        (directory / "ca.pem").write_bytes(self.ca.public_bytes(Encoding.PEM))
        (directory / "device.pem").write_bytes(certificate.public_bytes(Encoding.PEM))

    def run(self, *command):
        done = subprocess.run([*command], cwd=self.directory, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    def openssl(self, *options):
        return self.run("openssl", "ocsp", "-issuer", "ca.pem", *options, "-cert", "device.pem", "-url", f"http://{self.address}/ocsp",
                        "-CAfile", "ca.pem", "-timeout", "30")

    def ocsptool(self):
        return self.run("ocsptool", f"--ask=http://{self.address}/ocsp", "--load-issuer", "ca.pem", "--load-cert", "device.pem",
                        "--load-trust", "ca.pem")

    def request(self, algorithm=None, certificate=None, nonce=None):
        builder = ocsp.OCSPRequestBuilder().add_certificate(certificate or self.certificate, self.ca, algorithm or hashes.SHA1())
        if nonce is not None:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        return builder.build().public_bytes(Encoding.DER)

    def http(self, method, path="/ocsp", body=None, version=None):
        connection = http.client.HTTPConnection(self.address, timeout=30)
        if version is not None:
            connection._http_vsn, connection._http_vsn_str = version  # pylint: disable=protected-access
        connection.request(method, path, body=body, headers={"Content-Type": "application/ocsp-request"} if body is not None else {})
        reply = connection.getresponse()
        return reply.status, reply.getheader("Content-Type"), reply.read()

    def post(self, request):
        status, content_type, body = self.http("POST", body=request)
        assert (status, content_type) == (200, "application/ocsp-response")
        return ocsp.load_der_ocsp_response(body)
