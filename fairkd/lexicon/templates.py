"""Sentence templates with a place for a masked word and one for a profession, and the shipped tables.

    Template("[MASK] is {a profession}.", "subject").render("engineer").text   # "[MASK] is an engineer."

The target is a mask typed in any form that `fairkd.models.tokenization.parse` knows ([MASK], <mask>, a blank
_). The profession goes to `{profession}`, `{a profession}` (with "a" or "an") or `{the profession}`; at the
beginning of a sentence it is capitalised.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import pandas as pd

from fairkd.errors import InputError
from fairkd.lexicon.shipped_tables import shipped_table
from fairkd.lexicon.word_groups import ROLES, Contrast
from fairkd.models import begins_sentence, typed_mask

_BRACES = re.compile(r"\{([^{}]*)\}")
_ARTICLES = {"profession": "", "a profession": "a", "an profession": "a", "the profession": "the"}

# Written with a vowel, spoken with a consonant (a university, a European, a one-man band, a urologist) ...
_CONSONANT_SOUND = re.compile(r"uni(?!n|m)|eu|ewe|one\b|once\b|u\b|ufo|uro|ura|usa|use|usu|uti|ute|ubi|uk\b")
# ... and the other way round (an hour, an honest, an honorary, an heir; 8, 11 and 18 in figures).
_VOWEL_SOUND = re.compile(r"hour|honest|honou?r|heir|8|11(?!\d)|18(?!\d)")
# Letters whose English names begin with a vowel: an FBI agent, an MRI technician.
_VOWEL_NAMES = set("AEFHILMNORSX")


@dataclass(frozen=True)
class Rendered:
    """A template with a profession filled in; spans are character offsets in `text`."""

    text: str
    target: tuple[int, int]
    professions: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Template:
    """A sentence with one target mask and at least one profession role.

    `role` says which words fit the target: subject (he), object (him), possessive (his), noun (man), name
    (James). Raises InputError when the target or the profession is missing, there are two targets, or a
    role is unknown.
    """

    text: str
    role: str

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise InputError(
                f"The template '{self.text}' has the unknown role '{self.role}'; "
                f"use one of: {', '.join(ROLES)}."
            )
        unknown = [name for name in _BRACES.findall(self.text) if _key(name) not in _ARTICLES]
        if unknown:
            raise InputError(
                f"The template '{self.text}' holds the unknown role '{{{unknown[0]}}}'; "
                "write {profession}, {a profession} or {the profession}."
            )
        if not _BRACES.search(self.text):
            raise InputError(
                f"The template '{self.text}' has no role for the profession; "
                "write {profession}, {a profession} or {the profession} in it."
            )
        targets = len(typed_mask().findall(self.text))
        if targets != 1:
            raise InputError(
                f"The template '{self.text}' has {targets or 'no'} {'targets' if targets > 1 else 'target'}; "
                "write [MASK] in it exactly once."
            )

    def render(self, profession: str) -> Rendered:
        """The template with `profession` in it, and its target written as [MASK].

        >>> Template("{The profession} said that [MASK] is {a profession}.", "subject").render("actor").text
        'The actor said that [MASK] is an actor.'
        """
        # Written out, the target stays a mask where the profession touches it ("{profession}_").
        whole = typed_mask().sub("[MASK]", self.text)
        target = whole.index("[MASK]")
        text = ""
        done = 0
        spans: list[tuple[int, int]] = []
        shift = 0  # how much longer the text before the target has become
        for role in _BRACES.finditer(whole):
            text += whole[done : role.start()]
            kind = _ARTICLES[_key(role[1])]
            words = f"{article(profession) if kind == 'a' else kind} {profession}" if kind else profession
            if begins_sentence(text):
                words = words[:1].upper() + words[1:]
            text += words
            # From the end: making a letter large can add one (a sharp s becomes two).
            start = len(text) - len(profession) if kind else len(text) - len(words)
            spans.append((start, len(text)))
            done = role.end()
            if done <= target:
                shift = len(text) - done
        start = target + shift
        return Rendered(text + whole[done:], (start, start + len("[MASK]")), tuple(spans))

    def context_depends_on(self, profession: str) -> bool:
        """Whether the profession can change how a word at the target is written.

        It can where no white space stands between the two ("{profession}/[MASK]"), and where the
        profession ends in a sign: after "Dr." a sentence may begin.
        """
        if not profession[-1:].isalnum():
            return True
        bare = _BRACES.sub(lambda role: "\0" * len(role[0]), self.text)
        return (
            re.search(rf"\0\S*(?:{typed_mask().pattern})|(?:{typed_mask().pattern})\S*\0", bare) is not None
        )


def article(word: str) -> str:
    """The article, "a" or "an", by the sound of the word's beginning; rules, so not every name is met.

    >>> [article(word) for word in ("nurse", "engineer", "hourly worker", "university dean", "FBI agent")]
    ['a', 'an', 'an', 'a', 'an']
    """
    letters = unicodedata.normalize("NFD", word)
    letters = re.sub(r"[^\w\s'-]|[\u0300-\u036f]", "", letters).lstrip("'- _")
    first = re.split(r"[\s'-]", letters, maxsplit=1)[0]
    spelled_out = first.isupper() and (len(first) <= 3 or not re.search("[AEIOU]", first))
    if spelled_out:
        return "an" if first[0] in _VOWEL_NAMES else "a"
    start = letters.lower()
    if _VOWEL_SOUND.match(start):
        return "an"
    return "an" if start[:1] in set("aeiou") and not _CONSONANT_SOUND.match(start) else "a"


def shipped_templates(role: str | None = None) -> pd.DataFrame:
    """The shipped templates (`resources/templates.csv`): text, role, source; of one role, if given.

    >>> len(shipped_templates("noun"))
    8
    """
    table = shipped_table("templates.csv")
    if role is None:
        return table
    if role not in ROLES:
        raise InputError(f"There is no role '{role}'; use one of: {', '.join(ROLES)}.")
    return table[table.role == role].reset_index(drop=True)


def fitting(contrast: Contrast) -> list[Template]:
    """The shipped templates that a contrast has words for."""
    return [
        Template(row.text, row.role) for row in shipped_templates().itertuples() if row.role in contrast.roles
    ]


def _key(name: str) -> str:
    return " ".join(name.lower().split())
