"""docs/configuration.md names the settings that the plugins' schemas have, with their defaults: no more and no fewer."""
import re

import pytest

from tests.support.host import Host

# Where the table of a connector type begins.
TYPES = {("ca_local", "ca"): "### ca_local", ("ca_local", "ocsp_responder"): "### OCSP responder", ("ndes", "scep_server"): "Connector type `scep_server`",
         ("ndes", "challenge"): "Connector type `challenge`", ("ndes", "renewal"): "Connector type `renewal`",
         ("ndes", "approval"): "Connector type `approval`",
         ("ndes", "webhook"): "Connector type `webhook`",
         ("intune", "scep_validator"): "Connector type `scep_validator`",
         ("intune", "revocation_orders"): "Connector type `revocation_orders`"}


def documented(root, beginning):
    """Key and default of each row of the first table behind `beginning`."""
    text = (root / "docs" / "configuration.md").read_text()
    table = text.partition(beginning)[2].partition("| --- | --- | --- |\n")[2].partition("\n\n")[0]
    return {row.split("|")[1].strip(): row.split("|")[2].strip() for row in table.splitlines()}


def settings(schema, before=""):
    """Every key of a settings schema that an administrator writes, and its default; sections by their members unless they may
    be empty."""
    found = {}
    for key, child in schema["properties"].items():
        if "x-certspan-profiles" in child:
            continue
        if child.get("type") == "object":
            found.update(settings(child, before + key + "."))
            if child.get("required") or child.get("anyOf"):
                continue
        found[before + key] = child
    return found


def written(default):
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, list):
        return "[" + ", ".join(map(str, default)) + "]"
    return str(default)


@pytest.fixture(scope="module")
def schemas(build_dir, tmp_path_factory):
    host = Host(build_dir, tmp_path_factory.mktemp("schemas") / "host").init()
    plugins = {plugin: host.json("plugin", "show", plugin)["types"] for plugin in {plugin for plugin, _ in TYPES}}
    return {(plugin, row["type"]): row["settings"] for plugin, types in plugins.items() for row in types}


@pytest.mark.parametrize("name", TYPES, ids=".".join)
def test_the_page_and_the_schema_name_the_same_settings(name, schemas, request):
    rows, wanted = documented(request.config.rootpath, TYPES[name]), settings(schemas[name])
    assert {key.strip("`") for key in rows} == set(wanted)
    for key, child in wanted.items():
        if "default" in child:
            assert re.match(re.escape(f"`{written(child['default'])}`"), rows[f"`{key}`"]), key


def test_every_type_that_takes_settings_has_its_table(schemas):
    assert set(schemas) == set(TYPES)
