"""What the commands say to people who mistype, and to programs that read what they print."""
import json
import pathlib
import subprocess

import pytest
from cryptography import x509


def test_a_misspelt_command_is_named_with_what_was_meant(host):
    for words, meant in [(["statsu"], "status"), (["work", "lst"], "list"), (["plugin", "shwo", "ndes"], "show")]:
        done = host.run_program(*words)
        assert done.returncode == 64
        assert f'"{words[-2] if len(words) == 3 else words[-1]}"; did you mean "{meant}"?' in done.stderr, done.stderr
    assert "there are" in host.run_program("no-such-command").stderr


def test_an_installed_program_finds_its_plugins(build_dir, tmp_path):
    subprocess.run(["cmake", "--install", build_dir, "--component", "host", "--prefix", tmp_path / "usr"],
                   check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run([tmp_path / "usr" / "bin" / "certspan", "init", tmp_path / "host"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    assert f'dirs: ["{tmp_path}/usr/lib/certspan/plugins"]' in (tmp_path / "host" / "certspan.yaml").read_text()


def test_why_fails_where_nothing_is_known(host):
    done = host.run_program("why", "no-such-device", "--config", str(host.config))
    assert done.returncode == 1
    assert "nothing known" in done.stdout


def test_output_that_nobody_gets_is_a_failure(host):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([host.program, "version"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "standard output can't be written: No space left on device" in done.stderr


def test_plugins_that_no_connector_uses_are_shown_too(make_host):
    host = make_host()
    host.configure(lambda text: text.replace("validate: renewal", "validate: challenge"))
    start, end = "  renewal:\n", "  example-ca:\n"
    host.configure(lambda text: text[:text.index(start)] + text[text.index(end):])
    names = {plugin["id"] for plugin in host.json("plugin", "list")["plugins"]}
    assert {"ndes", "ca_local", "profile"} <= names
    assert "example_ca" in host.command("plugin", "show", "example_ca")
    missing = host.run_program("plugin", "show", "nosuch", "--config", str(host.config))
    assert (missing.returncode, "plugin.not_found" in missing.stderr) == (1, True)


def test_the_graph_for_programs_has_the_steps_of_each_pipeline(make_host):
    pipelines = {each["name"]: each for each in make_host().json("graph")["pipelines"]}
    assert pipelines["renewals"]["when"] == {"message": ["renewal"]}
    validate, issue = pipelines["enrolments"]["steps"]
    assert validate["validate"] == ["challenge"]
    assert (issue["issue"], issue["profile"]) == (["example-ca"], "device")


@pytest.mark.parametrize("option, value, said", [("--listen", "nowhere", "host:port"), ("--ca-key", "rsa:1024", "rsa:1024")])
def test_init_makes_all_or_nothing(make_host, tmp_path, option, value, said):
    program = make_host().program
    directory = tmp_path / "fresh"
    done = subprocess.run([program, "init", directory, option, value], capture_output=True, text=True, check=False)
    assert (done.returncode, said in done.stderr) == (1, True), done.stderr
    assert not directory.exists()
    again = subprocess.run([program, "init", directory], capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr


def test_json_is_json_whatever_is_printed(host):
    for words in (["status"], ["work", "list"], ["plugin", "list"], ["plugin", "show", "ndes"], ["graph"], ["version"]):
        config = [] if words == ["version"] else ["--config", str(host.config)]
        done = host.run_program(*words, "--json", *config)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout), words


def test_what_is_written_is_told_to_programs_too(host, tmp_path):
    program = host.program

    def told(*words):
        return json.loads(subprocess.run([program, *words, "--json"], capture_output=True, text=True, check=True).stdout)

    made = told("init", tmp_path / "new", "--listen", "127.0.0.1:9999")
    assert made["url"] == "http://127.0.0.1:9999/scep"
    assert (tmp_path / "new" / "challenge") == pathlib.Path(made["challenge_file"])
    assert subprocess.run([program, "check", made["config"]], capture_output=True, check=False).returncode == 0
    request = told("ca", "csr", "--directory", tmp_path / "sub", "--subject", "CN=Issuing")
    assert x509.load_pem_x509_csr(request["csr"].encode()).is_signature_valid
    assert told("clock", "accept", "--config", host.config) == {"accepted": True}


def test_a_clock_is_accepted_where_a_journal_is(make_host):
    host = make_host()
    done = host.run_program("clock", "accept", "--config", str(host.config))
    assert (done.returncode, "there is no journal" in done.stderr) == (1, True), done.stderr
    assert not (host.directory / "data").exists()


def test_resolve_says_what_it_needs(host):
    for options in ([], ["--not-done", "--abandon"]):
        done = host.run_program("work", "resolve", "w-0123456789abc", *options)
        assert done.returncode == 64
        assert "--not-done" in done.stderr, done.stderr
        assert "no command" not in done.stderr


def test_a_command_on_an_item_is_logged_with_the_item(host):
    assert host.run_program("work", "retry", "w-0123456789abc", "--config", str(host.config)).returncode == 1
    assert "command=work_retry who=" in host.log()
    assert "work=w-0123456789abc" in host.log()
