"""Sentence templates with a mask for a group word and a place for a profession, and the shipped templates.

    Template("[MASK] is {a profession}.", "subject").render("engineer").text   # "[MASK] is an engineer."

The mask of a template is its *target*. It is typed in any form that `fairkd.models.tokenization.parse` knows:
[MASK], <mask>, or a blank _. The profession replaces the placeholder `{profession}`, `{a profession}` (with
"a" or "an") or `{the profession}`, and is capitalised at the beginning of a sentence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from fairkd.errors import InputError
from fairkd.lexicon.agreement import takes_plural_verb
from fairkd.lexicon.shipped_tables import shipped_table
from fairkd.lexicon.word_groups import ROLES, Contrast
from fairkd.models import begins_sentence, typed_mask
from fairkd.utils import shortened

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_ARTICLES = {"profession": "", "a profession": "a", "an profession": "a", "the profession": "the"}

# Spelled with a vowel but pronounced with a consonant: a university, a European, a one-man band, a urologist.
_CONSONANT_SOUND = re.compile(r"uni(?!n|m)|eu|ewe|one\b|once\b|u\b|ufo|uro|ura|usa|use|usu|uti|ute|ubi|uk\b")
# Spelled with a consonant but pronounced with a vowel: an hour, an honest, an heir; also 8, 11 and 18.
_VOWEL_SOUND = re.compile(r"hour|honest|honou?r|heir|8|11(?!\d)|18(?!\d)")
# Letters whose English names begin with a vowel: an FBI agent, an MRI technician.
_VOWEL_NAMES = set("AEFHILMNORSX")


@dataclass(frozen=True)
class Rendered:
    """A template with a profession filled in.

    `target` and `professions` are spans (start, end) of characters in `text`.
    """

    text: str
    target: tuple[int, int]
    professions: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Template:
    """A sentence with one target mask and at least one placeholder for the profession.

    `role` is the grammatical role of the target, which decides what words fit: subject (he), object (him),
    possessive (his), noun (man) or name (James).

    Raises InputError if the target or the placeholder is missing, if there is more than one target, or if the
    role or a placeholder is unknown.
    """

    text: str
    role: str

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise InputError(
                f"The template '{shortened(self.text)}' has the unknown grammatical role "
                f"'{shortened(self.role)}'. Use one of: {', '.join(ROLES)}."
            )
        unknown = [name for name in _PLACEHOLDER.findall(self.text) if _key(name) not in _ARTICLES]
        if unknown:
            raise InputError(
                f"The template '{shortened(self.text)}' has the unknown placeholder "
                f"'{{{shortened(unknown[0])}}}'. "
                "Write {profession}, {a profession} or {the profession}."
            )
        if not _PLACEHOLDER.search(self.text):
            raise InputError(
                f"The template '{shortened(self.text)}' has no placeholder for the profession. "
                "Write {profession}, {a profession} or {the profession} in it."
            )
        targets = len(typed_mask().findall(self.text))
        if targets != 1:
            raise InputError(
                f"The template '{shortened(self.text)}' has {targets or 'no'} "
                f"{'masks' if targets > 1 else 'mask'}. Write [MASK] in it exactly once."
            )

    def render(self, profession: str) -> Rendered:
        """The template with `profession` filled in and the target written as [MASK].

        >>> Template("{The profession} said that [MASK] is {a profession}.", "subject").render("actor").text
        'The actor said that [MASK] is an actor.'
        """
        # A blank that touches the profession ("{profession}_") would no longer be read as a mask.
        whole = typed_mask().sub("[MASK]", self.text)
        target = whole.index("[MASK]")
        text = ""
        done = 0
        spans: list[tuple[int, int]] = []
        shift = 0  # by how much the text before the target has grown
        for placeholder in _PLACEHOLDER.finditer(whole):
            text += whole[done : placeholder.start()]
            kind = _ARTICLES[_key(placeholder[1])]
            words = f"{article(profession) if kind == 'a' else kind} {profession}" if kind else profession
            if begins_sentence(text):
                words = words[:1].upper() + words[1:]
            text += words
            # Counted from the end, because a capital can be longer than its letter ("ß" becomes "SS").
            start = len(text) - len(profession) if kind else len(text) - len(words)
            spans.append((start, len(text)))
            done = placeholder.end()
            if done <= target:
                shift = len(text) - done
        start = target + shift
        return Rendered(text + whole[done:], (start, start + len("[MASK]")), tuple(spans))

    def context_depends_on(self, profession: str) -> bool:
        """Whether the profession can change how a word at the target is tokenized.

        It can if no white space separates the two ("{profession}/[MASK]"), or if the profession ends in a
        punctuation mark: after "Dr." a new sentence may begin.

        >>> template = Template("[MASK] is {a profession}.", "subject")
        >>> template.context_depends_on("nurse"), template.context_depends_on("Dr.")
        (False, True)
        """
        if not profession[-1:].isalnum():
            return True
        bare = _PLACEHOLDER.sub(lambda placeholder: "\0" * len(placeholder[0]), self.text)
        return (
            re.search(rf"\0\S*(?:{typed_mask().pattern})|(?:{typed_mask().pattern})\S*\0", bare) is not None
        )


def article(word: str) -> str:
    """The article "a" or "an", by rules on how the word's beginning sounds. Rare names may be wrong.

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
    """The templates of `resources/templates.csv`, all of them or those of one grammatical role.

    Returns a frame with the columns text, role, source and agreement. Subjects have "singular" (with "is" or
    another verb in the singular) or "any" (with a verb that fits "they" as well); other roles have "".
    InputError for an unknown role.

    >>> len(shipped_templates("noun"))
    8
    """
    table = shipped_table("templates.csv")
    if role is None:
        return table
    if role not in ROLES:
        raise InputError(f"Unknown grammatical role '{shortened(role)}'. Use one of: {', '.join(ROLES)}.")
    return table[table.role == role].reset_index(drop=True)


def fitting(contrast: Contrast, groups: tuple[str, str] | None = None) -> list[Template]:
    """The shipped templates that fit two groups of `contrast` (by name, default: the first two).

    They have the grammatical roles that the groups have words for. For a group such as "they" the subject's
    verb fits both numbers ("worked", "became"), otherwise it is singular.

    >>> from fairkd.lexicon import contrasts
    >>> [template.role for template in fitting(contrasts()["names"])]
    ['name', 'name', 'name', 'name']
    >>> fitting(contrasts()["pronouns-they"], ("he", "they"))[0].text
    '[MASK] worked as {a profession} for years.'
    """
    names = groups or tuple(group.name for group in contrast.groups[:2])
    compared = [group for group in contrast.groups if group.name in names]
    return templates_of(contrast.roles, plural=any(map(takes_plural_verb, compared)))


def templates_of(roles: Sequence[str], *, plural: bool = False) -> list[Template]:
    """The shipped templates of some grammatical roles; with `plural`, those that also fit "they".

    >>> [one.text for one in templates_of(["subject"], plural=True)][:1]
    ['[MASK] worked as {a profession} for years.']
    """
    unfit = "singular" if plural else "any"
    return [template for template, agreement in _shipped() if template.role in roles and agreement != unfit]


@lru_cache(maxsize=1)
def _shipped() -> list[tuple[Template, str]]:
    """The shipped templates with the verbs that they agree with."""
    return [(Template(row.text, row.role), row.agreement) for row in shipped_templates().itertuples()]


def _key(name: str) -> str:
    return " ".join(name.lower().split())
