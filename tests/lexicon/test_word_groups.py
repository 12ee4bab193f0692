"""Word groups: the shipped ones, a user's own, and invalid ones."""

from __future__ import annotations

import pytest

from fairkd.errors import InputError
from fairkd.lexicon.word_groups import ROLES, Contrast, WordGroup, contrasts, make_contrast
from fairkd.models.loading import MaskedLM
from fairkd.models.tokenization import tokenize_word


def test_the_shipped_word_groups_have_roles_and_sources() -> None:
    found = contrasts()
    assert {name: contrast.roles for name, contrast in found.items()} == {
        "pronouns": ("subject", "object", "possessive"),
        "pronouns-they": ("subject", "object", "possessive"),
        "woman-man": ("noun",),
        "kinship": ("noun",),
        "names": ("name",),
    }
    assert all(contrast.title and contrast.source for contrast in found.values())
    assert len(found["pronouns-they"].groups) == 3


@pytest.mark.parametrize("name", contrasts())
def test_shipped_word_groups_are_paired_one_to_one_without_repetition(name: str) -> None:
    contrast = contrasts()[name]
    for role in contrast.roles:
        pairs = contrast.pairs(role)
        words = [word for pair in pairs for word in pair]
        assert pairs and len(set(words)) == len(words)


def test_pronouns_are_paired_by_case() -> None:
    pronouns = contrasts()["pronouns"]
    assert [pronouns.pairs(role) for role in pronouns.roles] == [
        (("he", "she"),),
        (("him", "her"),),
        (("his", "her"),),
    ]


def test_each_group_of_names_has_at_least_thirty() -> None:
    assert all(len(group.for_role("name")) >= 30 for group in contrasts()["names"].groups)


@pytest.mark.parametrize("name", contrasts())
def test_every_shipped_word_is_one_token_of_the_embedded_teacher(teacher: MaskedLM, name: str) -> None:
    contrast = contrasts()[name]
    for group in contrast.groups:
        for role in contrast.roles:
            for word in group.for_role(role):
                assert tokenize_word(teacher, word, before="The ").single, word


def test_changing_the_returned_dictionary_does_not_change_the_shipped_groups() -> None:
    contrasts().clear()
    assert "pronouns" in contrasts()


def test_the_role_any_serves_for_roles_that_are_not_listed() -> None:
    group = WordGroup("she", {"subject": ("she",), "any": ("her",)})
    assert group.for_role("subject") == ("she",)
    assert group.for_role("object") == ("her",)
    assert WordGroup("she", {"subject": ("she",)}).for_role("object") == ()


def test_a_users_own_words_serve_for_every_role() -> None:
    royals = make_contrast("royals", {"king": ["king", " prince ", "king"], "queen": ["queen", "princess"]})
    assert royals.roles == ROLES
    assert all(royals.pairs(role) == (("king", "queen"), ("prince", "princess")) for role in ROLES)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"he": ["he"]}, "at least two word groups, got 1"),
        ({}, "at least two word groups, got 0"),
        ({"he": ["he"], "she": []}, "group 'she' is empty"),
        ({"he": ["he"], "she": ["she", " "]}, "group 'she' is .* empty word"),
        ({"he": ["he", "they"], "she": ["she", "They"]}, "'they' is in both word groups 'he' and 'she'"),
        ({"he": "he", "she": ["she"]}, "must be a list of words"),
    ],
)
def test_invalid_word_groups_are_refused(groups: dict[str, list[str]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_contrast("mine", groups)


def test_a_role_that_one_group_lacks_is_refused() -> None:
    groups = (WordGroup("he", {"subject": ("he",)}), WordGroup("she", {"object": ("her",)}))
    with pytest.raises(InputError, match="'she' .* no words for the role 'subject'"):
        Contrast("mine", "mine", groups, ("subject",))


def test_groups_of_unequal_size_cannot_be_paired() -> None:
    contrast = make_contrast("mine", {"a": ["king", "prince"], "b": ["queen"]})
    with pytest.raises(InputError, match=r"one to one \(a 2, b 1\)"):
        contrast.pairs("noun")


def test_pairs_for_a_role_without_words_are_refused() -> None:
    with pytest.raises(InputError, match="no words for the role 'name'. They have: subject"):
        contrasts()["pronouns"].pairs("name")
