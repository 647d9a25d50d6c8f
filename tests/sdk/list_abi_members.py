#!/usr/bin/python3
"""Lists every struct, member and constant of the contract's headers as C macros for abi_layout_test.c, so that none
can be forgotten there.

usage: list_abi_members.py INCLUDE_DIR OUTPUT
"""
import pathlib
import re
import sys

VERSION_MACROS = {"CERTSPAN_ABI_MAJOR", "CERTSPAN_ABI_MINOR", "CERTSPAN_ABI_BUILD"}


def without_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S).replace("\\\n", " ")


def constants(text):
    pattern = r'^#define (CERTSPAN_\w+) +("[^"]*"|\d+u?|UINT64_MAX) *$'
    for name, value in re.findall(pattern, text, flags=re.M):
        if name not in VERSION_MACROS:
            yield f"{'TEXT' if value.startswith(chr(34)) else 'NUMBER'}({name})"


def members(struct, body):
    for declaration in filter(None, (part.strip() for part in body.split(";"))):
        declaration = re.sub(r"\s+", " ", declaration)
        declaration = re.sub(r"\) ?CERTSPAN_NOEXCEPT", ")", declaration)
        name = re.search(r"\(\*(\w+)\)|(\w+)$", declaration)
        if name is None:
            sys.exit(f"{struct}: cannot read the member '{declaration}'")
        yield f'MEMBER({struct}, {name.group(1) or name.group(2)}, "{declaration}")'


def main():
    include_dir, output = map(pathlib.Path, sys.argv[1:])
    lines = []
    headers = sorted((include_dir / "certspan" / "abi").glob("*.h"))
    for header in headers:
        text = without_comments(header.read_text())
        lines += constants(text)
        code = re.sub(r"^#.*$", "", text, flags=re.M)
        structs = re.findall(r"typedef struct (\w+) \{(.*?)\} \1;", code, flags=re.S)
        if code.count("{") != len(structs):
            sys.exit(f"{header}: braces outside of 'typedef struct NAME {{ ... }} NAME;' are not understood")
        for struct, body in structs:
            lines.append(f"STRUCT({struct})")
            lines += members(struct, body)
    includes = [f"#include <certspan/abi/{header.name}>" for header in headers]
    output.write_text("\n".join(["#ifdef ABI_INCLUDES", *includes, "#else", *lines, "#endif", ""]))


if __name__ == "__main__":
    main()
