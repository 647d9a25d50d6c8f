#!/usr/bin/python3
"""Every event that is logged has its number in host/base/event.cpp, and docs/events.md tells of every number."""
import re

from common import ROOT, Report, read_lines, tracked

TABLE = "host/base/event.cpp"
DOCS = "docs/events.md"
ROW = re.compile(r'^    \{(\d+),\s+"(\w+)",\s+"([^"]*)"\},$', re.MULTILINE)
DOC_ROW = re.compile(r"^\| (\d+) \| (\w+) \| ([^|]*) \| ([^|]+) \|$")
CALL = re.compile(r"\b(?:log|write)\(")
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
# Its phrase is whatever a plugin says.
ANY = ("900", "PluginMessage", "")


def kinds_in_code():
    found = ROW.findall((ROOT / TABLE).read_text(encoding="utf-8"))
    return sorted([*found, ANY], key=lambda kind: int(kind[0]))


def phrases(text):
    """Where the events of a source are named: (line, phrase)."""
    for call in CALL.finditer(text):
        head = re.split(r"\{|;\n", text[call.end():call.end() + 400], maxsplit=1)[0]
        if re.search("LogLevel::|CERTSPAN_LOG_[A-Z]", head) and "LogLevel level" not in head:
            for phrase in TEXT.findall(head):
                yield text.count("\n", 0, call.start()) + 1, phrase


def main():
    report = Report("events")
    kinds = kinds_in_code()
    known = {phrase for _, _, phrase in kinds}
    used = set()
    for path in tracked("host/**.cpp", "host/**.hpp", "plugins/**.cpp", "plugins/**.hpp"):
        for line, phrase in phrases((ROOT / path).read_text(encoding="utf-8")):
            used.add(phrase)
            report.check(phrase in known, path, line, f'event "{phrase}" has no number in {TABLE}')
    told = [(match.groups(), line) for line, text in read_lines(DOCS) if (match := DOC_ROW.match(text))]
    rows = [(number, name, phrase.strip()) for (number, name, phrase, _), _ in told]
    for kind in kinds:
        report.check(kind in rows, DOCS, 1, f"event {kind[0]} {kind[1]} \"{kind[2]}\" of {TABLE} is missing or told otherwise")
    for row, (_, line) in zip(rows, told):
        report.check(row in kinds, DOCS, line, f"event {row[0]} {row[1]} is not in {TABLE}")
    report.check(rows == sorted(rows, key=lambda row: int(row[0])), DOCS, 1, "the events do not stand in the order of their numbers")
    for number, name, phrase in kinds:
        report.check(phrase in used or number in ("900", "901"), TABLE, 1, f"nothing logs event {number} {name}")
    report.finish()


if __name__ == "__main__":
    main()
