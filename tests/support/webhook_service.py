"""A service as a company would write it behind a SCEP webhook: it checks the signature itself, and does what a test tells it."""
import base64
import hashlib
import hmac
import http.server
import json
import ssl
import threading

SECRET = bytes(range(32))
ID = "scep-hook"


class WebhookService:
    """`answer(question, csr)` gives (status, body) or (status, body, header fields). Use it in `with`; `questions` holds what was
    asked, `faults` what was wrong with how."""

    def __init__(self, answer=None, certificate=None, key=None):
        self.answer, self.questions, self.faults = answer or self.allow, [], []
        self.tls = certificate is not None
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                service.take(self)

            def log_message(self, *_words):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    @property
    def url(self):
        name = "https://localhost" if self.tls else "http://127.0.0.1"
        return f"{name}:{self._server.server_address[1]}/hook"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_failure):
        self._server.shutdown()
        self._server.server_close()

    @property
    def notices(self):
        """What it was told, and not asked."""
        return [question for question in self.questions if "scepChallenge" not in question]

    @staticmethod
    def echo(csr):
        return hashlib.sha256(csr).hexdigest()

    @classmethod
    def allow(cls, _question, csr):
        return 200, {"allow": True, "csrSha256": cls.echo(csr), "data": {"role": "device"}}

    def take(self, request):
        body = request.rfile.read(int(request.headers["Content-Length"]))
        signature = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature, request.headers.get("X-Smallstep-Signature", "")):
            self.faults.append("signature")
        if request.headers.get("X-Smallstep-Webhook-ID") != ID or request.headers.get("Content-Type") != "application/json":
            self.faults.append("header fields")
        question = json.loads(body)
        self.questions.append(question)
        raw = question["x509CertificateRequest"].get("raw", "")
        status, answer, *fields = self.answer(question, base64.b64decode(raw, validate=True))
        answer = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        request.send_response(status)
        for name, value in fields:
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(answer)))
        request.end_headers()
        request.wfile.write(answer)
