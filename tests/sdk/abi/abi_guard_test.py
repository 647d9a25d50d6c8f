#!/usr/bin/python3
"""The guard of the contract, on copies of its headers that were changed as people change them."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

INCLUDE = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else pathlib.Path("sdk/include")
HERE = pathlib.Path(__file__).resolve().parent


class AbiGuard(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.include = pathlib.Path(self.folder.name) / "include"
        self.recorded = pathlib.Path(self.folder.name) / "recorded"
        self.recorded.mkdir()
        shutil.copytree(INCLUDE / "certspan" / "abi", self.include / "certspan" / "abi")
        for file in HERE.glob("build-*.abi"):
            shutil.copy(file, self.recorded)

    def tearDown(self):
        self.folder.cleanup()

    def change(self, header, before, after):
        path = self.include / "certspan/abi" / header
        text = path.read_text()
        self.assertEqual(text.count(before), 1, before)
        path.write_text(text.replace(before, after))

    def guard(self, *options):
        command = [sys.executable, str(HERE / "abi_guard.py"), str(self.include), str(self.recorded), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def assert_caught(self, *words):
        code, told = self.guard()
        self.assertEqual(code, 1, told)
        for word in words:
            self.assertIn(word, told)

    def test_what_is_recorded_is_what_stands_there(self):
        self.assertEqual(self.guard()[0], 0)

    def test_an_inserted_member_is_caught(self):
        self.change("work_item.h", "  certspan_bytes_view certificate; /* issuer, OK: DER */",
                    "  uint64_t fresh;\n  certspan_bytes_view certificate;")
        self.assert_caught("'struct certspan_answer' changed", "fresh")

    def test_another_type_is_caught(self):
        self.change("work_item.h", "  uint32_t retry_after_ms;", "  float retry_after_ms;")
        self.assert_caught("'struct certspan_answer' changed", "retry_after_ms")

    def test_another_signature_behind_a_function_pointer_is_caught(self):
        self.change("role_issuer.h", "certspan_outcome (*ping)(certspan_instance* instance,", "certspan_outcome (*ping)(int32_t how,")
        self.assert_caught("ping")

    def test_a_member_that_is_gone_is_caught(self):
        self.change("work_item.h", "  uint64_t label_count;\n} certspan_item;", "} certspan_item;")
        self.assert_caught("label_count")

    def test_two_members_that_changed_places_are_caught(self):
        text = "  certspan_bytes_view handle;   /* what the last `pending` carried, else empty */\n"
        other = "  certspan_bytes_view note;     /* what the last `note` stored, else empty */\n"
        self.change("work_item.h", text + other, other + text)
        self.assert_caught("handle")

    def test_growth_at_the_end_is_let_through_and_told(self):
        self.change("work_item.h", "  uint64_t label_count;\n} certspan_answer;",
                    "  uint64_t label_count;\n  certspan_bytes_view more;\n} certspan_answer;")
        code, told = self.guard()
        self.assertEqual(code, 0, told)
        self.assertIn("more", told)

    def test_growth_of_a_frozen_struct_is_caught(self):
        self.change("base.h", "  certspan_string_view value;\n} certspan_label;",
                    "  certspan_string_view value;\n  uint64_t more;\n} certspan_label;")
        self.assert_caught("more")

    def test_growth_does_not_hide_a_break_beside_it(self):
        self.change("work_item.h", "  uint64_t label_count;\n} certspan_answer;",
                    "  uint64_t label_count;\n  certspan_bytes_view more;\n} certspan_answer;")
        self.change("work_item.h", "  uint32_t attempt; ", "  uint64_t attempt; ")
        self.assert_caught("attempt")

    def test_growth_does_not_hide_a_break_in_the_same_struct(self):
        self.change("work_item.h", "  uint64_t label_count;\n} certspan_answer;",
                    "  uint64_t label_count;\n  certspan_bytes_view more;\n} certspan_answer;")
        self.change("work_item.h", "  uint32_t retry_after_ms;", "  float retry_after_ms;")
        self.assert_caught("retry_after_ms")

    def test_a_break_needs_a_new_build_and_a_new_record(self):
        self.change("work_item.h", "  uint32_t retry_after_ms;", "  float retry_after_ms;")
        self.assertIn("raise CERTSPAN_ABI_BUILD", self.guard("--record")[1])
        build = int(next(self.recorded.glob("build-*.abi")).stem.split("-")[1])
        self.change("base.h", f"#define CERTSPAN_ABI_BUILD {build}\n", f"#define CERTSPAN_ABI_BUILD {build + 1}\n")
        self.assert_caught(f"build {build + 1} of the contract is not recorded")
        self.assertEqual(self.guard("--record")[0], 0)
        self.assertEqual(self.guard()[0], 0)
        self.assertEqual([file.name for file in self.recorded.iterdir()], [f"build-{build + 1}.abi"])

    def test_from_1_0_on_every_release_of_the_major_counts(self):
        self.change("base.h", "#define CERTSPAN_ABI_MAJOR 0\n", "#define CERTSPAN_ABI_MAJOR 1\n")
        build = next(self.recorded.glob("build-*.abi"))
        shutil.copy(build, self.recorded / "1.0.abi")
        self.assertIn("against 2 recorded", self.guard()[1])
        self.assertEqual(self.guard()[0], 0)


if __name__ == "__main__":
    unittest.main()
