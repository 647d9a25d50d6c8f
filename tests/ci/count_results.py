#!/usr/bin/python3
"""Adds up what the suites of a run reported.

usage: count_results.py LOG...   prints "PASSED FAILED"
"""
import pathlib
import re
import sys

CTEST = re.compile(r"^\d+% tests passed, (\d+) tests? failed out of (\d+)")
PYTEST = re.compile(r"^(?:=+ )?(\d+ (?:passed|failed|error).*|\d+ .*, \d+ (?:passed|failed|error).*) in [\d.]+s")
LINT = re.compile(r"^lint \w+: (\d+) checks, (\d+) faults$")


def count_line(line):
    """(passed, failed) that one line of a log reports."""
    match = CTEST.match(line)
    if match:
        failed, total = map(int, match.groups())
        return total - failed, failed
    match = PYTEST.match(line)
    if match:
        numbers = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", match.group(1))}
        bad = sum(numbers.get(word, 0) for word in ("failed", "error", "errors"))
        return numbers.get("passed", 0), bad
    match = LINT.match(line)
    if match:
        checks, faults = map(int, match.groups())
        return checks - faults, faults
    return 0, 0


def count_text(text):
    counts = [count_line(line.strip()) for line in text.splitlines()]
    return sum(passed for passed, _ in counts), sum(failed for _, failed in counts)


def main():
    counts = [count_text(pathlib.Path(name).read_text(errors="replace")) for name in sys.argv[1:]]
    print(sum(passed for passed, _ in counts), sum(failed for _, failed in counts))


if __name__ == "__main__":
    main()
