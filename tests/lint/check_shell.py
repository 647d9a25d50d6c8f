#!/usr/bin/python3
"""Shell scripts pass shellcheck."""
import subprocess

from common import ROOT, Report, tracked


def is_shell(path):
    with (ROOT / path).open("rb") as file:
        first = file.readline()
    return first.startswith(b"#!") and (b"bash" in first or first.rstrip().endswith(b"/sh"))


def main():
    report = Report("shell")
    for path in filter(is_shell, tracked()):
        run = subprocess.run(["shellcheck", "--format=gcc", str(path)], cwd=ROOT, capture_output=True, text=True,
                             check=False)
        report.check(run.returncode == 0, path, 1, f"shellcheck:\n{run.stdout}{run.stderr}")
    report.finish()


if __name__ == "__main__":
    main()
