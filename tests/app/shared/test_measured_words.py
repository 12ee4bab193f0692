"""Whose gap a run measures, read from its settings."""

from __future__ import annotations

from app.shared.measured_words import gap_groups, mass_words, measures_other_words
from fairkd.distill.config.config import make_config


def test_the_mass_is_that_of_the_groups_that_are_measured() -> None:
    assert mass_words({"evaluation": {"contrast": "pronouns"}}) == "he/she, him/her, his/her"
    assert mass_words({"evaluation": {"contrast": "kinship"}}) == "the words of father and mother"
    assert mass_words({"evaluation": {"words": {"cat": ["cat"], "dog": ["dog"]}}}) == "cat/dog"
    assert mass_words({"evaluation": {"contrast": "of another version"}}) == "the words of both groups"


def test_a_gap_of_other_words_than_the_constraint_balances_is_recognised() -> None:
    plain = make_config({}).model_dump(mode="json")
    assert not measures_other_words(plain)
    fair = make_config({"constraint": {"kind": "group"}}).model_dump(mode="json")
    assert not measures_other_words(fair)
    own = {"cat": ["cat"], "dog": ["dog"]}
    for other in ({"words": own}, {"contrast": "kinship"}):
        assert measures_other_words({**fair, "constraint": {**fair["constraint"], **other}})
        assert not measures_other_words({**plain, "constraint": {**plain["constraint"], **other}})
    both = make_config({"constraint": {"kind": "group", "words": own}, "evaluation": {"words": own}})
    assert not measures_other_words(both.model_dump(mode="json"))
    both = make_config(
        {"constraint": {"kind": "group", "words": own}, "evaluation": {"words": own, "contrast": "kinship"}}
    )
    assert not measures_other_words(both.model_dump(mode="json")), "own words replace the contrast"
    assert not measures_other_words({})


def test_order_and_group_names_make_no_difference() -> None:
    own = {"women": ["she", "her"], "men": ["his", "He", "him"]}
    found = make_config({"constraint": {"kind": "group", "words": own}})
    assert not measures_other_words(found.model_dump(mode="json"))


def test_a_third_group_makes_no_difference() -> None:
    """The gap is that of the first two, which "pronouns" and "pronouns-they" have in common."""
    they = make_config({"constraint": {"kind": "group", "contrast": "pronouns-they"}})
    assert not measures_other_words(they.model_dump(mode="json"))


def test_invalid_words_have_no_groups() -> None:
    assert gap_groups({"words": {"cat": ["cat"], "dog": ["cat"]}}) == ()
    assert gap_groups({"words": {}, "contrast": "pronouns"}) == ()
    assert gap_groups({"contrast": "of another version"}) == gap_groups({}) == ()
