"""Which "her" means "his" and which "him"; which "his" means "hers"."""

from __future__ import annotations

import pytest

from fairkd.augmentation.her_his import Resolver, by_rule, guess
from fairkd.augmentation.masked_words import MaskedWords
from fairkd.errors import InputError
from fairkd.models.loading import MaskedLM


def place(sentence: str) -> tuple[str, int]:
    """The sentence without its star, and the offset of the word that the star marks."""
    start = sentence.index("*")
    return sentence.replace("*", ""), start


@pytest.mark.parametrize(
    ("sentence", "word"),
    [
        ("I saw *her.", "him"),
        ("I saw *her", "him"),
        ("They gave *her the book .", "him"),
        ("*HER mother came.", "his"),
        ("It was *her own idea.", "his"),
        ("She met *her in-laws.", "his"),
        ("(I saw *her)", "him"),
        ("“I saw *her”", "him"),
        ('"I saw *her" is short', "him"),
        ('He met *her "friend"', None),
        ("I saw *her—there", "him"),
        ("*His and hers", "hers"),
        ("in [*her] mind", None),
        ("his (or *her) book", None),
        ("the book (not *his)", "hers"),
        ("I saw *her leave.", None),
        ("It is his or *her bed", None),
        ("*His book is here.", "her"),
        ("The book was *his.", "hers"),
        ("a friend of *his and Ann", "hers"),
        ("*his and Ann's house", "her"),
        ("A friend of *his came.", None),
        ("A part of *his plan was lost.", "her"),
        ("Three samples of *his blood were taken.", "her"),
        ("It was *his by right.", None),
    ],
)
def test_clear_cases_need_no_model(sentence: str, word: str | None) -> None:
    assert by_rule(*place(sentence)) == word
    assert guess(*place(sentence)) in ({word} if word else {"his", "him", "her", "hers"})


# Sentences that no rule decides, with the counterpart of the marked word.
UNDECIDED = {
    "They searched *her room in the morning.": "his",
    "She wrote *her songs at night.": "his",
    "It is his or *her bed.": "his",
    "I saw *her leave the house.": "him",
    "The story made *her famous.": "him",
    "He helped *her find a place to stay.": "him",
    "A friend of *his came to see me.": "hers",
    "It was a habit of *his to work late.": "hers",
}


def test_the_teacher_decides_the_rest_in_context(teacher: MaskedLM) -> None:
    places = [place(sentence) for sentence in UNDECIDED]
    assert all(by_rule(*each) is None for each in places)
    assert Resolver(teacher).many(places) == list(UNDECIDED.values())


def test_one_at_a_time_gives_the_same_as_many_at_once(teacher: MaskedLM) -> None:
    decide = Resolver(teacher)
    places = [place(sentence) for sentence in UNDECIDED]
    assert [decide(*each) for each in places] == decide.many(places)


def test_the_answer_does_not_depend_on_distant_text(teacher: MaskedLM) -> None:
    sentence, start = place("Long ago the nurse had searched *her room well before she went to sleep.")
    decide = Resolver(teacher)
    assert decide(sentence, start) == decide(sentence + " word" * 2000, start) == "his"


def test_a_typed_mask_in_the_text_is_not_confused_with_the_word(teacher: MaskedLM) -> None:
    sentence = "They [MASK] and searched *her room."
    assert Resolver(teacher)(*place(sentence)) == "his"


def test_every_family_of_models_can_decide(any_family: MaskedLM) -> None:
    decide = Resolver(any_family)
    answers = decide.many([place(sentence) for sentence in UNDECIDED])
    assert all(answer in ("his", "him") for answer in answers[:6])
    assert all(answer in ("her", "hers") for answer in answers[6:])


def test_a_model_without_the_words_is_not_used(tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MaskedWords, "_single", lambda *_: None)
    monkeypatch.setattr(MaskedWords, "_logits", None)
    places = [place(sentence) for sentence in UNDECIDED]
    assert Resolver(tiny_bert).many(places) == [guess(*each) for each in places]


def test_another_word_than_her_or_his_is_refused() -> None:
    with pytest.raises(InputError, match='"her" or "his"'):
        by_rule("I saw them.", 6)
