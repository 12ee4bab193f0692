"""Word groups, such as he / she: the words that a measure compares or a constraint balances.

A `WordGroup` holds words that stand for the same thing (he, him, his), by grammatical role. A `Contrast` is
two or more word groups to compare. The shipped ones and their sources are in the files
`resources/languages/LANGUAGE/word_groups.yaml`; `make_contrast` makes one of the user's own words. No model
or tokenizer is needed: `fairkd.models.tokenization` spells the words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import combinations
from typing import Any, Literal, get_args

import yaml

from fairkd.errors import InputError, listed
from fairkd.lexicon.language_packs import ENGLISH, Gender, language_of, languages
from fairkd.utils import shortened

GrammaticalRole = Literal["subject", "object", "possessive", "noun", "name"]
ROLES: tuple[str, ...] = get_args(GrammaticalRole)
ANY = "any"
OWN = "own"  # the name of the contrast that a user's own words make


@dataclass(frozen=True)
class WordGroup:
    """Words that stand for the same thing, by grammatical role.

    The words of the role "any" serve for every role that is not listed. A sentence about the group has the
    forms of its `gender`, in languages that have two (German "Bäcker", "Bäckerin"); without one, the
    masculine forms.
    """

    name: str
    words: Mapping[str, tuple[str, ...]]
    gender: Gender | None = None

    def for_role(self, role: str) -> tuple[str, ...]:
        """The words for a grammatical role; empty if there are none.

        >>> WordGroup("she", {"subject": ("she",), "any": ("her",)}).for_role("object")
        ('her',)
        """
        return tuple(self.words.get(role, self.words.get(ANY, ())))


@dataclass(frozen=True)
class Contrast:
    """Two or more word groups to compare.

    `roles` are the grammatical roles for which every group has words. The name of a shipped contrast begins
    with its language ("nl/pronouns"), except in English ("pronouns").

    Raises InputError for fewer than two groups, an empty group, a word in two groups (ignoring case), or a
    role for which a group has no words.
    """

    name: str
    title: str
    groups: tuple[WordGroup, ...]
    roles: tuple[str, ...]
    source: str = ""
    language: str = ENGLISH

    def __post_init__(self) -> None:
        if len(self.groups) < 2:
            raise InputError(
                f"Expected at least two word groups, got {len(self.groups)} in '{self.name}'. "
                "Add the words to compare with."
            )
        if len({group.name for group in self.groups}) < len(self.groups):
            raise InputError(f"Two word groups of '{self.name}' have the same name. Rename one of them.")
        words_by_group = {
            group.name: {word.casefold() for words in group.words.values() for word in words}
            for group in self.groups
        }
        for name, words in words_by_group.items():
            if not words or not all(word.strip() for word in words):
                raise InputError(
                    f"The word group '{shortened(name)}' is empty or contains an empty word. Give it at "
                    "least one word."
                )
        for (name_a, words_a), (name_b, words_b) in combinations(words_by_group.items(), 2):
            if both := sorted(words_a & words_b):
                raise InputError(
                    f"The word '{shortened(both[0])}' is in both word groups '{shortened(name_a)}' and "
                    f"'{shortened(name_b)}'. Remove it from one of them."
                )
        for role in self.roles:
            for group in self.groups:
                if not group.for_role(role):
                    raise InputError(
                        f"The word group '{shortened(group.name)}' of '{self.name}' has no words for the "
                        f"role '{role}'. Add some, or leave the role out."
                    )

    def pairs(self, role: str) -> tuple[tuple[str, ...], ...]:
        """The words for a role, paired one to one across the groups by their order.

        Raises InputError if the groups have no words for the role, or unequal numbers of them.

        >>> contrasts()["pronouns"].pairs("object")
        (('him', 'her'),)
        """
        if role not in self.roles:
            raise InputError(
                f"The word groups '{self.name}' have no words for the role '{role}'. "
                f"They have: {', '.join(self.roles)}."
            )
        columns = [group.for_role(role) for group in self.groups]
        if len({len(words) for words in columns}) > 1:
            pairs = zip(self.groups, columns, strict=True)
            sizes = listed([f"{shortened(group.name, 40)} {len(words)}" for group, words in pairs])
            raise InputError(
                f"The words of '{self.name}' cannot be paired one to one ({sizes}). Give the groups equal "
                "numbers of words, or use a constraint that needs no pairs."
            )
        return tuple(zip(*columns, strict=True))


def contrasts(language: str = ENGLISH) -> dict[str, Contrast]:
    """The shipped word groups of a language by name, such as "pronouns", "woman-man", "kinship" and "names".

    Raises InputError for a language without word groups.

    >>> he, she = contrasts()["pronouns"].groups
    >>> he.for_role("possessive"), she.for_role("possessive")
    (('his',), ('her',))
    >>> contrasts("nl")["pronouns"].name
    'nl/pronouns'
    """
    return {contrast.name.rpartition("/")[2]: contrast for contrast in _shipped(language_of(language).code)}


def all_contrasts() -> dict[str, Contrast]:
    """The shipped word groups of all languages by their full names: "pronouns", "nl/pronouns".

    >>> all_contrasts()["nl/pronouns"].title
    'hij and zij'
    """
    return {contrast.name: contrast for code in languages() for contrast in _shipped(code)}


def make_contrast(name: str, groups: Mapping[str, Sequence[str]], language: str = ENGLISH) -> Contrast:
    """Word groups of the user's own words, which serve for every role. Repeated words count once.

    A group has the gender of the shipped groups that its words are in.

    Raises InputError for fewer than two groups, an empty group, or a word in two groups.

    >>> make_contrast("royals", {"king": ["king", "prince"], "queen": ["queen", "princess"]}).pairs("noun")
    (('king', 'queen'), ('prince', 'princess'))
    """
    made = []
    for group, words in groups.items():
        if isinstance(words, str):
            raise InputError(
                f"The word group '{shortened(group)}' must be a list of words, but is the single text "
                f"'{shortened(words)}'."
            )
        own = tuple(dict.fromkeys(word.strip() for word in words))
        made.append(WordGroup(group, {ANY: own}, _gender_of(own, language)))
    return Contrast(name, " and ".join(groups), tuple(made), ROLES, "your own words", language)


def parse_words(text: str) -> tuple[str, ...]:
    """The words of a typed list, separated by commas, semicolons or line breaks; repeated words count once.

    >>> parse_words("king, prince,,king")
    ('king', 'prince')
    """
    return tuple(dict.fromkeys(word for part in re.split(r"[,;\n]", text) if (word := part.strip())))


def typed_contrast(text_a: str, text_b: str, language: str = ENGLISH) -> Contrast:
    """`make_contrast` for two typed lists. Each group is named after its first word.

    Raises InputError for an empty list, or a word in both.

    >>> [group.name for group in typed_contrast("king, prince", "queen, princess").groups]
    ['king', 'queen']
    """
    groups: dict[str, tuple[str, ...]] = {}
    for order, text in (("first", text_a), ("second", text_b)):
        words = parse_words(text)
        if not words:
            raise InputError(
                f"The {order} word list is empty: type at least one word, several separated by commas."
            )
        if words[0] in groups:
            raise InputError(
                f"The word '{shortened(words[0])}' is in both word lists: remove it from one of them."
            )
        groups[words[0]] = words
    return make_contrast(OWN, groups, language)


def _gender_of(words: Sequence[str], language: str) -> Gender | None:
    """The gender of the shipped groups that the words are in; None if none has one, or they differ."""
    own = {word.casefold() for word in words}
    found = {
        group.gender
        for contrast in _shipped(language_of(language).code)
        for group in contrast.groups
        if any(word.casefold() in own for several in group.words.values() for word in several)
    }
    return found.pop() if len(found) == 1 else None


@lru_cache(maxsize=16)
def _shipped(language: str) -> tuple[Contrast, ...]:
    """The word groups of a language, read once."""
    file = files("fairkd") / "resources" / "languages" / language / "word_groups.yaml"
    found = []
    for entry in yaml.safe_load(file.read_text(encoding="utf-8")):
        groups = tuple(_group(name, dict(entries)) for name, entries in entry["groups"].items())
        roles = tuple(role for role in ROLES if all(group.for_role(role) for group in groups))
        name = entry["name"] if language == ENGLISH else f"{language}/{entry['name']}"
        found.append(Contrast(name, entry["title"], groups, roles, entry["source"], language))
    return tuple(found)


def _group(name: str, entries: dict[str, Any]) -> WordGroup:
    gender = entries.pop("gender", None)
    return WordGroup(name, {role: tuple(words) for role, words in entries.items()}, gender)
