"""The texts of all variants: what they train on (BUG, the small text or one's own), and what is held out."""

from __future__ import annotations

import streamlit as st

from app.distill.text_input import TextInput
from app.shared.visitor import visitor
from app.shared.widgets import caption
from fairkd import corpora
from fairkd.utils import SMALL

BUG, SMALL_TEXT, PART = (
    "Sentences on professions (BUG)",
    "Small, offline",
    "Two in a hundred of these sentences",
)
WORDNET_LICENCE = "https://wordnet.princeton.edu/license-and-commercial-use"
TRAINING = TextInput("distill", "corpus.source", "corpus.column")
HELD_OUT = TextInput("distill_held_out", "corpus.held_out", "corpus.held_out_column", whole=True)


def corpus_controls() -> None:
    """The controls of the training text and the held-out one."""
    me = visitor()
    TRAINING.sources()[SMALL_TEXT] = SMALL
    kind = st.radio(
        "Text",
        TRAINING.kinds(me, (BUG, SMALL_TEXT)),
        key=TRAINING.kind_key,
        on_change=TRAINING.take,
        persist_state="session",
        label_visibility="collapsed",
    )
    TRAINING.widgets(kind, me)
    if kind == BUG:
        caption(
            "BUG (Levy et al. 2021, MIT licence) has 105,481 distinct real sentences with a profession and a "
            "pronoun. The first run downloads it once (43 MB)."
        )
    elif kind == SMALL_TEXT:
        caption(
            "31,364 short English sentences that come with FairKD, so a run needs no network: WordNet's "
            f"examples and definitions ([WordNet licence]({WORDNET_LICENCE})), and 387 sentences written for "
            "FairKD (Apache-2.0), most of them on professions. A quarter of all has a he or a she; in BUG "
            "every sentence has a pronoun."
        )
    elif not TRAINING.chosen(kind, me):
        caption(
            "Text with a sentence or a paragraph per line, or a table with a column of text: "
            f"{corpora.NAMED_FORMATS} (all but .parquet also packed, as {corpora.NAMED_PACKED}). Until you "
            "choose a file, BUG is used."
        )
    _held_out_controls()


def _held_out_controls() -> None:
    """Which sentences the student is evaluated on, and never trained on."""
    me = visitor()
    kinds = HELD_OUT.kinds(me, (PART,))
    if len(kinds) == 1:
        return
    kind = st.selectbox(
        "Held out for evaluation",
        kinds,
        key=HELD_OUT.kind_key,
        on_change=HELD_OUT.take,
        persist_state="session",
        help="No variant is trained on these sentences.",
    )
    HELD_OUT.widgets(kind, me)
    if kind != PART and not HELD_OUT.chosen(kind, me):
        caption(f"A text for evaluation alone. Until you choose one: {PART.lower()}.")


def enter_source(source: str) -> None:
    """Enter the training text of the address into the widgets."""
    if source == SMALL:
        st.session_state[TRAINING.kind_key] = SMALL_TEXT
    else:
        TRAINING.enter(source)


def enter_held_out(source: str) -> None:
    """Enter the held-out text of the address into the widgets."""
    HELD_OUT.enter(source)
