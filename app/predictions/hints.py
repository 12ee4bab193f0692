"""Hints on a sentence: half a mask, characters and words that a model does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from app.predictions.position import Role
from app.shared.model_cache import get_model
from app.shared.widgets import literal, warn_unread
from fairkd import models
from fairkd.errors import listed

if TYPE_CHECKING:
    from fairkd.predictions import Prediction

# In English sentences the embedded teacher splits hardly any word; in other languages about half of them.
_SPLIT_SHARE = 0.5
_SPLIT_TOKENS = 4  # so that one rare word alone causes no hint


def hints(text: str, found: Mapping[Role, Prediction]) -> None:
    """Show what may be wrong with the sentence."""
    if half := models.half_masks(text):
        quoted = listed([f"“{part}”" for part in half])
        read = "is read as an ordinary word" if len(half) == 1 else "are read as ordinary words"
        st.info(literal(f"{quoted} {read}. Write [MASK] or _ for a hidden word."), icon=":material/help:")
    loaded = {one.reference: get_model(one.reference) for one in found.values()}
    unread = {name: models.unknown_parts(model, text) for name, model in loaded.items()}
    warn_unread(
        ((name, [f"“{part}”" for part in parts]) for name, parts in unread.items()), shown=", framed in red"
    )
    sentences: dict[str, list[str]] = {}
    for name, model in loaded.items():
        if not unread[name] and (seen := split_words(models.tokens_by_word(model, text))):
            sentences.setdefault(seen, []).append(name)
    for seen, names in sentences.items():
        who = " and ".join(names)
        st.info(literal(f"{seen} (read by {who})."), icon=":material/translate:")


def split_words(words: list[tuple[str, int]]) -> str:
    """What was seen if a model splits many of the words, given as by `tokens_by_word`; else ""."""
    split = [(word, count) for word, count in words if count > 1]
    if len(split) < _SPLIT_SHARE * len(words) or sum(count for _, count in split) < _SPLIT_TOKENS:
        return ""
    seen = f"{len(split)} of the {len(words)} words are" if len(words) > 1 else "The only word is"
    return (
        f"{seen} split into parts, because they were rare in the text that the model learnt from. It may not "
        "know this language or subject, so read its predictions with care"
    )
