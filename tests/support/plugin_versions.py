"""Other versions of a built plugin, for swaps: the same code, which calls itself something else in its note and its descriptor."""
import pathlib
import re
import shutil


def version_of(path):
    """The version in the ELF note of a plugin."""
    note = re.search(rb"certspan\0....{32}[a-z][\w.-]*\0([^\0]+)\0", pathlib.Path(path).read_bytes(), flags=re.DOTALL)
    return note[1].decode()


def numbered(number):
    """One of 98 versions as long as 0.1.0 and other than it. All end alike: linkers lay a string that is the end of another, such
    as SCEP's "0", into it."""
    number = number % 98 + 2
    return f"{number // 10}.{number % 10}.0"


def next_version(plugin, version, directory):
    """A copy of the plugin with another version of the same length, as a vendor's next build; its path."""
    plugin, directory = pathlib.Path(plugin), pathlib.Path(directory)
    data, old = plugin.read_bytes(), version_of(plugin)
    if len(old) != len(version):
        raise ValueError(f"{version} is not as long as {old}")
    pattern = b"\0" + old.encode() + b"\0"
    if data.count(pattern) < 2:
        raise ValueError(f"{plugin} has its version {data.count(pattern)} times, not in note and descriptor")
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / plugin.name
    path.unlink(missing_ok=True)
    path.write_bytes(data.replace(pattern, b"\0" + version.encode() + b"\0"))
    shutil.copymode(plugin, path)
    path.chmod(0o755)
    return path
