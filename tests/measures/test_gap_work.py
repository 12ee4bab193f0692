"""The tokens that a model reads for gaps: the estimate beside what is really read."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from fairkd.lexicon import Template, contrasts, make_contrast
from fairkd.measures import word_gaps
from fairkd.measures.gap_work import gap_tokens
from fairkd.models import MaskedLM
from fairkd.predictions import token_scores

TEMPLATES = [
    Template("[MASK] is {a profession}.", "subject"),
    Template("The {profession} said [MASK].", "object"),
]


@pytest.mark.parametrize("prior", [False, True])
@pytest.mark.parametrize("words", [None, {"a": ["he", "zoologist"], "b": ["she", "milkshakes", "nurse"]}])
def test_the_estimate_is_near_what_the_model_reads(
    any_family: MaskedLM, words: dict[str, list[str]] | None, prior: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    contrast = contrasts()["pronouns"] if words is None else make_contrast("own", words)
    names = ["doctor", "zoologist", "milk farmer"]
    read: list[int] = []
    original = token_scores._batches

    def counting(inputs: Iterable[tuple[int, ...]], tokens: int) -> list[list[tuple[int, ...]]]:
        batches = original(inputs, tokens)
        read.extend(len(ids) for batch in batches for ids in batch)
        return batches

    monkeypatch.setattr(token_scores, "_batches", counting)
    word_gaps.gaps(any_family, contrast=contrast, templates=TEMPLATES, professions=names, prior=prior)
    estimate = gap_tokens(any_family, contrast=contrast, templates=TEMPLATES, professions=names, prior=prior)
    # Equal priors are read once, and tokens join across the seams: the estimate is rather too high.
    assert 0.8 * sum(read) <= estimate <= 2.5 * sum(read)


def test_without_sentences_nothing_is_read(tiny_bert: MaskedLM) -> None:
    pronouns = contrasts()["pronouns"]
    assert gap_tokens(tiny_bert, contrast=pronouns, templates=TEMPLATES, professions=[]) == 0
    assert gap_tokens(tiny_bert, contrast=pronouns, templates=[], professions=["nurse"]) == 0
