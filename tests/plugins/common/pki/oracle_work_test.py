"""Refusing a broken request must cost the same whatever is broken: SCEP is a public decryption service.

    oracle_work_test.py [--uses-of-a-key N] PROBE [ARGUMENT...]

runs PROBE under callgrind and compares the instructions of refusing each message. N is how often a message makes a private
key work.
"""

import argparse
import collections
import pathlib
import re
import statistics
import subprocess
import tempfile

# Between the kinds of breakage, in parts of the median; what a single message may add to that is the reading of what
# happened to be decrypted.
LARGEST_DIFFERENCE = 0.001
LARGEST_SPREAD = 0.002
# OpenSSL makes a new blinding factor on every 32nd use of a key, whatever is decrypted: half a use's work or so.
BLINDING_FACTOR = 0.3
USES_OF_A_FACTOR = 32


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
    parser = argparse.ArgumentParser()
    parser.add_argument("--uses-of-a-key", type=int, default=1)
    parser.add_argument("probe", type=pathlib.Path)
    parser.add_argument("arguments", nargs="*", help="for PROBE")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={place}/dump",
                        options.probe.resolve(), *options.arguments], check=True, cwd=place)
        work = counts(pathlib.Path(place))
    good = work.pop("good")
    middle = statistics.median(work.values())
    blinded = [name for name, count in work.items() if count > middle * (1 + BLINDING_FACTOR / options.uses_of_a_key)]
    for name in blinded:
        del work[name]
    spread = (max(work.values()) - min(work.values())) / middle
    kinds = collections.defaultdict(list)
    for name, count in work.items():
        kinds[name.rstrip("0123456789")].append(count)
    medians = {kind: statistics.median(each) for kind, each in kinds.items()}
    difference = (max(medians.values()) - min(medians.values())) / middle
    print(f"{len(work)} refusals, median {middle:.0f} instructions, {difference:.5f} between kinds, {spread:.5f} between "
          f"messages; the first message: {good}")
    assert len(work) >= 30, "too few messages were measured"
    most = options.uses_of_a_key * (1 + len(work) // USES_OF_A_FACTOR)
    assert len(blinded) <= most, f"more expensive than blinding explains: {blinded}"
    assert difference <= LARGEST_DIFFERENCE, medians
    assert spread <= LARGEST_SPREAD, sorted(work.items(), key=lambda row: row[1])


if __name__ == "__main__":
    main()
