"""OCSP answers per second over HTTP, each signed for its nonce, on all cores: the host, the responder and the CA in processes of their own,
as they run unless told otherwise. `.in_process` has responder and CA in the host, which takes `danger_ca_key_in_host`: what the workers cost.

Held against one signature for each answer, bare, with a key of the same kind on all cores. The load generator runs on the same cores, so
it is in the figure. `ocsp.reply.repeated` asks without nonces: answers that are signed already are handed out again.
"""
import os
import pathlib
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from tests.bench.report import throughput
from tests.bench.slices import Program, interleave
from tests.support.host import Host
from tests.support.ocsp import answer_ocsp
from tests.support.scep_client import ScepClient

# Key of the responder, which slice is held against the floor, and where the plugins are.
KINDS = {"ocsp.reply.rsa": ("rsa:2048", "signed", "process"), "ocsp.reply.p256": ("p256", "signed", "process"),
         "ocsp.reply.repeated": ("rsa:2048", "repeated", "process"),
         "ocsp.reply.rsa.in_process": ("rsa:2048", "signed", "in_process"), "ocsp.reply.p256.in_process": ("p256", "signed", "in_process"),
         "ocsp.reply.repeated.in_process": ("rsa:2048", "repeated", "in_process")}
NAMES = list(KINDS)
GOAL = 0.8
CONNECTIONS, CERTIFICATES = 32, 50
REPLY_MS, FLOOR_MS, WARM_UP_MS = 1000, 400, 1500


def run(name, build):
    key, what, isolation = KINDS[name]
    with tempfile.TemporaryDirectory(prefix="certspan-bench-") as folder:
        host = Host(build, pathlib.Path(folder) / "host", isolation=isolation).init().configure(lambda text: answer_ocsp(text, key=key))
        host.start()
        try:
            return [replies(name, what, build, host, questions(host, pathlib.Path(folder)), key)]
        finally:
            host.stop()


def questions(host, folder):
    """Files with a nonce, and files without, for the same certificates."""
    client = ScepClient(host.url())
    ca = client.certificates()[1]
    files = ([], [])
    for i in range(CERTIFICATES):
        device = client.enrol(f"device-{i}.example", host.challenge).certificate
        plain = ocsp.OCSPRequestBuilder().add_certificate(device, ca, hashes.SHA1())
        with_nonce = plain.add_extension(x509.OCSPNonce(bytes([i] * 16)), critical=False)
        for kind, builder in enumerate((with_nonce, plain)):
            files[kind].append(folder / f"{kind}-{i}.der")
            files[kind][-1].write_bytes(builder.build().public_bytes(Encoding.DER))
    return files


def replies(name, what, build, host, files, key):
    port = host.address().rsplit(":", 1)[1]
    words = [port, key, str(CONNECTIONS), *map(str, files[0]), "--", *map(str, files[1])]
    with Program(build / "bin" / "ocsp_bench", *words) as program:
        program.rate(what, WARM_UP_MS)
        rounds = interleave(lambda: program.rate("floor", FLOOR_MS), lambda: program.rate(what, REPLY_MS), [host.process.pid, program.pid])
    return throughput(name, "/s", f"a signature of {key} each, on {os.cpu_count()} cores", rounds.pairs, GOAL, rounds.noisy)
