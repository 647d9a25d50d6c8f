"""One call through the contract into a loaded plugin: a 4 KB request goes in, a 4 KB certificate comes back.

Held against the same done by a C++ object behind a virtual function in the same program, which is what the host would do if
it had no contract. Below 1 by nature: the difference is what the contract costs.
"""
from tests.bench.report import throughput
from tests.bench.slices import Program, interleave

NAMES = ["abi.call.in_process"]
SLICE_MS = 150


def run(name, build):
    with Program(build / "bin" / "abi_bench") as program:
        program.rate("abi", SLICE_MS)
        rounds = interleave(lambda: program.rate("direct", SLICE_MS), lambda: program.rate("abi", SLICE_MS), [program.pid])
        copy_us = 1e6 / program.rate("copy", SLICE_MS)
    rate, direct = rounds.pairs[len(rounds.pairs) // 2]
    return [throughput(name, "/s", "direct virtual call", rounds.pairs, None, rounds.noisy,
                       f"one call takes {1e6 / rate:.2f} us, the direct one {1e6 / direct:.2f} us, copying 4 KB {copy_us:.2f} us")]
