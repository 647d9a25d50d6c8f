#!/usr/bin/python3
"""The museum with something in it: what passes, and what it says of plugins that a build would break.

usage: museum_test.py BUILD_DIR GOOD_PLUGIN PLUGIN_OF_ANOTHER_BUILD PLUGIN_THAT_FAILS_A_CHECK
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

BUILD, GOOD, OTHER_BUILD, FAILS = map(pathlib.Path, sys.argv[1:])
MUSEUM = pathlib.Path(__file__).with_name("museum.py")


class Museum(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.museum = pathlib.Path(self.folder.name) / "museum"
        self.museum.mkdir()
        self.settings = pathlib.Path(self.folder.name) / "settings.json"
        self.settings.write_text('{"inventory": {"settings": {"url": "https://inventory.example"}}, "ca": {"settings": {}}}')

    def tearDown(self):
        self.folder.cleanup()

    def run_museum(self, *words):
        done = subprocess.run([sys.executable, str(MUSEUM), *map(str, words)], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def keep(self, plugin, release="1.0"):
        return self.run_museum("keep", release, plugin, self.settings, self.museum, "--by", "a test")

    def show(self):
        return self.run_museum("show", BUILD, self.museum)

    def test_an_empty_one_breaks_nothing(self):
        self.assertEqual(self.show(), (0, "museum: 0 kept, 0 that this build would break\n"))

    def test_what_the_host_loads_and_the_checks_pass_is_well(self):
        self.assertEqual(self.keep(GOOD), (0, ""))
        self.assertEqual(self.keep(GOOD, release="1.1"), (0, ""))
        self.assertEqual(self.show(), (0, "museum: 2 kept, 0 that this build would break\n"))

    def test_what_the_host_does_not_take_is_told_with_its_reason(self):
        self.keep(OTHER_BUILD)
        code, told = self.show()
        self.assertEqual(code, 1)
        self.assertIn("1.0/t.other_build: the host does not take it: ", told)
        self.assertIn("4711", told)

    def test_what_fails_a_check_is_told_with_the_check(self):
        self.keep(FAILS)
        code, told = self.show()
        self.assertEqual(code, 1)
        self.assertIn("certspan-plugin-check: load.interface_ids", told)

    def test_what_is_kept_does_not_change(self):
        self.keep(GOOD)
        self.assertIn("never changed", self.keep(GOOD)[1])
        plugin = next(self.museum.glob("1.0/*/*.so"))
        plugin.write_bytes(plugin.read_bytes() + b"\0")
        code, told = self.show()
        self.assertEqual(code, 1)
        self.assertIn("is not the file that was kept", told)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
