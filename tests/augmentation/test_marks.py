"""Marks around words change nothing about the swap."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from fairkd.augmentation.gender_swap import swap_many
from fairkd.augmentation.marks import without_marks
from fairkd.models.loading import MaskedLM


@pytest.mark.parametrize(
    ("marked", "swapped"),
    [
        (
            "The baker met [the clerk] and thanked [her] in the hall.",
            "The baker met [the clerk] and thanked [him] in the hall.",
        ),
        ("He came late because (his) car broke down.", "She came late because (her) car broke down."),
        ('They said that "his" mother and *her* brother came.', None),
        ("They sat in [ her ] mind and **his** house.", None),
        ("We found _her_ keys and <b>his</b> hat [1], said [the clerk].", None),
        ('They gave ["her"] the book, and [she] thanked [himself].', None),
    ],
)
def test_marks_around_a_word_change_nothing(teacher: MaskedLM, marked: str, swapped: str | None) -> None:
    def bare(text: str) -> str:
        return re.sub(r"[\[(*_\"<>)\]]|/?\bb\b", "", text).replace("  ", " ")

    for lm in (teacher, None):
        [found] = swap_many([marked], lm)
        assert bare(found).split() == bare(swap_many([bare(marked)], lm)[0]).split()
    if swapped:
        assert swap_many([marked], teacher) == [swapped]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("[The clerk] and (her) *brother*", "The clerk and her *brother*"),
        ("[h]is [1] [MASK] (HIS) [by her]", "[h]is [1] [MASK] (HIS) [by her]"),
        ('("his") [ her ] “her) <b>her</i>', "his her “her) <b>her</i>"),
        ("the [the clerk] [[she] s", "the the clerk [she s"),
    ],
)
def test_the_text_without_marks_keeps_its_places(text: str, plain: str) -> None:
    found = without_marks(text)
    assert found.text == plain
    assert "".join(text[found.original(i)] for i in range(len(plain))) == plain


@given(st.text(alphabet="[]()*_\"'<>/bher sHIS.", max_size=60))
def test_any_text_keeps_its_places(text: str) -> None:
    found = without_marks(text)
    assert "".join(text[found.original(i)] for i in range(len(found.text))) == found.text
