"""Notebooks: cells of text and code as a Jupyter file (nbformat 4.5)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from fairkd import __version__

# How a notebook begins that draws with the dashboard's own code.
_DASHBOARD = """import logging
import sys

from fairkd.utils import dashboard_folder

logging.disable(logging.WARNING)  # Streamlit's, that this is no page of it
sys.path.insert(0, str(dashboard_folder()))  # the figures below are the dashboard's own"""


@dataclass(frozen=True)
class NotebookCell:
    """A cell of a notebook."""

    kind: Literal["markdown", "code"]
    source: str


def prose(text: str) -> NotebookCell:
    """A cell of Markdown."""
    return NotebookCell("markdown", text)


def code(*lines: str) -> NotebookCell:
    """A cell of Python, from its lines."""
    return NotebookCell("code", "\n".join(lines))


def call(name: str, arguments: Mapping[str, str], *positional: str) -> str:
    """A call as code, an argument a line; `arguments` are by name, as code.

    >>> print(call("predict", {"temperature": "1.0"}, "model", "text"))
    predict(
        model,
        text,
        temperature=1.0,
    )
    """
    each = [*positional, *(f"{key}={value}" for key, value in arguments.items())]
    return "\n".join([f"{name}(", *(f"    {one}," for one in each), ")"])


def notebook_text(title: str, sentences: Sequence[str], cells: Sequence[NotebookCell]) -> str:
    """The file: title, what it shows, how to install what it needs, and the cells.

    `title` is text, `sentences` are Markdown.
    """
    from fairkd.utils import markdown_text  # its module imports pandas, which the first page does without

    version = f"Made with FairKD {__version__}, {datetime.now(UTC).date().isoformat()}."
    first = [
        prose("\n\n".join([f"# {markdown_text(title)}", *sentences, version])),
        code(
            "# Needs FairKD with its dashboard, and Jupyter. From FairKD's folder:",
            '# %pip install ".[dashboard]" jupyter',
            _DASHBOARD,
        ),
    ]
    document = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        },
        "cells": [_as_json(cell, number) for number, cell in enumerate([*first, *cells])],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _as_json(cell: NotebookCell, number: int) -> dict[str, object]:
    made: dict[str, object] = {
        "cell_type": cell.kind,
        "id": f"cell-{number}",
        "metadata": {},
        "source": cell.source.splitlines(keepends=True),
    }
    return made | ({"execution_count": None, "outputs": []} if cell.kind == "code" else {})
