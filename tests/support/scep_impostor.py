"""A small SCEP server, independent of the product, that answers as well or as wrongly as a test wants."""
import base64
import datetime
import http.server
import os
import threading
import urllib.parse

from asn1crypto import cms, core
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from tests.support import scep_messages as scep

DAY = datetime.timedelta(days=1)


def certificate(name, key, issuer_name, issuer_key, ca=False, begins=-DAY, ends=30 * DAY, usages=()):
    """A certificate over the key of `key`, a private or public one."""
    now = datetime.datetime.utcnow()
    public = key.public_key() if hasattr(key, "public_key") else key
    usage = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                           "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False)
    usage.update(dict.fromkeys(usages or (("key_cert_sign", "crl_sign") if ca else ("digital_signature", "key_encipherment")), True))
    return (x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer_name)]))
            .public_key(public).serial_number(x509.random_serial_number()).not_valid_before(now + begins).not_valid_after(now + ends)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True).sign(issuer_key, hashes.SHA256()))


class Impostor:
    """CA, RA and server. What a test changes: `capabilities`; `answers`, by operation, functions of the handler that answer HTTP
    themselves; and how the CertRep is: `changes` may hold nonce, transaction, status, key, ends, issuer_key, signer_key, flip."""

    def __init__(self, ra_ends=30 * DAY, ra_usages=(), shown=None):
        self.ca_key, self.ra_key, self.other_key = scep.new_rsa_key(), scep.new_rsa_key(), scep.new_rsa_key()
        self.ca = certificate("Impostor CA", self.ca_key, "Impostor CA", self.ca_key, ca=True)
        self.ra = certificate("Impostor RA", self.ra_key, "Impostor CA", self.ca_key, begins=-60 * DAY, ends=ra_ends, usages=ra_usages)
        self.shown = shown(self) if shown else [self.ra, self.ca]
        self.capabilities, self.answers, self.changes, self.asked = b"POSTPKIOperation\nSHA-256\nAES\n", {}, {}, []
        impostor = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                impostor.take(self)

            def do_POST(self):
                impostor.take(self)

            def reply(self, status, content_type, body, **fields):
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_words):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/scep"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_what):
        self._server.shutdown()
        self._server.server_close()

    def take(self, handler):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(handler.path).query)
        operation = query.get("operation", [""])[0]
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        if handler.command == "GET":
            body = base64.b64decode(query.get("message", [""])[0])
        self.asked.append((handler.command, operation))
        if operation in self.answers:
            self.answers[operation](handler)
        elif operation == "GetCACaps":
            handler.reply(200, "text/plain", self.capabilities)
        elif operation == "GetCACert" and len(self.shown) == 1:
            handler.reply(200, "application/x-x509-ca-cert", self.shown[0].public_bytes(serialization.Encoding.DER))
        elif operation == "GetCACert":
            handler.reply(200, "application/x-x509-ca-ra-cert", pkcs7.serialize_certificates(self.shown, serialization.Encoding.DER))
        else:
            handler.reply(200, "application/x-pki-message", self.certificate_reply(body))

    def certificate_reply(self, body):
        request = cms.ContentInfo.load(body)["content"]
        values = {attribute["type"].dotted: attribute["values"][0] for attribute in request["signer_infos"][0]["signed_attrs"]}
        device = x509.load_der_x509_certificate(request["certificates"][0].chosen.dump())
        change = self.changes
        nonce = change.get("nonce", core.load(values[scep.OID_SENDER_NONCE].dump()).native)
        extra = {scep.OID_PKI_STATUS: core.PrintableString(change.get("status", scep.SUCCESS)),
                 scep.OID_RECIPIENT_NONCE: core.OctetString(nonce)}
        issued = certificate("probe", change.get("key", device.public_key()), "Impostor CA", change.get("issuer_key", self.ca_key),
                             begins=-60 * DAY, ends=change.get("ends", 30 * DAY))
        breaks = scep.Breaks(
            attributes=lambda ders: sorted(ders + [scep._attribute(oid, value) for oid, value in extra.items()]),
            signature=(lambda octets: bytes([octets[0] ^ 1]) + octets[1:]) if change.get("flip") else None)
        return scep.build_request(
            pkcs7.serialize_certificates([issued], serialization.Encoding.DER), message_type=scep.CERT_REP,
            signer_key=change.get("signer_key", self.ra_key), signer_certificate=change.get("signer", self.ra), recipients=[device],
            transaction_id=change.get("transaction", core.load(values[scep.OID_TRANSACTION_ID].dump()).native),
            sender_nonce=os.urandom(16), breaks=breaks).der
