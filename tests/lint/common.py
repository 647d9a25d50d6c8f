"""What the checks share: the files of the tree and a report that counts."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def tracked(*patterns):
    """Paths below ROOT of the files that git knows or would add, by git's own patterns."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted({pathlib.PurePosixPath(name) for name in names if (ROOT / name).is_file()})


def read_lines(path):
    """The lines of a tracked file, numbered from 1."""
    return enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), start=1)


class Report:
    """Counts checks, prints faults as file:line and ends the program."""

    def __init__(self, name):
        self.name = name
        self.checks = 0
        self.faults = 0

    def check(self, good, path, line, message):
        self.checks += 1
        if not good:
            self.faults += 1
            print(f"{path}:{line}: {message}")

    def finish(self):
        print(f"lint {self.name}: {self.checks} checks, {self.faults} faults", flush=True)
        if self.checks == 0:
            print(f"lint {self.name}: found nothing to check, which is a fault too")
        sys.exit(1 if self.faults or not self.checks else 0)
