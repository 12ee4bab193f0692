"""Sentence templates with a mask for a group word and a place for a profession, and the shipped templates.

    Template("[MASK] is {a profession}.", "subject").render("engineer").text   # "[MASK] is an engineer."

The mask of a template is its *target*. It is typed in any form that `fairkd.models.tokenization.parse` knows:
[MASK], <mask>, or a blank _. The profession replaces the placeholder `{profession}`, `{a profession}` (with
"a" or "an") or `{the profession}`, and is capitalised at the beginning of a sentence. In languages with two
grammatical genders a template is rendered for one of them: with its articles, its form of the profession, and
the first or second of two forms that stand in braces, `{fatigué|fatiguée}`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import pandas as pd

from fairkd.errors import InputError
from fairkd.lexicon.agreement import takes_plural_verb, verb_agreement
from fairkd.lexicon.language_packs import ENGLISH, Gender, language_of
from fairkd.lexicon.professions import Profession, as_profession
from fairkd.lexicon.shipped_tables import language_table
from fairkd.lexicon.word_groups import ROLES, Contrast, WordGroup
from fairkd.models import begins_sentence, typed_mask
from fairkd.utils import shortened

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_ARTICLES = {"profession": "", "a profession": "a", "an profession": "a", "the profession": "the"}
_ALLOWED = "Write {profession}, {a profession} or {the profession}"


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
    role, a placeholder or the language is unknown.
    """

    text: str
    role: str
    language: str = field(default=ENGLISH, repr=False)

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise InputError(
                f"The template '{shortened(self.text)}' has the unknown grammatical role "
                f"'{shortened(self.role)}'. Use one of: {', '.join(ROLES)}."
            )
        language_of(self.language)
        placeholders = [name for name in _PLACEHOLDER.findall(self.text) if name.count("|") != 1]
        unknown = [name for name in placeholders if _key(name) not in _ARTICLES]
        if unknown:
            raise InputError(
                f"The template '{shortened(self.text)}' has the unknown placeholder "
                f"'{{{shortened(unknown[0])}}}'. "
                f"{_ALLOWED}, or two forms of a word: {{fatigué|fatiguée}}."
            )
        if not placeholders:
            raise InputError(
                f"The template '{shortened(self.text)}' has no placeholder for the profession. "
                f"{_ALLOWED} in it."
            )
        targets = len(typed_mask().findall(self.text))
        if targets != 1:
            raise InputError(
                f"The template '{shortened(self.text)}' has {targets or 'no'} "
                f"{'masks' if targets > 1 else 'mask'}. Write [MASK] in it exactly once."
            )

    def render(self, profession: str | Profession, gender: Gender | None = None) -> Rendered:
        """The template with `profession` filled in and the target written as [MASK].

        In languages with two forms, all words have those of `gender`; without one, the masculine forms.

        >>> Template("{The profession} said that [MASK] is {a profession}.", "subject").render("actor").text
        'The actor said that [MASK] is an actor.'
        >>> baker = Profession("Bäcker", "Bäckerin")
        >>> said = Template("{The profession} sagte, dass [MASK] müde ist.", "subject", "de")
        >>> said.render(baker, "feminine").text
        'Die Bäckerin sagte, dass [MASK] müde ist.'
        """
        language, word = language_of(self.language), as_profession(profession).form(gender)
        # A blank that touches the profession ("{profession}_") would no longer be read as a mask.
        whole = typed_mask().sub("[MASK]", self.text)
        target = whole.index("[MASK]")
        text = ""
        done = 0
        spans: list[tuple[int, int]] = []
        shift = 0  # by how much the text before the target has grown
        for placeholder in _PLACEHOLDER.finditer(whole):
            text += whole[done : placeholder.start()]
            if "|" in placeholder[1]:
                text += placeholder[1].split("|")[gender == "feminine"]
            else:
                kind = _ARTICLES[_key(placeholder[1])]
                words = language.with_article(kind, word, gender) if kind else word
                if begins_sentence(text):
                    words = language.capitalised(words)
                text += words
                # Counted from the end, because a capital can be longer than its letter ("ß" becomes "SS").
                start = len(text) - len(word) if kind else len(text) - len(words)
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


def shipped_templates(role: str | None = None, language: str = ENGLISH) -> pd.DataFrame:
    """The templates of `resources/languages/LANGUAGE/templates.csv`, all or those of one grammatical role.

    Returns a frame with the columns text, role, source and agreement. In English, subjects have "singular"
    (with "is" or another verb in the singular) or "any" (with a verb that fits "they" as well); all others
    have "". InputError for an unknown role or language.

    >>> len(shipped_templates("noun"))
    8
    """
    table = language_table(language, "templates.csv")
    if role is None:
        return table
    if role not in ROLES:
        raise InputError(f"Unknown grammatical role '{shortened(role)}'. Use one of: {', '.join(ROLES)}.")
    return table[table.role == role].reset_index(drop=True)


def fitting(contrast: Contrast, groups: Sequence[str] | None = None) -> list[Template]:
    """The shipped templates that fit some groups of `contrast` (by name, default: the first two).

    They are in its language and have the grammatical roles that the groups have words for. For a group such
    as "they" the subject's verb fits both numbers ("worked", "became"), otherwise it is singular.

    >>> from fairkd.lexicon import contrasts
    >>> [template.role for template in fitting(contrasts()["names"])]
    ['name', 'name', 'name', 'name']
    >>> fitting(contrasts()["pronouns-they"], ("he", "they"))[0].text
    '[MASK] worked as {a profession} for years.'
    """
    names = groups or tuple(group.name for group in contrast.groups[:2])
    compared = [group for group in contrast.groups if group.name in names]
    plural = any(map(takes_plural_verb, compared))
    return templates_of(contrast.roles, plural=plural, language=contrast.language)


def templates_of(roles: Sequence[str], *, plural: bool = False, language: str = ENGLISH) -> list[Template]:
    """The shipped templates of some grammatical roles; with `plural`, those that also fit "they".

    >>> [one.text for one in templates_of(["subject"], plural=True)][:1]
    ['[MASK] worked as {a profession} for years.']
    """
    unfit = "singular" if plural else "any"
    shipped = _shipped(language_of(language).code)
    return [template for template, agreement in shipped if template.role in roles and agreement != unfit]


@lru_cache(maxsize=16)
def _shipped(language: str) -> list[tuple[Template, str]]:
    """The shipped templates with the verbs that they agree with."""
    rows = shipped_templates(language=language).itertuples()
    return [(Template(row.text, row.role, language), row.agreement) for row in rows]


def _key(name: str) -> str:
    return " ".join(name.lower().split())


def misfits(templates: Sequence[Template], groups: Sequence[WordGroup]) -> list[tuple[str, str]]:
    """Where a word of a group does not agree with the verb: the group's name and the template's text.

    Only English templates are looked at.

    >>> from fairkd.lexicon import WordGroup
    >>> they = WordGroup("they", {"subject": ("they",)})
    >>> misfits([Template("[MASK] is {a profession}.", "subject")], [they])
    [('they', '[MASK] is {a profession}.')]
    """
    plural = {group.name: takes_plural_verb(group) for group in groups}
    return [
        (name, one.text)
        for one in templates
        if one.language == ENGLISH
        for name, is_plural in plural.items()
        if verb_agreement(one.text, one.role) == ("singular" if is_plural else "plural")
    ]
