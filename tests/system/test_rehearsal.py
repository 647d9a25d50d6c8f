"""`certspan test`: the tests of a configuration, without its CAs, their keys or a running host."""
import json
import pathlib
import re

import pytest

from tests.support.configs import use_outside_ca

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "config" / "examples"
#: Nobody listens there: no CA is asked.
NOWHERE = "127.0.0.1:9"


@pytest.fixture
def rehearse(make_host):
    """rehearse(tests) runs the `tests:` of a configuration whose pipeline asks an outside CA, then the embedded one."""
    host = make_host()
    host.configure(lambda text: use_outside_ca(text, NOWHERE).replace("issue: outside-ca", "issue: [outside-ca, example-ca]"))
    plain = host.config.read_text()

    def run(tests, *arguments):
        host.config.write_text(plain + "\ntests:\n" + tests)
        return host.run_program("test", "--config", str(host.config), *arguments)

    run.host = host
    run.plain = plain
    return run


def calls_of(story, name):
    """The calls of one test in a story, without those of the validators."""
    part = story.split(f"{name}: ", 1)[1]
    return re.findall(r"^ +\+\S+ +((?:issue|lookup|poll) \S+ +\w+)", part, re.M)


def words(lines):
    return [" ".join(line.split()) for line in lines]


def test_fail_over_happens_only_where_it_is_certain_that_nothing_was_done(rehearse):
    done = rehearse("""
  certain:
    source: scep
    connectors: { outside-ca: [unavailable] }
    expect: { state: done, issuer: example-ca, within: 1s }
  unclear:
    source: scep
    connectors: { outside-ca: [unknown, { call: lookup, outcome: unavailable, times: 3 }] }
    expect: { state: done, issuer: outside-ca }
  promised:
    source: scep
    connectors: { outside-ca: [unknown, { call: lookup, outcome: cancelled }] }
    expect: { state: done, issuer: example-ca }
  final:
    source: scep
    connectors: { outside-ca: [rejected] }
    expect: { state: failed, code: test.rejected }
""")
    assert done.returncode == 0, done.stdout + done.stderr
    assert words(calls_of(done.stdout.split("unclear:")[0], "certain")) == ["issue outside-ca unavailable", "issue example-ca ok"]
    promised = done.stdout.split("promised: ")[1].split("final: ")[0]
    assert words(calls_of("promised: " + promised, "promised")) == [
        "issue outside-ca unknown", "lookup outside-ca cancelled", "issue example-ca ok"]
    assert done.stdout.endswith("4 tests, 0 failed\n")


def test_a_host_that_dies_inside_a_call_asks_what_came_of_it(rehearse):
    done = rehearse("""
  dies:
    source: scep
    connectors: { outside-ca: [{ outcome: crash, takes: 5s }, { call: lookup, outcome: pending, retry_after: 2h }, { call: poll, outcome: crash }] }
    expect: { state: done, issuer: outside-ca, within: 3h }
""", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    test = json.loads(done.stdout)["tests"][0]
    calls = [(event["at_ms"], event["call"], event["outcome"]) for event in test["events"] if event.get("connector") == "outside-ca"]
    hours = 2 * 3600 * 1000
    assert [call[1:] for call in calls] == [("issue", "crash"), ("lookup", "pending"), ("poll", "crash"), ("poll", "ok")]
    assert calls[1][0] >= 5000 and calls[2][0] == calls[1][0] + hours
    assert test["events"][-1]["state"] == "done"


def test_two_days_of_pending_take_no_two_days(rehearse):
    done = rehearse("""
  patience:
    source: scep
    connectors: { outside-ca: { outcome: pending, retry_after: 1h, times: 48 } }
    expect: { state: done, issuer: outside-ca, within: 2d }
""")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "+2d" in done.stdout


def test_an_expectation_that_fails_is_told_and_is_the_exit_code(rehearse):
    tests = """
  good:
    source: scep
    expect: { state: done }
  hopeful:
    source: scep
    connectors: { outside-ca: { outcome: rejected, code: acme.no } }
    expect: { state: done, calls: [validate challenge, issue outside-ca, issue example-ca] }
"""
    done = rehearse(tests)
    assert done.returncode == 1
    assert "good: ok\n" in done.stdout and "hopeful: FAILED\n" in done.stdout
    assert "not as expected: the state is failed, not done" in done.stdout
    assert 'not as expected: call 3 is "no more", not "issue example-ca"' in done.stdout
    assert done.stdout.endswith("2 tests, 1 failed\n")
    assert rehearse(tests, "good").returncode == 0
    unknown = rehearse(tests, "goood")
    assert unknown.returncode == 1 and 'did you mean "good"?' in unknown.stderr


def test_a_test_that_asks_for_what_a_type_never_does_is_a_fault_at_its_place(rehearse):
    done = rehearse("""
  impossible:
    source: scep
    connectors: { example-ca: [pending, { call: cancel, outcome: ok }], outside-caa: ok }
    expect: { state: done }
""")
    assert done.returncode == 2
    line = 1 + rehearse.host.config.read_text().split("connectors: { example-ca").pop(0).count("\n")
    faults = re.findall(rf"certspan\.yaml:{line}:\d+: error: (.*)$", done.stderr, re.M)
    assert any("outside-caa" in fault for fault in faults), done.stderr
    assert any("can't be polled" in fault for fault in faults), done.stderr
    assert any('has no "cancel"' in fault for fault in faults), done.stderr


def test_a_file_without_tests_says_so(rehearse):
    rehearse.host.config.write_text(rehearse.plain)
    done = rehearse.host.run_program("test", "--config", str(rehearse.host.config))
    assert done.returncode == 1
    assert 'has no "tests:"' in done.stderr


def test_the_shipped_example_with_tests_passes_them_without_any_of_its_keys(make_host, tmp_path):
    plugins = re.search(r"dirs: \[(.*)\]", make_host().config.read_text()).group(1)
    text = (EXAMPLES / "scep-two-cas-with-tests.yaml").read_text()
    copy = tmp_path / "example.yaml"
    copy.write_text(text.replace("/usr/lib/certspan/plugins", plugins).replace("/var/lib/certspan", str(tmp_path / "data")))
    done = make_host("other").run_program("test", "--config", str(copy))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 tests, 0 failed" in done.stdout
    assert not (tmp_path / "data" / "journal.db").exists()
