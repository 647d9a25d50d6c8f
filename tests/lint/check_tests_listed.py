#!/usr/bin/python3
"""Every test, fuzz target and source file is in a target of CMake, and every Python test in a folder that is run."""
import re

from common import ROOT, Report, tracked

PYTHON_TEST_FOLDERS = ("tests/system", "tests/interop", "tests/lint", "tests/bench", "tests/ci", "tests/sdk", "tests/support")


def named_in_cmake(path, texts):
    """True if a CMakeLists.txt of the file's folder or of one above names it, or any by its path from the root."""
    if any(f"${{PROJECT_SOURCE_DIR}}/{path}" in text for text in texts.values()):
        return True
    for folder in path.parents:
        text = texts.get(folder)
        if text is None:
            continue
        name = re.escape(str(path.relative_to(folder)))
        if re.search(rf"(?<![\w/.-]){name}(?![\w.-])", text):
            return True
    return False


def main():
    report = Report("tests_listed")
    texts = {path.parent: (ROOT / path).read_text() for path in tracked("*CMakeLists.txt")}
    for path in tracked("*.cpp", "*.c"):
        report.check(named_in_cmake(path, texts), path, 1, "no CMakeLists.txt names this file: it is never built")
    for path in tracked("tests/*test_*.py"):
        if path.name.startswith("test_"):
            good = str(path).startswith(PYTHON_TEST_FOLDERS)
            report.check(good, path, 1, f"nobody runs tests here; they belong in {', '.join(PYTHON_TEST_FOLDERS)}")
    report.finish()


if __name__ == "__main__":
    main()
