"""The closing line of a run adds up what each kind of suite reports."""
from tests.ci.count_results import count_text


def test_counts_ctest():
    assert count_text("100% tests passed, 0 tests failed out of 12\n") == (12, 0)
    assert count_text("83% tests passed, 2 tests failed out of 12\n") == (10, 2)


def test_counts_pytest():
    assert count_text("============ 12 passed in 3.21s ============") == (12, 0)
    assert count_text("==== 1 failed, 12 passed, 3 deselected, 2 errors in 63.21s (0:01:03) ====") == (12, 3)
    assert count_text("4 passed in 0.04s") == (4, 0)


def test_counts_lint():
    assert count_text("lint includes: 629 checks, 2 faults") == (627, 2)


def test_counts_nothing_else():
    assert count_text("I passed 3 tests and 4 failed\nlint tidy: 25 of 90 files\n=== 3 warnings ===\n") == (0, 0)
