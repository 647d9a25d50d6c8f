"""One device with a foreign client, whichever it is: it meets an endpoint, asks, and renews."""
import concurrent.futures
import contextlib

from cryptography.hazmat.primitives import serialization

from tests.support.certmonger import Certmonger
from tests.support.strongswan import Strongswan

SUBJECT = "O=Example, CN=device"


class StrongswanDevice:
    """strongSwan takes the cipher that it is told to."""

    name = "strongSwan"

    @staticmethod
    def endpoint(cipher):
        return "      danger_allow_3des: true\n" if cipher == "des3" else ""

    def __init__(self, directory, url, cipher, prefix):
        self.client, self.cipher = Strongswan(directory, url, prefix), cipher
        self.issued = None

    def __enter__(self):
        self.client.fetch_ca()
        return self

    def __exit__(self, *_):
        pass

    @contextlib.contextmanager
    def asks(self, challenge):
        """It polls each second meanwhile."""
        key = self.client.new_key("first.key")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            enrolling = pool.submit(self.client.enrol, key, SUBJECT, challenge, cipher=self.cipher,
                                    extra=("--interval", "1", "--maxpolltime", "60"))
            yield
            self.issued = enrolling.result(timeout=90)

    def certificate(self):
        return self.issued

    def renewed(self):
        (self.client.directory / "first.pem").write_bytes(self.issued.public_bytes(serialization.Encoding.PEM))
        return self.client.renew(self.client.new_key("renewed.key"), SUBJECT, "first.pem", "first.key", cipher=self.cipher)

    def key_file(self):
        return self.client.directory / "renewed.key"


class CertmongerDevice:
    """certmonger takes AES where the endpoint offers it, and else 3DES."""

    name = "certmonger"

    @staticmethod
    def endpoint(cipher):
        if cipher == "aes":
            return ""
        return "      danger_allow_3des: true\n      capabilities: [POSTPKIOperation, Renewal, SHA-256, DES3]\n"

    def __init__(self, directory, url, cipher, prefix):
        self.daemon, self.url, self.cipher = Certmonger(directory, prefix), url, cipher
        self.issued = None

    def __enter__(self):
        self.daemon.__enter__()
        trust = ("-R", self.daemon.directory.parent / "tls.pem") if self.url.startswith("https") else ()
        self.daemon.add_ca(self.url, *trust)
        return self

    def __exit__(self, *_):
        self.daemon.__exit__()

    @contextlib.contextmanager
    def asks(self, challenge):
        self.daemon.request(SUBJECT, challenge)
        self.daemon.until("CA_WORKING")
        assert self.daemon.cipher().startswith({"aes": "aes", "des3": "tripledes"}[self.cipher])
        yield
        self.daemon.again("refresh")

    def certificate(self):
        self.issued = self.daemon.certificate()
        return self.issued

    def renewed(self):
        self.daemon.again("resubmit")
        return self.daemon.certificate(other_than=self.issued)

    def key_file(self):
        return self.daemon.key_file
