"""Small elements that all pages share: literal text, captions, warnings and figures."""

import re
import string
from collections.abc import Iterable, Sequence

import streamlit as st

from app.shared.export_view import record_reading
from fairkd.errors import listed

IMAGE_FORMAT_KEY = "image_format"
IMAGE_FORMATS = ("PNG", "SVG")

_PUNCTUATION = re.compile(f"([{re.escape(string.punctuation)}])")
# Streamlit replaces these even after a backslash: emoji and icon codes (`:x:`), links without markup, arrows
# and dashes. An invisible word joiner prevents the match.
_REWRITTEN = re.compile(r"(?<=[:@])|(?<=www)(?=\.)|(?<=[<>~-])(?=[-=>])", re.IGNORECASE)
_WORD_JOINER = "\u2060"
_SPACES = re.compile(r"[^\S\u00a0]+")  # all but the no-break space


def literal(text: object) -> str:
    """`text` escaped for any Streamlit Markdown (labels, errors, captions), so that it is shown as it is.

    Markdown, HTML, `$math$` and colon directives have no effect. Line breaks become spaces; a no-break
    space stays one.
    """
    joined = _REWRITTEN.sub(_WORD_JOINER, _SPACES.sub(" ", str(text).strip()))
    return _PUNCTUATION.sub(r"\\\1", joined)


def caption(text: str) -> None:
    """Small text that explains the element above. `text` is Markdown: pass user input through `literal`."""
    record_reading(text)
    st.caption(text)


def warn_unread(found: Iterable[tuple[str, Sequence[str]]], *, shown: str = "") -> None:
    """Warn about text that a model reads as its unknown token: one message for models with the same text.

    `found` has a model reference and the unknown parts of the text; `shown` says how the page marks them.
    """
    models: dict[tuple[str, ...], list[str]] = {}
    for reference, parts in found:
        if parts:
            models.setdefault(tuple(parts), []).append(reference)
    for parts, references in models.items():
        who = " and ".join(dict.fromkeys(references))
        read = "It is read as the unknown token" if len(parts) == 1 else "They are read as the unknown token"
        warning = f"Not in the vocabulary of {who}: {listed(parts)}. {read}{shown}."
        st.warning(literal(warning), icon=":material/help:")


def image_format() -> str:
    """The image format chosen in the sidebar: "PNG" or "SVG"."""
    chosen = st.session_state.get(IMAGE_FORMAT_KEY)
    return chosen if chosen in IMAGE_FORMATS else IMAGE_FORMATS[0]
