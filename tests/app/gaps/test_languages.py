"""The Gaps page in other languages, and of three groups."""

from __future__ import annotations

from fairkd.lexicon.professions import shipped_professions
from tests.app.gaps.conftest import Page


def test_the_page_opens_in_the_language_of_the_teachers_card_and_says_what_is_ambiguous(
    gaps_page: Page, german: str
) -> None:
    few = shipped_professions("de")[["profession", "women_share", "feminine"]].head(2)
    at = gaps_page(teacher=german, student=german, professions_de=few)
    assert not at.error
    (chosen,) = (one for one in at.selectbox if one.label == "Language")
    assert chosen.value == "German"
    said = " ".join(one.value for one in at.caption).replace("\\", "")
    assert "“sie” also means “they”" in said and "the polite “you”" in said
    assert "“er” in “[MASK] ist Arzt.”, “sie” in “[MASK] ist Ärztin.”" in said
    assert "2 professions × 11 templates = 22 sentences" in said
    chosen.set_value("English").run()
    assert "“he” than “she”" in " ".join(one.value for one in at.caption)


def test_of_three_groups_every_pair_and_every_share_is_shown(gaps_page: Page) -> None:
    at = gaps_page(contrast="pronouns-they")
    assert not at.error
    tables = [table.value for table in at.dataframe]
    (pairs,) = (one for one in tables if "groups" in one)
    assert pairs["groups"].tolist() == ["he and she", "he and they", "she and they"]
    (shares,) = (one for one in tables if "group" in one)
    assert shares["group"].tolist() == ["he", "she", "they"]
    assert all(cell.endswith("%") for cell in shares["share, teacher"])
