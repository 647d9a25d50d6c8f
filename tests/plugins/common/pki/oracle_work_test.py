"""Refusing a broken request must cost the same whatever is broken: SCEP is a public decryption service.

    oracle_work_test.py PROBE    runs PROBE under callgrind and compares the instructions of opening each message
"""

import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

# Of the median. What remains is the reading of what happened to be decrypted.
LARGEST_DIFFERENCE = 0.001
# OpenSSL makes a new blinding factor on every 32nd use of a key, whatever is decrypted.
BLINDING_FACTOR = 1.3


def counts(directory):
    found = {}
    for dump in directory.glob("dump*"):
        text = dump.read_text()
        name = re.search(r"Trigger: Client Request: (\S+)", text)
        total = re.search(r"^totals: (\d+)", text, re.M)
        if name and total:
            found[name.group(1)] = int(total.group(1))
    return found


def main():
    probe = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={place}/dump", probe],
                       check=True, cwd=place)
        work = counts(pathlib.Path(place))
    good = work.pop("good")
    middle = statistics.median(work.values())
    blinded = [name for name, count in work.items() if count > middle * BLINDING_FACTOR]
    for name in blinded:
        del work[name]
    spread = (max(work.values()) - min(work.values())) / middle
    print(f"{len(work)} refusals, median {middle:.0f} instructions, spread {spread:.5f}; accepted: {good}")
    assert len(work) >= 30, "too few messages were measured"
    assert len(blinded) <= 1 + len(work) // 32, f"more expensive than blinding explains: {blinded}"
    assert spread <= LARGEST_DIFFERENCE, sorted(work.items(), key=lambda row: row[1])


if __name__ == "__main__":
    main()
