"""Titles, roles and pairs are swapped; names, titles of works and abbreviations stay."""

from __future__ import annotations

import pytest

from fairkd.augmentation.gender_swap import swap, swap_many
from fairkd.models.loading import MaskedLM


@pytest.mark.parametrize(
    ("sentence", "swapped"),
    [
        ("Dear Ladies and Gentlemen of the jury", "Dear Gentlemen and Ladies of the jury"),
        ("Hello Boys & Girls", "Hello Girls & Boys"),
        (
            "Then the Boys and the Girls of the village sang.",
            "Then the Girls and the Boys of the village sang.",
        ),
        ("First Lady Anna Smith met King Oscar.", "First Gentleman Anna Smith met Queen Oscar."),
        (
            "He was crowned King, and the King of Arles bowed.",
            "She was crowned Queen, and the Queen of Arles bowed.",
        ),
        ("Women Win Again As Men Watch", "Men Win Again As Women Watch"),
        ("The Kings of Arles and the Queen Mother bowed.", "The Queens of Arles and the King Father bowed."),
        ("Man is mortal.", "Woman is mortal."),
        ("The Boys sang.", "The Girls sang."),
        ("She told HIM: IT IS HIS CAR.", "He told HER: IT IS HER CAR."),
        ("His ' old ' friend came.", "Her ' old ' friend came."),
        ("The writer and her mistress left.", "The writer and his lover left."),
    ],
)
def test_titles_roles_pairs_and_headlines_are_swapped(sentence: str, swapped: str) -> None:
    assert swap(sentence) == swapped


@pytest.mark.parametrize(
    "sentence",
    [
        "At school Guy Miller lived on the Isle of Man.",
        "A fan of Man City and of Boy George, near King Street and Queen's Park.",
        "The play was staged at Queens College and at the School for Girls.",
        "They saw Spider-Man, Spider - Man and Dr. Man on board of the Lady Anne.",
        "King wrote more novels than Duke, by Queen and for the Kings.",
        'The song " Boys with Guitars " and the novel "The Man behind the Queen" sold well.',
        "Some say “The King of Rome” is a tale by a Boy Scout in Port-au-Prince.",
        "An index of the HIS, data in MEN 2A, a scan (HER), the KING-TV station and HIS/RIS.",
        "The diagnosis of MEN was made.",
        "They took Miss Universe to an Egyptian witch doctor near a mummy.",
    ],
)
def test_names_titles_of_works_and_abbreviations_stay(teacher: MaskedLM, sentence: str) -> None:
    assert swap(sentence) == sentence
    assert swap_many([sentence], teacher) == [sentence]
