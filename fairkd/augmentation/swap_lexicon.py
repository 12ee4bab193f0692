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
    not_names
        Words that, although capitalised, are no part of a name.
    no_surnames
        Gendered words that never end a name.
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
    not_names: frozenset[str]
    no_surnames: frozenset[str]

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
        nouns=frozenset(entries["nouns"].split()),
        not_nouns=frozenset(entries["not_nouns"].split()),
        not_names=frozenset(entries["not_names"].split()),
        no_surnames=frozenset(entries["no_surnames"].split()),
    )


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
