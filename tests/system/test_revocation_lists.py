"""GetCRL, GetCert and CRLs under a plain path, judged by openssl and by a reader that shares no code with the host."""
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support import scep_messages as scep
from tests.support.independent_reader import checked_by_openssl
from tests.support.scep_client import ScepClient
from tests.support.waiting import wait_until


def publish_crls(text):
    """CRLs at /crl, and their address in every certificate."""
    document = yaml.safe_load(text)
    document["connectors"]["scep"]["settings"]["crl_path"] = "/crl"
    document["connectors"]["example-ca"]["settings"]["crl_urls"] = ["http://pki.example/crl/{key_id}.crl"]
    return yaml.safe_dump(document, sort_keys=False)


@pytest.fixture(params=["in_process", "process"], name="host")
def host_fixture(request, make_host):
    host = make_host().configure(publish_crls)
    host.isolation = request.param
    return host.start()


def number_of(crl):
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def test_a_device_gets_its_ca_s_crl_by_scep_and_by_a_plain_path(host, tmp_path):
    client = ScepClient(host.url())
    device = client.enrol("crl.example", host.challenge)
    ca = client.certificates()[1]
    reply = client.ask(scep.GET_CRL, device.certificate, device.key, device.certificate)
    assert (reply.pki_status, reply.certificates, len(reply.crls)) == (scep.SUCCESS, [], 1)
    crl = reply.crls[0]
    assert crl.is_signature_valid(ca.public_key()) and crl.issuer == ca.subject and len(crl) == 0
    assert checked_by_openssl(tmp_path, ca, crl, device.certificate)[0] == 0

    points = device.certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    path = points[0].full_name[0].value.removeprefix("http://pki.example")
    for at in (path, "/crl"):
        plain = client.http("GET", "", path=at)
        assert (plain.status, plain.content_type) == (200, "application/pkix-crl")
        assert plain.body == crl.public_bytes(Encoding.DER)
    assert client.http("GET", "", path="/crl/00112233.crl").status == 404

    assert host.stop() == 0
    host.start()
    after = ScepClient(host.url()).http("GET", "", path="/crl").body
    assert number_of(x509.load_der_x509_crl(after)) > number_of(crl)


def test_a_question_about_a_strange_certificate_is_answered_by_bad_cert_id(host):
    client = ScepClient(host.url())
    key = scep.new_rsa_key()
    stranger = scep.self_signed(key)
    for message_type in (scep.GET_CRL, scep.GET_CERT):
        reply = client.ask(message_type, stranger, key, stranger)
        assert (reply.pki_status, reply.fail_info) == (scep.FAILURE, scep.BAD_CERT_ID)


def test_a_device_gets_its_own_certificates_and_nobody_else_s(host):
    client = ScepClient(host.url())
    device = client.enrol("own.example", host.challenge)
    again = client.enrol("own.example", host.challenge)
    other = client.enrol("other.example", host.challenge)
    found = client.ask(scep.GET_CERT, again.certificate, device.key, device.certificate)
    assert (found.pki_status, found.certificates) == (scep.SUCCESS, [again.certificate])
    for asked, signed_by in ((other, device), (device, other)):
        refused = client.ask(scep.GET_CERT, asked.certificate, signed_by.key, signed_by.certificate)
        assert (refused.pki_status, refused.fail_info) == (scep.FAILURE, scep.BAD_CERT_ID)
    with_own_key = client.ask(scep.GET_CERT, device.certificate, device.key, scep.self_signed(device.key))
    assert with_own_key.fail_info == scep.BAD_CERT_ID


def part_crls(text):
    """CRLs in four parts, each with its delta, fetched from this host."""
    document = yaml.safe_load(publish_crls(text))
    settings = document["connectors"]["example-ca"]["settings"]
    settings["crl_urls"] = ["http://pki.example/crl/{key_id}/{partition}.crl"]
    settings["crl"] = {"partitions": 4, "delta_urls": ["http://pki.example/crl/{key_id}/{partition}-delta.crl"]}
    return yaml.safe_dump(document, sort_keys=False)


def path_of(points):
    return points[0].full_name[0].value.removeprefix("http://pki.example")


@pytest.mark.parametrize("isolation", ["in_process", "process"])
def test_a_certificate_names_its_part_of_the_crl_and_that_part_its_delta(make_host, isolation):
    host = make_host().configure(part_crls)
    host.isolation = isolation
    host.start()
    client = ScepClient(host.url())
    device = client.enrol("part.example", host.challenge)
    ca = client.certificates()[1]
    serial = device.certificate.serial_number
    part = path_of(device.certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value)
    assert part.endswith(f"/{serial % 65536 % 4}-of-4.crl")

    def fetch(path):
        crl = x509.load_der_x509_crl(client.http("GET", "", path=path).body)
        assert crl.is_signature_valid(ca.public_key())
        return crl

    base = fetch(part)
    scope = base.extensions.get_extension_for_class(x509.IssuingDistributionPoint)
    assert scope.critical and path_of([scope.value]) == part and len(base) == 0
    delta_path = path_of(base.extensions.get_extension_for_class(x509.FreshestCRL).value)
    host.command("revoke", f"{serial:X}", "--reason", "superseded", "--why", "replaced")
    wait_until(lambda: len(fetch(delta_path)) == 1)
    delta = fetch(delta_path)
    assert delta.get_revoked_certificate_by_serial_number(serial) is not None
    indicator = delta.extensions.get_extension_for_class(x509.DeltaCRLIndicator)
    assert indicator.critical and indicator.value.crl_number == number_of(base) < number_of(delta)
    assert number_of(fetch(part)) == number_of(base), "the base is made when it is due, and not before"
    assert len(x509.load_der_x509_crl(client.http("GET", "", path="/crl").body)) == 1, "who asks for the CRL of all hears it at once"
    assert client.http("GET", "", path=part.replace("-of-4", "-of-5")).status == 404


@pytest.mark.parametrize("isolation", ["in_process", "process"])
def test_crls_are_written_to_a_directory_each_whole(make_host, tmp_path, isolation):
    place = tmp_path / "pki"
    host = make_host().configure(part_crls).configure(
        lambda text: text.replace("host:\n", f"host:\n  publish_crls: {{ directory: {place} }}\n", 1))
    host.isolation = isolation
    host.start()
    client = ScepClient(host.url())
    device = client.enrol("file.example", host.challenge)
    ca = client.certificates()[1]
    serial = device.certificate.serial_number
    key_id = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex()
    wanted = {f"{key_id}/{part}-of-4{kind}.crl" for part in range(4) for kind in ("", "-delta")}

    def files():
        return {str(each.relative_to(place)) for each in place.rglob("*") if each.is_file()}

    def published(name):
        return x509.load_der_x509_crl((place / name).read_bytes())

    wait_until(lambda: files() == wanted)
    assert all(published(each).is_signature_valid(ca.public_key()) for each in wanted)
    assert (place / f"{key_id}/0-of-4.crl").stat().st_mode & 0o777 == 0o644
    host.command("revoke", f"{serial:X}", "--reason", "superseded", "--why", "replaced")
    wait_until(lambda: len(x509.load_der_x509_crl(client.http("GET", "", path="/crl").body)) == 1)
    host.command("apply")
    delta = f"{key_id}/{serial % 65536 % 4}-of-4-delta.crl"
    part = delta.replace("-delta", "")
    wait_until(lambda: published(part).get_revoked_certificate_by_serial_number(serial) is not None)
    assert files() == wanted, "nothing half written is left"


def test_a_directory_that_can_not_be_written_is_said_and_tried_again(make_host, tmp_path):
    (tmp_path / "file").write_text("no directory")
    host = make_host().configure(publish_crls).configure(
        lambda text: text.replace("host:\n", f"host:\n  publish_crls: {{ directory: {tmp_path}/file/pki }}\n", 1)).start()
    wait_until(lambda: "CRLs can't be published" in host.log())
    assert str(tmp_path / "file/pki") in host.log()
    assert ScepClient(host.url()).enrol("still.example", host.challenge).certificate
