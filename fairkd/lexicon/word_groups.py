"""Word groups and contrasts: which words are set against which, without any model or tokenizer.

A *word group* holds words meant as one alternative ({he, him, his}), by the *role* of the sentence they fit;
a *contrast* sets two or more groups against each other. The shipped ones are in `resources/contrasts.yaml`,
with their sources; `make_contrast` makes a user's own. How a tokenizer spells the words is in
`fairkd.models.tokenization`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import combinations
from typing import Literal, get_args

import yaml

from fairkd.errors import InputError

GrammaticalRole = Literal["subject", "object", "possessive", "noun", "name"]
ROLES: tuple[str, ...] = get_args(GrammaticalRole)
ANY = "any"
OWN = "own"  # what a contrast of a person's own words is called


@dataclass(frozen=True)
class WordGroup:
    """Words meant as one alternative, by role; the role "any" serves every role that is not listed."""

    name: str
    words: Mapping[str, tuple[str, ...]]

    def for_role(self, role: str) -> tuple[str, ...]:
        """The words that fit `role`; empty if there are none.

        >>> WordGroup("she", {"subject": ("she",), "any": ("her",)}).for_role("object")
        ('her',)
        """
        return tuple(self.words.get(role, self.words.get(ANY, ())))


@dataclass(frozen=True)
class Contrast:
    """Two or more word groups set against each other.

    `roles` are those for which every group has words. Raises InputError for fewer than two groups, an empty
    group, a word that stands in two groups (case ignored), or a role for which a group has no words.
    """

    name: str
    title: str
    groups: tuple[WordGroup, ...]
    roles: tuple[str, ...]
    source: str = ""

    def __post_init__(self) -> None:
        if len(self.groups) < 2:
            raise InputError(
                f"The contrast '{self.name}' needs at least two word groups, got {len(self.groups)}; "
                "add the words to compare with."
            )
        if len({group.name for group in self.groups}) < len(self.groups):
            raise InputError(f"The contrast '{self.name}' has two groups of one name; rename one of them.")
        everything = {
            group.name: {word.casefold() for words in group.words.values() for word in words}
            for group in self.groups
        }
        for name, words in everything.items():
            if not words or not all(word.strip() for word in words):
                raise InputError(
                    f"The group '{name}' of the contrast '{self.name}' is empty or holds an empty word; "
                    "give it at least one word."
                )
        for (name_a, words_a), (name_b, words_b) in combinations(everything.items(), 2):
            if both := sorted(words_a & words_b):
                raise InputError(
                    f"The word '{both[0]}' stands in both groups '{name_a}' and '{name_b}'; "
                    "take it out of one of them."
                )
        for role in self.roles:
            for group in self.groups:
                if not group.for_role(role):
                    raise InputError(
                        f"The group '{group.name}' of the contrast '{self.name}' has no words for "
                        f"the role '{role}'; give it some or leave the role out."
                    )

    def pairs(self, role: str) -> tuple[tuple[str, ...], ...]:
        """Words paired one to one across the groups, in order, for the pairwise constraints.

        Raises InputError when the groups are not equally large in this role, or have no words for it.

        >>> contrasts()["pronouns"].pairs("object")
        (('him', 'her'),)
        """
        if role not in self.roles:
            raise InputError(
                f"The contrast '{self.name}' has no words for the role '{role}'; "
                f"it has: {', '.join(self.roles)}."
            )
        columns = [group.for_role(role) for group in self.groups]
        if len({len(words) for words in columns}) > 1:
            sizes = ", ".join(
                f"{group.name} {len(words)}" for group, words in zip(self.groups, columns, strict=True)
            )
            raise InputError(
                f"The words of the contrast '{self.name}' cannot be paired one to one ({sizes}); "
                "make the groups equally long, or use the constraint 'group', which needs no pairs."
            )
        return tuple(zip(*columns, strict=True))


def contrasts() -> dict[str, Contrast]:
    """The shipped contrasts by name: "pronouns", "pronouns-they", "woman-man", "kinship", "names".

    >>> he, she = contrasts()["pronouns"].groups
    >>> he.for_role("possessive"), she.for_role("possessive")
    (('his',), ('her',))
    """
    return {contrast.name: contrast for contrast in _shipped()}


def make_contrast(name: str, groups: Mapping[str, Sequence[str]]) -> Contrast:
    """A user's own contrast: its words serve every role. Repeated words within a group count once.

    Raises InputError on fewer than two groups, an empty group, or a word in two groups.

    >>> make_contrast("royals", {"king": ["king", "prince"], "queen": ["queen", "princess"]}).pairs("noun")
    (('king', 'queen'), ('prince', 'princess'))
    """
    made = []
    for group, words in groups.items():
        if isinstance(words, str):
            raise InputError(f"The group '{group}' must be a list of words, got the single text '{words}'.")
        made.append(WordGroup(group, {ANY: tuple(dict.fromkeys(word.strip() for word in words))}))
    return Contrast(name, " against ".join(groups), tuple(made), ROLES, "your own words")


@lru_cache(maxsize=1)
def _shipped() -> tuple[Contrast, ...]:
    """The contrasts of `resources/contrasts.yaml`, read once."""
    text = (files("fairkd") / "resources" / "contrasts.yaml").read_text(encoding="utf-8")
    found = []
    for entry in yaml.safe_load(text):
        groups = tuple(
            WordGroup(name, {role: tuple(words) for role, words in by_role.items()})
            for name, by_role in entry["groups"].items()
        )
        roles = tuple(role for role in ROLES if all(group.for_role(role) for group in groups))
        found.append(Contrast(entry["name"], entry["title"], groups, roles, entry["source"]))
    return tuple(found)
