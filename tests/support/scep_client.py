"""A SCEP client over HTTP (RFC 8894), independent of the product; used by tests/system and tests/interop.

As a library: `ScepClient(url).enrol(...)`. On the command line, to look at a server by hand:

    /usr/bin/python3 tests/support/scep_client.py URL caps|cacert|enrol [--challenge C] [--cn NAME] [--get] [--cipher C]
"""

import argparse
import base64
import dataclasses
import http.client
import os
import sys
import time
import urllib.parse
from typing import List, Optional, Sequence, Tuple

from cryptography import x509
from cryptography.hazmat.primitives import serialization

try:
    from tests.support import scep_messages as scep
except ImportError:
    import scep_messages as scep


# The shapes of `message=` that clients in the field send (what each does is said beside it).
def get_percent(data: bytes) -> str:
    """certmonger: everything outside the unreserved set is escaped."""
    return urllib.parse.quote(base64.b64encode(data).decode(), safe="")


def get_newlines(data: bytes) -> str:
    """Cisco IOS and old sscep: %0A after each 64 characters and at the end."""
    text = base64.b64encode(data).decode()
    return "".join(urllib.parse.quote(text[i:i + 64], safe="") + "%0A" for i in range(0, len(text), 64))


def get_strongswan(data: bytes) -> str:
    """strongSwan: %0A inside, only '+' escaped."""
    text = base64.b64encode(data).decode()
    return "".join(text[i:i + 64].replace("+", "%2B") + "%0A" for i in range(0, len(text), 64))


def get_apple(data: bytes) -> str:
    """iOS and macOS: only '=' escaped, '+' and '/' raw."""
    return base64.b64encode(data).decode().replace("=", "%3D")


def get_spaces(data: bytes) -> str:
    """The same after something on the way decoded '+' to a space and escaped it again."""
    return base64.b64encode(data).decode().replace("=", "%3D").replace("+", "%20")


def get_url_safe(data: bytes) -> str:
    """scepclient 2.1: URL-safe alphabet."""
    return urllib.parse.quote(base64.urlsafe_b64encode(data).decode(), safe="")


def get_url_safe_unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def get_twice(data: bytes) -> str:
    """Doubly escaped."""
    return urllib.parse.quote(get_percent(data), safe="")


GET_SHAPES = {f.__name__[4:]: f for f in (get_percent, get_newlines, get_strongswan, get_apple, get_spaces,
                                          get_url_safe, get_url_safe_unpadded, get_twice)}


@dataclasses.dataclass
class HttpAnswer:
    status: int
    content_type: Optional[str]
    retry_after: Optional[int]
    body: bytes


@dataclasses.dataclass
class Enrolment:
    """What a finished enrolment leaves with the client."""
    key: object
    csr: bytes
    request: scep.Request
    reply: scep.Reply

    @property
    def certificate(self) -> x509.Certificate:
        return self.reply.certificate


class ScepClient:
    """One client of one endpoint; asks caps and certificates once and remembers them. Not thread-safe."""

    def __init__(self, url: str, timeout: float = 60.0, ssl_context=None, source: Optional[str] = None):
        self.go_to(url)
        self._timeout, self._ssl_context = timeout, ssl_context
        self._source = (source, 0) if source else None
        self._certificates: Optional[List[x509.Certificate]] = None

    def go_to(self, url: str) -> None:
        """The endpoint has moved; what is known of its CA and RA stays."""
        parts = urllib.parse.urlsplit(url)
        self._secure, self._netloc, self._path = parts.scheme == "https", parts.netloc, parts.path

    # -- HTTP ------------------------------------------------------------------------------------------------------

    def http(self, method: str, query: str, body: Optional[bytes] = None, content_type: Optional[str] = None,
             path: Optional[str] = None) -> HttpAnswer:
        """One request on a connection of its own. `query` goes out as it is."""
        if self._secure:
            connection = http.client.HTTPSConnection(self._netloc, timeout=self._timeout, context=self._ssl_context,
                                                     source_address=self._source)
        else:
            connection = http.client.HTTPConnection(self._netloc, timeout=self._timeout, source_address=self._source)
        try:
            headers = {"Content-Type": content_type} if content_type else {}
            connection.request(method, (path or self._path) + ("?" + query if query else ""), body, headers)
            response = connection.getresponse()
            data = response.read()
            retry = response.getheader("Retry-After")
            return HttpAnswer(response.status, response.getheader("Content-Type"), int(retry) if retry else None, data)
        finally:
            connection.close()

    def post(self, message: bytes) -> HttpAnswer:
        return self.http("POST", "operation=PKIOperation", message, "application/x-pki-message")

    def begin_post(self, message: bytes):
        """Sends and does not wait for the answer; for tests in which the host dies meanwhile. The caller closes it."""
        connection = http.client.HTTPConnection(self._netloc, timeout=self._timeout)
        connection.request("POST", self._path + "?operation=PKIOperation", message,
                           {"Content-Type": "application/x-pki-message"})
        return connection

    def get(self, message: bytes, shape: str = "percent") -> HttpAnswer:
        return self.http("GET", "operation=PKIOperation&message=" + GET_SHAPES[shape](message))

    # -- what the server offers --------------------------------------------------------------------------------------

    def capabilities(self) -> List[str]:
        answer = self.http("GET", "operation=GetCACaps&message=ca")
        scep._require(answer.status == 200 and answer.content_type == "text/plain", f"GetCACaps: {answer}")
        return answer.body.decode().split()

    def certificates(self) -> List[x509.Certificate]:
        """GetCACert, the RA first."""
        if self._certificates is None:
            answer = self.http("GET", "operation=GetCACert&message=ca")
            scep._require(answer.status == 200, f"GetCACert: {answer}")
            if answer.content_type == "application/x-x509-ca-cert":
                self._certificates = [x509.load_der_x509_certificate(answer.body)]
            else:
                scep._require(answer.content_type == "application/x-x509-ca-ra-cert",
                              f"GetCACert: {answer.content_type}")
                self._certificates = scep.read_degenerate(answer.body)
        return self._certificates

    def ra(self) -> x509.Certificate:
        """The certificate that requests are encrypted to: the first one with keyEncipherment that is no CA."""
        for certificate in self.certificates():
            try:
                usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
            except x509.ExtensionNotFound:
                continue
            if usage.key_encipherment and not usage.key_cert_sign:
                return certificate
        return self.certificates()[0]

    # -- messages ----------------------------------------------------------------------------------------------------

    def send(self, request: scep.Request, get_shape: Optional[str] = None, tries: int = 1,
             longest_wait: float = 2.0) -> scep.Reply:
        """Sends, and reads the reply strictly. 503 is tried again up to `tries` times, as Retry-After says but never
        longer than `longest_wait`."""
        for attempt in range(tries):
            answer = self.get(request.der, get_shape) if get_shape else self.post(request.der)
            if answer.status != 503 or attempt + 1 == tries:
                break
            time.sleep(min(answer.retry_after or 1, longest_wait))
        scep._require(answer.status == 200, f"PKIOperation: HTTP {answer.status} {answer.body[:200]!r}")
        scep._require(answer.content_type == "application/x-pki-message", f"PKIOperation: {answer.content_type}")
        return scep.read_reply(answer.body, request, self.ra())

    def pkcs_req(self, csr: bytes, key, certificate: Optional[x509.Certificate] = None, **options) -> scep.Request:
        """A PKCSReq signed by a fresh self-signed certificate unless one is given; `options` as of build_request."""
        return scep.build_request(csr, signer_key=key, signer_certificate=certificate or scep.self_signed(key),
                                  recipients=[self.ra()], **options)

    def enrol(self, common_name: str = "device.example", challenge: Optional[str] = None, key=None,
              dns: Sequence[str] = (), tries: int = 1, get_shape: Optional[str] = None, **options) -> Enrolment:
        key = key or scep.new_rsa_key()
        csr = scep.build_csr(key, common_name, challenge=challenge, dns=dns)
        request = self.pkcs_req(csr, key, **options)
        return Enrolment(key, csr, request, self.send(request, get_shape, tries))

    def renew(self, old: Enrolment, common_name: str = "device.example", key=None, dns: Sequence[str] = (),
              message_type: str = scep.RENEWAL_REQ, tries: int = 1, **options) -> Enrolment:
        """A renewal authenticated by the old certificate, in either spelling."""
        key = key or scep.new_rsa_key()
        csr = scep.build_csr(key, common_name, dns=dns)
        request = scep.build_request(csr, message_type=message_type, signer_key=old.key,
                                     signer_certificate=old.certificate, recipients=[self.ra()],
                                     transaction_id=options.pop("transaction_id", scep.transaction_id_for(key)),
                                     **options)
        return Enrolment(key, csr, request, self.send(request, None, tries))

    def poll(self, request: scep.Request, subject: x509.Name, get_shape: Optional[str] = None) -> scep.Reply:
        """CertPoll for the transaction of `request`, with a nonce of its own."""
        content = scep.issuer_and_subject(self.ra().issuer, subject)
        message = scep.build_request(content, message_type=scep.CERT_POLL, signer_key=request.signer_key,
                                     signer_certificate=request.signer_certificate, recipients=[self.ra()],
                                     transaction_id=request.transaction_id, cipher=request.cipher,
                                     digest=request.digest, key_transport=request.key_transport)
        return self.send(message, get_shape)

    def ask(self, message_type: str, certificate: x509.Certificate, key, signer: x509.Certificate,
            **options) -> scep.Reply:
        """GetCert or GetCRL about `certificate`, signed by `signer`."""
        message = scep.build_request(scep.issuer_and_serial(certificate), message_type=message_type, signer_key=key,
                                     signer_certificate=signer, recipients=[self.ra()],
                                     transaction_id=os.urandom(20).hex(), **options)
        return self.send(message)


def _parse(arguments: List[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Look at a SCEP server by hand.")
    parser.add_argument("url")
    parser.add_argument("command", choices=["caps", "cacert", "enrol"])
    parser.add_argument("--challenge")
    parser.add_argument("--cn", default="device.example")
    parser.add_argument("--dns", action="append", default=[])
    parser.add_argument("--cipher", default="aes256")
    parser.add_argument("--digest", default="sha256")
    parser.add_argument("--key-transport", default="pkcs1")
    parser.add_argument("--get", nargs="?", const="percent", choices=sorted(GET_SHAPES))
    return parser.parse_args(arguments)


def run(arguments: List[str]) -> Tuple[int, str]:
    options = _parse(arguments)
    client = ScepClient(options.url)
    if options.command == "caps":
        return 0, "\n".join(client.capabilities())
    if options.command == "cacert":
        return 0, "\n".join(f"{c.subject.rfc4514_string()} issued by {c.issuer.rfc4514_string()}"
                            for c in client.certificates())
    enrolment = client.enrol(options.cn, options.challenge, dns=options.dns, get_shape=options.get, tries=5,
                             cipher=options.cipher, digest=options.digest, key_transport=options.key_transport)
    reply = enrolment.reply
    if reply.pki_status != scep.SUCCESS:
        return 1, f"pkiStatus {reply.pki_status} failInfo {reply.fail_info} {reply.fail_info_text or ''}"
    return 0, reply.certificate.public_bytes(serialization.Encoding.PEM).decode()


if __name__ == "__main__":
    code, text = run(sys.argv[1:])
    print(text)
    sys.exit(code)
