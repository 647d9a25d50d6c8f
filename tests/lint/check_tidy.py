#!/usr/bin/python3
"""clang-tidy 14 finds nothing (.clang-tidy says what is asked and why some checks are not).

usage: check_tidy.py [--deep] [FILE...]   default: the sources of the product in the compilation database build/tidy
    --deep    the tests too, and the slow path-sensitive analyzer

A file that was clean is not looked at again until it, a header of it or .clang-tidy changes (~/.cache/certspan-tidy).
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess

from common import ROOT, Report

DATABASE = ROOT / "build" / "tidy"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "certspan-tidy"
FINDING = re.compile(r"^(\S+?):(\d+):\d+: (?:warning|error): (.*)$")
DEEP = "--checks=clang-analyzer-*"


def sources(wanted, deep):
    """Path and compile command of the files to look at, large ones first so that the last to finish is a small one."""
    entries = json.loads((DATABASE / "compile_commands.json").read_text())
    commands = {pathlib.Path(entry["file"]).resolve(): entry["command"] for entry in entries}
    chosen = []
    for path, command in commands.items():
        if not path.is_relative_to(ROOT) or path.is_relative_to(ROOT / "build"):
            continue
        name = str(path.relative_to(ROOT))
        if name in wanted or (not wanted and (deep or name.startswith(("host/", "plugins/", "tests/support/example")))):
            chosen.append((path, command))
    return sorted(chosen, key=lambda one: one[0].stat().st_size, reverse=True)


def fingerprint(path, command, options):
    """What the result depends on: the source with its comments, what it includes, the settings and the tool. Not where the tree stands, so
    that a fresh clone finds what another one knew."""
    words = shlex.split(command)
    output = words.index("-o")
    words = words[:output] + ["-E", "-P", "-o", "-"] + words[output + 2:]
    text = subprocess.run(words, cwd=DATABASE, capture_output=True, check=False).stdout
    settings = (ROOT / ".clang-tidy").read_bytes() + pathlib.Path(__file__).read_bytes()
    return hashlib.sha256(path.read_bytes() + text + settings + repr(options).encode()).hexdigest()


def tidy(path, command, options):
    """Findings in one translation unit and in our headers that it includes: (file, line, text)."""
    clean = CACHE / fingerprint(path, command, options)
    if clean.exists():
        return []
    run = subprocess.run(["clang-tidy-14", "-p", str(DATABASE), "--quiet", *options, str(path)], cwd=ROOT,
                         capture_output=True, text=True, check=False)
    found = []
    for line in run.stdout.splitlines():
        match = FINDING.match(line)
        if match:
            file = pathlib.Path(match.group(1))
            name = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
            found.append((str(name), match.group(2), match.group(3)))
    if run.returncode != 0 and not found:
        found.append((str(path.relative_to(ROOT)), "1", run.stderr.strip()))
    if not found:
        clean.touch()
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--deep", action="store_true")
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    report = Report("tidy")
    CACHE.mkdir(parents=True, exist_ok=True)
    chosen = sources(set(arguments.files), arguments.deep)
    options = [DEEP] if arguments.deep else []
    told = set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(tidy, path, command, options) for path, command in chosen]
        for number, job in enumerate(concurrent.futures.as_completed(jobs), start=1):
            report.check(True, "", 0, "")
            for finding in job.result():
                if finding not in told:
                    told.add(finding)
                    report.check(False, *finding)
            if number % 25 == 0:
                print(f"lint tidy: {number} of {len(jobs)} files", flush=True)
    report.finish()


if __name__ == "__main__":
    main()
