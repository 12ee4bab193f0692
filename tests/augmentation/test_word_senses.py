"""Verbs stay, and a masked language model reads the words that no rule decides."""

from __future__ import annotations

import pytest

from fairkd.augmentation.gender_swap import Resolver, swap, swap_many
from fairkd.models.loading import MaskedLM


@pytest.mark.parametrize(
    "sentence",
    [
        "Two men man the desk; they want to groom it and to father a plan.",
        "Then I Miss You came on, and You Must Not Miss Our Sale.",
        "It grooms the dog and mothers its pups.",
        "To man the station is easy.",
    ],
)
def test_verbs_stay(teacher: MaskedLM, sentence: str) -> None:
    for swapped in (swap(sentence), *swap_many([sentence], teacher)):
        assert swapped.replace("women", "men") == sentence


# Places that no rule decides: (sentence, swapped by the teacher).
ASKED = [
    ("Volunteers man the phones at night.", "Volunteers man the phones at night."),
    ("Many people want to mother children.", "Many people want to mother children."),
    ("She told this to mother that day.", "He told this to father that day."),
    ("Her friend Duke Ellerby wrote her a note.", "His friend Duke Ellerby wrote him a note."),
    ("It was HIS idea, not ours.", "It was HER idea, not ours."),
    (
        "Staff can enter patients through HIS, says the report.",
        "Staff can enter patients through HIS, says the report.",
    ),
    ("I said that HE did it.", "I said that SHE did it."),
]


@pytest.mark.parametrize(("sentence", "swapped"), ASKED)
def test_the_teacher_reads_words_in_context(teacher: MaskedLM, sentence: str, swapped: str) -> None:
    assert swap_many([sentence], teacher) == [swapped]
    assert swap(sentence, her=Resolver(teacher)) == swapped


def test_many_words_are_read_in_one_go(teacher: MaskedLM) -> None:
    assert swap_many([sentence for sentence, _ in ASKED], teacher) == [swapped for _, swapped in ASKED]
