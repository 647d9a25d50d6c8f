#!/usr/bin/python3
"""C and C++ sources are as clang-format 14 leaves them (`./dev format`)."""
import concurrent.futures
import os
import subprocess

from common import ROOT, Report, tracked


def first_difference(path):
    """The first line that the formatter would change, or None."""
    command = ["clang-format-14", "--dry-run", str(path)]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stderr
    for line in output.splitlines():
        if "clang-format-violations" in line:
            return line.split(":")[1]
    return None if not output else "1"


def main():
    report = Report("format")
    paths = tracked("*.c", "*.h", "*.cpp", "*.hpp")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, line in zip(paths, pool.map(first_difference, paths)):
            report.check(line is None, path, line or 1, "is not formatted; run ./dev format")
    report.finish()


if __name__ == "__main__":
    main()
