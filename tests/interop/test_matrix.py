"""strongSwan's client and certmonger at hosts of every kind: each asks, waits for a person's yes and renews. No client in Debian
asks GetCert or GetCRL, so the independent one of tests/support does, with the key and certificate that the other one has got."""
import collections
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.support import scep_messages as scep
from tests.support.configs import ask_a_person, renew_at_any_time
from tests.support.foreign_devices import CertmongerDevice, StrongswanDevice
from tests.support.independent_reader import check_issued, checked_by_openssl
from tests.support.ras import SecondRa
from tests.support.scep_client import ScepClient
from tests.support.soft_hsm import SoftHsm, put_keys_into
from tests.support.tls import ca_bundle_mounted, use_tls
from tests.support.waiting import wait_until

Kind = collections.namedtuple("Kind", "cipher ca_key ras transport keys")
# Every two values of two columns stand in one line at least.
KINDS = [Kind("aes", "rsa:2048", "one RA", "http", "files"),
         Kind("aes", "p256", "two RAs", "https", "token"),
         Kind("des3", "rsa:2048", "two RAs", "http", "token"),
         Kind("des3", "p256", "one RA", "https", "files"),
         Kind("aes", "rsa:2048", "one RA", "https", "token"),
         Kind("des3", "p256", "two RAs", "http", "files")]


class Site:
    """A host of one kind. With two RAs clients meet the first, and by the time they enrol the second has taken its place."""

    def __init__(self, make_host, directory, kind, endpoint):
        self.kind, self.directory = kind, directory
        self.host = make_host("host", "--ca-key", kind.ca_key).configure(renew_at_any_time)
        if endpoint:
            self.host.configure(lambda text: text.replace("path: /scep\n", "path: /scep\n" + endpoint))
        if kind.transport == "https":
            self.host.configure(lambda text: use_tls(text, directory))
        hsm = SoftHsm(directory / "hsm") if kind.keys == "token" else None
        self.second_ra = SecondRa(self.host, hsm) if kind.ras == "two RAs" else None
        if hsm:
            put_keys_into(hsm, self.host)
        self.host.configure(ask_a_person).start()

    @property
    def url(self):
        return self.host.url(scheme=self.kind.transport).replace("127.0.0.1", "localhost")

    def change_ra(self):
        before = self.asker().ra()
        if self.second_ra:
            self.host.configure(self.second_ra.replace_first).command("apply")
        assert (self.asker().ra() != before) == bool(self.second_ra)

    def say_yes(self):
        item, = wait_until(lambda: [item for item in self.host.items() if item["state"] == "ready"])
        self.host.command("work", "approve", item["id"], "--reason", "ordered by telephone")
        wait_until(lambda: self.host.items()[0]["state"] == "done")

    def asker(self):
        """The independent client, which knows the RA of now."""
        context = ssl.create_default_context(cafile=self.directory / "tls.pem") if self.kind.transport == "https" else None
        asker = ScepClient(self.url, ssl_context=context)
        asker.certificates()
        return asker


def asks_for_certificate_and_crl(site, asker, certificate, key_file):
    key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    cipher = {"aes": "aes256", "des3": "des3"}[site.kind.cipher]
    found = asker.ask(scep.GET_CERT, certificate, key, certificate, cipher=cipher)
    assert (found.pki_status, found.certificates, found.cipher) == (scep.SUCCESS, [certificate], cipher)
    lists = asker.ask(scep.GET_CRL, certificate, key, certificate, cipher=cipher)
    assert (lists.pki_status, len(lists.crls), lists.cipher) == (scep.SUCCESS, 1, cipher)
    ca = x509.load_pem_x509_certificate((site.host.directory / "ca.pem").read_bytes())
    code, words = checked_by_openssl(site.directory, ca, lists.crls[0], certificate)
    assert code == 0, words


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: ", ".join(kind))
@pytest.mark.parametrize("device_type", [StrongswanDevice, CertmongerDevice], ids=lambda device: device.name)
def test_enrols_waits_renews_and_asks(make_host, tmp_path, device_type, kind):
    site = Site(make_host, tmp_path, kind, device_type.endpoint(kind.cipher))
    with ca_bundle_mounted(tmp_path, needed=kind.transport == "https") as prefix, \
            device_type(tmp_path / "device", site.url, kind.cipher, prefix) as device:
        asker = site.asker()
        site.change_ra()
        with device.asks(site.host.challenge):
            site.say_yes()
        first = device.certificate()
        check_issued(site.host.directory, first)
        renewed = device.renewed()
        check_issued(site.host.directory, renewed)
        assert renewed.serial_number != first.serial_number
        assert [item["message"] for item in site.host.items()] == ["renewal", "enrolment"]
        asks_for_certificate_and_crl(site, asker, renewed, device.key_file())
