"""The element “Export this page”: what it shows now as a notebook, or as a web page that opens offline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import streamlit as st

from app.shared.export_notebook import NotebookCell, notebook_text
from app.shared.export_view import shown_elements
from app.shared.provenance import content_hash
from fairkd.errors import FairKDError


@dataclass(frozen=True)
class Export:
    """What a page says of itself for its export.

    Parameters
    ----------
    title : as text.
    name : of the files, without an ending: "fairkd-gaps".
    cells : makes the code of the notebook, which draws what the page shows.
    sentences : Markdown: what the page found.
    settings : that the numbers depend on, by name.
    html : makes the whole web page, where a report of `fairkd` is one. Otherwise it has the figures and
        tables that the page shows.
    """

    title: str
    name: str
    cells: Callable[[], Sequence[NotebookCell]]
    sentences: Sequence[str] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    html: Callable[[], str] | None = None


def export_button(
    export: Export,
    key: str,
    *,
    models: Sequence[str],
    citation: str,
    command: str = "",
    note: str = "",
    files: Mapping[str, Callable[[], str]] | None = None,
) -> None:
    """An expander with both downloads. Each file is made on the click.

    Parameters
    ----------
    models : their references.
    citation : BibTeX entries.
    command : that reproduces the page, as lines for a shell; `note` is on it, as Markdown.
    files : the text of each file that the command reads, by its name.
    """
    panel = st.expander(
        "Export this page", key=f"{key}_export", icon=":material/ios_share:", on_change="rerun"
    )
    if not panel.open:
        return
    shown = shown_elements()  # here, because the click is not a run of the script

    def notebook() -> bytes:
        return notebook_text(export.title, export.sentences, export.cells()).encode()

    def page() -> bytes:
        return (export.html or view)().encode()

    def view() -> str:
        from app.shared.export_page import view_page  # imports pandas

        return view_page(
            export.title,
            tuple(shown.values()),
            sentences=export.sentences,
            settings=export.settings,
            models=_hashes(models),
            command=command,
            note=note,
            files={name: text() for name, text in (files or {}).items()},
            citation=citation,
        )

    with panel, st.container(horizontal=True, gap="small"):
        st.download_button(
            "Notebook (.ipynb)",
            data=notebook,
            file_name=f"{export.name}.ipynb",
            mime="application/x-ipynb+json",
            key=f"{key}_notebook",
            on_click="ignore",
            icon=":material/code:",
            help="Code that makes the same numbers with FairKD and draws the same figures.",
        )
        st.download_button(
            "Web page (.html)",
            data=page,
            file_name=f"{export.name}.html",
            mime="text/html",
            key=f"{key}_html",
            on_click="ignore",
            icon=":material/html:",
            help="Figures, tables, settings and models in one file, which opens without a network.",
        )


def _hashes(models: Sequence[str]) -> dict[str, str]:
    """The hash of each model's weights; "" for a model that is gone since."""
    found = dict.fromkeys(models, "")
    for reference in found:
        with suppress(FairKDError):
            found[reference] = content_hash(reference)
    return found
