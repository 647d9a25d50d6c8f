"""certspan-plugin-check: every broken plugin is caught by the check that is meant for it, and by no other."""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
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
    # What no loader would notice.
    "deletable": "static.nodelete",
    "lazy": "static.binding",
    "executable_stack": "static.stack",
    "search_path": "static.search_path",
    "text_relocation": "static.text",
    "unique_symbol": "static.exports static.unique",
    "slow_to_load": "load.time",
    "opens_at_load": "load.environment",
    "two_descriptors": "load.entry",
    "misspelt_schema": "load.schema",
    "throws_on_request": "answers.odd",
    # tests/support/bad_plugins/wayward.c
    "needs_http": "hosts.minimal",
    "needs_log": "hosts.none",
    "exact_host_only": "hosts.larger",
    "reads_too_far": "hosts.exact",
    "crashes_on_settings": "settings.odd",
    "silent_refusal": "settings.faults",
    "stops_once": "life.stop",
    "never_recovers": "life.failed_start",
    "five_lives": "life.again",
    "alone": "life.beside",
    "leaks": "life.leaks",
    "leaves_thread": "life.leaks env.threads",
    "leaves_descriptor": "env.descriptors",
    "closes_foreign": "env.descriptors",
    "handles_signals": "env.signals",
    "unblocks_signals": "env.signals",
    "sets_locale": "env.locale",
    "sets_variable": "env.process",
    "prints": "env.output",
    "deep_stack": "env.stack",
    "forks": "env.system_calls",
    "goes_elsewhere": "env.system_calls",
    "opens_socket": "env.network",
    "exits_in_stop": "hosts.full",
    "logs_secret": "env.secrets",
    "answers_twice": "answers.once",
    "never_answers": "answers.once",
    "answers_elsewhere": "answers.once",
    "empty_certificate": "answers.certificate",
    "no_handle": "answers.handle",
    "huge_handle": "answers.limits",
    "strange_outcome": "answers.outcome",
    "no_code": "answers.outcome",
    "empty_request": "answers.odd",
    "ignores_deadline": "answers.deadline",
    "one_at_a_time": "answers.concurrent",
    "order_per_attempt": "issuer.same_key",
    "same_certificate": "issuer.other_key",
    "orders_in_lookup": "issuer.lookup",
    "empty_chain": "issuer.chain",
    "finds_all": "issuer.find",
    "crls_all": "issuer.crl",
    "knows_all": "issuer.status",
    "one_socket": "swap.together",
    "heavy_image": "swap.rounds",
    "reset_is_unavailable": "fault.reset",
    "silence_is_unavailable": "fault.silence",
    "proxy_is_unavailable": "fault.proxy",
    "error_is_unavailable": "fault.proxy",
    "proxy_rejects": "fault.turned_away",
    "poll_ends": "fault.poll",
    "lookup_ends": "fault.lookup",
    "nonsense_is_rejected": "fault.nonsense",
    "refused_is_rejected": "fault.refused",
    "ignores_note": "fault.note",
    "ignores_store": "fault.store",
    "trusts_secrets": "fault.secrets",
    # tests/support/bad_plugins/wayward_source.c
    "closes_once": "source.intake",
    "forgets_exchange": "source.exchanges source.concurrent",
    "ends_twice": "source.exchanges source.concurrent",
    "forgets_reply": "source.replies",
    "takes_turns": "source.concurrent",
    "any_action": "actions.unknown",
    "open_arguments": "actions.schema",
}

# Checks that have tests of their own.
CAUGHT_BELOW = {"static.elf", "static.system", "swap.previous"}

SETTINGS = pathlib.Path(__file__).parents[1] / "support" / "bad_plugins" / "wayward.json"
# What hangs is given up soon. All of a plugin's checks run after each other, and all plugins beside each other.
OPTIONS = ("--limit", "3000", "--jobs", "1", "--settings", SETTINGS)


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


def reports_of(checker, options):
    """{name: report} of plugins, made beside each other: most of them wait for a time limit or a process."""
    with concurrent.futures.ThreadPoolExecutor(2 * os.cpu_count()) as pool:
        made = {name: pool.submit(checker.report, checker.bad_plugin(name), *OPTIONS, *more) for name, more in options.items()}
        return {name: future.result() for name, future in made.items()}


@pytest.fixture(scope="module")
def reports(checker):
    """Of good plugins by all checks, of broken ones by those that are meant for them and what these need."""
    meant = {name: [word for check in checks.split() for word in ("--only", check)] for name, checks in CAUGHT.items()}
    return reports_of(checker, {"good": [], "law_abiding": [], "good_source": [], **meant})


def failed(report):
    return [check["id"] for check in report["checks"] if check["result"] == "failed"]


@pytest.mark.parametrize("name", CAUGHT)
def test_broken_plugin_is_caught_by_the_check_that_is_meant_for_it(reports, name):
    report = reports[name]
    assert " ".join(failed(report)) == CAUGHT[name], [check for check in report["checks"] if check["result"] == "failed"]
    for check in report["checks"]:
        if check["result"] == "failed":
            assert check["reason"] and check["hint"]


@pytest.mark.long
def test_broken_plugins_are_caught_by_no_other_check(checker):
    found = {name: " ".join(failed(report)) for name, report in reports_of(checker, dict.fromkeys(CAUGHT, [])).items()}
    assert found == CAUGHT


@pytest.mark.parametrize("name", ("good", "law_abiding", "good_source"))
def test_good_plugin_passes(reports, name):
    assert failed(reports[name]) == []
    assert reports[name]["conformant"]


def test_plugin_that_is_fully_described_skips_little(reports):
    skipped = {check["id"] for check in reports["law_abiding"]["checks"] if check["result"] == "skipped"}
    others = {"swap.previous", "source.intake", "source.exchanges", "source.replies", "source.concurrent", "actions.schema",
              "actions.unknown"}
    assert skipped == others


def test_every_check_that_was_skipped_says_why(reports):
    for report in reports.values():
        for check in report["checks"]:
            assert check["result"] != "skipped" or check["reason"]


TENANT = {"scep_validator": {
    "settings": {"tenant": "example.com", "client_id": "11111111-2222-3333-4444-555555555555", "client_secret": "KEY"},
    "secrets": {"KEY": "a secret of the app"},
    "http_out": [
        {"url": "/oauth2/v2.0/token", "body": {"token_type": "Bearer", "expires_in": 3599, "access_token": "a-token"}},
        {"url": "/endpoints", "body": {"value": [{"providerName": "ScepRequestValidationFEService", "uri": "https://fef.example/x"}]}},
        {"url": "/ScepActions/", "body": {"code": "Success", "errorDescription": ""}}]}}


@pytest.fixture(scope="module")
def reports_of_ours(checker, tmp_path_factory):
    """Of plugins of this tree that are meant to be sound, and of a CA plugin that was written in a hurry."""
    settings = tmp_path_factory.mktemp("settings") / "settings.json"
    settings.write_text('{"address": "127.0.0.1:9"}')
    tenant = settings.with_name("tenant.json")
    tenant.write_text(json.dumps(TENANT))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        made = {name: pool.submit(checker.report, checker.build / "plugins" / f"{name}.so", *options) for name, options in
                {"profile": [], "ndes": [], "ca_local": [], "intune": ["--settings", tenant], "example_ca": ["--settings", settings],
                 "http_ca": ["--settings", settings]}.items()}
        return {name: future.result() for name, future in made.items()}


@pytest.mark.parametrize("name", ("profile", "ndes", "ca_local", "intune", "example_ca"))
def test_plugins_of_this_tree_pass(reports_of_ours, name):
    assert failed(reports_of_ours[name]) == []


def test_plugin_that_takes_every_silence_for_a_no_is_told(reports_of_ours):
    assert failed(reports_of_ours["http_ca"]) == ["fault.reset", "fault.silence", "fault.proxy", "fault.nonsense"]
    assert reports_of_ours["http_ca"]["conformant"]


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


def test_junit_holds_every_check(checker):
    suites = ElementTree.fromstring(checker.run(checker.bad_plugin("prefix_interface"), "--junit").stdout)
    cases = suites.findall("testsuite/testcase")
    assert len(cases) == len(checker.run("--list").stdout.splitlines())
    failures = [case.get("name") for case in cases if case.find("failure") is not None]
    assert failures == ["load.interface_ids"]


def test_every_check_has_a_plugin_that_it_catches_and_a_line_in_the_document(checker):
    ids = [line.split()[0] for line in checker.run("--list").stdout.splitlines()]
    assert len(ids) == len(set(ids))
    assert set(ids) - set(" ".join(CAUGHT.values()).split()) == CAUGHT_BELOW
    document = (pathlib.Path(__file__).parents[2] / "docs" / "plugin-check.md").read_text()
    assert set(re.findall(r"^\| `([a-z]+[.][a-z_]+)` \|", document, flags=re.M)) == set(ids)


def test_plugin_for_a_newer_system_is_refused(checker, tmp_path):
    file = tmp_path / "t.good.so"
    image = checker.bad_plugin("good").read_bytes()
    patched, count = re.subn(rb"\0GLIBC_2[.0-9]+\0", lambda match: b"\0GLIBC_2.99".ljust(len(match[0]), b"\0"), image)
    assert count > 0
    file.write_bytes(patched)
    assert failed(checker.report(file, "--only", "static.system")) == ["static.system"]


def test_previous_release_takes_turns_with_this_one(checker):
    new, old = checker.build / "bad_plugins" / "v2" / "t.good.so", checker.bad_plugin("good")
    passed = checker.report(new, "--previous", old, "--only", "swap.previous")
    assert [check["result"] for check in passed["checks"] if check["id"] == "swap.previous"] == ["passed"]
    assert failed(checker.report(new, "--previous", checker.bad_plugin("law_abiding"), "--only", "swap.previous")) == ["swap.previous"]


def test_seed_repeats_the_random_checks(checker):
    report = checker.report(checker.bad_plugin("silent_refusal"), *OPTIONS, "--only", "settings.faults", "--seed", 7)
    again = checker.report(checker.bad_plugin("silent_refusal"), *OPTIONS, "--only", "settings.faults", "--reproduce", 7)
    assert report["seed"] == 7
    assert [check.get("reason") for check in report["checks"]] == [check.get("reason") for check in again["checks"]]


def test_runs_in_one_process_for_a_debugger(checker):
    report = checker.report(checker.bad_plugin("answers_twice"), "--in-process", "--settings", SETTINGS, "--only", "answers.once")
    assert failed(report) == ["answers.once"]


def test_settings_are_found_beside_the_plugin_made_from_the_schema_or_asked_for(checker, tmp_path):
    file = tmp_path / "t.law_abiding.so"
    shutil.copy(checker.bad_plugin("law_abiding"), file)
    lives = {"id": "hosts.full", "type": "ca"}

    def verdict():
        report = checker.report(file, "--only", "hosts.full")
        return [(check["result"], check.get("reason", "")) for check in report["checks"] if lives.items() <= check.items()][0]

    result, reason = verdict()
    assert result == "skipped" and "/api_key: can't be opened" in reason and "file of settings" in reason
    shutil.copy(SETTINGS, tmp_path / "t.law_abiding.check.json")
    assert verdict() == ("passed", "")
    (tmp_path / "t.law_abiding.check.json").write_text('{"url": "https://nowhere.example", "api_key": "KEY"}')
    result, reason = verdict()
    assert result == "failed" and "/url: is not where a CA is" in reason
    (tmp_path / "t.law_abiding.check.json").write_text("{")
    assert verdict()[0] == "failed"
