"""Clients of others with the challenge that an Intune tenant gave them: validated, told of, and revoked when their device is retired."""
import pytest

from tests.interop.test_scepclient import SWITCHES, scepclient
from tests.support.certmonger import Certmonger
from tests.support.independent_reader import check_issued
from tests.support.intune import ManagedDevice, plain_profile
from tests.support.intune_orders import results_of, use_orders
from tests.support.ocsp import Asker, answer_ocsp
from tests.support.soft_hsm import SoftHsm, put_keys_into
from tests.support.strongswan import Strongswan
from tests.support.waiting import wait_until
from tests.system.demo_intune import status_by_crl, status_by_ocsp
from tests.tenant.server import Tenant
from tests.tenant.service import COOL_DOWN_S, thumbprint


def by_strongswan(host, directory, challenge):
    client = Strongswan(directory, host.url()).fetch_ca()
    return client.enrol(client.new_key(), "CN=laptop-1", challenge)


def by_certmonger(host, directory, challenge):
    with Certmonger(directory) as daemon:
        daemon.add_ca(host.url()).request("CN=laptop-1", challenge)
        return daemon.certificate()


def by_scepclient(host, directory, challenge):
    return scepclient(directory, host.url(), challenge)


CLIENTS = {"strongSwan": (by_strongswan, "CN=laptop-1"), "certmonger": (by_certmonger, "CN=laptop-1"),
           "scepclient": (by_scepclient, "CN=scepclient,OU=MDM,O=scep-client,C=CH")}


@pytest.mark.parametrize("ca_key, keys", [("rsa:2048", "files"), ("p256", "token")])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_device_from_its_challenge_to_its_revocation(make_host, tmp_path, client, ca_key, keys):
    enrol, subject = CLIENTS[client]
    host = make_host("host", "--ca-key", ca_key)
    with Tenant() as tenant:
        if client == "scepclient":
            host.configure(lambda text: text.replace("path: /scep\n", SWITCHES))
        if keys == "token":
            put_keys_into(SoftHsm(tmp_path / "hsm"), host)
        use_orders(host, tenant)
        host.configure(answer_ocsp).start()
        profile = plain_profile()
        profile.subject = lambda _device: subject
        device = ManagedDevice(tenant, profile=profile)
        certificate = enrol(host, tmp_path / "client", device.challenge)
        check_issued(host.directory, certificate)
        assert [told["certificateThumbprint"] for told in tenant.successes] == [thumbprint(certificate)]
        assert tenant.refusals == []
        asker = Asker(host, tmp_path / "asker", certificate)
        assert (status_by_crl(asker), status_by_ocsp(asker)) == ("good", "good")
        tenant.offset_s += COOL_DOWN_S + 1
        tenant.retire(device.device)
        wait_until(lambda: results_of(tenant) == [(True, 0)])
        assert (status_by_crl(asker), status_by_ocsp(asker)) == ("revoked", "revoked")
