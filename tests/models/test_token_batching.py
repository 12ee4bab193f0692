"""Cutting texts into batches of tokens."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, strategies as st

from fairkd.models import token_batches, token_batching

LENGTHS = st.lists(st.integers(1, 40), max_size=60)


@given(LENGTHS, st.integers(1, 100), st.none() | st.integers(1, 9))
def test_batches_are_in_order_and_as_large_as_the_budget_allows(
    lengths: list[int], tokens: int, rows: int | None
) -> None:
    batches = [lengths[batch] for batch in token_batches(lengths, tokens=tokens, rows=rows)]
    assert [length for batch in batches for length in batch] == lengths
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(batch) <= tokens
        assert rows is None or len(batch) <= rows
    for batch, below in pairwise(batches):
        more = [*batch, below[0]]
        assert len(more) * max(more) > tokens or len(more) == (rows or 0) + 1


@given(LENGTHS, st.integers(1, 100))
def test_sorted_texts_are_cut_as_an_epoch_of_earlier_versions_cut_them(
    lengths: list[int], tokens: int
) -> None:
    """Runs of earlier versions are resumed at a batch's number."""
    lengths.sort()
    found, start = [], 0
    while start < len(lengths):
        count = max(1, tokens // lengths[start])
        while count > 1 and count * lengths[min(start + count, len(lengths)) - 1] > tokens:
            count -= 1
        found.append(lengths[start : start + count])
        start += count
    assert [lengths[batch] for batch in token_batches(lengths, tokens=tokens)] == found


def test_the_budget_is_the_packages_own_unless_another_is_given() -> None:
    lengths = [16] * 1000
    size = token_batching.BATCH_TOKENS // 16
    assert next(token_batches(lengths)) == slice(0, size)
    assert next(token_batches(lengths, rows=7)) == slice(0, 7)
    assert list(token_batches([])) == []
