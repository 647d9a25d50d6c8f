#!/usr/bin/python3
"""Compares the contract with what was recorded, by libabigail's abidiff, and tells in its words what changed.

Growth at the end of a struct that begins with `struct_size` is let through; a member that was inserted, taken away, moved or
given another type is a break, and so is growth of a struct that is frozen. A break is only taken with a new CERTSPAN_ABI_BUILD.

abidiff itself calls growth a change, and its suppression for growth hides other changes of the same struct (2.2). So what was
appended is cut off a copy of the headers, and the rest has to be exactly what was recorded.

usage: abi_guard.py INCLUDE_DIR BASELINES            compares with BASELINES/build-N.abi, N being CERTSPAN_ABI_BUILD, and from
                                                     1.0 on with BASELINES/MAJOR.MINOR.abi of every release of this major
       abi_guard.py INCLUDE_DIR BASELINES --record   records build N, in place of builds before it
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

STRUCT = re.compile(r"(?<=typedef struct )(\w+) \{(.*?)\} (?=\1;)", re.S)
MEMBER_NAME = re.compile(r"\(\*(\w+)\)|(\w+)$")


def without_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def structs(headers):
    """name -> body of every struct of the contract; `headers` are texts without comments."""
    code = re.sub(r"^#.*$", "", "\n".join(headers.values()).replace("\\\n", " "), flags=re.M)
    return dict(STRUCT.findall(code))


def members(body):
    """(name, declaration) of each member, in order."""
    for declaration in filter(None, (part.strip() for part in body.split(";"))):
        plain = re.sub(r"\) ?CERTSPAN_NOEXCEPT$", ")", re.sub(r"\s+", " ", declaration))
        name = MEMBER_NAME.search(plain)
        yield name.group(1) or name.group(2), declaration


def read_headers(include_dir):
    return {file.name: without_comments(file.read_text()) for file in sorted((include_dir / "certspan" / "abi").glob("*.h"))}


def version(include_dir):
    text = (include_dir / "certspan/abi/base.h").read_text()
    return tuple(int(re.search(rf"#define CERTSPAN_ABI_{part} (\d+)", text).group(1)) for part in ("MAJOR", "MINOR", "BUILD"))


def describe(headers, names, folder):
    """The structs `names` of these headers as abixml. A function of each makes abidiff see it: behind a `void*`, or without
    debug information, it finds no break at all."""
    place = folder / "certspan" / "abi"
    place.mkdir(parents=True, exist_ok=True)
    lines = [f"#include <certspan/abi/{name}>" for name in headers]
    for name, text in headers.items():
        (place / name).write_text(text)
    for name in sorted(names):
        lines.append(f"void probe_{name}(const {name}* one);\nvoid probe_{name}(const {name}* one) {{ (void)one; }}")
    source, library, described = folder / "abi_probe.c", folder / "abi_probe.so", folder / "described.abi"
    source.write_text("\n".join(lines) + "\n")
    subprocess.run(["gcc", "-std=c11", "-g", "-O0", "-shared", "-fPIC", f"-I{folder}", source, "-o", library], check=True)
    subprocess.run(["abidw", "--no-comp-dir-path", "--no-corpus-path", "--no-show-locs", "--no-elf-needed",
                    "--out-file", described, library], check=True)
    return described.read_text()


def recorded_members(baseline):
    """struct -> names of its members, as recorded."""
    tree = xml.etree.ElementTree.parse(baseline)
    return {entry.get("name"): [member.get("name") for member in entry.findall("data-member/var-decl")]
            for entry in tree.iter("class-decl") if entry.get("is-declaration-only") != "yes"}


def without_growth(headers, recorded):
    """The headers, with what was appended since cut off the structs that may grow."""

    def cut(match):
        name, body = match.groups()
        before = recorded.get(name, [])
        if "struct_size" not in before:
            return match.group(0)
        now = list(members(body))
        if [member for member, _ in now[:len(before)]] != before:
            return match.group(0)
        kept = "".join(f"  {declaration};\n" for _, declaration in now[:len(before)])
        return match.group(0) if len(now) == len(before) else f"{name} {{\n{kept}}} "

    return {name: STRUCT.sub(cut, text) for name, text in headers.items()}


def abidiff(*arguments):
    done = subprocess.run(["abidiff", *arguments], capture_output=True, text=True, check=False)
    if done.returncode & 3:
        sys.exit(f"abidiff failed: {done.stdout}{done.stderr}")
    return done


def is_broken(baseline, headers):
    recorded = recorded_members(baseline)
    names = [name for name in structs(headers) if name in recorded]
    with tempfile.TemporaryDirectory() as folder:
        now, rest = pathlib.Path(folder) / "now", pathlib.Path(folder) / "rest"
        now.write_text(describe(headers, structs(headers), pathlib.Path(folder) / "whole"))
        kept = without_growth(headers, recorded)
        if structs(kept) == structs(headers) and len(names) == len(structs(headers)):
            rest = now  # nothing has grown
        else:
            rest.write_text(describe(kept, names, pathlib.Path(folder) / "cut"))
        told = abidiff("--leaf-changes-only", "--harmless", baseline, now).stdout.strip()
        broken = abidiff(baseline, rest).returncode != 0
    if told:
        print(f"since {baseline.name}:\n{told}\n")
    return broken


def compare(include_dir, place):
    major, _, build = version(include_dir)
    own = place / f"build-{build}.abi"
    if not own.exists():
        print(f"build {build} of the contract is not recorded: {sys.argv[0]} {include_dir} {place} --record")
        return 1
    files = [own, *sorted(place.glob(f"{major}.*.abi"))] if major else [own]
    headers = read_headers(include_dir)
    broken = [file for file in files if is_broken(file, headers)]
    print(f"abi guard: {len(structs(headers))} structs against {len(files)} recorded, {len(broken)} broken")
    if broken:
        print("A plugin that was built before would be misread. Append instead; or raise CERTSPAN_ABI_BUILD in "
              "sdk/include/certspan/abi/base.h\nand record it (--record). docs/abi-policy.md says when.")
    return 1 if broken else 0


def record(include_dir, place):
    build = version(include_dir)[2]
    old = sorted(place.glob("build-*.abi"))
    highest = max((int(file.stem.split("-")[1]) for file in old), default=0)
    if build <= highest:
        print(f"build {highest} is recorded: raise CERTSPAN_ABI_BUILD in sdk/include/certspan/abi/base.h first")
        return 1
    headers = read_headers(include_dir)
    with tempfile.TemporaryDirectory() as folder:
        text = describe(headers, structs(headers), pathlib.Path(folder))
    for file in old:
        file.unlink()
    (place / f"build-{build}.abi").write_text(text)
    return 0


def main():
    if len(sys.argv) not in (3, 4) or sys.argv[3:] not in ([], ["--record"]):
        sys.exit(__doc__)
    include_dir, place = map(pathlib.Path, sys.argv[1:3])
    sys.exit((record if sys.argv[3:] else compare)(include_dir, place))


if __name__ == "__main__":
    main()
