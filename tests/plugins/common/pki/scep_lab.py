"""Makes the SCEP messages that the C++ tests open, and reads the replies that they write.

    scep_lab.py build SPEC.json     one client, one message for each entry of "messages"; see build()
    scep_lab.py read NAME REPLY     checks a reply to message NAME and prints what is in it, a line for each field

Everything stands in the current directory, keys included: it is a test's own and goes with it.
"""

import json
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4]))

from asn1crypto import core, x509 as asn1_x509  # noqa: E402
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import serialization  # noqa: E402

from tests.support import scep_messages as scep  # noqa: E402

HERE = pathlib.Path(".")
CHALLENGE_TYPES = {"printable": core.PrintableString, "utf8": core.UTF8String, "ia5": core.IA5String,
                   "t61": core.TeletexString, "bmp": core.BMPString}


def save_key(name, key):
    (HERE / name).write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                serialization.NoEncryption()))


def load_key(name):
    return serialization.load_pem_private_key((HERE / name).read_bytes(), None)


def load_certificate(name):
    return x509.load_pem_x509_certificate((HERE / name).read_bytes())


def flip(data, position, bit):
    changed = bytearray(data)
    changed[position % len(changed)] ^= 1 << bit
    return bytes(changed)


def broken_transport(seed, size):
    """One of the ways in which a wrapped key can be wrong; all are public knowledge to who makes them."""
    source = random.Random(seed)

    def change(wrapped):
        how = seed % 5
        if how == 0:
            return source.randbytes(len(wrapped))
        if how == 1:
            return flip(wrapped, source.randrange(len(wrapped)), source.randrange(8))
        if how == 2:
            return b"\0" * (len(wrapped) - 1) + bytes([source.randrange(256)])
        if how == 3:
            return wrapped[:source.randrange(1, size)]
        return b"\xff" * len(wrapped)

    return change


def breaks_for(entry):
    breaks = scep.Breaks()
    seed = entry.get("seed", 0)
    kind = entry.get("break")
    if kind == "transport":
        breaks.encrypted_key = broken_transport(seed, 256)
    elif kind == "padding":
        breaks.padded = lambda padded: padded[:-1] + bytes([[0, 17, 255, padded[-1] ^ 1][seed % 4]])
    elif kind == "content":
        breaks.plaintext = lambda plain: flip(plain, seed * 7, seed % 8)
    elif kind == "garbage":
        breaks.plaintext = lambda plain: random.Random(seed).randbytes(len(plain))
    elif kind == "digest":
        breaks.message_digest = lambda digest: flip(digest, 3, 1)
    elif kind == "signature":
        breaks.signature = lambda signature: flip(signature, 9, 2)
    elif kind == "unsorted":
        breaks.attributes = lambda ders: list(reversed(ders))
    elif kind == "twice":
        breaks.attributes = lambda ders: ders + ders[-1:]
    breaks.omit = entry.get("omit", [])
    return breaks


def captured(entry, envelopes):
    """Somebody else's envelope with a bit of its content flipped, for a stranger to sign."""
    if "capture" not in entry:
        return None
    source = random.Random(entry.get("seed", 0))
    envelope = envelopes[entry["capture"]]
    # The content stands at the end: flip within its last 900 octets.
    return flip(envelope, len(envelope) - 1 - source.randrange(900), source.randrange(8)) if entry.get("flip") else envelope


def build():
    spec = json.loads((HERE / sys.argv[2]).read_text())
    ra = load_certificate(spec["ra"])
    keys = {"client": scep.new_rsa_key(), "stranger": scep.new_rsa_key(), "ec": scep.new_ec_key()}
    signers = {name: scep.self_signed(key, name) for name, key in keys.items()}
    save_key("client.key", keys["client"])
    envelopes = {}
    for entry in spec["messages"]:
        csr_key = keys[entry.get("csr_key", "client")]
        signer = entry.get("signer", "client")
        csr = scep.build_csr(csr_key, "device 7", challenge=entry.get("challenge", "open sesame"),
                             challenge_type=CHALLENGE_TYPES[entry.get("challenge_type", "printable")],
                             dns=["device-7.example"], digest=entry.get("csr_digest", "sha256"),
                             break_signature=entry.get("break") == "csr_signature")
        request = scep.build_request(
            csr, signer_key=keys[signer], signer_certificate=signers[signer],
            recipients=[signers[r] if r in signers else ra for r in entry.get("recipients", ["ra"])],
            message_type=entry.get("type", scep.PKCS_REQ), cipher=entry.get("cipher", "aes128"),
            digest=entry.get("digest", "sha256"), key_transport=entry.get("transport", "pkcs1"),
            transaction_id=entry.get("transaction_id"), ber_chunk=entry.get("ber_chunk", 0),
            sender_nonce=bytes(range(entry["nonce"])) if "nonce" in entry else None,
            breaks=breaks_for(entry), enveloped=captured(entry, envelopes))
        name = entry["name"]
        envelopes[name] = request.enveloped
        (HERE / f"{name}.der").write_bytes(request.der)
        (HERE / f"{name}.csr").write_bytes(csr)
        (HERE / f"{name}.signer").write_bytes(signers[signer].public_bytes(serialization.Encoding.PEM))
        (HERE / f"{name}.json").write_text(json.dumps({
            "transaction_id": request.transaction_id, "nonce": request.sender_nonce.hex(), "cipher": request.cipher,
            "digest": request.digest, "key_transport": request.key_transport}))


def read():
    name, reply_file = sys.argv[2:4]
    state = json.loads((HERE / f"{name}.json").read_text())
    request = scep.Request((HERE / f"{name}.der").read_bytes(), state["transaction_id"], bytes.fromhex(state["nonce"]),
                           load_certificate(f"{name}.signer"), load_key("client.key"), state["cipher"],
                           state["digest"], state["key_transport"], b"")
    reply = scep.read_reply((HERE / reply_file).read_bytes(), request, load_certificate("ra.pem"))
    print(f"status={reply.pki_status}\nfail_info={reply.fail_info}\ntext={reply.fail_info_text}\n"
          f"digest={reply.digest}\ncipher={reply.cipher}\ntransport={reply.key_transport}\n"
          f"certificates={[c.subject.rfc4514_string() for c in reply.certificates]}")


if __name__ == "__main__":
    {"build": build, "read": read}[sys.argv[1]]()
