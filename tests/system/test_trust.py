"""Whose plugins a real host lets in: the program's own, those that are pinned, and those that a listed key has signed. Keys are made
here, with programs that are not ours."""
import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

CONNECTOR = "  vendor: { plugin: t.good, type: ca }\n\nprofiles:"
ALGORITHMS = {"ed25519": "ed25519", "p256": "ecdsa-p256-sha256"}


def make_key(kind):
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else ec.generate_private_key(ec.SECP256R1())


class Vendor:
    """Signs plugins with keys in files; what the command line does it does too, without any of our code."""

    def __init__(self, directory, kind="ed25519", passphrase=None):
        self.kind = kind
        self.private = make_key(kind)
        self.key, self.public = directory / f"{kind}.key", directory / f"{kind}.pub"
        locked = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
        self.key.write_bytes(self.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked))
        self.key.chmod(0o600)
        self.public.write_bytes(self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
        self.public.chmod(0o644)

    @property
    def key_id(self):
        return hashlib.sha256(self.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).hexdigest()

    @staticmethod
    def statement(plugin):
        return f"certspan plugin signature 1\nsha256: {hashlib.sha256(plugin.read_bytes()).hexdigest()}\n".encode()

    def sign(self, plugin):
        options = () if self.kind == "ed25519" else (ec.ECDSA(hashes.SHA256()),)
        value = base64.b64encode(self.private.sign(self.statement(plugin), *options)).decode()
        signature = plugin.with_name(plugin.name + ".sig")
        signature.write_text(f"certspan plugin signature 1\nalgorithm: {ALGORITHMS[self.kind]}\nkey: {self.key_id}\n"
                             f"signature: {value}\n")
        return signature

    def has_signed(self, plugin, signature):
        lines = dict(line.split(": ", 1) for line in signature.read_text().splitlines()[1:])
        assert (lines["algorithm"], lines["key"]) == (ALGORITHMS[self.kind], self.key_id)
        options = () if self.kind == "ed25519" else (ec.ECDSA(hashes.SHA256()),)
        try:
            self.private.public_key().verify(base64.b64decode(lines["signature"]), self.statement(plugin), *options)
        except InvalidSignature:
            return False
        return True


@pytest.fixture
def plugin(build_dir, tmp_path):
    """The plugin t.good in a vendor's own directory."""
    directory = tmp_path / "vendor"
    directory.mkdir()
    directory.chmod(0o755)
    shutil.copy(build_dir / "bad_plugins" / "t.good.so", directory)
    (directory / "t.good.so").chmod(0o644)
    return directory / "t.good.so"


@pytest.fixture
def vendor(tmp_path):
    return Vendor(tmp_path)


@pytest.fixture
def trusting(make_host, plugin):
    """trusting("trust: ..."): a host with the vendor's connector and these lines below `plugins`."""
    def make(*lines):
        host = make_host()
        host.configure(lambda text: text.replace("  dirs: [", f"  dirs: [{plugin.parent}, ", 1).replace("\nprofiles:", CONNECTOR, 1)
                       .replace("\nconnectors:", "".join(f"  {line}\n" for line in lines) + "\nconnectors:", 1))
        return host
    return make


def key_line(vendor, ids="t.good"):
    return f"trust: {{ keys: {{ acme: {{ public_key_file: {vendor.public}, ids: [{ids}] }} }} }}"


def faults_of(host):
    return [fault["message"] for fault in json.loads(host.run_program("check", str(host.config), "--json").stdout)["faults"]
            if fault["severity"] == "error"]


def only_fault(host):
    faults = faults_of(host)
    assert len(faults) == 1, faults
    return faults[0]


def wait_for(condition):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen within 30 s")


def verify(host, plugin, *options):
    """Exit code and what it says."""
    done = host.run_program("plugin", "verify", str(plugin), "--json", *options)
    return done.returncode, json.loads(done.stdout)


# --- who is let in ---

def test_the_programs_own_plugins_need_nothing(make_host):
    host = make_host().start()
    assert {each["plugin"]: each["trust"] for each in host.json("status")["connectors"]} == {
        name: {"kind": "shipped"} for name in ("ndes", "ca_local", "profile")}
    assert "ndes 0" in host.command("plugin", "list") and "(shipped)" in host.command("plugin", "list")
    assert "  trust shipped\n" in host.command("plugin", "show", "ndes")


@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_what_a_listed_key_signed_runs_and_is_shown_as_signed(trusting, plugin, tmp_path, kind):
    vendor = Vendor(tmp_path, kind)
    vendor.sign(plugin)
    host = trusting(key_line(vendor))
    assert faults_of(host) == []
    host.start()
    connector = next(each for each in host.json("status")["connectors"] if each["name"] == "vendor")
    assert connector["trust"] == {"kind": "signed", "key": "acme"}
    assert 'signed by "acme"' in host.command("plugin", "list")
    assert 'trust signed by "acme"' in host.command("plugin", "show", "t.good")
    assert host.stop() == 0


def test_a_pin_lets_in_one_file(trusting, plugin):
    host = trusting(f"pins: {{ t.good: {hashlib.sha256(plugin.read_bytes()).hexdigest()} }}")
    assert faults_of(host) == []
    assert "(pinned)" in host.command("plugin", "list")
    with open(plugin, "ab") as file:
        file.write(b"x")
    assert "change the pin" in only_fault(host)


def test_the_development_switch_lets_in_anything_and_is_shown(trusting, plugin):
    host = trusting("trust: { danger_allow_unsigned: true }")
    done = host.run_program("check", str(host.config))
    assert done.returncode == 0
    assert '"plugins.trust.danger_allow_unsigned" is on [CS1062]' in done.stderr
    host.start()
    status = host.json("status")
    assert "plugins.trust.danger_allow_unsigned is on" in status["notices"]
    assert [each["trust"] for each in status["connectors"] if each["name"] == "vendor"] == [{"kind": "unsigned"}]
    assert "(t.good 1.0.0, ca, unsigned)" in host.command("status")
    assert "configuration warning" in host.log() and "danger_allow_unsigned" in host.log()


# --- who is not ---

def test_an_unsigned_plugin_is_refused_with_what_to_do_and_the_host_does_not_start(trusting, plugin):
    host = trusting()
    said = only_fault(host)
    for part in (str(plugin), "t.good.so.sig", "`plugins: trust: keys:`", hashlib.sha256(plugin.read_bytes()).hexdigest()):
        assert part in said
    done = host.run_program("run", "--config", str(host.config))
    assert (done.returncode, "nothing says that it may be trusted" in done.stderr) == (2, True)
    host.configure(lambda text: text.replace("  vendor: { plugin: t.good, type: ca }\n", ""))
    listed = host.command("plugin", "list")
    assert "t.good refused [plugin.unsigned]" in listed


def test_another_key_another_file_and_another_vendor_are_refused(trusting, plugin, vendor, tmp_path):
    host = trusting(key_line(vendor))
    Vendor(tmp_path, "p256").sign(plugin)
    assert "which is none of those in" in only_fault(host)
    signature = vendor.sign(plugin)
    assert faults_of(host) == []
    whole = plugin.read_bytes()
    plugin.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    assert 'it is not the file that key "acme" signed' in only_fault(host)
    plugin.write_bytes(whole)
    signature.write_text(signature.read_text()[:-10])
    assert "is cut off" in only_fault(host)
    vendor.sign(plugin)
    signature.write_bytes(signature.read_bytes() + b"\n")
    assert "something behind the signature" in only_fault(host)
    vendor.sign(plugin)
    host.configure(lambda text: text.replace("ids: [t.good]", 'ids: ["com.acme.*"]'))
    assert 'lets sign com.acme.* and not t.good' in only_fault(host)


def test_a_revoked_file_is_refused_though_it_is_signed_or_pinned_or_our_own(trusting, plugin, vendor, build_dir, tmp_path):
    revoked = tmp_path / "revoked.txt"
    digest = hashlib.sha256(plugin.read_bytes()).hexdigest()
    revoked.write_text("# known to be bad\n")
    vendor.sign(plugin)
    host = trusting(key_line(vendor).replace("} } }", f"}} }}, revoked_file: {revoked} }}"))
    assert faults_of(host) == []
    host.start()
    revoked.write_text(f"{digest}  t.good.so\n")
    assert "stands in the list" in only_fault(host)
    # A reload is refused with the reason; whoever wants the plugin gone stops the host or takes the connector out.
    host.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "configuration refused" in host.log())
    assert "stands in the list" in host.log()
    assert any("the last reload was refused" in notice for notice in host.json("status")["notices"])
    host.configure(lambda text: text.replace("\n  trust:", f"\n  pins: {{ t.good: {digest} }}\n  trust:"))
    assert "stands in the list" in only_fault(host)
    own = hashlib.sha256((build_dir / "plugins" / "ca_local.so").read_bytes()).hexdigest()
    revoked.write_text(f"{own.upper()}\n")
    assert '"ca_local"' in only_fault(host)


def test_a_plugin_does_not_become_our_own_by_its_place_or_its_name(trusting, plugin, build_dir, make_host, tmp_path):
    # Our plugin's name in somebody else's directory, which is asked first.
    shutil.copy(plugin, plugin.with_name("ca_local.so"))
    assert any("ca_local.so.sig" in fault for fault in faults_of(trusting()))
    # A vendor's plugin where our own are, beside a copy of the program.
    installed = tmp_path / "usr"
    (installed / "bin").mkdir(parents=True)
    shutil.copytree(build_dir / "plugins", installed / "plugins", ignore=lambda _, names: [n for n in names if not n.endswith(".so")])
    shutil.copy(build_dir / "bin" / "certspan", installed / "bin")
    shutil.copy(plugin, installed / "plugins")
    host = make_host("other")
    host.program = str(installed / "bin" / "certspan")
    host.configure(lambda text: text.replace(str(build_dir / "plugins"), str(installed / "plugins")))
    listed = host.json("plugin", "list")
    assert [each["code"] for each in listed["refused"]] == ["plugin.unsigned"]
    assert {each["trust"]["kind"] for each in listed["plugins"]} == {"shipped"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_our_own_directory_is_believed_only_as_far_as_its_owner_owns_the_program(build_dir, make_host, tmp_path):
    """As when a package's directory was handed to the host's user: root's program does not take that user's files for its own."""
    prefix = tmp_path / "usr"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "plugins").mkdir()
    for program in ("certspan", "certspan-worker"):
        shutil.copy(build_dir / "bin" / program, prefix / "bin")
    os.chown(prefix / "bin" / "certspan", 12345, 12345)
    for name in ("ndes.so", "ca_local.so", "profile.so"):
        shutil.copy(build_dir / "plugins" / name, prefix / "plugins")
    host = make_host()
    host.program = str(prefix / "bin" / "certspan")
    host.configure(lambda text: text.replace(str(build_dir / "plugins"), str(prefix / "plugins")))
    assert faults_of(host) == []  # root's files are as good as the program's
    os.chown(prefix / "plugins" / "profile.so", 12345, 12345)
    assert any("belongs to user 12345" in fault for fault in faults_of(host))


@pytest.mark.parametrize("harm, said", [
    (lambda plugin: plugin.chmod(0o664), "is writable for group or others"),
    (lambda plugin: plugin.chmod(0o4755), "is setuid or setgid"),
    (lambda plugin: plugin.parent.chmod(0o775), "is writable for group or others"),
    (lambda plugin: plugin.rename(plugin.parent.parent / "away.so") and plugin.symlink_to("../away.so"), "is a symbolic link"),
    (lambda plugin: plugin.unlink() or os.mkfifo(plugin), "is no regular file"),
], ids=["writable file", "setuid", "writable directory", "link out of the directory", "pipe"])
def test_a_signature_does_not_help_where_others_may_write(trusting, plugin, vendor, harm, said):
    vendor.sign(plugin)
    host = trusting(key_line(vendor))
    assert faults_of(host) == []
    harm(plugin)
    fault = only_fault(host)
    assert said in fault and ("run: chmod" in fault or "put the" in fault)


@pytest.mark.parametrize("spoil, said", [
    (lambda path, vendor: path.unlink(), "can't open"),
    (lambda path, vendor: path.write_text("no key\n"), "is no public key in PEM"),
    (lambda path, vendor: path.write_bytes(vendor.key.read_bytes()), "is a private key"),
    (lambda path, vendor: path.chmod(0o666), "is writable for group or others"),
    (lambda path, vendor: path.write_bytes(b"A" * 20000), "is larger than"),
], ids=["missing", "no key", "private", "writable", "large"])
def test_a_key_file_that_cannot_be_used_is_a_fault_at_its_line(trusting, plugin, vendor, spoil, said):
    vendor.sign(plugin)
    host = trusting(key_line(vendor))
    spoil(vendor.public, vendor)
    faults = json.loads(host.run_program("check", str(host.config), "--json").stdout)["faults"]
    found = [fault for fault in faults if fault["code"] == "CS1035"]
    assert len(found) == 1 and said in found[0]["message"], faults
    line = host.config.read_text().splitlines()[found[0]["line"] - 1]
    assert line[found[0]["column"] - 1:].startswith(str(vendor.public))


def test_a_list_of_revoked_files_that_cannot_be_read_stops_the_start(trusting, plugin, vendor, tmp_path):
    vendor.sign(plugin)
    host = trusting(key_line(vendor).replace("} } }", f"}} }}, revoked_file: {tmp_path}/revoked.txt }}"))
    assert "revoked.txt" in only_fault(host)
    (tmp_path / "revoked.txt").write_text("all of them\n")
    assert "line 1 does not begin with a SHA-256" in only_fault(host)


def test_one_key_under_two_names_is_a_fault(trusting, plugin, vendor):
    vendor.sign(plugin)
    host = trusting(key_line(vendor).replace("} } }", f"}}, also: {{ public_key_file: {vendor.public}, ids: [com.acme.ca] }} }} }}"))
    assert 'keys "acme" and "also" are the same key' in only_fault(host)


def test_a_backup_holds_what_trust_hangs_on(trusting, plugin, vendor, tmp_path):
    vendor.sign(plugin)
    (tmp_path / "revoked.txt").write_text("# none yet\n")
    host = trusting(key_line(vendor).replace("} } }", f"}} }}, revoked_file: {tmp_path}/revoked.txt }}")).start()
    host.command("backup", "create", "--out", str(tmp_path / "backup"), "--danger-plain")
    done = host.run_program("backup", "verify", "--in", str(tmp_path / "backup"), "--danger-plain", "--json")
    assert {str(vendor.public), f"{tmp_path}/revoked.txt"} <= {each["place"] for each in json.loads(done.stdout)["files"]}


# --- sign and verify ---

@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_sign_and_verify_agree_with_the_cryptography_package(make_host, plugin, tmp_path, kind):
    vendor, host = Vendor(tmp_path, kind), make_host()
    made = json.loads(host.run_program("plugin", "sign", str(plugin), "--key", str(vendor.key), "--json").stdout)
    signature = plugin.with_name("t.good.so.sig")
    assert made == {"file": str(plugin), "sha256": hashlib.sha256(plugin.read_bytes()).hexdigest(), "signature": str(signature),
                    "algorithm": ALGORITHMS[kind], "key": vendor.key_id, "id": "t.good", "version": "1.0.0"}
    assert vendor.has_signed(plugin, signature)
    vendor.sign(plugin)
    assert verify(host, plugin, "--trust", str(vendor.public))[0] == 0
    assert host.run_program("plugin", "verify", str(plugin), "--trust", str(vendor.public)).stdout == (
        f'{plugin}: t.good 1.0.0, signed by "{kind}.pub"\n')


def test_openssl_can_sign_what_we_verify(make_host, plugin, tmp_path):
    """The commands of docs/command-line.md, for keys that live where certspan doesn't."""
    key, public, statement, raw = (tmp_path / name for name in ("o.key", "o.pub", "statement", "raw"))
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)
    statement.write_bytes(Vendor.statement(plugin))
    subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", statement, "-out", raw], check=True)
    der = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
    plugin.with_name("t.good.so.sig").write_text(
        f"certspan plugin signature 1\nalgorithm: ed25519\nkey: {hashlib.sha256(der).hexdigest()}\n"
        f"signature: {base64.b64encode(raw.read_bytes()).decode()}\n")
    assert verify(make_host(), plugin, "--trust", str(public))[0] == 0


def test_an_encrypted_key_signs_with_its_passphrase(make_host, plugin, tmp_path):
    vendor, host = Vendor(tmp_path, passphrase=b"correct horse"), make_host()
    sign = ["plugin", "sign", str(plugin), "--key", str(vendor.key)]
    locked = host.run_program(*sign)
    assert (locked.returncode, "[plugin.passphrase]" in locked.stderr, "--passphrase-file" in locked.stderr) == (1, True, True)
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("wrong horse\n")
    passphrase.chmod(0o600)
    assert "passphrase is not its own" in host.run_program(*sign, "--passphrase-file", str(passphrase)).stderr
    assert not plugin.with_name("t.good.so.sig").exists()
    passphrase.write_text("correct horse\n")
    assert host.run_program(*sign, "--passphrase-file", str(passphrase)).returncode == 0
    assert vendor.has_signed(plugin, plugin.with_name("t.good.so.sig"))
    passphrase.chmod(0o640)
    assert "[plugin.open_key]" in host.run_program(*sign, "--passphrase-file", str(passphrase)).stderr


def test_sign_refuses_slips(make_host, plugin, vendor, tmp_path):
    host = make_host()

    def sign(file, key, *options):
        done = host.run_program("plugin", "sign", str(file), "--key", str(key), *options)
        return done.returncode, done.stderr

    text = tmp_path / "text.so"
    text.write_text("no plugin")
    for file, key, code, said in (
            (plugin, vendor.public, "plugin.bad_key", "is a public key"), (plugin, Vendor(tmp_path, "rsa").key, "plugin.bad_key", "neither"),
            (plugin, tmp_path / "none", "secret.missing", "none"), (text, vendor.key, "plugin.not_elf", "text.so"),
            (tmp_path / "none.so", vendor.key, "plugin.missing", "none.so"), (tmp_path, vendor.key, "plugin.unreadable", "no regular file")):
        done = sign(file, key)
        assert (done[0], f"[{code}]" in done[1], said in done[1]) == (1, True, True), done
    vendor.key.chmod(0o644)
    assert "chmod 600" in sign(plugin, vendor.key)[1]
    vendor.key.chmod(0o600)
    precious = tmp_path / "precious"
    precious.write_text("not a signature")
    assert "[plugin.exists]" in sign(plugin, vendor.key, "--out", str(precious))[1]
    assert precious.read_text() == "not a signature"
    # An older signature is replaced, also in another place.
    for _ in range(2):
        assert sign(plugin, vendor.key, "--out", str(tmp_path / "elsewhere.sig"))[0] == 0
    assert verify(host, plugin, "--trust", str(vendor.public))[1]["code"] == "plugin.unsigned"
    assert verify(host, plugin, "--trust", str(vendor.public), "--signature", str(tmp_path / "elsewhere.sig"))[0] == 0
    assert host.run_program("plugin", "sign", str(plugin)).returncode == 64


def test_verify_says_what_the_host_would_say(trusting, plugin, vendor, build_dir, tmp_path):
    host = trusting(key_line(vendor))
    config = ("--config", str(host.config))
    assert verify(host, plugin, *config)[1]["code"] == "plugin.unsigned"
    vendor.sign(plugin)
    assert verify(host, plugin, *config) == (0, {
        "file": str(plugin), "trusted": True, "id": "t.good", "version": "1.0.0",
        "sha256": hashlib.sha256(plugin.read_bytes()).hexdigest(), "trust": {"kind": "signed", "key": "acme"}})
    assert verify(host, build_dir / "plugins" / "ndes.so", *config)[1]["trust"] == {"kind": "shipped"}
    renamed = plugin.with_name("com.acme.ca.so")
    shutil.copy(plugin, renamed)
    shutil.copy(plugin.with_name("t.good.so.sig"), renamed.with_name("com.acme.ca.so.sig"))
    assert verify(host, renamed, *config)[1]["code"] == "plugin.other_id"
    assert verify(host, tmp_path / "none.so", *config)[1]["code"] == "plugin.missing"
    plugin.chmod(0o666)
    assert verify(host, plugin, *config)[1]["code"] == "plugin.unsafe_permissions"
    assert verify(host, plugin, "--trust", str(vendor.public))[0] == 0  # whoever builds may write
    stranger = Vendor(tmp_path, "p256")
    answer = verify(host, plugin, "--trust", str(stranger.public))[1]
    assert (answer["trusted"], answer["code"]) == (False, "plugin.unknown_signer")
    assert vendor.key_id in answer["reason"] and stranger.key_id in answer["reason"]
    assert host.run_program("plugin", "verify", str(plugin), "--trust", str(vendor.public), *config).returncode == 64
    vendor.public.write_text("")
    assert host.run_program("plugin", "verify", str(plugin), *config).returncode == 2
