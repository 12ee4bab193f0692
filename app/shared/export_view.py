"""What the page shows now, in its order: figures, how to read each, and their tables. For the page's export.

Whatever draws a figure or a table calls `record_figure` or `record_table`, so that every page can be exported
without code of its own. Only references are kept: a file is made when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    import pandas as pd  # takes longer to import than the first page to appear

    from fairkd.utils import Format

_KEY = "export_view"  # of the session


@dataclass
class ShownFigure:
    """A plotly figure, or an `app.components.standalone.Standalone`, and how to read it, as Markdown."""

    figure: Any
    reading: str = ""


@dataclass(frozen=True)
class ShownText:
    """A section of text: its title, and Markdown."""

    title: str
    text: str


@dataclass(frozen=True)
class ShownTable:
    """A table by what it is about; `make` returns it with the format of each column."""

    title: str
    make: Callable[[], tuple[pd.DataFrame, Mapping[str, Format]]]


Shown = ShownFigure | ShownText | ShownTable


def begin_view() -> None:
    """Forget what was shown. Call it where a page begins, and in a fragment that draws all of its figures."""
    st.session_state[_KEY] = {}


def record_figure(key: str, figure: object) -> None:
    """Keep a figure; one with the same key is replaced in its place."""
    _view()[key] = ShownFigure(figure)


def record_reading(text: str) -> None:
    """Keep a caption, as Markdown, if it is the first after a figure: it says how to read the figure."""
    last = next(reversed(_view().values()), None)
    if isinstance(last, ShownFigure) and not last.reading:
        last.reading = text


def record_text(key: str, title: str, text: str) -> None:
    """Keep a section of text, as Markdown."""
    _view()[key] = ShownText(title, text)


def record_table(key: str, name: str, make: Callable[[], tuple[pd.DataFrame, Mapping[str, Format]]]) -> None:
    """Keep a table; `name` is that of its file."""
    title = name.removeprefix("fairkd-").replace("-", " ")
    _view()[key] = ShownTable(f"{title[:1].upper()}{title[1:]}", make)


def shown_elements() -> Mapping[str, Shown]:
    """Everything that is shown, in the order of the page; what is drawn later in this run is in it later."""
    return _view()


def _view() -> dict[str, Shown]:
    found: dict[str, Shown] = st.session_state.setdefault(_KEY, {})
    return found
