#!/usr/bin/python3
"""Paths of the tree that documents name, and the files that they link to, exist; `./dev` commands that they show do."""
import re

from common import ROOT, Report, read_lines, tracked

TOP_FOLDERS = ("codes", "host", "sdk", "plugins", "probe", "config", "tests", "docs")
CODE = re.compile(r"`([^`\s]+)`")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
COMMAND = re.compile(r"\./dev ([a-z]+)")
PLACEHOLDER = re.compile(r"[<>{}$*|]|\bNAME\b|\.\.\.|…")


def dev_commands():
    text = (ROOT / "dev").read_text()
    return set(re.findall(r"^  ([a-z]+) ", text, flags=re.M)) | {"help"}


def is_tree_path(text):
    return text.split("/")[0] in TOP_FOLDERS and "/" in text and not PLACEHOLDER.search(text)


def check_line(report, path, number, line, commands):
    for text in CODE.findall(line):
        text = re.sub(r":\d+(:\d+)?$", "", text).rstrip("/.,;")
        if is_tree_path(text):
            report.check((ROOT / text).exists(), path, number, f"there is no {text}")
    for target in LINK.findall(line):
        report.check((ROOT / path.parent / target).exists(), path, number, f"the link to {target} leads nowhere")
    for command in COMMAND.findall(line):
        report.check(command in commands, path, number, f"there is no command './dev {command}'")


def main():
    report = Report("doc_paths")
    commands = dev_commands()
    for path in tracked("*.md"):
        for number, line in read_lines(path):
            check_line(report, path, number, line, commands)
    report.finish()


if __name__ == "__main__":
    main()
