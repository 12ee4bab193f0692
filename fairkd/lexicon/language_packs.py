"""The languages that word groups, templates and professions come in: the folders of `resources/languages`.

    languages()["nl"].name                      # "Dutch"
    languages()["fr"].with_article("the", "avocate", "feminine")   # "l'avocate"

A folder has four files: `language.yaml` (articles, ambiguous words), `word_groups.yaml`, `templates.csv` and
`professions.csv`. `resources/languages/en/language.yaml` explains the keys.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Literal

import yaml

from fairkd.errors import InputError
from fairkd.utils import shortened

Gender = Literal["masculine", "feminine"]
ENGLISH = "en"
_DOTTED_CAPITAL = ("az", "tr")  # languages in which the capital of "i" is "İ"


@dataclass(frozen=True)
class Sounds:
    """Which words begin with the sound of a vowel, for articles that depend on it ("an", "l'").

    `letters` are vowels as they are written. `vowel` and `consonant` are regular expressions for words that
    sound otherwise. The names of the capitals `letter_names` begin with a vowel ("an FBI agent").
    """

    letters: str = ""
    vowel: str = "(?!)"
    consonant: str = "(?!)"
    letter_names: str = ""

    def begins_with_vowel(self, word: str) -> bool:
        """By rules on how the word's beginning is written. Rare names may be wrong."""
        plain = unicodedata.normalize("NFD", word.replace("œ", "oe").replace("Œ", "Oe"))
        plain = re.sub(r"[^\w\s'-]|[\u0300-\u036f]", "", plain).lstrip("'- _")
        first = re.split(r"[\s'-]", plain, maxsplit=1)[0]
        if self.letter_names and first.isupper() and (len(first) <= 3 or not re.search("[AEIOU]", first)):
            return first[0] in self.letter_names
        start = plain.lower()
        if re.match(self.vowel, start):
            return True
        return start[:1] in set(self.letters) and not re.match(self.consonant, start)


@dataclass(frozen=True)
class Language:
    """A language with word groups, templates and professions.

    Parameters
    ----------
    code, name
        "nl", "Dutch".
    articles
        For "a" and "the", the articles of a man and of a woman.
    before_vowel
        What an article becomes before the sound of a vowel: `{"a": "an"}`, `{"le": "l'"}`.
    sounds
        Which words begin with such a sound.
    ambiguous
        A sentence on each word of the word groups that also means something else, by the word.
    """

    code: str
    name: str
    articles: Mapping[str, tuple[str, str]]
    before_vowel: Mapping[str, str] = field(default_factory=dict)
    sounds: Sounds = Sounds()
    ambiguous: Mapping[str, str] = field(default_factory=dict)

    def with_article(self, article: str, word: str, gender: Gender | None) -> str:
        """`word` with its article "a" or "the", in the form of a gender (None: the masculine one).

        >>> languages()["en"].with_article("a", "hourly worker", None)
        'an hourly worker'
        >>> languages()["fr"].with_article("the", "avocate", "feminine")
        "l'avocate"
        """
        form = self.articles[article][gender == "feminine"]
        if form in self.before_vowel and self.sounds.begins_with_vowel(word):
            form = self.before_vowel[form]
        return f"{form}{'' if form.endswith(('’', chr(39))) else ' '}{word}"

    def capitalised(self, text: str) -> str:
        """The text with a capital at its beginning.

        >>> languages()["de"].capitalised("der Arzt")
        'Der Arzt'
        """
        first = "İ" if text[:1] == "i" and self.code in _DOTTED_CAPITAL else text[:1].upper()
        return first + text[1:]

    def ambiguities(self, words: Iterable[str]) -> tuple[str, ...]:
        """What is to be said of these words: a sentence for each that also means something else.

        >>> languages()["nl"].ambiguities(["hem", "haar"])
        ('“haar” is both “her” of “I see her” and “her” of “her work”, and also means “hair”.',)
        """
        known = dict.fromkeys(word.casefold() for word in words)
        return tuple(dict.fromkeys(self.ambiguous[word] for word in known if word in self.ambiguous))


@lru_cache(maxsize=1)
def languages() -> Mapping[str, Language]:
    """All languages by their code, English first."""
    folder = files("fairkd") / "resources" / "languages"
    found = [_read(one.name) for one in folder.iterdir() if (one / "language.yaml").is_file()]
    return {one.code: one for one in sorted(found, key=lambda one: (one.code != ENGLISH, one.name))}


def language_of(code: str) -> Language:
    """The language of a code such as "nl". InputError if there is none."""
    if code not in languages():
        raise InputError(
            f"There are no word groups in the language '{shortened(code)}': expected one of "
            f"{', '.join(languages())}."
        )
    return languages()[code]


def known_language(codes: Iterable[str]) -> str | None:
    """The first of some language tags ("nl", "de-DE") that word groups come in; None if there is none.

    >>> known_language(["xx", "de-DE"]), known_language(["multilingual"])
    ('de', None)
    """
    for tag in codes:
        code = re.split("[-_]", tag.strip().lower())[0]
        if code in languages():
            return code
    return None


def _read(code: str) -> Language:
    text = (files("fairkd") / "resources" / "languages" / code / "language.yaml").read_text(encoding="utf-8")
    entries = yaml.safe_load(text)
    articles = {name: (forms[0], forms[1]) for name, forms in entries.pop("articles").items()}
    return Language(articles=articles, sounds=Sounds(**entries.pop("sounds", {})), **entries)
