"""Statistics, table, JSON and the choice of benchmarks; nothing here is timed."""
import itertools
import json

import pytest

from tests.bench import report, run, slices


class Scripted:
    """A watch that finds so many busy cores, one round after the other."""

    def __init__(self, foreign):
        self._foreign = iter(foreign)
        self.foreign = None

    def __call__(self, pids):
        return self

    def __enter__(self):
        self.foreign = next(self._foreign)
        return self

    def __exit__(self, *failure):
        pass


def test_a_ratio_is_the_median_of_ratios_and_not_the_ratio_of_medians():
    result = report.throughput("a", "/s", "floor", [(10, 100), (60, 100), (30, 30)])
    assert result.ratio == 0.6
    assert result.value == 30
    assert result.against == "floor, 100 /s"
    assert (result.low, result.high) == (0.1, 1.0)


def test_the_spread_of_many_rounds_leaves_out_the_best_and_the_worst():
    assert report.spread([5, 1, 4, 2, 3]) == (2, 4)
    assert report.spread([3, 1, 2]) == (1, 3)


def test_a_value_under_its_bound_is_better_than_one():
    result = report.bounded("start", "ms", 100, [50, 60, 40])
    assert (result.value, result.ratio, result.short) == (50, 2.0, False)
    assert report.bounded("start", "ms", 100, [125]).short


def test_the_json_has_the_five_keys_and_numbers():
    text = report.to_json([report.bounded("start", "ms", 100, [80.00001])])
    assert json.loads(text) == [{"name": "start", "value": 80.0, "unit": "ms", "against": "at most 100 ms", "ratio": 1.25}]


def test_the_table_tells_what_falls_short_and_what_was_noisy():
    good = report.throughput("good", "/s", "floor", [(2000, 2000)], goal=0.5, note="quick")
    bad = report.throughput("bad", "/s", "floor", [(100, 1000)], goal=0.5, noisy_rounds=3)
    lines = report.table([good, bad]).splitlines()
    assert [line for line in lines if "SHORT" in line] == [line for line in lines if line.startswith("bad ")]
    assert "3 noisy" in lines[3] and "2,000 /s" in lines[2] and ">= 0.50" in lines[2]
    assert lines[-1] == "good: quick"


def test_each_round_holds_the_variant_against_the_references_around_it():
    references = iter([100, 300, 10, 30])
    rounds = slices.interleave(lambda: next(references), lambda: 50, [], rounds=2, watch=Scripted([0, 0]))
    assert rounds.pairs == [(50, 200), (50, 20)]
    assert rounds.noisy == 0


def test_a_noisy_round_is_repeated():
    rates = iter([1, 2, 3])
    rounds = slices.interleave(lambda: 1, lambda: next(rates), [], rounds=2, watch=Scripted([0, 1.5, 0]))
    assert [rate for rate, _ in rounds.pairs] == [1, 3]
    assert (rounds.noisy, rounds.retried) == (0, 1)


def test_retries_end_and_the_least_noisy_rounds_count():
    rates = iter(range(100))
    foreign = [0] + [2.0 - i / 10 for i in range(1, 2 + slices.MOST_RETRIES)]
    rounds = slices.interleave(lambda: 1, lambda: next(rates), [], rounds=2, watch=Scripted(foreign))
    assert [rate for rate, _ in rounds.pairs] == [0, 1 + slices.MOST_RETRIES]
    assert (rounds.noisy, rounds.retried) == (1, slices.MOST_RETRIES)


def test_a_benchmark_ends_after_its_time_with_the_fewest_rounds_that_mean_something():
    minutes = itertools.count(0, 60)
    rounds = slices.interleave(lambda: 1, lambda: 1, [], rounds=9, watch=Scripted([0] * 9), clock=lambda: next(minutes))
    assert len(rounds.pairs) == slices.FEWEST_ROUNDS


def test_the_kernels_counters_are_read():
    assert slices.busy_ticks("cpu  1 2 4 1000 1000 8 16 32 0 0") == 63
    # A process may have any name.
    assert slices.process_ticks("7 (a) b (c) S 1 7 7 0 -1 0 9 9 9 9 10 20 3 4 20 0 1") == 37


def test_names_select_by_their_beginning_in_the_order_of_the_list():
    names = ["scep.a", "scep.b", "journal.c"]
    assert run.select([], names) == names
    assert run.select(["journal", "scep.b"], names) == ["scep.b", "journal.c"]


def test_an_unknown_name_is_an_error_that_lists_the_names(capsys):
    with pytest.raises(SystemExit) as ended:
        run.main(["--build", "nowhere", "scep.enroll"])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert 'no benchmark "scep.enroll"' in told and "memory.idle" in told
