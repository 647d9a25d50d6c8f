#!/usr/bin/python3
"""Runs the blocks of docs/plugin-guide.md as one shell session, with what is installed in PREFIX, and says what they came to.
Only the two ports are others than in the text.

usage: plugin_guide_test.py GUIDE PREFIX WORK_DIR
"""
import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

LIMIT_S = 240
EXPECTED = ("wrote acme-ca: a plugin com.acme.ca", "100% tests passed", "0 failed", "signed build/plugins/com.acme.ca.so",
            'signed by "acme"', "ca (com.acme.ca 0.1.0", "subject=CN = laptop-7", 'issued by "ca"')


def blocks(guide):
    return re.findall(r"^```sh\n(.*?)^```$", guide.read_text(), flags=re.M | re.S)


def free_ports(count):
    places = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [place.getsockname()[1] for place in places]
    for place in places:
        place.close()
    return ports


def script_of(guide):
    """With the ports of the guide, and of the project that it makes, replaced."""
    change = dict(zip(("8080", "8800"), map(str, free_ports(2))))
    text = "".join(blocks(guide))
    for old, new in change.items():
        text = text.replace(f":{old}", f":{new}").replace(f"--port {old}", f"--port {new}")
    edits = " ".join(f"-e s/:{old}/:{new}/" for old, new in change.items())
    return text.replace("cd acme-ca\n", f"cd acme-ca\nsed -i {edits} trial/certspan.yaml\n", 1)


def main():
    guide, prefix, work = map(pathlib.Path, sys.argv[1:])
    environment = dict(os.environ, PATH=f"{prefix}/bin:{os.environ['PATH']}", CMAKE_PREFIX_PATH=str(prefix))
    with open(work / "guide.log", "w+", encoding="utf-8") as log:
        session = subprocess.Popen(["bash", "-euo", "pipefail", "-c", script_of(guide)], cwd=work, env=environment,
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            code = session.wait(LIMIT_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(session.pid, signal.SIGKILL)  # the host and the CA that it left running
        log.seek(0)
        output = log.read()
    missing = [words for words in EXPECTED if words not in output]
    if code != 0 or missing:
        print(f"{output}\nthe guide's commands failed, or these words are missing: {missing}")
        sys.exit(1)


if __name__ == "__main__":
    main()
