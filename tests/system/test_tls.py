"""Listeners with TLS: certificates from files and from the embedded CA, changed and renewed while the host serves."""
import http.client
import re
import signal
import socket
import ssl
import time

import pytest
from cryptography import x509

from tests.support.scep_client import ScepClient
from tests.support.tls import make_server_certificate, use_tls
from tests.support.waiting import wait_until

SERVER_PROFILE = "profiles:\n  server: {{ eku: [server_auth], validity: {} }}\n"


def use_tls_from_ca(text, validity="365d"):
    tls = 'tls: { issuer: example-ca, profile: server, names: ["localhost", "127.0.0.1"] }'
    return (text.replace('web: { address: "127.0.0.1:0" }', 'web: { address: "127.0.0.1:0", ' + tls + " }")
            .replace("profiles:\n", SERVER_PROFILE.format(validity)))


def connect(host, trusted):
    """A TLS connection that checks chain and name."""
    context = ssl.create_default_context(cafile=trusted)
    plain = socket.create_connection(("127.0.0.1", port_of(host)), timeout=30)
    return context.wrap_socket(plain, server_hostname="localhost")


def port_of(host):
    return int(host.address().rsplit(":", 1)[1])


def certificate_of(host, trusted):
    with connect(host, trusted) as connection:
        return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True))


def serves(connection):
    connection.sendall(b"GET /scep?operation=GetCACaps HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.status == 200 and b"AES" in answer.read()



def reload_(host):
    offset = len(host.log())
    host.process.send_signal(signal.SIGHUP)
    wait_until(lambda: re.search(r"configuration (applied|refused)", host.log()[offset:]))
    assert "configuration applied" in host.log()[offset:], host.log()[offset:]


def test_a_new_certificate_in_its_file_is_served_after_a_reload_and_old_connections_live(make_host):
    host = make_host()
    trusted = host.directory / "tls.pem"
    host.configure(lambda text: use_tls(text, host.directory)).start()
    before = certificate_of(host, trusted)
    with connect(host, trusted) as old:
        assert serves(old)
        make_server_certificate(host.directory)
        reload_(host)
        after = certificate_of(host, trusted)
        assert after.public_key() != before.public_key()
        assert serves(old)
        assert x509.load_der_x509_certificate(old.getpeercert(binary_form=True)) == before


def test_a_reload_with_a_key_of_another_certificate_is_refused_and_the_old_one_is_served(make_host):
    host = make_host()
    trusted = host.directory / "tls.pem"
    host.configure(lambda text: use_tls(text, host.directory)).start()
    before = certificate_of(host, trusted)
    good, good_key = trusted.read_bytes(), (host.directory / "tls.key").read_bytes()
    make_server_certificate(host.directory)
    (host.directory / "tls.key").write_bytes(good_key)
    host.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "configuration refused" in host.log())
    trusted.write_bytes(good)
    assert certificate_of(host, trusted) == before
    assert any("refused" in notice for notice in host.json("status")["notices"])


@pytest.mark.parametrize("ca_key", ["rsa:2048", "p256"])
def test_the_embedded_ca_certifies_a_listener(make_host, ca_key):
    host = make_host("host", "--ca-key", ca_key)
    host.configure(lambda text: use_tls_from_ca(text, "30d")).start()
    trusted = host.directory / "ca.pem"
    certificate = certificate_of(host, trusted)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert 29 <= (certificate.not_valid_after - certificate.not_valid_before).days <= 30
    context = ssl.create_default_context(cafile=trusted)
    enrolled = ScepClient(host.url(scheme="https"), ssl_context=context).enrol("over-tls.example", host.challenge)
    assert enrolled.certificate


def test_a_certificate_of_the_embedded_ca_is_renewed_before_it_ends(make_host):
    host = make_host()
    host.configure(lambda text: use_tls_from_ca(text, "9s")).start()
    trusted = host.directory / "ca.pem"
    first = certificate_of(host, trusted)
    with connect(host, trusted) as old:
        assert serves(old)
        wait_until(lambda: "certificates of listeners renewed" in host.log())
        second = certificate_of(host, trusted)
        assert second.serial_number != first.serial_number
        assert second.not_valid_after > first.not_valid_after
        assert serves(old)


def test_a_profile_that_is_for_no_server_is_told(make_host):
    host = make_host()
    host.configure(lambda text: use_tls_from_ca(text).replace("eku: [server_auth]", "eku: [client_auth]"))
    refused = host.run_program("run", "--config", str(host.config))
    assert refused.returncode == 3
    assert "server_auth" in refused.stderr
