#!/usr/bin/python3
"""Every error code in the sources is explained in docs/codes.md, docs/intune.md or codes/intune.hpp, and every one that is explained exists."""
import re

from common import ROOT, Report, read_lines, tracked

DOCS = ("docs/codes.md", "docs/intune.md")
TABLE = "codes/intune.hpp"
CODE = re.compile(r'"([a-z][a-z0-9_]*\.[a-z][a-z0-9_]*)"')
FAILPOINT = re.compile(r'(?:FAILPOINT|failpoint\w*)\([^;)]*\)')
GIVEN = re.compile(r'(?:Outcome::[A-Z]\w+|Answer::[a-z]+\(|CERTSPAN_[A-Z]+),?\s*"([a-z][a-z0-9_]*\.[a-z][a-z0-9_]*)"')
FAULT = re.compile(r"^  [A-Z]\w+ = (\d{4}),", re.MULTILINE)
ROW = re.compile(r"^\| (`[^|]*`) \| [^|]+ \|$")
# Files, keys of the configuration and failpoints that are named by a constant.
NO_CODES = {"audit.key", "ca.key", "ca.pem", "control.sock", "journal.db", "journal.key", "journal.lock", "journal.snapshot", "ra.key", "ra.pem",
            "host.audit", "host.control", "host.http_out", "host.listeners", "host.log", "host.metrics", "host.repeat_window",
            "host.publish_crls", "host.revocation_guard", "item.start", "swap.committed", "swap.published", "swap.ready", "swap.rolled_back",
            "swap.written_down", "acme.quota_exceeded", "mdm.password"}
# Its name is a file's and a code's.
BOTH = {"audit.key"}


def used():
    """code -> (path, line, whether it certainly is one)"""
    found = {}
    for path in tracked("host/**.cpp", "host/**.hpp", "plugins/**.cpp", "plugins/**.hpp", "probe/**.cpp", "sdk/include/**.hpp"):
        text = (ROOT / path).read_text(encoding="utf-8")
        clean = FAILPOINT.sub(lambda match: " " * len(match.group()), text)
        certain = set(GIVEN.findall(clean))
        for match in CODE.finditer(clean):
            code = match.group(1)
            if code not in NO_CODES or code in BOTH:
                known = found.get(code)
                sure = code in certain or bool(known and known[2])
                found[code] = (path, text.count("\n", 0, match.start()) + 1, sure)
    return found


def explained():
    """code -> (path, line)"""
    found = {}
    for path in DOCS:
        for number, line in read_lines(path):
            match = ROW.match(line)
            for code in re.findall(r"`([a-z][a-z0-9_]*\.[a-z][a-z0-9_]*|CS\d{4})`", match.group(1)) if match else []:
                found[code] = (path, number)
    for number, line in read_lines(TABLE):
        for code in re.findall(r'"(intune\.\w+)"', line):
            found[code] = (TABLE, number)
    return found


def main():
    report = Report("codes")
    in_code, told = used(), explained()
    families = {code.split(".")[0] for code in told}
    for code, (path, line, certain) in sorted(in_code.items()):
        if certain or code.split(".")[0] in families:
            report.check(code in told, path, line, f'code "{code}" is not explained in {DOCS[0]}')
    faults = {f"CS{number}" for number in FAULT.findall((ROOT / "host/config/fault.hpp").read_text(encoding="utf-8"))}
    report.check(bool(faults), "host/config/fault.hpp", 1, "no FaultCode is found")
    for fault in sorted(faults - set(told)):
        report.check(False, "host/config/fault.hpp", 1, f"{fault} is not explained in {DOCS[0]}")
    for code, (path, line) in sorted(told.items()):
        report.check(code in in_code or code in faults or path == TABLE, path, line, f'nothing says "{code}"')
    report.finish()


if __name__ == "__main__":
    main()
