"""Word groups and contrasts: which words are set against which, without any model or tokenizer.

A *word group* holds words meant as one alternative ({he, him, his}), by the *slot* of the sentence they fit;
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

Slot = Literal["subject", "object", "possessive", "noun", "name"]
SLOTS: tuple[str, ...] = get_args(Slot)
ANY = "any"
OWN = "own"  # what a contrast of a person's own words is called


@dataclass(frozen=True)
class WordGroup:
    """Words meant as one alternative, by slot; the slot "any" serves every slot that is not listed."""

    name: str
    words: Mapping[str, tuple[str, ...]]

    def for_slot(self, slot: str) -> tuple[str, ...]:
        """The words that fit `slot`; empty if there are none.

        >>> WordGroup("she", {"subject": ("she",), "any": ("her",)}).for_slot("object")
        ('her',)
        """
        return tuple(self.words.get(slot, self.words.get(ANY, ())))


@dataclass(frozen=True)
class Contrast:
    """Two or more word groups set against each other.

    `slots` are those for which every group has words. Raises InputError for fewer than two groups, an empty
    group, a word that stands in two groups (case ignored), or a slot for which a group has no words.
    """

    name: str
    title: str
    groups: tuple[WordGroup, ...]
    slots: tuple[str, ...]
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
        for slot in self.slots:
            for group in self.groups:
                if not group.for_slot(slot):
                    raise InputError(
                        f"The group '{group.name}' of the contrast '{self.name}' has no words for "
                        f"the slot '{slot}'; give it some or leave the slot out."
                    )

    def pairs(self, slot: str) -> tuple[tuple[str, ...], ...]:
        """Words paired one to one across the groups, in order, for the pairwise constraints.

        Raises InputError when the groups are not equally large in this slot, or have no words for it.

        >>> contrasts()["pronouns"].pairs("object")
        (('him', 'her'),)
        """
        if slot not in self.slots:
            raise InputError(
                f"The contrast '{self.name}' has no words for the slot '{slot}'; "
                f"it has: {', '.join(self.slots)}."
            )
        columns = [group.for_slot(slot) for group in self.groups]
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
    >>> he.for_slot("possessive"), she.for_slot("possessive")
    (('his',), ('her',))
    """
    return {contrast.name: contrast for contrast in _shipped()}


def make_contrast(name: str, groups: Mapping[str, Sequence[str]]) -> Contrast:
    """A user's own contrast: its words serve every slot. Repeated words within a group count once.

    Raises InputError on fewer than two groups, an empty group, or a word in two groups.

    >>> make_contrast("royals", {"king": ["king", "prince"], "queen": ["queen", "princess"]}).pairs("noun")
    (('king', 'queen'), ('prince', 'princess'))
    """
    made = []
    for group, words in groups.items():
        if isinstance(words, str):
            raise InputError(f"The group '{group}' must be a list of words, got the single text '{words}'.")
        made.append(WordGroup(group, {ANY: tuple(dict.fromkeys(word.strip() for word in words))}))
    return Contrast(name, " against ".join(groups), tuple(made), SLOTS, "your own words")


@lru_cache(maxsize=1)
def _shipped() -> tuple[Contrast, ...]:
    """The contrasts of `resources/contrasts.yaml`, read once."""
    text = (files("fairkd") / "resources" / "contrasts.yaml").read_text(encoding="utf-8")
    found = []
    for entry in yaml.safe_load(text):
        groups = tuple(
            WordGroup(name, {slot: tuple(words) for slot, words in by_slot.items()})
            for name, by_slot in entry["groups"].items()
        )
        slots = tuple(slot for slot in SLOTS if all(group.for_slot(slot) for group in groups))
        found.append(Contrast(entry["name"], entry["title"], groups, slots, entry["source"]))
    return tuple(found)
