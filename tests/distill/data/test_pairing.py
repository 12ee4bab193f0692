"""Texts as tokens of two models, and masks that hide the same words in both."""

from __future__ import annotations

import numpy as np
import pytest

from fairkd.distill.data.masking import Masking
from fairkd.distill.data.paired_masking import PairedMasker
from fairkd.distill.data.pairing import NO_WORD, PairedText, pair_texts
from fairkd.distill.losses.targets import IGNORED
from fairkd.models.loading import MaskedLM
from fairkd.models.vocabulary_match import MatchedVocabularies
from tests.tiny import SENTENCES

TEXTS = [
    "He is a zoologist, (she said).",
    *SENTENCES[:12],
    "Zoologists liked zoologists, botanists, biologists.",
]


def spelled(lm: MaskedLM, ids: np.ndarray) -> str:
    return lm.tokenizer.decode(ids, skip_special_tokens=True).strip().lower()


@pytest.fixture
def pair(tiny_bert: MaskedLM, tiny_roberta: MaskedLM) -> tuple[MaskedLM, MaskedLM]:
    return tiny_bert, tiny_roberta


def words(lms: tuple[MaskedLM, MaskedLM], text: PairedText) -> list[tuple[str, str, bool]]:
    """Each word as both models' tokens spell it, and whether it is single."""
    return [
        (
            spelled(lms[0], text.teacher[text.teacher_words == number]),
            spelled(lms[1], text.student[text.student_words == number]),
            bool(text.single[number]),
        )
        for number in range(len(text.single))
    ]


def test_words_are_the_same_characters_in_both_models(pair: tuple[MaskedLM, MaskedLM]) -> None:
    (text,) = pair_texts(*pair, TEXTS[:1], max_tokens=64)
    found = words(pair, text)
    assert [one for one, _, _ in found] == ["he", "is", "a", "zoologist", ",", "(", "she", "said", ")", "."]
    assert all(one == other for one, other, _ in found)
    # The space before the bracket is a token of its own in this RoBERTa.
    assert [word for word, _, single in found if not single] == ["zoologist", "("]
    assert (text.teacher_words == NO_WORD).sum() == 2, "the special tokens"


def test_long_texts_are_cut_after_a_word_that_fits_both(pair: tuple[MaskedLM, MaskedLM]) -> None:
    (whole,) = pair_texts(*pair, TEXTS[:1], max_tokens=64)
    (cut,) = pair_texts(*pair, TEXTS[:1], max_tokens=9)
    assert len(cut.longer) <= 9
    assert words(pair, cut) == words(pair, whole)[: len(cut.single)]
    for lm, ids in zip(pair, (cut.teacher, cut.student), strict=True):
        assert ids[-1] == lm.tokenizer.sep_token_id


def test_whole_words_are_hidden_in_both_inputs(pair: tuple[MaskedLM, MaskedLM]) -> None:
    texts = pair_texts(*pair, TEXTS, max_tokens=64)
    masker = PairedMasker(MatchedVocabularies(*pair), Masking(0.8, 0.7, 0.2), seed=3)
    examples = np.arange(len(texts))
    batch = masker(texts, examples, epoch=1)
    labels = np.full(batch.ids.shape, IGNORED)
    labels.flat[batch.rows.numpy()] = batch.labels.numpy()
    masked = [0, 0]
    for row, text in enumerate(texts):
        sides = (
            (pair[0], batch.teacher_ids[row].numpy(), text.teacher, text.teacher_words),
            (pair[1], batch.ids[row].numpy(), text.student, text.student_words),
        )
        for number, single in enumerate(text.single):
            shown = [(lm, ids[: len(own)][at == number], own[at == number]) for lm, ids, own, at in sides]
            hidden = [(ids == lm.mask_id).all() for lm, ids, _ in shown]
            assert hidden[0] == hidden[1]
            assert all(hidden) or not any((ids == lm.mask_id).any() for lm, ids, _ in shown)
            masked[int(single)] += bool(hidden[0])
            changed = [not np.array_equal(ids, own) for _, ids, own in shown]
            assert changed[0] == changed[1], "a random word takes the place in both"
            if changed[0] and not hidden[0]:
                one, other = (spelled(lm, ids) for lm, ids, _ in shown)
                assert single and one.removeprefix("##") == other
            at = np.flatnonzero(text.student_words == number)
            wanted = labels[row][at]
            assert (wanted == IGNORED).all() or np.array_equal(wanted, text.student[at])
            assert not hidden[0] or (wanted != IGNORED).all()
    assert all(masked), "of one token and of several"
    flat = (
        batch.ids.flatten()[batch.rows][batch.student_rows],
        batch.teacher_ids.flatten()[batch.teacher_rows],
    )
    assert ((flat[0] == pair[1].mask_id) == (flat[1] == pair[0].mask_id)).all()
    again = masker(texts[4:6], examples[4:6], epoch=1)
    width = again.ids.shape[1]
    assert (again.ids == batch.ids[4:6, :width]).all(), "a mask depends on the example, not on its batch"
