"""A SoftHSM token of one test, and a host whose keys lie in it."""
import os
import re
import shutil
import subprocess

from tests.support.host import put

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "493817"


class SoftHsm:
    """One token, "certspan", in a directory of its own. Sets SOFTHSM2_CONF for the host."""

    def __init__(self, directory):
        self.directory = directory
        self.tokens, self.away = directory / "tokens", directory / "away"
        self.tokens.mkdir(parents=True)
        self.configuration = directory / "softhsm2.conf"
        self.configuration.write_text(f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.environment = {"SOFTHSM2_CONF": str(self.configuration)}
        self.pin = directory / "pin"
        self.pin.write_text(PIN + "\n")
        self.pin.chmod(0o600)
        self.util("--init-token", "--free", "--label", "certspan", "--so-pin", "999999", "--pin", PIN)

    def util(self, *arguments):
        subprocess.run(["softhsm2-util", *arguments], check=True, capture_output=True, env=dict(os.environ, **self.environment))

    def take(self, key_file, label):
        """Moves a host's key from its file into the token."""
        plain = self.directory / f"{label}.p8"
        subprocess.run(["openssl", "pkcs8", "-topk8", "-nocrypt", "-in", key_file, "-out", plain], check=True, capture_output=True)
        self.util("--import", str(plain), "--token", "certspan", "--label", label, "--id", label.encode().hex(), "--pin", PIN)
        plain.unlink()
        key_file.unlink()

    def remove(self):
        self.tokens.rename(self.away)
        self.tokens.mkdir()

    def put_back(self):
        shutil.rmtree(self.tokens)
        self.away.rename(self.tokens)

    def setting(self, label):
        return f'pkcs11: {{ module: {MODULE}, uri: "pkcs11:token=certspan;object={label}", pin: "${{file:{self.pin}}}" }}'


def put_keys_into(hsm, host):
    """The RA's and the CA's key of a host that is not running yet."""
    for label in ("ra", "ca"):
        hsm.take(host.directory / f"{label}.key", label)
    return settle(hsm, host)


def settle(hsm, host):
    """Gives a host a configuration for keys that are in the token; its connectors run in its own process."""
    host.environment.update(hsm.environment)
    for label in ("ra", "ca"):
        host.configure(lambda text, label=label: re.sub(rf'key: "\${{file:{label}.key}}"', hsm.setting(label), text))
    host.isolation = None
    return host.configure(lambda text: put(text, "in_process"))
