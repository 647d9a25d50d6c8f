#!/usr/bin/python3
"""clang-tidy 14 finds nothing (.clang-tidy says what is asked and why some checks are not).

usage: check_tidy.py [--deep] [FILE...]   default: every source in the compilation database build/tidy
    --deep    with the slow path-sensitive analyzer

A file that was clean is not looked at again until it, a header of it, its flags, .clang-tidy or a package of headers
changes; what is known stands in $XDG_CACHE_HOME/certspan-tidy, by default ~/.cache/certspan-tidy.
"""
import argparse
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import time

from common import ROOT, Report

DATABASE = ROOT / "build" / "tidy"
SCOPE = DATABASE / "lint" / "tidy_scope.so"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "certspan-tidy"
FINDING = re.compile(r"^(\S+?):(\d+):\d+: (?:warning|error): (.*)$")
INCLUDE = re.compile(rb'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
DEEP = "--checks=clang-analyzer-*"
PROGRESS_SECONDS = 10
# What must be found, lest a fault of the tool or of its settings passes for a clean tree.
CANARY_HEADER = "#pragma once\n#include <string>\ninline bool BadName(const std::string* text) { return text == 0; }\n"
CANARY = '#include "canary.hpp"\nint bad(char* text) { return text == 0; }\n'


def flags_of(command):
    """A compile command's flags: no compiler, no input, no output."""
    words = shlex.split(command)[1:]
    for option in ("-o", "-c"):
        at = words.index(option)
        del words[at:at + 2]
    return words


def sources(wanted):
    """Path and flags of the files to look at, large ones first so that the last to finish is a small one."""
    entries = json.loads((DATABASE / "compile_commands.json").read_text())
    flags = {pathlib.Path(entry["file"]).resolve(): flags_of(entry["command"]) for entry in entries}
    chosen = []
    for path in flags:
        if path.is_relative_to(ROOT) and not path.is_relative_to(ROOT / "build"):
            if not wanted or str(path.relative_to(ROOT)) in wanted:
                chosen.append((path, flags[path]))
    return sorted(chosen, key=lambda one: one[0].stat().st_size, reverse=True)


@functools.cache
def text_and_includes(path):
    text = path.read_bytes()
    return text, sorted({name.decode() for name in INCLUDE.findall(text)})


def own_files(path, folders):
    """A file and the files of this tree that it includes, directly or not."""
    found, waiting = set(), [path]
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.add(file)
        for name in text_and_includes(file)[1]:
            candidates = (folder / name for folder in (file.parent, *folders))
            waiting += [candidate.resolve() for candidate in candidates if candidate.is_file()]
    return sorted(found)


@functools.cache
def surroundings():
    """What every result depends on: the settings, this program, and the packages that bring headers and the tool."""
    packages = ["dpkg-query", "-W", "clang-tidy-14", "*-dev", "catch2"]
    versions = subprocess.run(packages, check=False, capture_output=True).stdout
    here = pathlib.Path(__file__)
    files = (ROOT / ".clang-tidy", ROOT / "tests" / ".clang-tidy", here, here.with_name("tidy_scope.cpp"))
    return b"".join(file.read_bytes() for file in files) + versions


def fingerprint(path, flags, options):
    """What the result depends on, but not where the tree stands, so that a fresh clone finds what another one knew."""
    folders = [pathlib.Path(flag[2:]) for flag in flags if flag.startswith("-I")]
    folders += [pathlib.Path(folder) for flag, folder in zip(flags, flags[1:]) if flag in ("-I", "-isystem")]
    digest = hashlib.sha256(surroundings())
    digest.update(repr((flags, options)).replace(str(ROOT), "").encode())
    for file in own_files(path, [folder for folder in folders if folder.is_relative_to(ROOT)]):
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + text_and_includes(file)[0])
    return digest.hexdigest()


def findings(path, flags, options):
    """What clang-tidy finds in one translation unit and in our headers that it includes: (file, line, text)."""
    run = subprocess.run(["clang-tidy-14", "--load", str(SCOPE), "--quiet", *options, str(path), "--", *flags],
                         cwd=ROOT, capture_output=True, text=True, check=False)
    found = []
    for line in run.stdout.splitlines():
        match = FINDING.match(line)
        if match:
            file = pathlib.Path(match.group(1))
            name = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
            found.append((str(name), match.group(2), match.group(3)))
    if run.returncode != 0 and not found:
        found.append((str(path), "1", run.stderr.strip()))
    return found


def check_canary(report):
    """The settings and the plugin let a fault be seen, in a source and in a header."""
    with tempfile.TemporaryDirectory() as folder:
        host = pathlib.Path(folder) / "host"
        host.mkdir()
        (host / "canary.hpp").write_text(CANARY_HEADER)
        (host / "canary.cpp").write_text(CANARY)
        found = findings(host / "canary.cpp", ["-std=c++20"], [f"--config-file={ROOT / '.clang-tidy'}"])
    told = {pathlib.Path(file).name for file, _, text in found if "[modernize-use-nullptr]" in text}
    report.check(told == {"canary.cpp", "canary.hpp"}, ".clang-tidy", 1, f"a planted fault is not found: {found}")


def tidy(path, flags, options):
    """As `findings`, from what is known if that is nothing."""
    clean = CACHE / fingerprint(path, flags, options)
    if clean.exists():
        return []
    found = findings(path, flags, options)
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
    chosen = sources(set(arguments.files))
    options = [DEEP] if arguments.deep else []
    check_canary(report)
    told = set()
    next_progress = time.monotonic() + PROGRESS_SECONDS
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(tidy, path, flags, options) for path, flags in chosen]
        for number, job in enumerate(concurrent.futures.as_completed(jobs), start=1):
            report.check(True, "", 0, "")
            for finding in job.result():
                if finding not in told:
                    told.add(finding)
                    report.check(False, *finding)
            if time.monotonic() >= next_progress:
                print(f"lint tidy: {number} of {len(jobs)} files", flush=True)
                next_progress = time.monotonic() + PROGRESS_SECONDS
    report.finish()


if __name__ == "__main__":
    main()
