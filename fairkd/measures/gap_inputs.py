"""Professions and templates from CSV files, for the command line and for uploads.

UTF-8, separated by commas, semicolons or tabs, with the names of the columns in the first line. Other columns
are ignored, and so are blank lines.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import pandas as pd

from fairkd.corpora import csv_table
from fairkd.errors import InputError
from fairkd.lexicon import ENGLISH, Template


def read_professions(data: bytes) -> pd.DataFrame:
    """The rows of a file with the column `profession` and, optionally, `feminine` and `women_share` (0 to 1).

    Returns a frame of the three columns, as text, "" where there is none. `feminine` is the form for a woman
    where it is another word. Raises InputError.

    >>> read_professions(b"profession,women_share\\nnurse,0.9\\npilot,\\n").profession.tolist()
    ['nurse', 'pilot']
    """
    return _table(data, "profession", ["feminine", "women_share"])


def women_share(value: object, name: str) -> float:
    """A share of women from 0 to 1, written as a number; NaN for a blank one. Raises InputError.

    >>> women_share("0,25", "pilot")
    0.25
    """
    text = "" if value is None else str(value).strip().replace(",", ".")
    if text in ("", "nan", "<NA>"):
        return math.nan
    try:
        share = float(text)
    except ValueError:
        share = math.inf
    if not 0 <= share <= 1:
        raise InputError(
            f"The share of women for '{name[:40]}' must be a number from 0 to 1 (0.25 for 25 %), "
            f"got '{str(value)[:40]}'."
        )
    return share


def read_templates(data: bytes, language: str = ENGLISH) -> list[Template]:
    """The templates of a file with the columns `text` and `role` (grammatical). Raises InputError.

    >>> read_templates(b"text,role\\n[MASK] is {a profession}.,subject\\n")
    [Template(text='[MASK] is {a profession}.', role='subject')]
    """
    table = _table(data, "text", ["role"])
    rows = [(" ".join(text.split()), role.strip()) for text, role in table.itertuples(index=False, name=None)]
    return [Template(text, role, language) for text, role in dict.fromkeys(rows)]


def _table(data: bytes, required: str, optional: Sequence[str]) -> pd.DataFrame:
    """The named columns of a CSV file as text; an optional column that is missing is empty."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("The file is not UTF-8 text: save it as CSV in UTF-8 and try again.") from None
    if "\0" in text or not text.strip():
        raise InputError(f"The file is empty or not text: expected a CSV file with the column '{required}'.")
    table = csv_table(io.StringIO(text, newline=None))
    columns = [name.lower() for name in table.names]
    if required not in columns:
        found = ", ".join(f"'{name[:30]}'" for name in table.names[:6])
        raise InputError(f"The file has no column '{required}' in its first line; it has: {found}.")
    if len(columns) != len(set(columns)):
        raise InputError("The first line of the file names a column twice: rename or remove one of them.")
    rows: list[list[str]] = []
    for number, cells in table.rows:
        if cells is None:
            raise InputError(
                f"The file is not a readable CSV: line {number} has a quotation mark without its closing "
                "one; add it."
            )
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            raise InputError(
                f"Line {number} of the file has {len(cells)} fields, but the first line names "
                f"{len(columns)} columns. Put quotes around fields that contain the separator."
            )
        rows.append(cells)
    frame = pd.DataFrame(rows, columns=columns, dtype="str")
    for name in optional:
        if name not in frame.columns:
            frame[name] = ""
    return frame[[required, *optional]]
