#!/usr/bin/python3
"""Kept plugin binaries: each later host has to load them and each later certspan-plugin-check has to pass them. See README.md.

usage: museum.py show BUILD_DIR [MUSEUM]                            looks at all that is kept, with the programs of a build
       museum.py keep RELEASE PLUGIN SETTINGS [MUSEUM] --by WORDS   takes a plugin in; WORDS: what built it. SETTINGS: the file
                                                                    of settings for certspan-plugin-check
"""
import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
RECORD = "record.json"
CONFIG = "version: 1\nplugins:\n  dirs: [{dir}]\n  trust: {{ danger_allow_unsigned: true }}\n"


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=300)


class Exhibit:
    """One kept plugin: a directory RELEASE/ID with the plugin, its settings and its record."""

    def __init__(self, directory):
        self.directory = directory
        self.record = json.loads((directory / RECORD).read_text())
        self.plugin = directory / f"{self.record['id']}.so"
        self.name = f"{directory.parent.name}/{directory.name}"

    def faults(self, programs):
        if sha256(self.plugin) != self.record["sha256"]:
            yield "is not the file that was kept: its SHA-256 is another"
            return
        yield from self.faults_in_host(programs / "certspan")
        yield from self.faults_in_checks(programs / "certspan-plugin-check")

    def faults_in_host(self, certspan):
        """A real host reads it, and runs it far enough to describe its settings."""
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "plugins").mkdir(mode=0o700)
            shutil.copy(self.plugin, folder / "plugins")
            (folder / "certspan.yaml").write_text(CONFIG.format(dir=json.dumps(str(folder / "plugins"))))
            shown = run(certspan, "plugin", "show", self.record["id"], "--json", "--config", folder / "certspan.yaml")
        if shown.returncode != 0:
            yield f"the host does not take it: {shown.stderr.strip()}"
        elif json.loads(shown.stdout)["version"] != self.record["version"]:
            yield f"the host takes it for another version: {shown.stdout}"

    def faults_in_checks(self, checker):
        checked = run(checker, self.plugin, "--settings", self.directory / "settings.json", "--json")
        if checked.returncode == 2:
            yield f"certspan-plugin-check: {checked.stderr.strip()}"
            return
        for check in json.loads(checked.stdout)["checks"]:
            if check["result"] == "failed":
                yield f"certspan-plugin-check: {check['id']}: {check.get('reason', '')}"


def show(museum, programs):
    exhibits = [Exhibit(record.parent) for record in sorted(museum.glob(f"*/*/{RECORD}"))]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda exhibit: list(exhibit.faults(programs)), exhibits))
    for exhibit, faults in zip(exhibits, found):
        for fault in faults:
            print(f"{exhibit.name}: {fault}")
    print(f"museum: {len(exhibits)} kept, {sum(map(bool, found))} that this build would break")
    return 1 if any(found) else 0


def identity(plugin):
    """Id and version of a plugin, by its ELF note."""
    notes = plugin.read_bytes()
    start = notes.find(b"\x09\x00\x00\x00", 0)
    while start >= 0 and notes[start + 12:start + 20] != b"certspan":
        start = notes.find(b"\x09\x00\x00\x00", start + 1)
    if start < 0:
        sys.exit(f"{plugin} carries no note: it is no plugin")
    head = start + 24
    texts = notes[head + int.from_bytes(notes[head + 16:head + 20], "little"):].split(b"\0", 2)
    return texts[0].decode(), texts[1].decode()


def keep(museum, release, plugin, settings, built_by):
    if not re.fullmatch(r"\d+\.\d+", release):
        sys.exit(f"a release is MAJOR.MINOR, such as 1.0, not {release}")
    name, plugin_version = identity(plugin)
    directory = museum / release / name
    if directory.exists():
        sys.exit(f"{directory} is there: what is kept is never changed")
    directory.mkdir(parents=True)
    shutil.copyfile(plugin, directory / f"{name}.so")
    shutil.copyfile(settings, directory / "settings.json")
    record = {"id": name, "version": plugin_version, "sha256": sha256(plugin), "built_by": built_by}
    (directory / RECORD).write_text(json.dumps(record, indent=2) + "\n")
    return 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1], description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    look = commands.add_parser("show")
    look.add_argument("build", type=pathlib.Path)
    take = commands.add_parser("keep")
    take.add_argument("release")
    take.add_argument("plugin", type=pathlib.Path)
    take.add_argument("settings", type=pathlib.Path)
    take.add_argument("--by", required=True)
    for command in (look, take):
        command.add_argument("museum", type=pathlib.Path, nargs="?", default=HERE)
    options = parser.parse_args()
    if options.command == "show":
        sys.exit(show(options.museum, options.build.resolve() / "bin"))
    sys.exit(keep(options.museum, options.release, options.plugin, options.settings, options.by))


if __name__ == "__main__":
    main()
