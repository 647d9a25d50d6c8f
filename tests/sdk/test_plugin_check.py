"""certspan-plugin-check: every broken plugin is caught by the check that is meant for it, and by no other."""
import concurrent.futures
import functools
import json
import os
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

# Broken plugin (tests/support/bad_plugins) and the checks that fail.
CAUGHT = {
    "no_note": "static.note",
    "other_build": "static.note",
    "wrong_name": "static.identity",
    "no_symbol": "static.exports",
    "two_symbols": "static.exports",
    "aborts": "load.opens",
    "crashes": "load.opens",
    "exits": "load.opens",
    "loops": "load.opens",
    "loops_in_entry": "load.opens",
    "throws": "load.opens",
    "throws_int": "load.opens",
    "throws_in_thread": "load.opens",
    "undefined_symbol": "load.opens",
    "missing_library": "static.libraries load.opens",
    "bad_schema": "load.schema",
    "no_stop": "load.descriptor",
    "no_interface": "load.descriptor",
    "other_build_inside": "load.descriptor",
    "wrong_id": "load.descriptor",
    "any_interface": "load.interface_ids",
    "prefix_interface": "load.interface_ids",
}

SHORT = ("--limit", "1500")


class Checker:
    def __init__(self, build):
        self.program = build / "bin" / "certspan-plugin-check"
        self.build = build

    def run(self, *arguments):
        return subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True, timeout=120)

    def report(self, file, *options):
        done = self.run(file, "--json", *options)
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)

    def bad_plugin(self, name):
        return self.build / "bad_plugins" / f"t.{name}.so"


@pytest.fixture(scope="module")
def checker(build_dir):
    return Checker(build_dir)


@pytest.fixture(scope="module")
def reports(checker):
    """Of every broken plugin, made beside each other: most of them wait for a time limit or a process."""
    with concurrent.futures.ThreadPoolExecutor(2 * os.cpu_count()) as pool:
        made = {name: pool.submit(functools.partial(checker.report, checker.bad_plugin(name), *SHORT))
                for name in ("good", *CAUGHT)}
        return {name: future.result() for name, future in made.items()}


def failed(report):
    return [check["id"] for check in report["checks"] if check["result"] == "failed"]


@pytest.mark.parametrize("name", CAUGHT)
def test_broken_plugin_is_caught_by_the_check_that_is_meant_for_it(reports, name):
    report = reports[name]
    assert " ".join(failed(report)) == CAUGHT[name], [check for check in report["checks"] if check["result"] == "failed"]
    for check in report["checks"]:
        if check["result"] == "failed":
            assert check["reason"] and check["hint"]


def test_good_plugin_passes(reports):
    assert failed(reports["good"]) == []
    assert reports["good"]["conformant"]


def test_every_check_that_was_skipped_says_why(reports):
    for report in reports.values():
        for check in report["checks"]:
            assert check["result"] != "skipped" or check["reason"]


def test_exit_code_says_what_came_out(checker, tmp_path):
    assert checker.run(checker.bad_plugin("good"), "--only", "static.note").returncode == 0
    assert checker.run(checker.bad_plugin("no_note"), "--only", "static.note").returncode == 1
    missing = checker.run(tmp_path / "nothing.so")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "nothing.so" in missing.stderr
    assert checker.run("--only", "static.nothing", checker.bad_plugin("good")).returncode == 2
    assert checker.run("--json", "--junit", checker.bad_plugin("good")).returncode == 2
    assert checker.run().returncode == 2


def test_file_that_is_no_plugin_is_a_failed_check(checker, tmp_path):
    file = tmp_path / "com.acme.ca.so"
    file.write_text("#!/bin/sh\n")
    assert failed(checker.report(file)) == ["static.elf"]


def test_junit_holds_every_check(checker, reports):
    suites = ElementTree.fromstring(checker.run(checker.bad_plugin("prefix_interface"), "--junit").stdout)
    cases = suites.findall("testsuite/testcase")
    assert len(cases) == len(reports["prefix_interface"]["checks"])
    failures = [case.get("name") for case in cases if case.find("failure") is not None]
    assert failures == ["load.interface_ids"]


def test_list_names_each_check_once(checker):
    ids = [line.split()[0] for line in checker.run("--list").stdout.splitlines()]
    assert len(ids) == len(set(ids))
    assert set(" ".join(CAUGHT.values()).split()) <= set(ids)
