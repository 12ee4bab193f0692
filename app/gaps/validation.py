"""Checks the input of the Gaps page: professions, templates, the visitor's own words, and uploaded files.

Pure functions without Streamlit. They raise InputError with one sentence. The limits protect a shared
server; those of the widgets hold in the browser only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from fairkd.errors import InputError
from fairkd.lexicon import ENGLISH, Contrast, Template, WordGroup, parse_words, typed_contrast
from fairkd.measures import women_share
from fairkd.utils import shortened

MOST_PROFESSIONS = 500
MOST_TEMPLATES = 60
MOST_SENTENCES = 6_000
MOST_TOKENS = 1_000_000  # that a model reads for one table, about a minute on two cores
MOST_WORDS = 100
LONGEST_NAME = 80  # characters of a profession
LONGEST_TEMPLATE = 300
MOST_BYTES = 1_000_000


def clean_professions(frame: pd.DataFrame) -> pd.DataFrame:
    """The professions of an edited table: trimmed, without blank rows.

    Parameters
    ----------
    frame : columns profession and, optionally, women_share (among workers, 0 to 1, may be missing) and
        feminine (the form for a woman, may be missing).

    Returns
    -------
    DataFrame[profession: str, women_share: float]; women_share is NaN if unknown. With the column feminine,
    where the frame has one that is not empty.
    """
    forms = [_text(form) for form in frame["feminine"]] if "feminine" in frame else [""] * len(frame)
    names = [_text(name) for name in frame["profession"]]
    shares = list(frame["women_share"]) if "women_share" in frame else [None] * len(names)
    rows = [
        (name, women_share(share, name), form)
        for name, share, form in zip(names, shares, forms, strict=True)
        if name or _has_value(share)
    ]
    if not rows:
        raise InputError("There are no professions: add at least one row to the table, or reset it.")
    if len(rows) > MOST_PROFESSIONS:
        raise InputError(
            f"Expected at most {MOST_PROFESSIONS} professions, got {len(rows)}: remove some of them."
        )
    seen: set[str] = set()
    for name, share, form in rows:
        if not name:
            raise InputError(
                f"A row has a share of women ({shortened(share)}) but no profession: add its name or "
                "delete the row."
            )
        for text in (name, form):
            if len(text) > LONGEST_NAME:
                raise InputError(
                    f"The profession '{text[:30]}…' has {len(text)} characters; use at most {LONGEST_NAME}."
                )
        if name in seen:
            raise InputError(
                f"The profession '{shortened(name)}' is listed twice: delete one of the two rows."
            )
        seen.add(name)
    columns = ["profession", "women_share", "feminine"]
    found = pd.DataFrame(rows, columns=columns).astype({"women_share": float})
    return found if any(form for _, _, form in rows) else found[columns[:2]]


def clean_templates(
    frame: pd.DataFrame, roles: Sequence[str], language: str = ENGLISH
) -> tuple[Template, ...]:
    """The templates of an edited table in a language, without blank rows and repetitions.

    `frame` has the columns text and role. A row without a role gets the first of `roles`; no other roles are
    allowed.
    """
    rows = [(_text(row.text), _text(row.role) or roles[0]) for row in frame.itertuples() if _text(row.text)]
    if not rows:
        raise InputError(
            "There are no templates: add at least one sentence with [MASK] and {profession}, or reset the "
            "table."
        )
    if len(rows) > MOST_TEMPLATES:
        raise InputError(
            f"Expected at most {MOST_TEMPLATES} templates, got {len(rows)}: remove some of them."
        )
    for text, role in rows:
        if len(text) > LONGEST_TEMPLATE:
            raise InputError(
                f"The template '{text[:40]}…' has {len(text)} characters; use at most {LONGEST_TEMPLATE}."
            )
        if role not in roles:
            raise InputError(
                f"The template '{text}' has the role '{shortened(role)}', but these word groups have words "
                f"for: {', '.join(roles)}."
            )
    return tuple(Template(text, role, language) for text, role in dict.fromkeys(rows))


def check_amount(templates: Sequence[Template], professions: Sequence[str]) -> None:
    """Raise InputError if there are more sentences than a page should measure."""
    if (sentences := len(templates) * len(professions)) > MOST_SENTENCES:
        raise InputError(
            f"{len(templates)} templates times {len(professions)} professions make {sentences} sentences; "
            f"use at most {MOST_SENTENCES}."
        )


def check_work(tokens: int, sentences: int) -> None:
    """Raise InputError if the model would have to read more than a page should make it read."""
    if tokens > MOST_TOKENS:
        raise InputError(
            f"With these words, the model has to read about {tokens:,} tokens for {sentences:,} sentences; "
            f"use at most {MOST_TOKENS:,}. Words of several subword tokens cost most, then long templates."
        )


def words_text(group: WordGroup, roles: Sequence[str]) -> str:
    """The words of a group as text, with their role if there are several roles.

    >>> words_text(WordGroup("he", {"subject": ("he",), "object": ("him",)}), ["subject", "object"])
    'he (subject), him (object)'
    """
    if len(roles) == 1:
        return ", ".join(group.for_role(roles[0]))
    return ", ".join(f"{', '.join(group.for_role(role))} ({role})" for role in roles)


def sum_name(group: WordGroup, roles: Sequence[str]) -> str:
    """The name of a group in `P(...)`: its first word, with an ellipsis if the sum has several words.

    >>> sum_name(WordGroup("man", {"noun": ("man", "boy")}), ["noun"])
    'man …'
    """
    first = group.for_role(roles[0])[0]
    return f"{first} …" if any(len(group.for_role(role)) > 1 for role in roles) else first


def own_contrast(text_a: str, text_b: str, language: str = ENGLISH) -> Contrast:
    """The contrast of two typed word lists, with no more words than a page should measure."""
    for order, text in (("first", text_a), ("second", text_b)):
        if (count := len(parse_words(text))) > MOST_WORDS:
            raise InputError(f"The {order} word list has {count} words; use at most {MOST_WORDS}.")
    return typed_contrast(text_a, text_b, language)


def uploaded_professions(data: bytes) -> pd.DataFrame:
    """The professions of an uploaded CSV file, with the shares of women if it has them."""
    from fairkd.measures import read_professions  # with the upload, not with the page

    if len(data) > MOST_BYTES:
        raise InputError(f"The file has {len(data):,} bytes; upload at most {MOST_BYTES:,}.")
    return clean_professions(read_professions(data))


def _text(value: object) -> str:
    """A cell as trimmed text; a missing cell is empty."""
    return "" if not _has_value(value) else " ".join(str(value).split())


def _has_value(value: object) -> bool:
    """Whether a cell is not blank."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return False
    return not (isinstance(value, str) and not value.strip())
