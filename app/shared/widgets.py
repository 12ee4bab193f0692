"""Small shared subwords of the pages: literal text, captions, figures and tables with their downloads."""

import re
import string
from collections.abc import Iterable, Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from fairkd.errors import listed

IMAGE_FORMAT_KEY = "image_format"
IMAGE_FORMATS = ("PNG", "SVG")

_PUNCTUATION = re.compile(f"([{re.escape(string.punctuation)}])")
# Streamlit rewrites these in the finished text, where no backslash protects them: emoji and icon codes
# (`:x:`), links without markup, arrows and dashes. An invisible word joiner takes the match apart.
_REWRITTEN = re.compile(r"(?<=[:@])|(?<=www)(?=\.)|(?<=[<>~-])(?=[-=>])", re.IGNORECASE)
_WORD_JOINER = "\u2060"


def literal(text: object) -> str:
    """`text` for any Streamlit Markdown (labels, errors, captions), shown exactly as it is.

    Markdown, HTML, `$math$` and colon directives lose their meaning; line breaks become spaces.
    """
    joined = _REWRITTEN.sub(_WORD_JOINER, " ".join(str(text).split()))
    return _PUNCTUATION.sub(r"\\\1", joined)


def caption(text: str) -> None:
    """How to read what stands above. `text` is our own Markdown; wrap what a user typed in `literal`."""
    st.caption(text)


def warn_unread(found: Iterable[tuple[str, Sequence[str]]], *, shown: str = "") -> None:
    """Say what each model reads as its unknown token; models that stumble over the same share a sentence."""
    stumbling: dict[str, list[str]] = {}
    for reference, parts in found:
        if parts:
            stumbling.setdefault(listed(parts), []).append(reference)
    for parts_named, references in stumbling.items():
        who = " and ".join(dict.fromkeys(references))
        said = f"Not in the vocabulary of {who}: {parts_named}. It is read as the unknown token{shown}."
        st.warning(literal(said), icon=":material/help:")


def image_format() -> str:
    """The picture format that the sidebar offers: "PNG" or "SVG"."""
    chosen = st.session_state.get(IMAGE_FORMAT_KEY)
    return chosen if chosen in IMAGE_FORMATS else IMAGE_FORMATS[0]


def show_figure(figure: go.Figure, key: str, name: str, *, keeps_zoom: bool = False) -> None:
    """Draw `figure` with one button that downloads it as `name`.png or .svg, as chosen in the sidebar.

    `keeps_zoom` says that a zoom is drawn again with the figure (see `app.components.zoom`). To plotly that
    is then the range which the figure began with: a reset leads back to it, and only autoscale leads out.
    """
    no_way_out = "resetScale2d" if keeps_zoom else "autoScale2d"
    config = {
        "displaylogo": False,
        "modeBarButtonsToRemove": ["select2d", "lasso2d", no_way_out, "zoomIn2d", "zoomOut2d"],
        "toImageButtonOptions": {"format": image_format().lower(), "filename": name, "scale": 2},
    }
    st.plotly_chart(figure, key=key, width="stretch", theme=None, config=config)


def download_row(frame: pd.DataFrame, name: str, key: str) -> None:
    """A button that downloads `frame` as `name`.csv (UTF-8); written only when it is pressed."""
    st.download_button(
        "CSV",
        data=lambda: frame.to_csv(index=False).encode(),
        file_name=f"{name}.csv",
        mime="text/csv",
        key=key,
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
        help="Download this table",
    )
