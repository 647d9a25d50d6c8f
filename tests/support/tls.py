"""A listener with TLS, and clients that can be made to trust it."""
import contextlib
import pathlib
import shutil
import subprocess

SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def make_server_certificate(directory, key="ec"):
    """tls.key and tls.pem for localhost, self-signed."""
    directory = pathlib.Path(directory)
    kind = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else ["rsa:2048"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", directory / "tls.key", "-out", directory / "tls.pem"],
                   check=True, capture_output=True)


def use_tls(text, directory):
    """The configuration with TLS on its listener, from files in `directory`."""
    make_server_certificate(directory)
    tls = f'tls: {{ certificate_file: {directory}/tls.pem, key: "${{file:{directory}/tls.key}}" }}'
    return text.replace('web: { address: "127.0.0.1:0" }', 'web: { address: "127.0.0.1:0", ' + tls + " }")


@contextlib.contextmanager
def ca_bundle_mounted(directory, needed=True):
    """strongSwan and certmonger trust the system's bundle only: gives the prefix of commands that see ours in its place, in a mount
    namespace of their own. Where it is not `needed`, there is no prefix."""
    if not needed:
        yield []
        return
    bundle = pathlib.Path(directory) / "bundle.crt"
    shutil.copy(pathlib.Path(directory) / "tls.pem", bundle)
    script = f'mount --bind "{bundle}" "{SYSTEM_BUNDLE}" && exec "$@"'
    yield ["unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh"]
