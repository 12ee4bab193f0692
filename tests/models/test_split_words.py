"""Words that are one token of one model, and several of the other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from fairkd.models.loading import MaskedLM
from fairkd.models.split_words import MOST_TOKENS
from fairkd.models.trimming import trim
from fairkd.models.vocabulary_match import MatchedVocabularies
from tests.tiny import WORDS


def tokens_of(lm: MaskedLM, word: str) -> list[int]:
    """The tokens of a word after a space."""
    ids = lm.tokenizer(f"and {word}", add_special_tokens=False)["input_ids"]
    return list(ids[len(lm.tokenizer("and", add_special_tokens=False)["input_ids"]) :])


def without_short_words(lm: MaskedLM) -> MaskedLM:
    """The model without the tokens of many short words, which it then splits into single characters."""
    gone = {token for word in WORDS[::2] if len(word) <= MOST_TOKENS for token in tokens_of(lm, word)}
    return trim(lm, set(range(lm.vocabulary_size)) - gone)[0]


def split_words(whole: MaskedLM, parts: MaskedLM) -> list[tuple[list[int], list[int]]]:
    """Words of one token in `whole` and of two to four in `parts`, with their tokens in both."""
    found = [(tokens_of(whole, word), tokens_of(parts, word)) for word in WORDS if word.islower()]
    return [(one, other) for one, other in found if len(one) == 1 and 1 < len(other) <= MOST_TOKENS]


@pytest.mark.parametrize("names", [("bert", "xlm-roberta"), ("roberta", "bert-cased"), ("bert", "roberta")])
def test_a_model_with_one_mask_is_compared_over_its_words_of_as_many_tokens(
    tiny_model: Callable[[str], MaskedLM], names: tuple[str, str]
) -> None:
    """Against a loop over all words of the model: their probability, by their token at each place."""
    lms = tiny_model(names[0]), without_short_words(tiny_model(names[1]))
    assert len(split_words(*lms)) > 3
    for student_splits in (True, False):
        teacher, student = lms if student_splits else lms[::-1]
        vocabularies = MatchedVocabularies(teacher, student)
        for one, several in split_words(*lms)[:4]:
            pair = (one, several) if student_splits else (several, one)
            found = vocabularies.comparisons(*pair)
            assert [both[student_splits] for both in found] == list(range(len(several)))
            assert {both[not student_splits] for both in found} == {0}
            logits = torch.randn(lms[0].vocabulary_size, 1, dtype=torch.float64)
            alike = {token[0]: parts for token, parts in split_words(*lms) if len(parts) == len(several)}
            for *_, form in found:
                match = vocabularies.at(form)
                role = "teacher" if student_splits else "student"
                p = match.class_logits(logits, role).softmax(0)[: match.classes, 0]
                members = match.teacher if student_splits else match.student
                kept = torch.nonzero(members <= match.classes).flatten().tolist()
                assert set(alike) <= set(kept), "words of as many tokens, and no others"
                assert p.sum().item() == pytest.approx(1)
                inside = logits[kept, 0].softmax(0)
                place = found.index(next(f for f in found if f[2] == form))
                own = match.student if student_splits else match.teacher
                token = several[place]
                same = [n for n, word in enumerate(kept) if members[word] == own[token]]
                assert p[own[token]].item() == pytest.approx(inside[same].sum().item())
                for word, parts in alike.items():
                    assert members[word] == own[parts[place]]


def test_a_word_is_not_compared_where_the_tokens_are_those_of_another(
    tiny_model: Callable[[str], MaskedLM],
) -> None:
    bert, roberta = tiny_model("bert"), without_short_words(tiny_model("roberta"))
    vocabularies = MatchedVocabularies(bert, roberta)
    one, several = split_words(bert, roberta)[0]
    assert vocabularies.comparisons(one, several)
    assert vocabularies.comparisons(one, several[::-1]) == []
    assert vocabularies.comparisons(several, several[:1] * 3) == [], "both split it, into unequal numbers"
    assert vocabularies.comparisons(one, several * MOST_TOKENS) == [], "of too many tokens"
