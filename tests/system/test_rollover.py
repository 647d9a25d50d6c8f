"""One CA and one registration authority take the places of others, on a running host."""
import subprocess

import pytest
import yaml
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support import scep_messages as scep
from tests.support.configs import renew_at_any_time
from tests.support.scep_client import ScepClient
from tests.support.strongswan import Strongswan


class Rollover:
    """A host, and the files of the CA and RA that come, made by `certspan ca create` and `certspan ca ra`."""

    def __init__(self, host):
        self.host = host
        self.next = host.directory / "next"
        host.configure(renew_at_any_time).start()
        self._run("ca", "create", "--directory", self.next, "--subject", "CN=Second Device CA,O=Example", "--key", "p256")
        self._run("ca", "ra", "--directory", self.next, "--subject", "CN=Second RA", "--ca-certificate", self.next / "ca.pem",
                  "--ca-key", self.next / "ca.key")

    def _run(self, *arguments):
        done = self.host.run_program(*map(str, arguments))
        assert done.returncode == 0, done.stderr

    def change(self, edit):
        """Edits the settings of CA and endpoint, and applies them."""
        def whole(text):
            document = yaml.safe_load(text)
            edit(document["connectors"]["example-ca"]["settings"], document["connectors"]["scep"]["settings"])
            return yaml.safe_dump(document, sort_keys=False)
        self.host.configure(whole)
        self.host.command("apply")
        return self

    def announce(self):
        return self.change(lambda ca, scep_: ca.update(next_certificate_file=str(self.next / "ca.pem")))

    def switch(self):
        def edit(ca, endpoint):
            ca.pop("next_certificate_file", None)
            ca["previous"] = [{"certificate_file": ca["certificate_file"], "key": ca["key"]}]
            ca["certificate_file"], ca["key"] = str(self.next / "ca.pem"), f"${{file:{self.next}/ca.key}}"
            ra = endpoint["ra"]
            endpoint["ra"] = {"certificate_file": str(self.next / "ra.pem"), "key": f"${{file:{self.next}/ra.key}}",
                              "previous": [ra]}
        return self.change(edit)

    def certificate(self, name):
        return x509.load_pem_x509_certificate((self.next / name).read_bytes())

    def client(self):
        return ScepClient(self.host.url())


@pytest.fixture(params=["host", "workers"], name="rollover")
def rollover_fixture(request, make_host):
    host = make_host()
    host.isolation = "process" if request.param == "workers" else "in_process"
    return Rollover(host)


def test_the_next_ca_is_told_under_the_signature_of_the_ca_of_now(rollover, tmp_path):
    client = rollover.client()
    assert "GetNextCACert" not in client.capabilities()
    assert client.http("GET", "operation=GetNextCACert").status == 404
    rollover.announce()
    assert "GetNextCACert" in rollover.client().capabilities()
    told = client.http("GET", "operation=GetNextCACert&message=ca")
    assert (told.status, told.content_type) == (200, "application/x-x509-next-ca-cert")
    (tmp_path / "told.der").write_bytes(told.body)
    (tmp_path / "ca.pem").write_bytes(client.certificates()[1].public_bytes(Encoding.PEM))
    done = subprocess.run(["openssl", "cms", "-verify", "-inform", "DER", "-in", "told.der", "-CAfile", "ca.pem", "-purpose", "any",
                           "-out", "inner.der"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert scep.read_degenerate((tmp_path / "inner.der").read_bytes()) == [rollover.certificate("ca.pem")]
    assert cms.ContentInfo.load(told.body, strict=True)["content"]["version"].native == "v1"


def test_after_the_change_old_certificates_renew_and_their_crl_goes_on(rollover):
    before = rollover.client()
    old = before.enrol("old.example", rollover.host.challenge, dns=["old.example"])
    old_ca = before.certificates()[1]
    rollover.announce().switch()

    client = rollover.client()
    assert client.certificates() == [rollover.certificate("ra.pem"), rollover.certificate("ca.pem")]
    renewed = client.renew(old, "old.example", dns=["old.example"])
    assert renewed.reply.pki_status == scep.SUCCESS
    assert renewed.certificate.issuer == rollover.certificate("ca.pem").subject
    assert client.ask(scep.GET_CERT, old.certificate, renewed.key, renewed.certificate).certificates == [old.certificate]
    for certificate, ca in ((old.certificate, old_ca), (renewed.certificate, rollover.certificate("ca.pem"))):
        crl = client.ask(scep.GET_CRL, certificate, renewed.key, renewed.certificate).crls[0]
        assert crl.issuer == ca.subject and crl.is_signature_valid(ca.public_key())


def test_a_client_that_keeps_the_old_ra_in_a_file_enrols_and_polls_on(rollover, tmp_path):
    before = rollover.client()
    before.certificates()
    kept = Strongswan(tmp_path / "kept", rollover.host.url()).fetch_ca()
    rollover.switch()
    enrolled = before.enrol("kept.example", rollover.host.challenge)
    assert enrolled.reply.signer == before.ra()
    assert enrolled.certificate.issuer == rollover.certificate("ca.pem").subject
    assert before.poll(enrolled.request, enrolled.certificate.subject).certificate == enrolled.certificate
    refused = before.enrol("kept.example", "wrong challenge")
    assert (refused.reply.pki_status, refused.reply.signer) == (scep.FAILURE, before.ra())
    # strongSwan verifies what it gets under the CAs that it has: the new one is added, the RA stays the old one.
    (tmp_path / "kept" / "ca-2.pem").write_bytes((rollover.next / "ca.pem").read_bytes())
    certificate = kept.enrol(kept.new_key(), "CN=laptop", rollover.host.challenge)
    assert certificate.issuer == rollover.certificate("ca.pem").subject
