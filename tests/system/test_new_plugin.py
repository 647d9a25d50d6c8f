"""`certspan new-plugin`: a project that stands whole or not at all. That it builds and passes is seen by tests/sdk/installed_sdk_test.sh."""
import json
import resource
import signal
import subprocess

import pytest
import yaml


@pytest.fixture
def new_plugin(build_dir):
    def run(*options, **more):
        command = [str(build_dir / "bin" / "certspan"), "new-plugin", *map(str, options)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **more)

    return run


@pytest.mark.parametrize("language, source", [("c++", "src/issuer.cpp"), ("c", "src/issuer.c")])
def test_writes_what_it_names(new_plugin, tmp_path, language, source):
    done = new_plugin("--role", "issuer", "--id", "com.acme-x.corp-ca", "--language", language, "--json", tmp_path / "new" / "ca")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    files = sorted(str(path.relative_to(tmp_path / "new" / "ca")) for path in (tmp_path / "new" / "ca").rglob("*") if path.is_file())
    assert sorted(told["files"]) == files and source in files
    assert "ID com.acme-x.corp-ca VERSION ${PROJECT_VERSION} ROLES issuer TYPES corp_ca" in (tmp_path / "new/ca/CMakeLists.txt").read_text()
    assert "acme_x.refused" in (tmp_path / "new" / "ca" / source).read_text()


def test_the_trial_configuration_finds_the_project_wherever_it_is(new_plugin, tmp_path):
    directory = tmp_path / 'with space, "quote" and \\'
    assert new_plugin("--role", "issuer", "--id", "com.acme.ca", directory).returncode == 0
    trial = yaml.safe_load((directory / "trial" / "certspan.yaml").read_text())
    assert trial["host"]["data_dir"] == str(directory / "trial/host/data")
    assert trial["plugins"]["dirs"][1] == str(directory / "build/plugins")


@pytest.mark.parametrize("options, words", [
    (("--role", "isuer", "--id", "com.acme.ca"), 'role "isuer"; did you mean "issuer"?'),
    (("--role", "source", "--id", "com.acme.ca"), 'role "source"; there are issuer and validator'),
    (("--role", "issuer", "--id", "com.acme.ca", "--language", "rust"), 'language "rust"; there are c++ and c'),
    (("--role", "issuer", "--id", "Com.Acme.CA"), 'did you mean "com.acme.ca"?'),
    (("--role", "issuer", "--id", "ca"), "such as com.acme.ca"),
    (("--role", "issuer", "--id", "com..ca"), "your domain in reverse and a name"),
    (("--role", "issuer", "--id", "../../ca"), "your domain in reverse and a name"),
])
def test_a_wrong_word_is_refused_and_nothing_is_made(new_plugin, tmp_path, options, words):
    done = new_plugin(*options, tmp_path / "new")
    assert done.returncode == 1 and words in done.stderr, done.stderr
    assert not (tmp_path / "new").exists()


def test_a_directory_that_is_not_empty_is_left_alone(new_plugin, tmp_path):
    (tmp_path / "mine").write_text("precious")
    done = new_plugin("--role", "issuer", "--id", "com.acme.ca", tmp_path)
    assert done.returncode == 1 and "is not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("was_there", (False, True))
def test_a_project_that_can_not_be_finished_leaves_nothing(new_plugin, tmp_path, was_there):
    directory = tmp_path / "new"
    if was_there:
        directory.mkdir()

    def small_files_only():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    done = new_plugin("--role", "issuer", "--id", "com.acme.ca", directory, preexec_fn=small_files_only)
    assert done.returncode == 1 and "can't write" in done.stderr
    assert directory.exists() == was_there
    assert not was_there or not list(directory.iterdir())
