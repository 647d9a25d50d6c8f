#!/usr/bin/python3
"""A CA outside the host, with a script of misbehaviours: what tests/support/example_ca talks to.

    /usr/bin/python3 tests/support/outside_ca.py --dir DIR [--root DIR] [--port 0] [--key ec|rsa] [--days 365]
        [--no-sync]

prints `listening on 127.0.0.1:PORT` and serves until it is ended. One request a line, one answer a line, JSON; the same over
HTTP, one request in the body of each POST:

    {"op": "issue", "key": HEX, "attempt": N, "csr": HEX, "answer_after_ms": N}
    {"op": "poll", "order": TEXT}
    {"op": "lookup", "key": HEX, "attempt": N}
    {"op": "chain"}                    {"op": "ping"}
    {"op": "script", "next": [BEHAVIOUR...], "always": BEHAVIOUR, "lookup": "promise" | "cannot_tell"}
    {"op": "asked"}                    how often each of these was asked

Answers have an "outcome" (ok, pending, rejected, ..., the words of the contract). It does not recognise repeats: a second
`issue` with one key makes a second certificate, which DIR/ledger.jsonl then shows. That file has one line for each
certificate, on disk before anybody is told (with --no-sync in the hands of the kernel).

`lookup` of a key without certificate or order promises: it withdraws the attempts up to N, refuses them from then on and
answers `cancelled`. With "cannot_tell" it answers `unavailable`.

A BEHAVIOUR is for one `issue`, taken from "next" in turn, then "always": an object of
    before_ms, after_ms    wait so long before or after the certificate is made
    drop                   "before" or "after": close the connection without an answer
    answer                 an answer given instead of a certificate: {"outcome": "rejected", "code": ..., "message": ...}
    fault                  make a wrong certificate: see outside_ca_certificates.issue
    garbage                answer this text after the certificate was made
    status                 of the answer, over HTTP; default 200
"""
import argparse
import collections
import hashlib
import http.client
import json
import os
import pathlib
import socketserver
import sys
import threading
import time
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import serialization  # noqa: E402

import outside_ca_certificates as certificates  # noqa: E402


class Drop(Exception):
    """Close the connection without an answer."""


class Told(typing.NamedTuple):
    """An answer as it goes out. `content`: an object, or a text as it stands."""
    content: object
    status: int = 200

    def encoded(self):
        return (self.content if isinstance(self.content, str) else json.dumps(self.content)).encode()


class Ledger:
    """One line for each certificate, on disk before `add` returns if it is to sync."""

    def __init__(self, path, sync):
        self.sync = sync
        self.file = open(path, "a", encoding="utf-8")
        self.by_key = {}
        with open(path, encoding="utf-8") as old:
            for line in old:
                entry = json.loads(line)
                self.by_key.setdefault(entry["key"], entry["certificate"])

    def add(self, key, attempt, csr, certificate):
        entry = {"key": key, "attempt": attempt, "csr_sha256": hashlib.sha256(csr).hexdigest(),
                 "serial": f"{certificate.serial_number:x}",
                 "certificate": certificate.public_bytes(serialization.Encoding.DER).hex(), "at": time.time()}
        self.file.write(json.dumps(entry) + "\n")
        self.file.flush()
        if self.sync:
            os.fsync(self.file.fileno())
        self.by_key.setdefault(key, entry["certificate"])
        return entry["certificate"]


class OutsideCa:
    """The CA itself. `answer` may be called from any thread."""

    def __init__(self, folder, root_folder, key_kind, days, sync):
        folder.mkdir(parents=True, exist_ok=True)
        self.root = certificates.load_root(root_folder, key_kind)
        self.ca = certificates.KeptCa(folder / "issuing", "Outside Issuing CA", key_kind, self.root)
        self.days = days
        self.lock = threading.Lock()
        self.ledger = Ledger(folder / "ledger.jsonl", sync)
        self.orders = {}  # order id -> [due, key, attempt, csr, behaviour, certificate]
        self.withdrawn = {}  # key -> highest attempt that will never be carried out
        self.next = []
        self.always = {}
        self.lookup = "promise"
        self.asked = collections.Counter()

    def answer(self, question):
        op = question.pop("op")
        with self.lock:
            self.asked[op] += 1
        answer = getattr(self, "op_" + op)(**question)
        return answer if isinstance(answer, Told) else Told(answer)

    def op_asked(self):
        return {"outcome": "ok", "asked": self.asked}

    def op_ping(self):
        return {"outcome": "ok"}

    def op_chain(self):
        chain = [self.ca.certificate, self.root.certificate]
        return {"outcome": "ok", "chain": [one.public_bytes(serialization.Encoding.DER).hex() for one in chain]}

    def op_script(self, **script):
        with self.lock:
            self.next = script.get("next", self.next)
            self.always = script.get("always", self.always)
            self.lookup = script.get("lookup", self.lookup)
        return {"outcome": "ok"}

    def op_issue(self, key, attempt, csr, answer_after_ms=0):
        with self.lock:
            behaviour = self.next.pop(0) if self.next else self.always
        time.sleep(behaviour.get("before_ms", 0) / 1000)
        if behaviour.get("drop") == "before":
            raise Drop
        if "answer" in behaviour:
            return Told(behaviour["answer"], behaviour.get("status", 200))
        order = [time.monotonic() + answer_after_ms / 1000, key, attempt, bytes.fromhex(csr), behaviour, None]
        with self.lock:
            if attempt <= self.withdrawn.get(key, 0):
                return {"outcome": "cancelled", "message": "this attempt was withdrawn"}
            if answer_after_ms > 0:
                order_id = f"order-{len(self.orders) + 1}-{key[:8]}"
                self.orders[order_id] = order
                answer = self.pending(order_id)
            else:
                answer = self.carry_out(order)
        time.sleep(behaviour.get("after_ms", 0) / 1000)
        if behaviour.get("drop") == "after":
            raise Drop
        return Told(behaviour.get("garbage", answer), behaviour.get("status", 200))

    def op_poll(self, order):
        with self.lock:
            if order not in self.orders:
                return {"outcome": "rejected", "code": "no_such_order", "message": f"there is no {order}"}
            if time.monotonic() < self.orders[order][0]:
                return self.pending(order)
            return self.carry_out(self.orders[order])

    def op_lookup(self, key, attempt):
        with self.lock:
            if key in self.ledger.by_key:
                return {"outcome": "ok", "certificate": self.ledger.by_key[key]}
            for order_id, order in self.orders.items():
                if order[1] == key:
                    return self.pending(order_id)
            if self.lookup == "cannot_tell":
                return {"outcome": "unavailable", "code": "cannot_tell", "message": "the order may still arrive"}
            self.withdrawn[key] = max(attempt, self.withdrawn.get(key, 0))
            return {"outcome": "cancelled", "code": "withdrawn", "message": "it never arrived and is withdrawn"}

    def pending(self, order_id):
        left = self.orders[order_id][0] - time.monotonic()
        return {"outcome": "pending", "order": order_id, "retry_after_ms": max(1, int(left * 1000))}

    def carry_out(self, order):
        """Makes the certificate of an order, once. Under the lock."""
        _, key, attempt, csr, behaviour, certificate = order
        if certificate is None:
            request = x509.load_der_x509_csr(csr)
            if not request.is_signature_valid:
                return {"outcome": "invalid", "code": "bad_request", "message": "the request is not signed by its key"}
            leaf = certificates.issue(self.ca, request, self.days, behaviour.get("fault"))
            certificate = order[5] = self.ledger.add(key, attempt, csr, leaf)
        return {"outcome": "ok", "certificate": certificate}


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            for line in self.rfile:
                if line.startswith(b"POST "):
                    self.answer_post()
                else:
                    self.wfile.write(self.server.ca.answer(json.loads(line)).encoded() + b"\n")
        except (Drop, OSError):
            return

    def answer_post(self):
        head = http.client.parse_headers(self.rfile)
        told = self.server.ca.answer(json.loads(self.rfile.read(int(head["Content-Length"]))))
        body = told.encoded()
        self.wfile.write(f"HTTP/1.1 {told.status} so\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    allow_reuse_port = True  # whoever starts us may hold the port, see outside_ca_process.py
    daemon_threads = True
    request_queue_size = 256


def main():
    parser = argparse.ArgumentParser(description="a CA outside the host, with a script of misbehaviours")
    parser.add_argument("--dir", type=pathlib.Path, required=True, help="keys and ledger; made when missing")
    parser.add_argument("--root", type=pathlib.Path, help="folder of a root shared with other CAs; default DIR/root")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", choices=("ec", "rsa"), default="ec")
    parser.add_argument("--days", type=int, default=365, help="validity of what it issues")
    parser.add_argument("--no-sync", action="store_true", help="the ledger is written, not synced")
    options = parser.parse_args()
    with Server(("127.0.0.1", options.port), Handler) as server:
        server.ca = OutsideCa(options.dir, options.root or options.dir / "root", options.key, options.days, not options.no_sync)
        print(f"listening on 127.0.0.1:{server.server_address[1]}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
