"""The edits of the Gaps page in its address: how its tables differ from the shipped ones.

    {"professions": {"drop": ["nurse"], "add": [["astronaut", 0.2]]}, "templates": {...}}

Where a language has two forms of a profession, its row has the form for a woman as well. A changed row is in
`add`. It replaces all shipped rows with the same first cell. A link from another page may have `only`, the
rows of the whole table:

    {"templates": {"only": [["[MASK] is {a profession}.", "subject"]]}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.shared.url_state import compact, read_link, write_link

if TYPE_CHECKING:
    import pandas as pd  # the Predictions page needs this module, and appears before pandas is imported

EDITS = "edits"
MARKED = "profession"  # the profession whose row is shown and marked
LONGEST = 6000  # characters; mail and chat programs may split longer links
_EARLIER_NAMES = {"templates": "patterns"}  # in links of earlier versions
# The types of a row's second cell; the first is text, and so is the third, if there is one.
_SECOND: dict[str, type | tuple[type, ...]] = {
    "templates": str,
    "professions": (int, float, type(None)),
}

_Row = tuple[Any, ...]


def restored(table: str, shipped: pd.DataFrame) -> pd.DataFrame | None:
    """The table "templates" or "professions" with the edits of the address; None without edits."""
    edits = read_link(EDITS)
    import pandas as pd

    made = edits.get(table, edits.get(_EARLIER_NAMES.get(table, table)))
    if not isinstance(made, dict):
        return None
    width = len(shipped.columns)
    added = [
        (*row, *[""] * (width - len(row)))[:width]
        for row in _list(made, "only") or _list(made, "add")
        if isinstance(row, list) and len(row) in (2, 3) and isinstance(row[0], str)
        if isinstance(row[1], _SECOND[table]) and all(isinstance(cell, str) for cell in row[2:])
    ]
    gone = {name for name in _list(made, "drop") if isinstance(name, str)} | {row[0] for row in added}
    kept = [] if _list(made, "only") else [row for row in _rows(shipped) if row[0] not in gone]
    rows = kept + added
    frame = pd.DataFrame(rows, columns=list(shipped.columns))
    return frame.astype({"women_share": float}) if "women_share" in frame else frame


def template_link(text: str, role: str) -> dict[str, str]:
    """The parameters of a link to the Gaps page that measures one sentence template alone.

    >>> template_link("[MASK] is {a profession}.", "subject")
    {'edits': '{"templates":{"only":[["[MASK] is {a profession}.","subject"]]}}'}
    """
    return {EDITS: compact({"templates": {"only": [[text, role]]}})}


def keep(tables: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]) -> list[str]:
    """Write to the address how each table differs from the shipped one, given as (table, shipped).

    Returns the names of the tables whose edits are too long for a link.
    """
    made: dict[str, Any] = {}
    for table, (now, shipped) in tables.items():
        if differs := _difference(_rows(now), _rows(shipped)):
            made[table] = differs
    too_long = [table for table, differs in made.items() if len(compact(differs)) > LONGEST]
    write_link(EDITS, {table: differs for table, differs in made.items() if table not in too_long})
    return too_long


def _difference(now: list[_Row], shipped: list[_Row]) -> dict[str, list[Any]]:
    """The rows to add, and the first cells of the rows to drop, that turn `shipped` into `now`."""
    ours, theirs = _by_name(now), _by_name(shipped)
    drop = [name for name in theirs if name not in ours]
    add = [[*row] for name, rows in ours.items() if theirs.get(name) != rows for row in rows]
    return {part: rows for part, rows in (("drop", drop), ("add", add)) if rows}


def _by_name(rows: list[_Row]) -> dict[str, list[_Row]]:
    found: dict[str, list[_Row]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return found


def _rows(frame: pd.DataFrame) -> list[_Row]:
    """The cells of each row; None if a cell is missing."""
    import pandas as pd

    return [
        tuple(None if pd.isna(cell) else cell for cell in row)
        for row in frame.itertuples(index=False, name=None)
    ]


def _list(made: Mapping[str, Any], part: str) -> list[Any]:
    found = made.get(part)
    return found if isinstance(found, list) else []
