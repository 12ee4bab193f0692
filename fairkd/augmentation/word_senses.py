"""Whether a word of the swap lexicon is gendered where it stands: "Miss Marple" is, "I miss you" is not.

    verdict(WordInSentence("They man the pumps.", 5, 8))            # a `Question` for a masked language model
    Senses(models.load("embedded/teacher")).many([question])        # [False]

Rules decide where the neighbours of the word make it clear. In the other places they ask a `Question`, which
a masked language model answers (`fairkd.augmentation.readings`). Without a model the likelier reading is
taken.

What stays, as a careful annotator would leave it:

* verbs ("to man a post", "she grooms her dog");
* names and what is a part of them ("Guy Ritchie", `fairkd.augmentation.proper_names`), and titles of works in
  quotation marks ('her song " Boys and Girls "', `titles_of_works`);
* abbreviations ("the HIS", "MEN 2A", "HER2").
"""

from __future__ import annotations

import re

from fairkd.augmentation.proper_names import is_word
from fairkd.augmentation.readings import Question, TwoReadings
from fairkd.augmentation.swap_lexicon import lexicon
from fairkd.augmentation.word_context import WordInSentence, is_headline


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SUBJECTS = _set("i you we they")
_AUXILIARIES = _set(
    "to will would can could must should may might shall not n't never do don't cannot let 'll"
)
_THIRD_PERSONS = _set("he she it who which that")
_OBJECTS = _set(
    "the a an his her its their our my your this these those him them it me us you himself herself"
)
_LINKS = _set("and or who")
_PLURALS = ("s", "men", "people", "staff")  # ends of plurals
_POSSESSIVES = _set("his her their my your our")
_BEFORE_NOUNS = _set(
    "the a an his her its their our my your these those every each no some any old young good"
)
_PRONOUNS = _set("he she him her his hers himself herself")
_HYPHENED = re.compile(r"[-‐‑–]([^\W_])")
_POINT = re.compile(r"\. *[^\W\d_]")
_SAME_FORM = {
    "he": ("he",),
    "she": ("he",),
    "him": ("him",),
    "his": ("his",),
    "her": ("his", "him"),
    "hers": ("his",),
}
_SHORT = 4  # letters; words in capitals that are longer are hardly ever abbreviations
_ALONE = -3.0  # log probability above which a reading fits by itself


_VERB = TwoReadings(("noun",), ("verb",), -2.0)  # most of these words are nouns
_THIRD_PERSON = TwoReadings(("noun", "nouns"), ("verb_third_person",))
_MISS = TwoReadings(("title", "first_name"), ("verb",))
_MUMMY = TwoReadings(("parent",), ("body",), 4.0)  # most mummies are bodies


def verdict(place: WordInSentence) -> bool | Question:
    """Whether the word is gendered, or the question that decides it."""
    words, word, token = lexicon(), place.word, place.token
    hyphened = _HYPHENED.match(place.text, place.end)
    if hyphened and (hyphened[1].isdigit() or (hyphened[1].isupper() and word in _PRONOUNS)):
        return False  # HER-2, a He-Ne laser
    if token.isupper():
        return _in_capitals(place)
    if word in ("mummy", "mummies"):
        mother = token[0].isupper() or place.last.lower() in _POSSESSIVES
        return mother or Question(place, _MUMMY, False)
    gendered = is_word(place) if token[0].isupper() and word not in _PRONOUNS else True
    if gendered is False:
        return False
    # Inside a sentence a capital marks a noun: "to King Stephen".
    certain = token[0].isupper() and word != "miss" and not (place.begins or is_headline(place.text))
    if not certain and (word in words.verbs or word in words.third_person_verbs):
        noun = _noun_or_verb(place)
        if noun is not True:
            return noun
    return gendered


def _noun_or_verb(place: WordInSentence) -> bool | Question:
    """Whether a word that is also a verb is a noun here."""
    words, last, following = lexicon(), place.last.lower(), place.next.lower()
    if place.word == "miss":
        if place.last == "" or last in _AUXILIARIES | _SUBJECTS or following in _OBJECTS:
            return Question(place, _MISS, following not in _OBJECTS)
        return True
    if last in _BEFORE_NOUNS or place.token == "Lord":
        return True
    transitive = following in _OBJECTS
    if place.word in words.verbs:
        auxiliary = last in _AUXILIARIES and place.last not in ("May", "Will")  # "the May queen"
        subject = auxiliary or last in _SUBJECTS
        plural = last.endswith(_PLURALS) and len(last) > 2  # not "'s"
        if subject or (transitive and (plural or last in _LINKS)):
            return Question(place, _VERB, not transitive)
        return True
    if last in _THIRD_PERSONS or (transitive and last.isalpha()):
        return Question(place, _THIRD_PERSON, not (transitive and last in _THIRD_PERSONS | _LINKS))
    return True


def _in_capitals(place: WordInSentence) -> bool | Question:
    """Whether a word in capitals is emphasised or in a text in capitals, and not an abbreviation."""
    following = place.text[place.end :].lstrip(" ")
    if place.text.isupper():
        return True
    if place.word in ("mr", "mrs"):
        return _POINT.match(following) is not None or place.loud
    if following[:1] == "/":
        return following[1:].lstrip(" ")[:3].lower() in _PRONOUNS
    if following[:1].isdigit() or (place.last == "(" and following[:1] == ")"):
        return False
    if place.loud or len(place.token) > _SHORT:
        return True
    if place.word not in _PRONOUNS:
        plural = place.word.endswith(("men", "s"))
        return Question(place, TwoReadings(("nouns",) if plural else ("noun",), margin=_ALONE), False)
    if place.last.lower() in ("the", "a", "an", "this"):
        return False
    return Question(place, TwoReadings(_SAME_FORM[place.word], margin=_ALONE), True)
