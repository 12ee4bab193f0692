"""How work is cut into batches: by tokens for the encoder, by rows for the vocabulary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

# Tokens of one forward pass: enough to keep the cores busy, few enough for progress to move.
BATCH_TOKENS = 2**11
# Rows of logits at once: few enough for [rows, vocabulary] to stay near the processor's cache.
VOCABULARY_ROWS = 64
# Logits at one time (64 MiB): large vocabularies have to fit into memory, also in models that are run whole.
MOST_LOGITS = 2**24


def token_batches(
    lengths: Sequence[int], *, tokens: int | None = None, rows: int | None = None
) -> Iterator[slice]:
    """Slices that cut texts of these lengths into batches, in order.

    Padded to its longest text, a batch has at most `tokens` tokens (default: BATCH_TOKENS) and at most `rows`
    texts (default: no limit), but always one text. Sort by length so that little is padded.

    >>> list(token_batches([9, 5, 5, 5], tokens=10))
    [slice(0, 1, None), slice(1, 3, None), slice(3, 4, None)]
    """
    tokens = BATCH_TOKENS if tokens is None else tokens
    start = longest = 0
    for end, length in enumerate(lengths):
        padded = max(longest, length)
        count = end - start + 1
        if count > 1 and (count * padded > tokens or (rows is not None and count > rows)):
            yield slice(start, end)
            start, padded = end, length
        longest = padded
    if start < len(lengths):
        yield slice(start, len(lengths))
