#!/usr/bin/python3
"""Includes point one way, as docs/architecture.md draws them:

    abi <- codes <- plugins/NAME, host/app
    abi <- sdk <- plugins/common <- plugins/NAME
    abi <- host/base <- host/config, host/journal <- host/backup, host/services <- host/loading <- host/pipeline <-
        host/rehearsal, host/control <- host/app

A plugin never includes the host or another plugin, the host nothing of the C++ layer, and none of them a test. The probe
is a client: beside itself it includes plugins/common. The tools
in sdk/tools read plugins as the host does (host/loading) and drive them by the SDK's fakes.
"""
import re

from common import ROOT, Report, read_lines, tracked

HOST_LEVEL = {"base": 0, "config": 1, "journal": 1, "backup": 2, "services": 2, "loading": 3, "pipeline": 4, "rehearsal": 5,
              "control": 5, "app": 6}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
C_HEADERS_OF_THE_CONTRACT = {"stddef.h", "stdint.h"}


def room_of(path):
    """The part of the tree that a path belongs to, as a tuple of names."""
    parts = path.split("/")
    if path.startswith("sdk/include/certspan/abi/") or path.startswith("certspan/abi/"):
        return ("abi",)
    if path.startswith("certspan/testing/"):
        return ("tests",)
    if path.startswith("sdk/tools/"):
        return ("tools",)
    if path.startswith("sdk/") or path.startswith("certspan/"):
        return ("sdk",)
    if parts[0] in ("host", "plugins") and len(parts) > 2:
        return (parts[0], parts[1])
    return (parts[0],)


def allowed(room, target):
    """Why `room` may not include `target`, or None if it may."""
    if room == ("tools",):
        return tools_allowed(target)
    if target == ("tests",):
        return "product code does not include tests"
    if room == ("abi",):
        return None if target == ("abi",) else "the contract includes nothing but itself"
    if room == ("codes",):
        return None if target in (("abi",), ("codes",)) else "tables of codes include the contract alone: host and plugins include them"
    if target == ("codes",) and room[0] not in ("plugins", "host"):
        return "tables of codes are the host's and the plugins'"
    if room == ("sdk",):
        return None if target in (("abi",), ("sdk",)) else "the SDK includes nothing of host or plugins"
    if room == ("probe",):
        return None if target in (("probe",), ("plugins", "common")) else "the probe stands on plugins/common alone"
    if room[0] == "plugins":
        if target[0] == "host":
            return "a plugin never includes the host"
        if target[0] == "plugins" and target[1:] not in (room[1:], ("common",)):
            return "a plugin never includes another plugin"
        return None
    if room[0] == "host":
        if target == ("sdk",):
            return "the host knows the contract (certspan/abi), not the C++ layer"
        if target[0] in ("plugins", "probe"):
            return f"the host never includes {'a plugin' if target[0] == 'plugins' else 'the probe'}"
        if target[0] == "host":
            return host_allowed(room, target)
    return None


def tools_allowed(target):
    """A tool reads plugins as the host does and drives them by the SDK's fakes."""
    if target[0] in ("abi", "sdk", "tests", "tools") or target in (("host", "base"), ("host", "config"), ("host", "loading")):
        return None
    return "a tool stands on host/base, host/config, host/loading and the SDK"


def host_allowed(room, target):
    for part in (room, target):
        if len(part) < 2 or part[1] not in HOST_LEVEL:
            return f"{'/'.join(part)} is no room of the host"
    if room == target or HOST_LEVEL[target[1]] < HOST_LEVEL[room[1]]:
        return None
    return f"host/{room[1]} stands below or beside host/{target[1]} and may not include it"


def check_include(report, path, number, quote, name):
    room = room_of(str(path))
    if quote == '"':
        report.check((ROOT / name).is_file(), path, number, f'"{name}" names no file by its path from the root')
    elif not name.startswith("certspan/"):
        if room == ("abi",):
            good = name in C_HEADERS_OF_THE_CONTRACT
            report.check(good, path, number, f"<{name}>: the contract needs nothing but <stddef.h> and <stdint.h>")
        elif room == ("sdk",):
            good = "/" not in name and not name.endswith(".h")
            report.check(good, path, number, f"<{name}>: the SDK needs nothing but the C++ library")
        return
    reason = allowed(room, room_of(name))
    report.check(reason is None, path, number, f"{name}: {reason}")


def main():
    report = Report("includes")
    for path in tracked("codes", "host", "sdk", "plugins", "probe"):
        if path.suffix not in (".c", ".h", ".cpp", ".hpp"):
            continue
        if room_of(str(path)) == ("sdk",) and "testing" in path.parts:
            continue
        for number, line in read_lines(path):
            match = INCLUDE.match(line)
            if match:
                check_include(report, path, number, match.group(1), match.group(2))
    report.finish()


if __name__ == "__main__":
    main()
