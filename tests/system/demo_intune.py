"""What `./dev demo --intune` runs: a device of a simulated Intune tenant, from its profile to the revocation of its certificate."""
import pathlib
import tempfile

from tests.support.host import Host
from tests.support.intune import ManagedDevice
from tests.support.intune_orders import results_of, use_orders
from tests.support.ocsp import Asker, answer_ocsp
from tests.support.strongswan import Strongswan
from tests.support.waiting import wait_until
from tests.system.demo import indent, say
from tests.tenant.server import Tenant
from tests.tenant.service import COOL_DOWN_S


def enrol(host, tenant, device, directory):
    say("Intune assigns a SCEP profile, and the device gets a challenge with it")
    indent(f"device {device.device.name}, challenge of {len(device.challenge)} characters, signed and encrypted by the tenant")
    say("strongSwan's client enrols with it; the host asks Intune before it issues, and tells it before the device has the certificate")
    client = Strongswan(directory, host.url()).fetch_ca()
    certificate = client.enrol(client.new_key(), f"CN={device.device.name}", device.challenge)
    told, = tenant.successes
    indent(f"issued: {certificate.serial_number:X}\ntold Intune: {told['certificateSerialNumber']}, caConfiguration {told['caConfiguration']}")
    return certificate


def status_by_ocsp(asker):
    code, said = asker.openssl("-sha256")
    status, = [line.removeprefix("device.pem: ") for line in said.splitlines() if line.startswith("device.pem: ")]
    assert code == 0 and "Response verify OK" in said, said
    return status


def status_by_crl(asker):
    """What openssl says of the certificate with the CRL that the host gives."""
    (asker.directory / "crl.der").write_bytes(asker.http("GET", "/crl")[2])
    asker.run("openssl", "crl", "-inform", "DER", "-in", "crl.der", "-out", "crl.pem")
    code, said = asker.run("openssl", "verify", "-crl_check", "-CAfile", "ca.pem", "-CRLfile", "crl.pem", "device.pem")
    return "good" if code == 0 else "revoked" if "certificate revoked" in said else said


def tell_status(asker, expected):
    by_crl, by_ocsp = status_by_crl(asker), status_by_ocsp(asker)
    indent(f"openssl verify -crl_check: {by_crl}\nopenssl ocsp: {by_ocsp}")
    assert (by_crl, by_ocsp) == (expected, expected)


def retire(tenant, device):
    say("the device is retired: Intune wants its certificate revoked, and gives out its orders once an hour")
    tenant.offset_s += COOL_DOWN_S + 1  # the tenant's hour passes at once
    tenant.retire(device.device)
    wait_until(lambda: results_of(tenant) == [(True, 0)])
    indent("order fetched, carried out, and its result uploaded: success")


def intune_demo(build):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="certspan-demo-"))
    host = Host(pathlib.Path(build).resolve(), directory / "host").init()
    with Tenant() as tenant:
        say("a host with an embedded CA, and a simulated Intune tenant on this machine")
        use_orders(host, tenant)
        host.configure(answer_ocsp).start()
        try:
            device = ManagedDevice(tenant)
            certificate = enrol(host, tenant, device, directory / "client")
            asker = Asker(host, directory / "asker", certificate)
            say("how it stands")
            tell_status(asker, "good")
            retire(tenant, device)
            say("how it stands now")
            tell_status(asker, "revoked")
            wait_until(lambda: host.items("--open") == [])
            say(f"certspan why {certificate.serial_number:X}")
            indent(host.command("why", f"{certificate.serial_number:X}"))
        finally:
            code = host.stop()
            say(f"the host has drained and ended with exit code {code}")
    return code
