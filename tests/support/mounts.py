"""File systems of a host's own: each prefix runs a command in a mount namespace in which a directory is another file system."""
import errno
import os
import pathlib
import subprocess

import pytest

UNSHARE = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
MEGABYTE = 1 << 20


def need_mount_namespaces():
    """Skips the test where this user may not make any (containers without the capability, say)."""
    tried = subprocess.run([*UNSHARE, "mount -t tmpfs none /mnt"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"this user can't mount in a namespace of its own: {tried.stderr.strip()}")


def in_memory(directory, megabytes):
    """`directory` is an empty file system of this size."""
    script = f'mkdir -p "{directory}" && mount -t tmpfs -o size={megabytes}m,mode=0700 none "{directory}" && exec "$@"'
    return [*UNSHARE, script, "sh"]


def read_only(directory):
    """`directory` can't be written, not even by root."""
    script = f'mount --bind "{directory}" "{directory}" && mount -o remount,ro,bind "{directory}" && exec "$@"'
    return [*UNSHARE, script, "sh"]


class Ballast:
    """A file that fills the file system that a process sees at a directory, until it is thrown off."""

    def __init__(self, process, directory):
        root = pathlib.Path(f"/proc/{process.pid}/root")
        self.file = root / pathlib.Path(directory).relative_to("/") / "ballast"

    def load(self):
        """To the last byte: whole megabytes, then what is left."""
        with open(self.file, "wb", buffering=0) as file:
            for size in (MEGABYTE, 4096, 1):
                while self._grows(file, size):
                    pass

    @staticmethod
    def _grows(file, size):
        try:
            return os.write(file.fileno(), b"\0" * size) == size
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            return False

    def throw_off(self):
        self.file.unlink()
