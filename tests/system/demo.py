"""What `./dev demo` runs: a host with a demo configuration, one enrolment by strongSwan's client, and what to try next."""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import textwrap

from cryptography.hazmat.primitives import serialization

from tests.support.host import Host
from tests.support.strongswan import Strongswan


def say(text):
    print(f"==> {text}", flush=True)


def indent(text):
    print(textwrap.indent(text.rstrip(), "    "), flush=True)


def enrol(host, directory):
    say("a client that is not ours enrols: strongSwan's pki --scep, AES and SHA-256")
    client = Strongswan(directory, host.url()).fetch_ca()
    key = client.new_key()
    certificate = client.enrol(key, "C=CH, O=Example, CN=demo-laptop", host.challenge, san="demo-laptop.example")
    path = directory / "certificate.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    shown = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-subject", "-issuer", "-serial", "-dates", "-ext",
                            "subjectAltName,keyUsage,extendedKeyUsage"], capture_output=True, text=True, check=True)
    indent(shown.stdout)


def next_steps(host):
    config = host.config
    program = host.program
    return textwrap.dedent(f"""\
        {program} status --config {config}
        {program} why --config {config} demo-laptop
        {program} challenge new --config {config}
        {program} graph --config {config}
        edit {config}, then {program} check {config}
        /usr/bin/python3 tests/support/scep_client.py {host.url()} enrol --challenge "$(cat {host.directory}/challenge)" --cn second
        """)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--keep", action="store_true", help="leave the host running")
    parser.add_argument("--swap", action="store_true", help="swap plugins under running enrolments instead")
    parser.add_argument("--intune", action="store_true", help="a device of a simulated Intune tenant, until its certificate is revoked")
    options = parser.parse_args()
    if options.intune:
        from tests.system.demo_intune import intune_demo  # which uses the words of this file
        sys.exit(intune_demo(options.build))
    if options.swap:
        from tests.system.demo_swap import swap_demo  # which uses the words of this file
        sys.exit(swap_demo(options.build))
    directory = pathlib.Path(tempfile.mkdtemp(prefix="certspan-demo-"))
    host = Host(pathlib.Path(options.build).resolve(), directory / "host")
    say(f"certspan init: configuration, CA, RA and challenge in {host.directory}")
    host.init()
    say("certspan check")
    host.command("check")
    say("certspan run")
    host.start()
    try:
        indent(f"SCEP at {host.url()}")
        enrol(host, directory / "client")
        say("certspan status")
        indent(host.command("status"))
        if options.keep:
            say(f"the host goes on (process {host.process.pid}; end it with: kill {host.process.pid}). Try:")
        else:
            say("to try next: ./dev demo --keep leaves the host running, and then")
        indent(next_steps(host))
    finally:
        if not options.keep or sys.exc_info()[0] is not None:
            code = host.stop()
            say(f"the host has drained and ended with exit code {code}")


if __name__ == "__main__":
    main()
