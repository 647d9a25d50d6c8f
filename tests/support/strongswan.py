"""strongSwan's `pki --scep`: a SCEP client that we did not write."""
import pathlib
import subprocess

from cryptography import x509


class Strongswan:
    """Enrols in a directory of its own against one URL. Needs packages strongswan-pki and libstrongswan-extra-plugins."""

    def __init__(self, directory, url, prefix=()):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.url = url
        self.prefix = list(prefix)

    def _pki(self, *arguments, timeout=120):
        done = subprocess.run([*self.prefix, "pki", *arguments], capture_output=True, cwd=self.directory, timeout=timeout,
                              stdin=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"pki {arguments[0]} failed ({done.returncode}): {done.stderr.decode(errors='replace')}")
        return done.stdout

    def fetch_ca(self):
        """GetCACaps and GetCACert: writes ca*.pem and ra*.pem."""
        self._pki("--scepca", "--url", self.url, "--caout", "ca.pem", "--raout", "ra.pem", "--outform", "pem", "--force")
        return self

    def _trust(self):
        """RA and every CA that GetCACert gave."""
        cas = [argument for file in sorted(self.directory.glob("ca*.pem")) for argument in ("--cacert", file.name)]
        return ["--cacert-enc", "ra.pem", "--cacert-sig", "ra.pem", *cas]

    def new_key(self, name="key.pem", bits=2048):
        (self.directory / name).write_bytes(self._pki("--gen", "--type", "rsa", "--size", str(bits), "--outform", "pem"))
        return name

    def enrol(self, key, subject, challenge, san=None, cipher="aes", digest="sha256", extra=(), timeout=120):
        """PKCSReq; the issued certificate."""
        arguments = ["--scep", "--url", self.url, "--in", key, "--dn", subject, "--password", challenge,
                     *self._trust(), "--cipher", cipher, "--digest", digest, "--outform", "pem", *extra]
        if san:
            arguments += ["--san", san]
        return x509.load_pem_x509_certificate(self._pki(*arguments, timeout=timeout))

    def renew(self, new_key, subject, old_certificate, old_key, san=None, cipher="aes", extra=()):
        """RenewalReq: signed with the old certificate."""
        extra = ("--cert", old_certificate, "--key", old_key, *extra)
        arguments = ["--scep", "--url", self.url, "--in", new_key, "--dn", subject, *self._trust(), "--cipher", cipher,
                     "--digest", "sha256", "--outform", "pem", *extra]
        if san:
            arguments += ["--san", san]
        return x509.load_pem_x509_certificate(self._pki(*arguments))
