"""A host whose SCEP endpoint lets a simulated tenant of Intune decide, and is told on."""
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from tests.support import scep_messages as scep
from tests.support.scep_client import ScepClient
from tests.tenant.directory import App
from tests.tenant.profiles import Device, Profile



def plain_profile(name="wifi"):
    """One that wants a subject and nothing else, as strongSwan's client sends."""
    return Profile(name, key_usage=frozenset(), eku=frozenset())


def settings_of(tenant, app, credential, more=""):
    return f'{{ tenant: {tenant.directory.tenant_id}, client_id: {app.client_id}, {credential}, authority: "{tenant.url}", ' \
           f'graph: "{tenant.url}", timeout: 5s{more} }}'


def by_secret(host, app):
    file = host.directory / "intune.secret"
    file.write_text(app.secret + "\n")
    return f'client_secret: "${{file:{file}}}"'


def app_certificate(directory, name="intune"):
    """The paths of a certificate for the app and of its key."""
    key, now = scep.new_rsa_key(), datetime.datetime.now(datetime.timezone.utc)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "certspan intune")])
    certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
                   .not_valid_after(now + datetime.timedelta(days=20)).sign(key, hashes.SHA256()))
    paths = directory / f"{name}.pem", directory / f"{name}.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return paths


def registered(tenant, certificate):
    """An app that this certificate vouches for."""
    return tenant.directory.register(App(certificate=x509.load_pem_x509_certificate(certificate.read_bytes())))


def by_certificate(certificate, key):
    return f'certificate_file: {certificate}, key: "${{file:{key}}}"'


def use_intune(host, tenant, app=None, credential=None, more="", validate="", deliver="", on_failure="",
               adds="[key_usage, eku]"):
    """Every request is asked about and told of; `validate`, `deliver` and `on_failure` are lines of these steps. strongSwan's client and
    the plain requests of these tests name no usages, so the profile `adds` them."""
    app = app or tenant.directory.register()
    settings = settings_of(tenant, app, credential or by_secret(host, app), more)

    def edit(text):
        head, _ = text.split("pipelines:\n", 1)
        head = head.replace("    eku: [client_auth]\n", f"    eku: [client_auth]\n    adds: {adds}\n", 1)
        connector = f"  intune:\n    plugin: intune\n    type: scep_validator\n    settings: {settings}\n"
        pipeline = f"  devices:\n    source: scep\n    steps:\n      - validate: intune\n{validate}      - issue: example-ca\n" \
                   f"        profile: device\n      - deliver: intune\n{deliver}    on_failure:\n      - deliver: intune\n{on_failure}"
        return head.replace("connectors:\n", f"connectors:\n{connector}", 1) + "pipelines:\n" + pipeline
    host.configure(edit)
    return app


def only_once(attempts=1):
    return f"        retry: {{ attempts: {attempts}, backoff: 1ms..2ms }}\n"


class ManagedDevice:
    """One device of a tenant, with the challenge that came with its profile."""

    def __init__(self, tenant, name="laptop-1", profile=None):
        self.tenant, self.device, self.profile = tenant, Device(name), profile or plain_profile()
        self.challenge = tenant.assign(self.device, self.profile)

    def enrol(self, host, **options):
        return ScepClient(host.url()).enrol(self.device.name, self.challenge, **options)

    def enrol_silently(self, host, **options):
        """Whatever comes of it: the reply, or None where there was none."""
        try:
            return self.enrol(host, **options).reply
        except (OSError, scep.ProtocolError):
            return None


def story(host, what="laptop-1"):
    return host.command("why", what)


def everything_told(host):
    """All that people and other machines can read of a host that runs."""
    return host.log() + "".join(host.command(*words) for words in (("status",), ("work", "list"), ("work", "export"), ("audit", "export")))
