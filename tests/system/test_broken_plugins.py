"""A vendor's connector that crashes, loops, ends the process or throws when it is made: told with the reason, and the host runs
on without it only where the configuration says so."""
import re
import signal
import time

import pytest

from tests.support import scep_messages as scep
from tests.support.scep_client import ScepClient

# In the host: a worker has no environment, so there this plugin has no mood.
CONNECTOR = "\n  moody: {{ isolation: in_process, plugin: moody_ca, type: moody_ca, required: {required} }}\n\nprofiles:"
REASONS = {"crash": "crashed with signal 11 (SIGSEGV) while it was made", "abort": "crashed with signal 6 (SIGABRT) while it was made",
           "exit": "ended the process with exit code 0 while it was made", "loop": "did not return within", "throw": "not today"}


def wait_for_log(host, pattern, offset):
    for _ in range(600):
        if re.search(pattern, host.log()[offset:]):
            return
        time.sleep(0.05)
    raise AssertionError(host.log()[offset:])


def with_moody_ca(text, required):
    return text.replace("\nprofiles:", CONNECTOR.format(required=required), 1)


@pytest.mark.parametrize("mood", REASONS)
def test_a_required_connector_that_does_harm_is_a_fault_with_its_reason(make_host, mood):
    host = make_host(environment={"MOOD": mood})
    host.configure(lambda text: with_moody_ca(text, "true"))
    for command, code in ((["check", str(host.config)], 2), (["run", "--config", str(host.config)], 3 if mood == "throw" else 2)):
        done = host.run_program(*command)
        assert (done.returncode, REASONS[mood] in done.stderr) == (code, True), done.stderr
        assert "certspan.yaml:" in done.stderr


@pytest.mark.parametrize("mood", ["crash", "exit", "throw"])
def test_the_host_runs_on_without_one_that_need_not_be_there(make_host, mood):
    host = make_host(environment={"MOOD": mood})
    host.isolation = "in_process"
    host.configure(lambda text: with_moody_ca(text, "false"))
    host.start()
    assert ScepClient(host.url()).enrol("laptop-1", host.challenge).reply.pki_status == scep.SUCCESS
    assert REASONS[mood] in host.log()
    assert host.stop() == 0


@pytest.mark.parametrize("mood", ["crash", "exit"])
def test_a_reload_that_brings_one_is_refused_and_the_host_serves_on(make_host, mood):
    host = make_host(environment={"MOOD": mood}).start()
    offset = len(host.log())
    host.configure(lambda text: with_moody_ca(text, "true"))
    host.process.send_signal(signal.SIGHUP)
    wait_for_log(host, r"configuration refused", offset)
    assert REASONS[mood] in host.log()[offset:]
    assert ScepClient(host.url()).enrol("laptop-1", host.challenge).reply.pki_status == scep.SUCCESS
    assert host.stop() == 0
