"""What a configuration looks like to people and editors: `certspan graph` and `certspan schema`."""
import json
import pathlib
import re

import jsonschema
import pytest
import yaml

EXAMPLES = sorted((pathlib.Path(__file__).parents[2] / "config" / "examples").glob("*.yaml"))


@pytest.fixture
def init(make_host):
    return make_host()


@pytest.fixture
def validator(init):
    schema = json.loads(init.command("schema"))
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def paths_of_faults(validator, document):
    return {"/".join(map(str, fault.absolute_path)) for fault in validator.iter_errors(document)}


def test_editors_accept_what_the_host_accepts_and_mark_a_slip_of_the_pen(init, validator):
    files = [init.config, *EXAMPLES]
    assert len(files) >= 4
    for file in files:
        document = yaml.safe_load(file.read_text())
        assert paths_of_faults(validator, document) == set(), file
        name = next(iter(document["connectors"]))
        document["connectors"][name]["pluginn"] = document["connectors"][name].pop("plugin")
        assert paths_of_faults(validator, document) == {f"connectors/{name}"}, file


@pytest.mark.parametrize("step", [
    {"validate": "challenge", "issue": "example-ca"}, {"validate": "challenge", "issue": "example-ca", "profile": "device"},
    {"validate": "challenge", "profile": "device"}, {"issue": "example-ca"}])
def test_editors_know_what_makes_a_step(init, validator, step):
    document = yaml.safe_load(init.config.read_text())
    pipeline = next(iter(document["pipelines"]))
    document["pipelines"][pipeline]["steps"].append(step)
    place = f"pipelines/{pipeline}/steps/{len(document['pipelines'][pipeline]['steps']) - 1}"
    assert paths_of_faults(validator, document) == {place}


def test_editors_know_the_settings_of_each_plugin(init, validator):
    document = yaml.safe_load(init.config.read_text())
    document["connectors"]["example-ca"]["settings"]["longest_validty"] = "10d"
    document["connectors"]["scep"]["settings"]["ra"].pop("key")
    assert paths_of_faults(validator, document) == {"connectors/example-ca/settings", "connectors/scep/settings/ra"}


def test_the_graph_names_every_connector_and_every_edge(init):
    init.configure(lambda text: text + "    reply: { within: 5s, then: pending }\n")
    document = yaml.safe_load(init.config.read_text())
    text, mermaid = init.command("graph"), init.command("graph", "--mermaid")
    for pipeline in document["pipelines"]:
        assert re.search(rf"^{pipeline}$", text, re.M)
        assert f'["{pipeline}"]' in mermaid
    for connector in document["connectors"]:
        assert connector in text
        assert connector in mermaid
    steps = [["validate: renewal", "issue: example-ca (profile device)"], ["validate: challenge", "issue: example-ca (profile device)"]]
    assert paths_through(mermaid) == [["scep", *chain, "reply"] for chain in steps]
    assert 'the client waits 5s, then hears "pending"' in text


def paths_through(mermaid):
    """From each source along the arrows, as the labels of the nodes."""
    labels = dict(re.findall(r'^\s+(\w+)(?:>|\[|\{\{|\(\[)+"([^"]*)"', mermaid, re.M))
    edges = re.findall(r"^\s+(\w+) -->(?:\|[^|]*\|)? (\w+)$", mermaid, re.M)
    after = dict(edges)
    paths = []
    for begin, node in edges:
        if not begin.startswith("source"):
            continue
        path = [labels[begin]]
        while node:
            path.append(labels[node])
            node = after.get(node)
        paths.append(path)
    return paths


def test_a_file_with_faults_is_not_drawn(init):
    init.configure(lambda text: text.replace("source: scep", "source: scpe", 1))
    refused = init.run_program("graph", "--config", str(init.config))
    assert refused.returncode == 2
    assert re.search(r"certspan\.yaml:\d+:\d+: error: .*scpe", refused.stderr)
    assert not refused.stdout


def test_editors_take_references_to_the_environment_wherever_the_host_does(init, validator):
    init.configure(lambda text: text.replace("validity: 365d", 'validity: "${env:LIFE:-30d}"')
                   .replace("san: [dns, email, upn, uri]", 'san: ["${env:KIND:-dns}"]'))
    assert init.run_program("check", str(init.config)).returncode == 0
    assert paths_of_faults(validator, yaml.safe_load(init.config.read_text())) == set()


def test_the_schema_is_there_before_the_first_configuration(init, tmp_path):
    done = init.run_program("schema", "--config", str(tmp_path / "not-yet.yaml"))
    assert done.returncode == 0, done.stderr
    assert "ndes.scep_server" in done.stdout
