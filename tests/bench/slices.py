"""Slices of work, interleaved with the reference that they are held against, while the machine is watched.

On a shared machine the same program runs up to twice as fast from one minute to the next, so only ratios of slices that
ran right after each other mean anything, and a slice beside busy strangers is thrown away.
"""
import dataclasses
import os
import pathlib
import statistics
import subprocess
import threading
import time

QUIET_CORES = 0.2       # of strangers' work in a slice that still counts as quiet
MOST_RETRIES = 3        # of noisy rounds, in one benchmark
BUDGET_S = 30           # for one benchmark; after that FEWEST_ROUNDS are enough, noisy or not
FEWEST_ROUNDS = 3
ANSWER_LIMIT_S = 120
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def busy_ticks(stat_line):
    """Ticks that any core was not idle, of the first line of /proc/stat. Stolen time counts: it is a neighbour's."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, stat_line.split()[1:9])
    return user + nice + system + irq + softirq + steal


def process_ticks(stat_text):
    """CPU ticks of a process and of its children that it has waited for, of /proc/PID/stat."""
    fields = stat_text.rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15]))


def cpu_us(pid):
    """What a process has used so far; in steps of a tick."""
    return process_ticks(pathlib.Path(f"/proc/{pid}/stat").read_text()) * 1e6 / TICKS_PER_S


def with_children(pid):
    """The process, and those that its threads have started: a host's workers."""
    lists = [task.joinpath("children").read_text().split() for task in pathlib.Path(f"/proc/{pid}/task").iterdir()]
    return [pid, *(int(child) for children in lists for child in children)]


class Watch:
    """How many cores strangers kept busy while `with` ran: everything but `pids`, their children, and this process."""

    def __init__(self, pids):
        self._pids = [*(one for pid in pids for one in with_children(pid)), os.getpid()]
        self.foreign = 0.0

    def _ticks(self):
        with open("/proc/stat", encoding="ascii") as stat:
            busy = busy_ticks(stat.readline())
        return busy - sum(process_ticks(pathlib.Path(f"/proc/{pid}/stat").read_text()) for pid in self._pids)

    def __enter__(self):
        self._start, self._before = time.monotonic(), self._ticks()
        return self

    def __exit__(self, *failure):
        if failure[0] is None:
            took = max(time.monotonic() - self._start, 1 / TICKS_PER_S)
            self.foreign = max(0.0, (self._ticks() - self._before) / TICKS_PER_S / took)


class Program:
    """A program that serves slices (tests/bench/slice_server.hpp). Use it in `with`."""

    def __init__(self, *command):
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self._process.pid

    def __enter__(self):
        if self._answer() != "ready":
            self._fail("did not start")
        return self

    def __exit__(self, *failure):
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _answer(self):
        timer = threading.Timer(ANSWER_LIMIT_S, self._process.kill)
        timer.start()
        try:
            return self._process.stdout.readline().strip()
        finally:
            timer.cancel()

    def _fail(self, what):
        raise RuntimeError(f"{self._process.args[0]} {what}; its exit code is {self._process.wait()}")

    def slice(self, name, length):
        """(count, seconds) of one slice."""
        self._process.stdin.write(f"{name} {length}\n")
        self._process.stdin.flush()
        words = self._answer().split()
        if len(words) != 2:
            self._fail(f"ended in the slice {name}")
        return int(words[0]), float(words[1])

    def rate(self, name, length_ms):
        count, seconds = self.slice(name, length_ms)
        return count / seconds


@dataclasses.dataclass
class Rounds:
    """(rate, reference) of each round that counts; `noisy` of them had strangers beside them, `foreign` cores of them."""
    pairs: list
    noisy: int = 0
    retried: int = 0
    foreign: float = 0.0


def interleave(reference, variant, pids, rounds=7, before_round=lambda: None, watch=Watch, clock=time.monotonic):
    """reference, variant, reference, for each round: the variant's rate and the mean of the references around it.

    `reference` and `variant` are functions that return a rate. Noisy rounds are repeated, MOST_RETRIES of them and within
    BUDGET_S; after that they count, and are told.
    """
    quiet, noisy, foreign = [], [], []
    end = clock() + BUDGET_S
    while len(quiet) < rounds and len(quiet) + len(noisy) < rounds + MOST_RETRIES:
        if clock() > end and len(quiet) + len(noisy) >= FEWEST_ROUNDS:
            break
        before_round()
        with watch(pids) as watched:
            first = reference()
            rate = variant()
            last = reference()
        foreign.append(watched.foreign)
        pair = (rate, (first + last) / 2)
        (quiet if watched.foreign <= QUIET_CORES else noisy).append((watched.foreign, pair))
    used_noisy = sorted(noisy)[:rounds - len(quiet)]
    return Rounds([pair for _, pair in quiet + used_noisy], len(used_noisy), len(noisy) - len(used_noisy),
                  statistics.median(foreign))


def repeat(measure, pids, rounds=7):
    """The same for figures that are held against a bound: `measure` returns one."""
    measured = interleave(lambda: 1.0, measure, pids, rounds)
    measured.pairs = [value for value, _ in measured.pairs]
    return measured
