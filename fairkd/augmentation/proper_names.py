"""Whether a capitalised gendered noun is a word, or a name or a part of one.

Names of persons, places, teams, organisations, ships and characters stay, with what is a part of them: "Guy
Ritchie", "Isle of Man", "Queens College", "Boy Scouts", "Spider-Man", "the Lady Musgrave", "King wrote".
Titles and roles are words: "King Oscar", "the King", "as Queen", "Father Brown", "First Lady". So are both
words of a pair ("Ladies and Gentlemen"), and words at the beginning of a sentence or in a headline, where a
capital says nothing.
"""

from __future__ import annotations

import re

from fairkd.augmentation.readings import Question, TwoReadings
from fairkd.augmentation.swap_lexicon import lexicon
from fairkd.augmentation.word_context import WordInSentence, is_headline

_ADULTS = frozenset({"man", "men", "woman", "women"})
_PARTICLES = frozenset({"of", "von", "van", "de", "du", "zu"})
_FAMILIES = frozenset({"brothers", "sisters", "family", "siblings"})  # "the King brothers"
_PREFIXES = frozenset({"ex", "co", "vice", "non", "anti", "pro", "then", "all"})
_JOINED_BEFORE = re.compile(r"([^\W\d_]+) ?[-‐‑–] ?$")
_JOINED_AFTER = re.compile(r" ?[-‐‑–] ?([^\W\d_]+)")
_AND = r" ?(?:&|/|\b(?:and|or|und)\b) ?(?:(?:the|my|our) )?"
_AND_AFTER = re.compile(rf"{_AND}([^\W\d_]+)", re.I)
_AND_BEFORE = re.compile(rf"([^\W\d_]+){_AND}$", re.I)
_NAME_AFTER = re.compile(r"(?: ?(?:-|['’] ?s?|of\b|the\b|and\b|&|[A-Z][^\W\d_]*))+")
_NEAR = 6  # words in which the name of a place ends: "Queen Elizabeth II Memorial Hospital"
_INSTITUTION_FOR = re.compile(r"([^\W\d_]+) (?:for|of) $")
_POSSESSIVE_NAME = re.compile(r" ?['’] ?s? ?[A-Z]")
_NOT_LETTERS = re.compile(r"[\W\d_]+")

_FIRST_NAME = TwoReadings(("title",), ("first_name",), -1.5)  # first names are more frequent than titles
_ROLE = TwoReadings(("title", "noun"), ("person",), 1.0)  # after the rules, few roles are left


def is_word(place: WordInSentence) -> bool | Question:
    """Whether a capitalised noun is a word or a title, and not a name or a part of one."""
    words, word = lexicon(), place.word
    if _is_coordinated(place):
        return True
    following = place.next.lower()
    ship = word in words.after_the and place.last.lower() == "the" and place.next_name
    if ship and following not in words.offices:
        return False
    if word == "miss":
        return following not in words.pageants
    if word not in words.name_words:
        return not (_ends_a_name(place) and word not in words.not_names)
    if _is_compound(place):
        return False
    if is_headline(place.text):
        return not _ends_a_name(place)
    if _is_institution(place):
        return False
    if place.next_name:
        if word in words.first_names and not _is_titled(place):
            return Question(place, _FIRST_NAME, True)
        return word in words.ranks
    if _ends_a_name(place):
        return False
    return _bare(place)


def _is_compound(place: WordInSentence) -> bool:
    """Whether a hyphen joins the word to another capitalised one: "Spider-Man", not "Ex-King"."""
    before, after = _JOINED_BEFORE.search(place.before), _JOINED_AFTER.match(place.text, place.end)
    if before and before[1][0].isupper() and before[1].lower() not in _PREFIXES:
        return True
    return after is not None and after[1][0].isupper()


def _is_institution(place: WordInSentence) -> bool:
    """Whether the word is in the name of a place or an organisation: "Queen's Park", "School for Girls"."""
    words = lexicon()
    after = _NAME_AFTER.match(place.text, place.end)
    if after and words.places & set(_NOT_LETTERS.split(after[0].lower())[:_NEAR]):
        return True
    before = _INSTITUTION_FOR.search(place.before)
    if before and before[1].lower() in words.places:
        return True
    # "The Emperor 's New Clothes", but "the UEFA Women 's Euro" has its counterpart.
    return place.word not in _ADULTS and _POSSESSIVE_NAME.match(place.text, place.end) is not None


def _bare(place: WordInSentence) -> bool | Question:
    """Whether a capitalised noun that has no other word of a name beside it is one itself."""
    words, word, last, following = lexicon(), place.word, place.last.lower(), place.next.lower()
    if following in _FAMILIES and word in words.persons:
        return False
    if place.next in _PARTICLES and word.removesuffix("s") in words.ranks:  # "the Kings of Arles"
        return True
    if place.begins:
        return word not in words.persons
    if last in words.before_roles:
        return word not in words.teams
    if word in words.ranks:
        return Question(place, _ROLE, False)
    return word.endswith("men")


def _is_titled(place: WordInSentence) -> bool:
    """Whether the word before shows that "Duke" or "Baron" is a title: "the 3rd Baron", "later Duke"."""
    return place.last == "," or place.last[:1].isdigit() or place.last.lower() in lexicon().before_roles


def _is_coordinated(place: WordInSentence) -> bool:
    """Whether the word is joined to its counterpart, or to itself: "Ladies and Gentlemen", "Boys & Girls"."""
    words = lexicon()
    other = words.pairs.get(place.word) or words.one_way.get(place.word)
    return other is not None and any(
        found is not None and found[1].lower() in (place.word, other)
        for found in (_AND_AFTER.match(place.text, place.end), _AND_BEFORE.search(place.before))
    )


def _ends_a_name(place: WordInSentence) -> bool:
    """Whether a capitalised noun ends a name: "Stephen King wrote", not "The King" or "Did Dad come?"."""
    return place.last_name and place.word not in lexicon().no_surnames and not place.next_name
