"""`certspan explain`: what people find in a log, a console or a device, told in plain words."""
import json
import pathlib
import re
import subprocess

import pytest

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
ROW = re.compile(r"^\| (.+?) \|", re.MULTILINE)


@pytest.fixture(name="explain")
def fixture_explain(build_dir, tmp_path):
    def explain(code, *options):
        # Neither configuration nor plugins: it works on a machine that has the program alone.
        return subprocess.run([build_dir / "bin" / "certspan", "explain", code, *options], capture_output=True, text=True, check=False,
                              cwd=tmp_path, env={"CERTSPAN_CONFIG": str(tmp_path / "none.yaml")})
    return explain


def meanings(explain, code):
    done = explain(code, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["meanings"]


def first_cells(name):
    return ROW.findall((DOCS / name).read_text(encoding="utf-8"))


def test_every_row_of_the_documents_is_explained(explain):
    events = [cell for cell in first_cells("events.md") if cell.isdigit()]
    codes = [code for cell in first_cells("codes.md") for code in re.findall(r"`([^`]+)`", cell)]
    intune = [code for cell in first_cells("intune.md") for code in re.findall(r"`(intune\.\w+|[A-Z][A-Za-z]+|0xA0C5\w+)`", cell)]
    assert (len(events) > 90, len(codes) > 300, len(intune) > 50) == (True, True, True)
    for code in [*events, *codes, *intune]:
        found = meanings(explain, code)
        assert found and all(each["meaning"] for each in found), code


def test_an_event_in_the_log_is_explained_with_the_row_of_its_document(explain):
    done = explain("4006")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "event 4006 (ScepIssuedSuccess)"
    assert "A certificate was issued." in done.stdout
    assert explain("scepissuedsuccess").stdout == done.stdout


@pytest.mark.parametrize("written", ["0xA0C50021", "a0c50021", "2697265185", "-1597702111"])
def test_a_number_of_the_intune_console_is_found_as_consoles_and_scripts_write_it(explain, written):
    found, = meanings(explain, written)
    assert (found["code"], "security identifier" in found["meaning"]) == ("0xA0C50021", True)
    assert "profile.sid_extension" in found["advice"]


def test_a_refusal_says_what_to_do(explain):
    said = explain("challenge.wrong_profile").stdout
    assert "bound to another profile" in said
    assert "What to do: Mint a challenge for the profile of this pipeline" in said


def test_a_small_number_has_all_its_meanings(explain):
    assert [each["kind"] for each in meanings(explain, "2")] == ["event", "SCEP failInfo", "SCEP pkiStatus", "exit code"]


@pytest.mark.parametrize("asked, meant", [("work.bussy", "did you mean work.busy?"), ("ChalengeExpired", "did you mean ChallengeExpired?"),
                                          ("4010", "did you mean 4009 or 4100?"), ("acme.odd", "explained by its maker")])
def test_what_is_unknown_fails_with_the_nearest(explain, asked, meant):
    done = explain(asked)
    assert (done.returncode, done.stdout) == (1, "")
    assert meant in done.stderr
    assert "[explain.unknown]" in done.stderr


def test_nothing_asked_is_a_wrong_command_line(build_dir):
    assert subprocess.run([build_dir / "bin" / "certspan", "explain"], capture_output=True, check=False).returncode == 64
