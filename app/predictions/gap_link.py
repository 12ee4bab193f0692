"""The way from a sentence to its gap: the sentence as a template of the Gaps page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from app.gaps.link import EDITS
from app.shared.url_state import compact
from fairkd.errors import FairKDError
from fairkd.lexicon import Template, shipped_professions
from fairkd.models import typed_mask

# The grammatical role of a mask, from the most probable word there that tells it.
_ROLES = {"he": "subject", "she": "subject", "him": "object", "his": "possessive"}


def template_of(text: str, words: Sequence[str]) -> Template | None:
    """The sentence with its profession replaced by a placeholder, or None if that does not make a template.

    It needs one mask and one of the shipped professions. `words` are the words at the mask, the most probable
    first: they tell the grammatical role.
    """
    role = next((_ROLES[word.lower()] for word in words if word.lower() in _ROLES), None)
    match = _profession().search(text)
    if role is None or match is None or len(typed_mask().findall(text)) != 1:
        return None
    article = (match["article"] or "").lower().strip()
    placeholder = {"": "{profession}", "the": "{the profession}"}.get(article, "{a profession}")
    try:
        return Template(text[: match.start()] + placeholder + text[match.end() :], role)
    except FairKDError:
        return None


def query_of(template: Template) -> dict[str, str]:
    """The parameters of the Gaps page that measure this template alone."""
    return {EDITS: compact({"templates": {"only": [[template.text, template.role]]}})}


@cache
def _profession() -> re.Pattern[str]:
    names = sorted(shipped_professions()["profession"], key=len, reverse=True)
    return re.compile(
        rf"\b(?P<article>(?:an?|the)\s+)?(?:{'|'.join(map(re.escape, names))})\b", re.IGNORECASE
    )
