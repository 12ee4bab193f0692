"""The word list of the gender swap, read from `resources/swaps.yaml` and checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files

import yaml

from fairkd.errors import InputError
from fairkd.lexicon import contrasts

WORD = re.compile(r"(?<![^\W_])[^\W\d_]+(?![^\W_])")  # whole words: not "HER" in "HER2"
_SETS = (
    *(
        "nouns",
        "not_nouns",
        "people",
        "not_names",
        "no_surnames",
        "verbs",
        "third_person_verbs",
        "name_words",
        "ranks",
    ),
    *("first_names", "persons", "teams", "places", "after_the", "offices", "before_roles", "pageants"),
)
AMBIGUOUS = frozenset({"her", "his"})  # their counterpart depends on the context


@dataclass(frozen=True)
class Lexicon:
    """Lower-case words and their counterparts.

    Attributes
    ----------
    pairs, one_way
        Counterparts; those in `pairs` are mutual.
    titles, one_way_titles
        The same for titles, which are swapped only before a capitalised word.
    names
        Counterparts of first names.
    plurals
        The words that form the possessive with an apostrophe alone ("ladies'").
    fixed
        For each word, the phrases in which it is never swapped.
    nouns, not_nouns
        Next words after which "her" and "his" are determiners, or are not.
    people
        Nouns for persons, after which "of his" may mean "of hers".
    not_names
        Words that, although capitalised, are no part of a name.
    no_surnames
        Gendered words that never end a name.
    verbs, third_person_verbs
        Gendered nouns that are also verbs, in their base form and in the third person.
    name_words, ranks, first_names, persons, teams
        Gendered nouns that, capitalised, are often names; those that are also titles of rank; those of these
        that are also first names; those that are first names or surnames; those that name teams.
    places
        Words that end the name of a place, an organisation or a thing.
    after_the, offices
        Titles that, after "the" and before a name, belong to a thing, unless the next word is an office.
    before_roles
        Words after which a title of rank without a name is a role: "as King".
    pageants
        Words that, after "Miss", name a pageant.
    readings
        Words that a masked language model compares in the place of another, by the name of the reading.
    """

    pairs: Mapping[str, str]
    one_way: Mapping[str, str]
    titles: Mapping[str, str]
    one_way_titles: Mapping[str, str]
    names: Mapping[str, str]
    plurals: frozenset[str]
    fixed: Mapping[str, re.Pattern[str]]
    nouns: frozenset[str]
    not_nouns: frozenset[str]
    people: frozenset[str]
    not_names: frozenset[str]
    no_surnames: frozenset[str]
    verbs: frozenset[str]
    third_person_verbs: frozenset[str]
    name_words: frozenset[str]
    ranks: frozenset[str]
    first_names: frozenset[str]
    persons: frozenset[str]
    teams: frozenset[str]
    places: frozenset[str]
    after_the: frozenset[str]
    offices: frozenset[str]
    before_roles: frozenset[str]
    pageants: frozenset[str]
    readings: Mapping[str, tuple[str, ...]]

    @cached_property
    def all(self) -> frozenset[str]:
        """All words that can be swapped."""
        return AMBIGUOUS.union(self.pairs, self.one_way, self.titles, self.one_way_titles, self.names)


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The word list of `resources/swaps.yaml` with the pairs of the word groups "names", read once.

    >>> lexicon().pairs["king"], lexicon().one_way["hostess"]
    ('queen', 'host')
    """
    text = (files("fairkd") / "resources" / "swaps.yaml").read_text(encoding="utf-8")
    entries = yaml.safe_load(text)
    mutual = [pair for theme in entries["pairs"].values() for pair in _pairs(theme)]
    pairs = _both_ways(mutual)
    titles = _both_ways(_pairs(entries["titles"]))
    known = {**pairs, "him": "her", "hers": "his"}
    fixed: dict[str, set[str]] = {}
    for phrase in (part.strip().lower() for part in entries["fixed"].split(",")):
        for form in {phrase, WORD.sub(lambda match: known.get(match[0], match[0]), phrase)}:
            for word in WORD.findall(form):
                fixed.setdefault(word, set()).add(re.escape(form))
    return Lexicon(
        pairs=known,
        one_way=dict(_pairs(entries["one_way"])),
        titles=titles,
        one_way_titles=dict(_pairs(entries["one_way_titles"])),
        names=_both_ways([(a.lower(), b.lower()) for a, b in contrasts()["names"].pairs("name")]),
        plurals=frozenset(
            word for pair in [*mutual, *_pairs(entries["one_way"])] for word in pair if _is_plural(pair, word)
        ),
        fixed={
            word: re.compile(rf"(?<!\w)({'|'.join(sorted(forms))})(?!\w)", re.IGNORECASE)
            for word, forms in fixed.items()
        },
        readings={name: tuple(words.split()) for name, words in entries["readings"].items()},
        **{name: frozenset(entries[name].split()) for name in _SETS},
    )


def counterparts(*, names: bool) -> list[str]:
    """The words that swapping can write into a text, in lower case: with `names`, first names as well.

    >>> "queen" in counterparts(names=False), "mary" in counterparts(names=False)
    (True, False)
    """
    known = lexicon()
    lists = [
        known.pairs,
        known.one_way,
        known.titles,
        known.one_way_titles,
        *([known.names] if names else []),
    ]
    return sorted(AMBIGUOUS.union(*(words.values() for words in lists)))


def _pairs(text: str) -> list[tuple[str, str]]:
    found = []
    for pair in text.split(","):
        a, b = pair.lower().split()
        found.append((a, b))
    return found


def _both_ways(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    both: dict[str, str] = {}
    for a, b in pairs:
        if a in both or b in both:
            raise InputError(
                f"'{a}' or '{b}' is in more than one pair of the word list. List each word once."
            )
        both |= {a: b, b: a}
    return both


def _is_plural(pair: tuple[str, str], word: str) -> bool:
    # Not "heiress". In "princes princesses" and "gentlemen ladies" both words end in "s" or in "men".
    return word.endswith("s") and not word.endswith("ss") and all(w.endswith(("s", "men")) for w in pair)
