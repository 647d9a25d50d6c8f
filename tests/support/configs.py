"""Edits of the configuration that `certspan init` writes."""
import copy
import datetime
import pathlib

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.support import outside_ca_certificates as certificates

CONNECTOR = """
  outside-ca:
    plugin: example_ca
    type: example_ca
    network: true
    concurrency: 4
    settings: {{ address: "{address}", answer_after: {answer_after}, timeout: {timeout} }}
"""


def renew_at_any_time(text):
    """Certificates may be renewed right after they were issued."""
    return text.replace("settings: { allow_same_key: true }", "settings: { allow_same_key: true, any_time: true }")


def ask_a_person(text):
    """Enrolments wait for `certspan work approve`."""
    document = yaml.safe_load(text)
    document["connectors"]["officer"] = {"plugin": "ndes", "type": "approval", "settings": {"remind": "1h"}}
    enrolments = document["pipelines"]["enrolments"]
    enrolments["steps"].insert(1, {"validate": "officer"})
    enrolments["reply"] = {"within": "2s", "then": "pending"}
    return yaml.safe_dump(document, sort_keys=False)


def use_outside_ca(text, address, answer_after="0s", timeout="5s", reply="{ within: 45s, then: try_later }",
                   retry="{ attempts: 6, backoff: 100ms..1s }"):
    """The configuration `text` of `certspan init`, with every `issue` going outside instead of to the embedded CA."""
    connector = CONNECTOR.format(address=address, answer_after=answer_after, timeout=timeout)
    text = text.replace("\nprofiles:", connector + "\nprofiles:", 1)
    text = text.replace("      - issue: example-ca\n        profile: device\n",
                        f"      - issue: outside-ca\n        profile: device\n        timeout: 10s\n        retry: {retry}\n"
                        f"    reply: {reply}\n")
    # strongSwan wants the root in GetCACert, and this CA stands under one.
    return text.replace("      path: /scep\n", "      path: /scep\n      ca_certificates: chain\n", 1)


def add_neighbour(text, address):
    """The configuration of `certspan init` with a second endpoint, /neighbour, whose CA is at `address`."""
    connector = CONNECTOR.format(address=address, answer_after="0s", timeout="5s")
    source = text.split("  scep:\n", 1)[1].split("  challenge:\n", 1)[0].replace("path: /scep", "path: /neighbour")
    text = text.replace("\nprofiles:", f"{connector}  neighbour:\n{source}\nprofiles:", 1)
    return text + """
  neighbour:
    source: neighbour
    steps:
      - validate: challenge
      - issue: outside-ca
        profile: device
        timeout: 5s
        retry: { attempts: 100, backoff: 100ms..1s }
    reply: { within: 1s, then: try_later }
"""


def certify_ra(host, outside_folder):
    """Replaces the RA certificate of `host` by one that the CA outside has issued: clients want RA and CA of one chain."""
    ca = certificates.KeptCa(pathlib.Path(outside_folder) / "issuing", "", "", None)
    key = serialization.load_pem_private_key((host.directory / "ra.key").read_bytes(), None)
    now = datetime.datetime.utcnow()
    usage = dict.fromkeys(("content_commitment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
                           "encipher_only", "decipher_only"), False)
    certificate = (x509.CertificateBuilder()
                   .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Outside SCEP RA")]))
                   .issuer_name(ca.certificate.subject).public_key(key.public_key())
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=30))
                   .add_extension(x509.KeyUsage(digital_signature=True, key_encipherment=True, **usage), critical=True)
                   .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
                   .sign(ca.key, hashes.SHA256()))
    (host.directory / "ra.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def add_endpoint(text):
    """A second SCEP endpoint, at /other, whose devices get certificates of a second profile, vpn."""
    document = yaml.safe_load(text)
    source = copy.deepcopy(document["connectors"]["scep"])
    source["settings"]["path"] = "/other"
    document["connectors"]["other"] = source
    document["profiles"]["vpn"] = dict(document["profiles"]["device"], validity="30d")
    steps = [{"validate": "challenge"}, {"issue": "example-ca", "profile": "vpn"}]
    document["pipelines"]["vpn"] = {"source": "other", "steps": steps}
    return yaml.safe_dump(document, sort_keys=False)
