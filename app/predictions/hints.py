"""Hints on a sentence: half a mask, unknown characters and words, and where other tools read it otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import streamlit as st

from app.predictions.inputs import INPUTS, use_sentence
from app.predictions.position import Role
from app.shared.model_cache import get_model
from app.shared.widgets import literal, warn_unread
from fairkd import models, predictions
from fairkd.errors import listed

if TYPE_CHECKING:
    from fairkd.predictions import Prediction

# In English sentences the embedded teacher splits hardly any word; in other languages about half of them.
_SPLIT_SHARE = 0.5
_SPLIT_TOKENS = 4  # so that one rare word alone causes no hint
# In English sentences the embedded models expect whole words at a mask.
_MOST_PROBABLE = 3
_CARE = "The model may not know this language or subject, so read its predictions with care"


def hints(text: str, found: Mapping[Role, Prediction]) -> None:
    """Show what may be wrong with the sentence, and offer a better one."""
    if half := models.half_masks(text):
        quoted = listed([f"“{part}”" for part in half])
        read = "is read as an ordinary word" if len(half) == 1 else "are read as ordinary words"
        st.info(literal(f"{quoted} {read}. Write [MASK] or _ for a hidden word."), icon=":material/help:")
        complete = models.complete_masks(text)
        if st.button("Use \\[MASK\\]", key="complete", on_click=use_sentence, args=(complete,)):
            st.rerun(INPUTS)  # the text box is in a fragment of its own
    loaded = {one.reference: get_model(one.reference) for one in found.values()}
    unread = {name: models.unknown_parts(model, text) for name, model in loaded.items()}
    warn_unread(
        ((name, [f"“{part}”" for part in parts]) for name, parts in unread.items()), shown=", framed in red"
    )
    sentences: dict[str, list[str]] = {}
    for one in {one.reference: one for one in found.values()}.values():
        name = one.reference
        words = models.tokens_by_word(loaded[name], text)
        if not unread[name] and (seen := split_words(words) or expected_part(one)):
            sentences.setdefault(seen, []).append(name)
    for seen, names in sentences.items():
        who = listed(names)
        st.info(literal(f"{seen} (read by {who})."), icon=":material/translate:")


def notes(text: str, references: Iterable[str]) -> None:
    """Show what a reader of the predictions should know: what a model lacks, and how other tools read it."""
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(references):
        model = get_model(name)
        for note in (*model.notes, models.fill_mask_difference(model, text)):
            if note:
                found.setdefault(note, []).append(name)
    for note, names in found.items():
        st.caption(literal(f"{listed(names)}: {note}"))


def split_words(words: list[tuple[str, int]]) -> str:
    """What was seen if a model splits many of the words, given as by `tokens_by_word`; else ""."""
    split = [(word, count) for word, count in words if count > 1]
    if len(split) < _SPLIT_SHARE * len(words) or sum(count for _, count in split) < _SPLIT_TOKENS:
        return ""
    seen = f"{len(split)} of the {len(words)} words are" if len(words) > 1 else "The only word is"
    return f"{seen} split into parts, because they were rare in the text that the model learnt from. {_CARE}"


def expected_part(prediction: Prediction) -> str:
    """What was seen if a part of a word is probable at a mask where a new word begins; else ""."""
    for place in prediction.positions:
        token = prediction.tokens[place]
        if token.masked and not prediction.text[: token.start][-1:].strip():
            for id in predictions.top_ids(prediction.row(place)[None], _MOST_PROBABLE)[0].tolist():
                word = prediction.token_string(place, id)
                if word.startswith("##") or word.endswith("##"):
                    return (
                        f"Where a whole word belongs, the part “{word}” is among the most probable. {_CARE}"
                    )
    return ""
