#!/usr/bin/python3
"""clang-tidy 14 finds nothing (.clang-tidy says what is asked and why some checks are not).

usage: check_tidy.py [FILE...]   default: every source file of the compilation database in build/tidy
"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

from common import ROOT, Report

DATABASE = ROOT / "build" / "tidy"
FINDING = re.compile(r"^(\S+?):(\d+):\d+: (?:warning|error): (.*)$")


def sources(wanted):
    entries = json.loads((DATABASE / "compile_commands.json").read_text())
    paths = {pathlib.Path(entry["file"]) for entry in entries}
    own = sorted(path for path in paths if path.is_relative_to(ROOT) and not path.is_relative_to(ROOT / "build"))
    # Large files first: the last one to finish should not be the slowest.
    own.sort(key=lambda path: path.stat().st_size, reverse=True)
    return [path for path in own if not wanted or str(path.relative_to(ROOT)) in wanted]


def tidy(path):
    """Findings in one translation unit and in our headers that it includes: (file, line, text)."""
    command = ["clang-tidy-14", "-p", str(DATABASE), "--quiet", str(path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = []
    for line in run.stdout.splitlines():
        match = FINDING.match(line)
        if match:
            file = pathlib.Path(match.group(1))
            name = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
            found.append((str(name), match.group(2), match.group(3)))
    if run.returncode != 0 and not found:
        found.append((str(path.relative_to(ROOT)), "1", run.stderr.strip()))
    return found


def main():
    report = Report("tidy")
    paths = sources(set(sys.argv[1:]))
    told = set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for number, (path, findings) in enumerate(zip(paths, pool.map(tidy, paths)), start=1):
            report.check(True, path, 1, "")
            for finding in findings:
                if finding not in told:
                    told.add(finding)
                    report.check(False, *finding)
            if number % 25 == 0:
                print(f"lint tidy: {number} of {len(paths)} files", flush=True)
    report.finish()


if __name__ == "__main__":
    main()
