#!/usr/bin/python3
"""Servers that misbehave on purpose, for the tests of http_out. Loopback, free ports, keys made now.

usage: outside_world.py DIR PORTS

Writes ca.pem, other.pem, client.pem and client.key into DIR and the ports as JSON into the file PORTS, and serves
until its standard input ends:
  plain     HTTP; the path says what happens (see `answer`)
  tls       the same over TLS; its certificate is for localhost, of ca.pem
  mutual    the same, and a client certificate of ca.pem is asked for
  old_tls   speaks TLS 1.1 at most
  no_tls    resets the connection in the TLS handshake
  proxy     a proxy for http: and a tunnel for https:; it refuses tunnels to port 1
  refused   nobody listens there
"""
import datetime
import json
import pathlib
import socket
import ssl
import struct
import sys
import threading
import time
import warnings

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

seen = []  # every request whose head was read: "METHOD path body-bytes"
heads = []
lock = threading.Lock()


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(subject, key, issuer, issuer_key, is_ca):
    now = datetime.datetime.utcnow()
    names = [x509.DNSName("localhost")]
    return (x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(issuer_key, hashes.SHA256())).public_bytes(serialization.Encoding.PEM)


def pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def make_keys(folder):
    keys = {who: ec.generate_private_key(ec.SECP256R1()) for who in ("ca", "server", "client", "other")}
    (folder / "ca.pem").write_bytes(certificate("World", keys["ca"], "World", keys["ca"], True))
    (folder / "other.pem").write_bytes(certificate("Other", keys["other"], "Other", keys["other"], True))
    for who in ("server", "client"):
        (folder / f"{who}.pem").write_bytes(certificate(who, keys[who], "World", keys["ca"], False))
        (folder / f"{who}.key").write_bytes(pem(keys[who]))


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def read_head(stream):
    lines = []
    while True:
        line = stream.readline()
        if line in (b"", b"\r\n"):
            return lines
        lines.append(line.decode("latin-1").rstrip("\r\n"))


def response(status, body, fields="", keep=True):
    return (f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{fields}"
            f"{'' if keep else 'Connection: close' + chr(13) + chr(10)}\r\n").encode() + body


def answer(connection, stream, count):
    """One request. False ends the connection."""
    head = read_head(stream)
    if not head:
        return False
    method, path, _ = head[0].split(" ")
    size = next((int(line.split(":")[1]) for line in head if line.lower().startswith("content-length:")), 0)
    if path == "/reset-after-head":
        with lock:
            seen.append(f"{method} {path} -")
        reset(connection)
        return False
    body = stream.read(size)
    with lock:
        if path != "/seen":
            seen.append(f"{method} {path} {len(body)}")
            heads.append(head)
    if path == "/reset-after-body" or (path == "/second-time-never" and count > 0):
        reset(connection)
        return False
    if path == "/close-after-body":
        connection.close()
        return False
    if path == "/slow":
        time.sleep(3)
    if path == "/garbage":
        connection.sendall(b"220 mail.example ESMTP\r\n")
        return False
    if path == "/half":
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        return False
    if path.startswith("/status/"):
        connection.sendall(response(int(path.split("/")[2]), b"<html>", "Retry-After: 7\r\n"))
    elif path == "/redirect":
        connection.sendall(response(302, b"", "Location: /ok\r\n"))
    elif path == "/large":
        connection.sendall(response(200, b"x" * 5000))
    elif path == "/large-head":
        connection.sendall(response(200, b"", "".join(f"X-{i}: {'y' * 1000}\r\n" for i in range(100))))
    elif path == "/interim":
        connection.sendall(b"HTTP/1.1 103 Early\r\nLink: <x>\r\n\r\n" + response(200, b"done"))
    elif path == "/seen":
        with lock:
            connection.sendall(response(200, json.dumps({"seen": seen, "heads": heads}).encode()))
            seen.clear()
            heads.clear()
    elif path == "/echo":
        connection.sendall(response(200, body, "X-Count: " + str(count) + "\r\n"))
    else:
        connection.sendall(response(200, b"ok", "X-Count: " + str(count) + "\r\n"))
    return True


def serve(connection, context=None):
    try:
        connection.settimeout(20)
        if context is not None:
            connection = context.wrap_socket(connection, server_side=True)
        stream = connection.makefile("rb")
        count = 0
        while answer(connection, stream, count):
            count += 1
    except (OSError, ValueError):
        pass
    finally:
        connection.close()


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def proxy(connection):
    """One tunnel or one request, and the connection ends."""
    stream = connection.makefile("rb")
    head = read_head(stream)
    if not head:
        return connection.close()
    method, target, _ = head[0].split(" ")
    with lock:
        seen.append(f"proxy {method} {target}")
    if method != "CONNECT":
        size = next((int(line.split(":")[1]) for line in head if line.lower().startswith("content-length:")), 0)
        stream.read(size)
        connection.sendall(response(502, b"Bad Gateway", keep=False))
        return connection.close()
    host, port = target.rsplit(":", 1)
    if port == "1":
        connection.sendall(response(502, b"Bad Gateway", keep=False))
        return connection.close()
    with socket.create_connection((host, int(port)), timeout=20) as other:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        back = threading.Thread(target=pump, args=(other, connection), daemon=True)
        back.start()
        pump(connection, other)
        back.join(20)
    return connection.close()


def reset_in_handshake(connection):
    connection.recv(1)
    reset(connection)


def listen(handler):
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=handler, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def tls_context(folder, mutual):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    if mutual:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder / "ca.pem")
    return context


def main():
    warnings.simplefilter("ignore", DeprecationWarning)  # TLS 1.1 is asked for on purpose
    folder = pathlib.Path(sys.argv[1])
    make_keys(folder)
    tls, mutual = tls_context(folder, False), tls_context(folder, True)
    old = tls_context(folder, False)
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.set_ciphers("ALL:@SECLEVEL=0")
    # Bound for as long as we run, so that no other program gets the port, and never listening.
    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    ports = {
        "plain": listen(serve),
        "tls": listen(lambda connection: serve(connection, tls)),
        "mutual": listen(lambda connection: serve(connection, mutual)),
        "old_tls": listen(lambda connection: serve(connection, old)),
        "no_tls": listen(reset_in_handshake),
        "proxy": listen(proxy),
        "refused": silent.getsockname()[1],
    }
    unfinished = pathlib.Path(sys.argv[2] + ".new")
    unfinished.write_text(json.dumps(ports))
    unfinished.rename(sys.argv[2])
    sys.stdin.read()


if __name__ == "__main__":
    main()
