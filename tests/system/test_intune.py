"""Devices of a tenant of Microsoft Intune: it is asked before, told after, and nothing but its clear word lets a request through."""
import pytest

from tests.support import scep_messages as scep
from tests.support.intune import ManagedDevice, use_intune
from tests.support.strongswan import Strongswan
from tests.tenant.server import Tenant
from tests.tenant.service import thumbprint

BOTH = pytest.mark.parametrize("isolation", ["process", "in_process"])


@pytest.fixture(name="tenant")
def tenant_fixture():
    with Tenant() as tenant:
        yield tenant


@pytest.fixture(name="host")
def host_fixture(make_host):
    return make_host()


@BOTH
def test_strongswan_enrols_with_a_challenge_of_the_tenant_and_the_tenant_is_told(host, tenant, tmp_path, isolation):
    host.isolation = isolation
    use_intune(host, tenant)
    host.start()
    device, client = ManagedDevice(tenant), Strongswan(tmp_path / "client", host.url()).fetch_ca()
    certificate = client.enrol(client.new_key(), "CN=laptop-1", device.challenge)
    told, = tenant.successes
    item, = host.items()
    assert told["certificateThumbprint"] == thumbprint(certificate)
    assert int(told["certificateSerialNumber"], 16) == certificate.serial_number and len(told["certificateSerialNumber"]) % 2 == 0
    assert told["certificateExpirationDateUtc"].startswith(certificate.not_valid_after.strftime("%Y-%m-%dT%H:%M:%S."))
    assert told["issuingCertificateAuthority"] == certificate.issuer.rfc4514_string()
    assert told["caConfiguration"] == f"example-ca/{item['id']}"
    assert (item["state"], tenant.refusals, tenant.failures) == ("done", [], [])
