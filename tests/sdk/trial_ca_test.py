#!/usr/bin/python3
"""The imagined CA of a project made by `certspan new-plugin` answers every connection while another stays open and says nothing, as
the kept connections of a host do.

usage: trial_ca_test.py PROJECT WORK_DIR
"""
import http.client
import pathlib
import subprocess
import sys

ANSWER_S = 30


def chain_over(connection):
    connection.request("GET", "/chain")
    answer = connection.getresponse()
    return answer.status, answer.read()


def main():
    project, work = map(pathlib.Path, sys.argv[1:])
    with subprocess.Popen([sys.executable, project / "trial/ca.py", "--directory", work / "trial-ca", "--host", work / "trial-host"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as ca:
        try:
            place = ca.stdout.readline().strip().removeprefix("http://")
            kept, other = (http.client.HTTPConnection(place, timeout=ANSWER_S) for _ in range(2))
            first, second, again = chain_over(kept), chain_over(other), chain_over(kept)
        finally:
            ca.kill()
    assert first[0] == 200 and b"BEGIN CERTIFICATE" in first[1], first
    assert first == second == again, "not every connection got the chain"


if __name__ == "__main__":
    main()
