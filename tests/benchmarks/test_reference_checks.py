"""The badge of a benchmark: against what it was checked."""

from fairkd.benchmarks import reference_check


def test_a_benchmark_that_was_never_checked_has_no_badge() -> None:
    found = reference_check("crows-pairs")
    assert found is not None and found.items > 0 and found.largest_difference < 1e-4
    assert reference_check("of-a-newer-version") is None
