"""A registration authority that renews itself: its endpoint has it certified by its own CA before it ends, and RAs of before go on opening
what is encrypted to them and signing the answers."""
import datetime
import pathlib

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import padding

from tests.support.scep_client import ScepClient
from tests.support.swaps import Versions, allow_unsigned, commit, swap
from tests.support.waiting import wait_until


@pytest.fixture(params=["in_process", "process"], name="host")
def host_fixture(request, make_host):
    host = make_host().configure(allow_unsigned)
    host.isolation = request.param
    return host


def renewing(host, keep_old=True, **settings):
    """The RA of the configuration's files becomes one that renews itself."""
    def edit(text):
        document = yaml.safe_load(text)
        endpoint = document["connectors"]["scep"]["settings"]
        ra = endpoint["ra"]
        endpoint["ra"] = {"issuer": "example-ca", **({"previous": [ra]} if keep_old else {}), **settings}
        return yaml.safe_dump(document, sort_keys=False)
    return host.configure(edit)


def ra_of(host):
    return ScepClient(host.url()).certificates()[0]


def enrols(client, host, name):
    """That it gets a certificate, and who signed the answer."""
    enrolled = client.enrol(name, host.challenge)
    assert enrolled.certificate is not None
    return enrolled.reply.signer


def test_an_endpoint_gets_its_ra_from_its_ca_and_keeps_it(host, tmp_path):
    host.start()
    before = ScepClient(host.url())
    before.certificates()
    of_files = before.ra()
    renewing(host, subject="CN=Example RA,O=Example", key_type="rsa:3072")
    host.command("apply")
    ra, ca = ScepClient(host.url()).certificates()
    ca.public_key().verify(ra.signature, ra.tbs_certificate_bytes, padding.PKCS1v15(), ra.signature_hash_algorithm)
    assert ra != of_files and ra.subject.rfc4514_string() == "CN=Example RA,O=Example" and ra.public_key().key_size == 3072
    assert abs((ra.not_valid_after - datetime.datetime.utcnow()).days - 364) <= 1
    assert enrols(ScepClient(host.url()), host, "new.example") == ra
    assert enrols(before, host, "old.example") == of_files, "who keeps the RA of before is answered by it"

    versions = Versions(host, tmp_path / "versions")
    swap(host, "ndes", versions.next("ndes"))
    assert ra_of(host) == ra, "another version of the plugin goes on with it"
    commit(host, "ndes")
    host.command("apply")
    assert host.stop() == 0
    host.start()
    assert ra_of(host) == ra, "and so does the next host"
    ends, = [end for end in host.json("status", "--expiry") if end["kind"] == "ra"]
    assert ends["name"] == "scep/CN=Example RA,O=Example"


def expect_both_ras(host, patient, first, second, name):
    assert second.public_key() != first.public_key() and second.not_valid_after > first.not_valid_after
    patient.go_to(host.url())
    assert enrols(patient, host, f"patient-{name}.example") == first, "a client that keeps the RA of before is answered by it"
    assert enrols(ScepClient(host.url()), host, f"fresh-{name}.example") == second


def test_a_host_that_starts_when_it_is_due_renews_it(make_host):
    host = make_host()
    host.isolation = "in_process"  # workers have no environment that could shift their clock
    renewing(host).start()
    patient = ScepClient(host.url())
    patient.certificates()
    first = patient.ra()
    assert host.stop() == 0
    host.start(environment={"LD_PRELOAD": str(pathlib.Path(host.program).parents[1] / "preload" / "shifted_clock.so"),
                            "CERTSPAN_TEST_DAYS_AHEAD": "250"})
    expect_both_ras(host, patient, first, ra_of(host), "1")
    assert host.log().count("RA certified") == 2


@pytest.mark.long
def test_it_is_renewed_in_time_and_nobody_is_turned_away_meanwhile(host):
    renewing(host, validity="60s").start()
    patient = ScepClient(host.url())
    patient.certificates()
    first = patient.ra()
    wait_until(lambda: ra_of(host) != first, limit=60)
    expect_both_ras(host, patient, first, ra_of(host), "1")
    assert host.stop() == 0
    host.start()
    patient.go_to(host.url())
    assert enrols(patient, host, "patient-2.example") == first, "also after a restart"


def test_a_ca_that_is_not_that_of_the_endpoint_certifies_no_ra(make_host, tmp_path):
    host = make_host()
    done = host.run_program("ca", "create", "--directory", str(tmp_path / "other"), "--subject", "CN=Other CA", "--key", "p256")
    assert done.returncode == 0, done.stderr
    renewing(host, keep_old=False)

    def other_issuer(text):
        document = yaml.safe_load(text)
        document["connectors"]["other-ca"] = {**document["connectors"]["example-ca"], "settings": {
            **document["connectors"]["example-ca"]["settings"], "certificate_file": str(tmp_path / "other/ca.pem"),
            "key": f"${{file:{tmp_path}/other/ca.key}}"}}
        document["connectors"]["scep"]["settings"]["ra"]["issuer"] = "other-ca"
        return yaml.safe_dump(document, sort_keys=False)
    host.configure(other_issuer).start()
    assert "is no issuer of its pipelines" in host.log() and "RA can't be certified" in host.log()
    assert ScepClient(host.url()).http("GET", "operation=GetCACert").status == 503
    row, = [row for row in host.json("status")["connectors"] if row["name"] == "scep"]
    assert row["trouble"] == "the RA is not certified yet"


@pytest.mark.parametrize("settings, words", [
    ({"certificate_file": "/etc/ra.pem"}, "does not go with `issuer`"), ({"subject": "nonsense"}, "/ra/subject"),
    ({"issuer": "scep"}, "issuer"), ({"validity": "1s"}, "validity")])
def test_settings_that_make_no_sense_are_refused(make_host, settings, words):
    host = make_host()
    renewing(host, **settings)
    done = host.run_program("check", "--config", str(host.config))
    assert done.returncode == 2 and words.strip("/").split("/")[-1] in done.stderr, done.stderr
