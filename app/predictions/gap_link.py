"""The way from a sentence to its gap: the sentence as a template of the Gaps page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import streamlit as st

from app.gaps.link import MARKED, template_link
from app.shared.widgets import caption, literal
from fairkd import lexicon
from fairkd.errors import FairKDError
from fairkd.models import typed_mask

if TYPE_CHECKING:
    from fairkd.lexicon import Template

_SENTENCE = "measured_sentence"  # the sentence that the Predictions page offers to measure, and its template
# The grammatical role of a mask, from the most probable word there that tells it.
_ROLES = {"he": "subject", "she": "subject", "him": "object", "his": "possessive"}


def template_of(text: str, words: Sequence[str]) -> tuple[Template, str] | None:
    """The sentence with a placeholder for its profession, and the profession; None if that is no template.

    It needs one mask and one of the shipped professions. `words` are the words at the mask, the most probable
    first: they tell the grammatical role.
    """
    role = next((_ROLES[word.lower()] for word in words if word.lower() in _ROLES), None)
    if role is None or len(typed_mask().findall(text)) != 1:
        return None
    match = _profession().search(text)  # imports pandas
    if match is None:
        return None
    article = (match["article"] or "").lower().strip()
    placeholder = {"": "{profession}", "the": "{the profession}"}.get(article, "{a profession}")
    try:
        template = lexicon.Template(text[: match.start()] + placeholder + text[match.end() :], role)
    except FairKDError:
        return None
    return template, match["profession"].lower()


def why_not(text: str, words: Sequence[str]) -> str:
    """Why a sentence about "he" or "she" has no link; empty for one with a profession, and for others."""
    if not any(word.lower() in _ROLES for word in words[:2]) or _profession().search(text):
        return ""
    return "Gaps measures sentences with one of its professions, such as nurse. There you can add others."


def query_of(template: Template, profession: str) -> dict[str, str]:
    """The parameters of the Gaps page that measure this template alone, and mark a profession there."""
    return {**template_link(template.text, template.role), MARKED: profession}


def link_to_gaps(text: str, words: Sequence[str]) -> None:
    """A link that measures the sentence on the Gaps page, or why there is none for a pronoun's sentence."""
    found = template_of(text, words)
    if found is None:
        if reason := why_not(text, words):
            caption(reason)
        return
    template, profession = found
    st.session_state[_SENTENCE] = text, template
    st.page_link(
        "app/pages/gaps.py",
        label="Measure this sentence on Gaps",
        icon=":material/balance:",
        query_params=query_of(template, profession),
        help="The same sentence, also with other professions: how much more likely is he than she?",
    )


def link_back(templates: Sequence[Template]) -> None:
    """On the Gaps page: a link back to the sentence whose template is the only one there."""
    text, template = st.session_state.get(_SENTENCE, ("", None))
    if list(templates) == [template]:
        st.page_link(
            "app/pages/predictions.py",
            label=f"Back to “{literal(text)}” on Predictions",
            icon=":material/view_column:",
            query_params={"text": text},
        )


@cache
def _profession() -> re.Pattern[str]:
    names = sorted(lexicon.shipped_professions()["profession"], key=len, reverse=True)
    return re.compile(
        rf"\b(?P<article>(?:an?|the)\s+)?(?P<profession>{'|'.join(map(re.escape, names))})\b",
        re.IGNORECASE,
    )
