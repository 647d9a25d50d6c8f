"""What `./dev bench [NAME...] [--json FILE]` runs. Names select by their beginning; without one, all run."""
import argparse
import pathlib
import sys
import time

from tests.bench import abi_call, fairness, idle_connections, journal_commit, journal_flat, lone_request, memory_idle, ocsp_reply, report, scep_core, scep_enrol, scep_flat, slices, start_first_reply, swaps, vs_step_ca, workers

BENCHES = {name: bench
           for bench in (scep_core, scep_enrol, lone_request, vs_step_ca, scep_flat, idle_connections, fairness, abi_call, workers, ocsp_reply, swaps, journal_commit, journal_flat, start_first_reply, memory_idle) for name in bench.NAMES}
IDLE_LOOK_S = 0.5


def select(wanted, names):
    """The names that begin with one of `wanted`, in their own order; all when nothing is wanted. An unknown one raises."""
    for each in wanted:
        if not any(name.startswith(each) for name in names):
            raise ValueError(f'there is no benchmark "{each}"; there are: {", ".join(names)}')
    return [name for name in names if not wanted or name.startswith(tuple(wanted))]


def strangers():
    """How many cores are busy with something else right now."""
    with slices.Watch([]) as watch:
        time.sleep(IDLE_LOOK_S)
    return watch.foreign


def run_all(names, build):
    results = []
    for name in names:
        print(f"==> bench: {name}", flush=True)
        results += BENCHES[name].run(name, build)
    return results


def warn_of_noise(before, results):
    noisy = [result.name for result in results if result.noisy_rounds]
    if before > slices.QUIET_CORES:
        print(f"NOISY: other processes kept {before:.1f} cores busy before the first benchmark.")
    if noisy:
        print(f"NOISY: other processes were busy in rounds of {', '.join(noisy)}, retries included. Ratios hold roughly, values "
              "do not: run them again on a quiet machine.")


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="beginning of a benchmark's name; all of them if there is none")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="writes an array of name, value, unit, against, ratio")
    parser.add_argument("--build", required=True, type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        names = select(options.names, list(BENCHES))
    except ValueError as unknown:
        parser.error(str(unknown))
    before = strangers()
    results = run_all(names, options.build.resolve())
    print(report.table(results))
    warn_of_noise(before, results)
    if options.json:
        options.json.write_text(report.to_json(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
