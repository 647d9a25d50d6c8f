"""Devices that enrolled at an NDES renew here: certificates of the CA behind it are imported, and only those renew."""
import datetime
import json
import subprocess
import typing

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support import scep_messages as scep
from tests.support.configs import renew_at_any_time
from tests.support.scep_client import ScepClient

TODAY = datetime.datetime.utcnow().replace(microsecond=0)
# The head and the row that `certutil -view -out RawCertificate,Disposition csv` writes around each certificate.
CERTUTIL_HEAD = '"Request Disposition","Binary Certificate"\r\n'


class Held(typing.NamedTuple):
    """What a device holds."""
    key: object
    certificate: x509.Certificate


class CorpCa:
    """The CA that NDES had its certificates from, made by openssl, and what it issued."""

    def __init__(self, folder, name="Corp CA"):
        self.folder = folder
        folder.mkdir()
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650", "-subj",
                      f"/DC=example/CN={name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.file = folder / "ca.pem"
        self._serial = 0x4600000000

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def issue(self, name, days=30, digest="sha256", ca=False):
        """What a device holds that enrolled at NDES: key and certificate."""
        key = scep.new_rsa_key()
        (self.folder / "device.csr").write_bytes(scep.build_csr(key, name, dns=[name]))
        (self.folder / "device.ext").write_text(f"basicConstraints=CA:{'TRUE' if ca else 'FALSE'}\nsubjectAltName=DNS:{name}\n"
                                                "extendedKeyUsage=serverAuth,clientAuth\n")
        self._serial += 1
        self._openssl("x509", "-req", "-inform", "DER", "-in", "device.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial",
                      hex(self._serial), "-days", str(days), f"-{digest}", "-extfile", "device.ext", "-out", "device.pem")
        return Held(key, x509.load_pem_x509_certificate((self.folder / "device.pem").read_bytes()))


def pem(held):
    return held.certificate.public_bytes(Encoding.PEM).decode()


def certutil_csv(all_held):
    rows = ('"20 -- Issued","' + pem(each).replace("\n", "\r\n") + '"\r\n' for each in all_held)
    return (CERTUTIL_HEAD + "".join(rows)).encode("utf-16")


@pytest.fixture(name="corp")
def corp_fixture(tmp_path):
    return CorpCa(tmp_path / "corp")


def renew_from(text, ca_file, until):
    document = yaml.safe_load(renew_at_any_time(text))
    document["connectors"]["example-ca"]["settings"]["renew_from"] = {"certificate_files": [str(ca_file)], "until": until}
    return yaml.safe_dump(document, sort_keys=False)


def day(days):
    return (TODAY + datetime.timedelta(days=days)).strftime("%Y-%m-%d")


@pytest.fixture(params=["host", "workers"], name="host")
def host_fixture(request, make_host, corp):
    host = make_host()
    host.isolation = "process" if request.param == "workers" else "in_process"
    host.configure(lambda text: renew_from(text, corp.file, day(90)))
    return host.start()


def import_certs(host, *arguments):
    """(exit code, what it counted)"""
    done = host.run_program("import", "certs", *map(str, arguments), "--json", "--config", str(host.config))
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def renewed(host, old, message_type=scep.RENEWAL_REQ, name="laptop.example"):
    return ScepClient(host.url()).renew(old, name, dns=[name], message_type=message_type)


def refused(host, old, name="laptop.example"):
    assert renewed(host, old, name=name).reply.pki_status == scep.FAILURE
    assert ScepClient(host.url()).renew(old, name, dns=[name], message_type=scep.PKCS_REQ).reply.pki_status == scep.FAILURE
    return True


@pytest.mark.parametrize("message_type", [scep.RENEWAL_REQ, scep.PKCS_REQ], ids=["RenewalReq", "PKCSReq"])
def test_a_device_renews_once_its_certificate_was_imported(host, corp, tmp_path, message_type):
    old = corp.issue("laptop.example")
    assert refused(host, old), "what was not imported is unknown"
    (tmp_path / "issued.csv").write_bytes(certutil_csv([old]))
    code, counts = import_certs(host, tmp_path / "issued.csv")
    assert (code, counts["imported"]) == (0, 1)
    new = renewed(host, old, message_type)
    assert new.reply.pki_status == scep.SUCCESS
    own_ca = x509.load_pem_x509_certificate((host.directory / "ca.pem").read_bytes())
    assert new.certificate.issuer == own_ca.subject
    # What the old one was good for is not taken over: the profile alone says.
    usages = new.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]
    assert renewed(host, new).reply.pki_status == scep.SUCCESS, "and it goes on from there"


def test_other_certificates_of_the_same_ca_do_not_renew(host, corp, tmp_path):
    phone, server = corp.issue("phone.example"), corp.issue("server.example")
    (tmp_path / "phone.pem").write_text(pem(phone))
    assert import_certs(host, tmp_path / "phone.pem")[0] == 0
    assert refused(host, server, "server.example")
    assert refused(host, phone, "server.example"), "and nobody gets another's name"


def test_a_certificate_with_the_name_and_number_of_an_imported_one_does_not_renew(host, corp, tmp_path):
    (tmp_path / "phone.pem").write_text(pem(corp.issue("laptop.example")))
    assert import_certs(host, tmp_path / "phone.pem")[0] == 0
    liar = CorpCa(tmp_path / "liar")
    assert refused(host, liar.issue("laptop.example"))


def test_an_import_counts_what_it_finds_and_can_be_repeated(host, corp, tmp_path):
    folder = tmp_path / "issued" / "below"
    folder.mkdir(parents=True)
    good = [corp.issue(f"device-{number}.example") for number in range(3)]
    (folder / "one.pem").write_text(pem(good[0]))
    (folder / "two.cer").write_bytes(good[1].certificate.public_bytes(Encoding.DER))
    (folder.parent / "three.txt").write_text("issued to: somebody\n" + pem(good[2]) + pem(good[2]))
    (folder / "other.pem").write_text(pem(CorpCa(tmp_path / "other", "Other CA").issue("x.example")))
    (folder / "sub-ca.pem").write_text(pem(corp.issue("Sub CA", ca=True)))
    (folder / "sha1.pem").write_text(pem(corp.issue("old.example", digest="sha1")))
    (folder / "notes.txt").write_text("nothing here\n")
    (folder / "cut.pem").write_text(pem(good[0])[:200])
    (folder / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n")
    expected = {"known": 1, "expired": 0, "other_issuer": 1, "unfit": 2, "unreadable": 3}

    code, dry = import_certs(host, tmp_path / "issued", "--dry-run")
    assert (code, {name: dry[name] for name in expected}, dry["imported"]) == (1, expected, 3)
    assert refused(host, good[0], "device-0.example")

    code, counts = import_certs(host, tmp_path / "issued")
    assert (code, {name: counts[name] for name in expected}, counts["imported"]) == (1, expected, 3)
    assert {problem["file"].rsplit("/", 1)[1] for problem in counts["problems"]} == {"notes.txt", "cut.pem", "broken.pem"}
    code, again = import_certs(host, tmp_path / "issued")
    assert (again["imported"], again["known"]) == (0, 4)
    for number, device in enumerate(good):
        assert renewed(host, device, name=f"device-{number}.example").reply.pki_status == scep.SUCCESS


def test_what_was_revoked_does_not_renew_whatever_is_imported_later(host, corp, tmp_path):
    old = corp.issue("laptop.example")
    (tmp_path / "old.pem").write_text(pem(old))
    assert import_certs(host, tmp_path / "old.pem")[1]["imported"] == 1
    assert import_certs(host, tmp_path / "old.pem", "--revoked")[1]["imported"] == 1
    assert import_certs(host, tmp_path / "old.pem")[1]["known"] == 1
    assert refused(host, old)


def test_many_certificates_are_imported_in_batches(host, corp, tmp_path):
    one = corp.issue("laptop.example")
    key = scep.new_rsa_key()
    # Signed by another key, so that making them takes no time; each is read and judged.
    others = [pem_of_stranger(key, number, one.certificate.issuer) for number in range(200)]
    (tmp_path / "all.pem").write_text("".join(others[:150]) + pem(one) + "".join(others[150:]))
    code, counts = import_certs(host, tmp_path / "all.pem")
    assert (code, counts["imported"], counts["other_issuer"]) == (0, 1, 200)


def pem_of_stranger(key, number, issuer):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"device-{number}")])
    builder = (x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
               .serial_number(number + 1).not_valid_before(TODAY - datetime.timedelta(days=1))
               .not_valid_after(TODAY + datetime.timedelta(days=30)))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def test_after_its_day_nothing_renews_by_it_and_monitoring_says_so(make_host, corp, tmp_path):
    host = make_host()
    host.configure(lambda text: renew_from(text, corp.file, day(1))).start()
    old = corp.issue("laptop.example")
    (tmp_path / "old.pem").write_text(pem(old))
    assert import_certs(host, tmp_path / "old.pem")[0] == 0
    assert 0 < ends(host) < 2 * 86400 + 1
    assert renewed(host, old).reply.pki_status == scep.SUCCESS

    text = host.config.read_text()
    host.configure(lambda _: text.replace(day(1), day(-1)))
    host.command("apply")
    assert refused(host, old)
    assert ends(host) <= 0
    done = host.run_program("import", "certs", str(tmp_path / "old.pem"), "--config", str(host.config))
    assert done.returncode == 1 and "`renew_from` of this CA has ended" in done.stderr


def ends(host):
    """Seconds until monitoring sees the end."""
    done = host.run_program("status", "--expiry", "--json", "--config", str(host.config))
    row = next(row for row in json.loads(done.stdout) if row["kind"] == "renew_from")
    assert done.returncode in (1, 2)
    return row["ends_at"] - datetime.datetime.now(datetime.timezone.utc).timestamp()


@pytest.mark.parametrize("setting, words", [
    ({"certificate_files": ["CA"]}, "until"),
    ({"certificate_files": ["CA"], "until": "2027-02-30"}, "must be a day such as 2027-06-30"),
    ({"certificate_files": ["LEAF"], "until": "2027-06-30"}, "is no CA"),
    ({"certificate_files": ["/nowhere/ca.pem"], "until": "2027-06-30"}, "/nowhere/ca.pem"),
])
def test_check_tells_what_is_wrong(make_host, corp, setting, words):
    host = make_host()
    corp.issue("leaf.example")
    places = {"CA": str(corp.file), "LEAF": str(corp.folder / "device.pem")}

    def edit(text):
        document = yaml.safe_load(text)
        files = [places.get(file, file) for file in setting["certificate_files"]]
        document["connectors"]["example-ca"]["settings"]["renew_from"] = {**setting, "certificate_files": files}
        return yaml.safe_dump(document, sort_keys=False)
    host.configure(edit)
    done = host.run_program("check", "--config", str(host.config))
    assert done.returncode == 2 and words in done.stderr + done.stdout
