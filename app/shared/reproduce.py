"""The element “Reproduce and cite”: the command that prints what the page shows, and BibTeX entries."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

import streamlit as st

from app.shared.export_control import Export, export_button
from app.shared.provenance import content_hash
from app.shared.widgets import literal
from fairkd import __version__
from fairkd.errors import FairKDError
from fairkd.utils import citation


def reproduce(
    command: Sequence[str],
    key: str,
    *,
    further: Sequence[Sequence[str]] = (),
    models: Sequence[str] = (),
    files: Mapping[str, Callable[[], str]] | None = None,
    note: str = "",
    sources: Sequence[str] = (),
    export: Export | None = None,
) -> None:
    """An expander with the command line that reproduces the page, and what to cite. Drawn when it is opened.

    Below it is the export of the page.

    Parameters
    ----------
    command : the arguments, the program first: `["fairkd", "gaps", "--model", ...]`. They are quoted here.
    key : of the element; different for each place.
    further : commands that follow, each on a line of its own.
    models : references whose hashes are listed, each once.
    files : the text of each file that the command reads, by its name; each gets a download button.
    note : a sentence of Markdown below the command.
    sources : BibTeX entries besides those of the paper and of FairKD, such as a measure's.
    export : what the page says of itself for the export; None for a page without one.
    """
    commands = "\n".join(map(command_line, (command, *further)))
    entries = citation(sources)
    _commands(commands, key, entries, models=models, files=files or {}, note=note)
    if export is not None:
        export_button(export, key, models=models, citation=entries, command=commands, note=note, files=files)


def _commands(
    commands: str,
    key: str,
    entries: str,
    *,
    models: Sequence[str],
    files: Mapping[str, Callable[[], str]],
    note: str,
) -> None:
    panel = st.expander("Reproduce and cite", key=key, icon=":material/format_quote:", on_change="rerun")
    if not panel.open:
        return
    with panel:
        st.markdown("**Command line**")
        st.code(commands, language="bash", wrap_lines=True)
        for number, (name, text) in enumerate(files.items()):
            st.download_button(
                f"Download {name}",
                data=partial(_encoded, text),
                file_name=name,
                mime="text/csv",
                key=f"{key}_file_{number}",
                on_click="ignore",
                icon=":material/download:",
                type="tertiary",
                help="The command reads this file from the current folder.",
            )
        listed = []
        for reference in dict.fromkeys(models):
            with suppress(FairKDError):  # a model that is gone since: the commands are still right
                listed.append(f"{literal(reference)}: `{content_hash(reference)[:16]}…`")
        hashes = f"SHA-256 of the weights: {', '.join(listed)}. " if listed else ""
        st.caption(f"{note} {hashes}FairKD {literal(__version__)}.".strip())
        st.markdown("**BibTeX**")
        st.code(entries, language="bibtex", wrap_lines=True)


def _encoded(text: Callable[[], str]) -> bytes:
    return text().encode()


def command_line(command: Sequence[str]) -> str:
    """The arguments as one line for a shell.

    >>> command_line(["fairkd", "gaps", "--words", "king, prince", "queen"])
    "fairkd gaps --words 'king, prince' queen"
    """
    return shlex.join(command)
