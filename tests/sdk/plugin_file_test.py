#!/usr/bin/python3
"""Reads a built plugin as a host does before it loads it: by its ELF tables, with readelf as the judge of the format.

usage: plugin_file_test.py PLUGIN.so ID VERSION ROLES TYPES [network]     (ROLES and TYPES separated by commas)
"""
import pathlib
import re
import struct
import subprocess
import sys
import unittest

PLUGIN, ID, VERSION, ROLES, TYPES, *NEEDS = sys.argv[1:]
HEADER = pathlib.Path(__file__).resolve().parents[2] / "sdk/include/certspan/abi/base.h"


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, PLUGIN], check=True, capture_output=True, text=True).stdout


def contract_version():
    text = HEADER.read_text()
    return tuple(int(re.search(rf"#define CERTSPAN_ABI_{part} (\d+)", text).group(1)) for part in ("MAJOR", "MINOR", "BUILD"))


class PluginFile(unittest.TestCase):
    def test_exports_the_entry_symbol_and_nothing_else(self):
        symbols = [line.split() for line in readelf("--dyn-syms").splitlines()]
        defined = [parts[7] for parts in symbols
                   if len(parts) >= 8 and parts[0].rstrip(":").isdigit() and parts[4] != "LOCAL" and parts[6] != "UND"]
        self.assertEqual(defined, ["certspan_plugin_entry_v0"])

    def test_stays_loaded_and_binds_at_load(self):
        flags = re.search(r"\(FLAGS_1\) +Flags: (.*)", readelf("--dynamic")).group(1).split()
        self.assertIn("NODELETE", flags)
        self.assertIn("NOW", flags)

    def test_has_its_relocations_read_only_and_no_search_path(self):
        self.assertIn("GNU_RELRO", readelf("--segments"))
        self.assertNotRegex(readelf("--dynamic"), r"RPATH|RUNPATH")

    def test_carries_its_note_in_a_segment(self):
        segment = re.search(r"^ +NOTE +0x(\w+) 0x\w+ 0x\w+ 0x(\w+)", readelf("--segments"), flags=re.M)
        offset, size = (int(value, 16) for value in segment.groups())
        notes = dict(self.notes(pathlib.Path(PLUGIN).read_bytes()[offset:offset + size]))
        self.assertIn((b"certspan\0", 1), notes)
        description = notes[(b"certspan\0", 1)]
        note_version, major, minor, build, flags, head_size, text_size = struct.unpack_from("<IHHIIII", description)
        self.assertEqual((note_version, flags, head_size), (1, int(NEEDS == ["network"]), 32))
        self.assertEqual(struct.unpack_from("<II", description, 24), (1, 1))
        self.assertEqual((major, minor, build), contract_version())
        texts = description[head_size:head_size + text_size]
        self.assertEqual(texts.decode().split("\0"), [ID, VERSION, ROLES, TYPES, ""])
        self.assertEqual(set(description[head_size + text_size:]) - {0}, set())

    @staticmethod
    def notes(data):
        """((owner, type), description) of each note of a segment."""
        while data:
            owner_size, size, kind = struct.unpack_from("<III", data)
            start = 12 + (owner_size + 3) // 4 * 4
            yield (data[12:12 + owner_size], kind), data[start:start + size]
            data = data[start + (size + 3) // 4 * 4:]


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
