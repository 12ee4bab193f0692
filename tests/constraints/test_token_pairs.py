"""Pairs of token ids in place of words: the same constraint, and what is refused."""

from __future__ import annotations

import pytest
import torch

from fairkd.constraints import TokenPairs, group_names, preview_constraint, resolve
from fairkd.errors import InputError
from fairkd.lexicon import make_contrast
from fairkd.models.loading import MaskedLM


def ids(lm: MaskedLM, *words: str) -> list[int]:
    return [lm.vocabulary.index(word) for word in words]


def test_token_ids_make_the_constraint_that_their_words_make(tiny_bert: MaskedLM) -> None:
    he, she, his, her = ids(tiny_bert, "he", "she", "his", "her")
    pairs = TokenPairs(((he, she), (his, her)))
    words = make_contrast("own", {"he": ["he", "his"], "she": ["she", "her"]})
    log_p = torch.randn(3, tiny_bert.vocabulary_size).log_softmax(1)
    for kind in ("logit_mean", "mass_preserving", "group"):
        found, expected = (resolve(tiny_bert, one, kind=kind) for one in (pairs, words))
        assert found == expected and torch.equal(found(log_p), expected(log_p))
    assert resolve(tiny_bert, pairs, kind="group", shares=(0.7, 0.3)).groups == ((he, his), (she, her))
    assert group_names(tiny_bert, pairs) == ("he", "she")


def test_a_preview_shows_the_words_of_the_tokens(tiny_bert: MaskedLM) -> None:
    pairs = TokenPairs((tuple(ids(tiny_bert, "milk", "water")),))  # type: ignore[arg-type]
    edit = preview_constraint(tiny_bert, "[MASK] is a drink", pairs, kind="logit_mean")
    milk, water = edit.groups
    assert (milk.name, water.name) == ("milk", "water") and milk.after == pytest.approx(water.after)


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        ([["he", "she"], ["his", "she"]], r"token \d+ \('she'\) is in two pairs, also in 'he' and 'she'"),
        ([["he", "he"]], r"token \d+ \('he'\) is twice in one pair of the constraint"),
        ([["he", "she"], ["[MASK]", "her"]], r"token \d+ \('\[MASK\]'\) is a special token of"),
    ],
)
def test_tokens_that_cannot_be_paired_are_named(
    tiny_bert: MaskedLM, tokens: list[list[str]], said: str
) -> None:
    pairs = TokenPairs(tuple((a, b) for a, b in (ids(tiny_bert, *pair) for pair in tokens)))
    for kind in ("logit_mean", "group", "none"):
        with pytest.raises(InputError, match=said):
            resolve(tiny_bert, pairs, kind=kind)


def test_an_id_beyond_the_vocabulary_is_refused(tiny_bert: MaskedLM) -> None:
    size = tiny_bert.vocabulary_size
    with pytest.raises(
        InputError, match=f"There is no token {size} in .*: expected ids from 0 to {size - 1}"
    ):
        resolve(tiny_bert, TokenPairs(((5, size),)), kind="group")
