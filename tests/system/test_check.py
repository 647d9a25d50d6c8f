"""`certspan check` finds what a start would find, and starts nothing."""
import json
import re

import pytest

from tests.support.tls import make_server_certificate, use_tls


@pytest.fixture
def checked(make_host):
    """A host, and what check says of it: exit code and faults by line."""
    host = make_host()

    def check():
        done = host.run_program("check", str(host.config))
        faults = re.findall(r"^.*certspan\.yaml:(\d+):\d+: error: (.*)$", done.stderr, re.M)
        return done.returncode, [(int(line), message) for line, message in faults]

    return host, check


def line_of(host, text):
    return next(number for number, line in enumerate(host.config.read_text().splitlines(), 1) if text in line)


def test_a_good_configuration_is_ok_and_leaves_no_journal(checked):
    host, check = checked
    assert check() == (0, [])
    assert not (host.directory / "data" / "journal.db").exists()
    assert not (host.directory / "data" / "control.sock").exists()


@pytest.mark.parametrize("file, place", [("ca.key", '"${file:ca.key}"'), ("ra.key", '"${file:ra.key}"')])
def test_a_key_of_another_certificate_is_found(checked, make_host, file, place):
    host, check = checked
    other = make_host("other")
    (host.directory / file).write_bytes((other.directory / file).read_bytes())
    code, faults = check()
    assert code == 2
    assert [line for line, _ in faults] == [line_of(host, place)], faults


@pytest.mark.parametrize("file, spoil", [("ca.key", b"no key\n"), ("ra.key", b""), ("ra.pem", b"no certificate\n"), ("ca.pem", b"")])
def test_a_file_with_something_else_in_it_is_found(checked, file, spoil):
    host, check = checked
    (host.directory / file).write_bytes(spoil)
    code, faults = check()
    assert (code, len(faults)) == (2, 1), faults


def test_a_missing_key_is_found_once_and_at_its_place(checked):
    host, check = checked
    (host.directory / "ca.key").unlink()
    code, faults = check()
    assert code == 2
    assert [line for line, _ in faults] == [line_of(host, '"${file:ca.key}"')], faults


def test_a_listener_whose_key_does_not_fit_is_found(checked):
    host, check = checked
    host.configure(lambda text: use_tls(text, host.directory))
    assert check() == (0, [])
    key = (host.directory / "tls.key").read_bytes()
    make_server_certificate(host.directory)
    (host.directory / "tls.key").write_bytes(key)
    code, faults = check()
    assert code == 2
    assert [line for line, _ in faults] == [line_of(host, "web: {")]
    (host.directory / "tls.pem").unlink()
    code, faults = check()
    assert (code, len(faults)) == (2, 1)
    assert "tls.pem" in faults[0][1]


def test_a_connector_that_may_be_missing_is_a_warning(checked):
    host, _ = checked
    spare = '  spare-ca: {{ plugin: ca_local, type: ca, required: false, settings: {{ certificate_file: {0}/ca.pem, key: "${{file:other.key}}" }} }}\n'
    host.configure(lambda text: text.replace("\nprofiles:", "\n" + spare.format(host.directory) + "\nprofiles:"))
    (host.directory / "other.key").write_bytes(b"no key\n")
    done = host.run_program("check", str(host.config))
    assert done.returncode == 0, done.stderr
    assert 'warning: connector "spare-ca" would be missing' in done.stderr


def test_people_with_a_role_must_be_able_to_reach_the_socket(checked):
    host, _ = checked
    host.configure(lambda text: text.replace("host:\n", "host:\n  control: { roles: { viewer: [daemon] } }\n", 1))
    assert "can't reach the control socket" in host.run_program("check", str(host.config)).stderr
    host.configure(lambda text: text.replace("control: {", "control: { socket: /run/certspan-test/control.sock,"))
    assert "can't reach the control socket" not in host.run_program("check", str(host.config)).stderr


@pytest.mark.parametrize("file", ["tls.pem", "tls.key"])
def test_a_listener_without_its_certificate_or_key_is_found_at_its_place(checked, file):
    host, check = checked
    host.configure(lambda text: use_tls(text, host.directory))
    (host.directory / file).unlink()
    code, faults = check()
    assert code == 2
    assert [line for line, _ in faults] == [line_of(host, file)], faults


@pytest.mark.parametrize("section, place, told", [
    ("log: {{ file: {directory} }}", "6:", "is a directory, not a file"),
    ("audit: {{ file: {directory}/ra.pem/heads }}", "6:", "ra.pem\" is no directory"),
    ("control: {{ socket: {directory}/ra.pem }}", "6:", "is there and no socket"),
    ("control: {{ socket: {directory}/ra.pem/socket }}", "6:", "ra.pem\" is no directory")])
def test_places_where_nothing_can_be_written_are_found(checked, section, place, told):
    host, _ = checked
    host.configure(lambda text: text.replace("host:\n", f"host:\n  {section.format(directory=host.directory)}\n", 1))
    done = host.run_program("check", str(host.config))
    assert done.returncode == 2 and f":{place}" in done.stderr and told in done.stderr, done.stderr
    assert done.stderr.count("error:") == 1, done.stderr


def test_check_leaves_nothing_in_the_hosts_directories(checked):
    host, check = checked
    assert check() == (0, [])
    assert not (host.directory / "data").exists()


def test_people_without_an_account_are_a_warning(checked):
    host, _ = checked
    socket = "/run/certspan-test/control.sock"
    host.configure(lambda text: text.replace(
        "host:\n", f"host:\n  control: {{ socket: {socket}, roles: {{ viewer: [nobody-knows, 'group:nobody-knows', root] }} }}\n", 1))
    done = host.run_program("check", str(host.config))
    assert done.returncode == 0, done.stderr
    assert 'warning: this machine knows no user "nobody-knows"' in done.stderr
    assert 'warning: this machine knows no group "nobody-knows"' in done.stderr
    assert '"root"' not in done.stderr


def test_json_says_how_many_faults_it_leaves_out(checked):
    host, _ = checked
    host.configure(lambda text: text + "".join(f"extra-{number}: 1\n" for number in range(60)))
    said = json.loads(host.run_program("check", "--json", str(host.config)).stdout)
    assert (said["errors"], len(said["faults"]) + said["left_out"]) == (60, 60 + said["warnings"])
    assert said["left_out"] > 0


def test_a_misspelt_key_in_a_profile_hides_no_other_fault_of_it(checked):
    host, check = checked
    host.configure(lambda text: text.replace("key_usage:", "key_usge:").replace("eku: [client_auth]", "eku: [client_auht]"))
    code, faults = check()
    assert code == 2
    assert [line for line, _ in faults] == [line_of(host, "key_usge"), line_of(host, "client_auht")], faults


def test_challenges_bound_to_a_profile_that_is_not_there_are_found(checked):
    host, check = checked
    host.configure(lambda text: text.replace("one_time: { lifetime: 1h }", "one_time: { lifetime: 1h, profile: devcie }"))
    code, faults = check()
    assert (code, [line for line, _ in faults]) == (2, [line_of(host, "devcie")]), faults
    assert 'profile "devcie" is not defined' in faults[0][1]
