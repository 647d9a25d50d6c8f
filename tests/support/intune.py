"""A host whose SCEP endpoint lets a simulated tenant of Intune decide, and is told on."""
from tests.support.scep_client import ScepClient
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


def use_intune(host, tenant, app=None, credential=None, more="", validate="", deliver="", on_failure=""):
    """Every request is asked about and told of; `validate`, `deliver` and `on_failure` are lines of these steps."""
    app = app or tenant.directory.register()
    settings = settings_of(tenant, app, credential or by_secret(host, app), more)

    def edit(text):
        head, _ = text.split("pipelines:\n", 1)
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
