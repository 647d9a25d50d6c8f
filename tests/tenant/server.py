"""A simulated tenant over HTTP(S): token endpoint, discovery, validation and revocation, with a switch for every fault.

It stands where nothing real can be had, is written from what Microsoft publishes and from its MIT-licensed client code, and shares nothing
with the product. `Tenant` is used in `with`; the hosts that a product would call are paths of one address here."""
import collections
import dataclasses
import http.server
import json
import socket
import ssl
import threading
import time
import urllib.parse

from tests.tenant.directory import GRAPH_SCOPE, INTUNE_SCOPE, READ_APPLICATIONS, VALIDATE_CHALLENGES, Refused
from tests.tenant.service import REVOCATION_VERSION, SCEP_VERSIONS, Services, Wrong

INTUNE_APP = "0000000a-0000-0000-c000-000000000000"
SCEP_SERVICE, REVOCATION_SERVICE = "ScepRequestValidationFEService", "PkiConnectorFEService"
ACTIONS = {"ScepActions/validateRequest": (SCEP_VERSIONS, "validate"), "ScepActions/successNotification": (SCEP_VERSIONS, "success"),
           "ScepActions/failureNotification": (SCEP_VERSIONS, "failure"),
           "CertificateAuthorityRequests/downloadRevocationRequests": ((REVOCATION_VERSION,), "download"),
           "CertificateAuthorityRequests/uploadRevocationResults": ((REVOCATION_VERSION,), "upload")}
WORDS = {"token", "discovery", *(word for _, word in ACTIONS.values())}


@dataclasses.dataclass(frozen=True)
class Fault:
    """What a call gets instead of its answer. `done`: it is carried out all the same, and the answer lost.

    kind: "code" (`value` is the service's code), "status" (`value` is it; 500 has the nested error), "cut" (the answer breaks off),
    "silent" (nothing comes until the tenant ends), "junk" (200 and a page for people), "body" (200 and the octets in `value`), "empty" (200
    and nothing)."""
    kind: str
    value: object = None
    retry_after: int = None
    done: bool = False


class Tenant(Services):
    """`offset_s` moves its clock. `calls` counts every call by its word (`WORDS`), the refused ones too."""

    def __init__(self, certificate=None, key=None):
        super().__init__(lambda: time.time() + self.offset_s)
        self.offset_s, self.calls, self.refusals = 0, collections.Counter(), []
        self.scale_unit, self.page_size, self.duplicates = "fef.msuc02", 1, True
        self._faults, self._ended = collections.defaultdict(collections.deque), threading.Event()
        self._mixed = None
        tenant = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                tenant.serve(self)

            def do_POST(self):
                tenant.serve(self)

            def date_time_string(self, timestamp=None):
                return super().date_time_string(tenant.now() if timestamp is None else timestamp)

            def log_message(self, *_words):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self._scheme = "https"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_failure):
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self):
        """Authority and Graph in one."""
        name = "127.0.0.1" if self._scheme == "http" else "localhost"
        return f"{self._scheme}://{name}:{self._server.server_address[1]}/"

    @property
    def token_endpoint(self):
        return f"{self.url}{self.directory.tenant_id}/oauth2/v2.0/token"

    def fail(self, word, *faults):
        """The next calls of this kind get these, one after the other."""
        assert word in WORDS, word
        with self.lock:
            self._faults[word].extend(faults)

    def recover(self, word):
        """No more faults for calls of this kind."""
        with self.lock:
            self._faults[word].clear()

    def mix(self, chances, share, faults):
        """From now on each call gets one of the faults of its kind, `faults[word]`, with this probability; `chances` is a random.Random.
        No share: none any more."""
        with self.lock:
            self._mixed = (chances, share, faults) if share else None

    def _mixed_fault(self, word):
        if self._mixed is None:
            return None
        chances, share, faults = self._mixed
        return chances.choice(faults[word]) if faults.get(word) and chances.random() < share else None

    def move(self, scale_unit):
        """The tenant is served elsewhere: the old places are gone, and discovery knows."""
        with self.lock:
            self.scale_unit = scale_unit

    # --- one call

    def serve(self, call):
        body = call.rfile.read(int(call.headers.get("Content-Length") or 0))
        with self.lock:
            word, answer = self._route(call, body)
            self.calls[word] += 1
            fault = self._faults[word].popleft() if self._faults[word] else self._mixed_fault(word)
            status, content = answer() if fault is None or fault.done else (200, {})
        try:
            self._send(call, status, content) if fault is None else self._spoil(call, fault)
        except (BrokenPipeError, ConnectionResetError):
            call.close_connection = True

    def _route(self, call, body):
        path, _, query = call.path.partition("?")
        if call.command == "POST" and path == f"/{self.directory.tenant_id}/oauth2/v2.0/token":
            return "token", lambda: self._token(body)
        if call.command == "GET" and path == f"/v1.0/servicePrincipals/appId={INTUNE_APP}/endpoints":
            return "discovery", lambda: self._discover(call, urllib.parse.parse_qs(query))
        action = path.removeprefix(f"/{self.scale_unit}/scep/").removeprefix(f"/{self.scale_unit}/pki/")
        if call.command == "POST" and action in ACTIONS:
            versions, word = ACTIONS[action]
            return word, lambda: self._act(call, body, versions, word)
        return "elsewhere", lambda: (404, self._error("NotFound", "there is nothing here"))

    def _token(self, body):
        form = urllib.parse.parse_qs(body.decode("latin-1"), keep_blank_values=True)
        try:
            return 200, self.directory.token({name: values[0] for name, values in form.items()}, self.token_endpoint)
        except Refused as no:
            self.refusals.append(str(no))
            return no.status, no.body()

    def _discover(self, call, query):
        token = self.directory.bearer(call.headers.get("Authorization"), GRAPH_SCOPE)
        if token is None:
            return 401, {"error": {"code": "InvalidAuthenticationToken", "message": "Access token is empty, unknown or expired."}}
        if READ_APPLICATIONS not in token.roles:
            return 403, {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges to complete the operation."}}
        all_of_them = self._endpoints(VALIDATE_CHALLENGES in token.roles)
        first = int(query.get("$skiptoken", ["0"])[0])
        page = {"value": all_of_them[first:first + self.page_size]}
        if first + self.page_size < len(all_of_them):
            page["@odata.nextLink"] = f"{self.url}v1.0/servicePrincipals/appId={INTUNE_APP}/endpoints?$skiptoken={first + self.page_size}"
        return 200, page

    def _endpoints(self, may_validate):
        names = [("SomeOtherService", "other")]
        if may_validate:
            names += [(SCEP_SERVICE.lower(), "scep"), (REVOCATION_SERVICE, "pki")]
        if self.duplicates:
            names += names[-1:]
        return [{"capability": name, "id": name, "providerId": INTUNE_APP, "providerName": name, "providerResourceId": name,
                 "uri": f"{self.url}{self.scale_unit}/{place}"} for name, place in names]

    def _act(self, call, body, versions, word):
        try:
            token = self.directory.bearer(call.headers.get("Authorization"), INTUNE_SCOPE)
            if token is None:
                raise Wrong(401, "the token is missing, for something else, or has expired")
            self.check_call(call.headers, versions)
            return 200, getattr(self, word)(json.loads(body), token)
        except Wrong as no:
            self.refusals.append(str(no))
            return no.status, self._error("BadRequest", str(no))
        except ValueError:
            self.refusals.append("no JSON")
            return 400, self._error("BadRequest", "the body is no JSON")

    @staticmethod
    def _error(code, words):
        inside = {"_version": 3, "Message": words, "CustomApiErrorPhrase": "", "RetryAfter": None, "ErrorSourceService": "", "HttpHeaders": "{}"}
        return {"error": {"code": code, "message": json.dumps(inside)}}

    # --- answers

    def _send(self, call, status, content, retry_after=None, cut=False):
        octets = content if isinstance(content, bytes) else json.dumps(content).encode()
        call.send_response(status)
        call.send_header("Content-Type", "text/html" if isinstance(content, bytes) else "application/json")
        if retry_after is not None:
            call.send_header("Retry-After", str(retry_after))
        call.send_header("Content-Length", str(len(octets) + (100 if cut else 0)))
        call.end_headers()
        call.wfile.write(octets)
        if cut:
            call.wfile.flush()
            call.connection.shutdown(socket.SHUT_RDWR)
            call.close_connection = True

    def _spoil(self, call, fault):
        if fault.kind == "silent":
            self._ended.wait(120)
            call.close_connection = True
        elif fault.kind == "code":
            self._send(call, 200, self._answer(fault.value))
        elif fault.kind == "status":
            self._send(call, fault.value, self._error("InternalError", "a fault of the simulator's"), fault.retry_after)
        elif fault.kind == "body":
            self._send(call, 200, fault.value)
        elif fault.kind == "cut":
            self._send(call, 200, {"code": "Success"}, cut=True)
        elif fault.kind == "junk":
            self._send(call, 200, b"<html><body>Sign in to the proxy</body></html>")
        else:
            self._send(call, 200, b"")
