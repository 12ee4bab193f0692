"""What the tests of corpora read back."""

from __future__ import annotations

from fairkd import corpora


def everything(corpus: corpora.Corpus) -> set[str]:
    return set(corpus.training + corpus.held_out)
