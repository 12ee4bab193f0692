"""Both models' gap for each profession, with intervals. `dumbbells.js` beside this draws them.

A figure of its own and not plotly's, whose library the browser would have to load first.
"""

from __future__ import annotations

import math

import pandas as pd

from app.charts.base import LOW_MASS
from app.charts.gaps import VALUE_NAMES, Value
from app.charts.text import percent, signed
from app.components.drawing import titled_component

ROLES = ("teacher", "student")

_component = titled_component("dumbbells")


def gaps_data(
    teacher: pd.DataFrame,
    student: pd.DataFrame,
    *,
    groups: tuple[str, str],
    value: Value = "gap",
    mass: str | None = None,
    ends: int | None = None,
) -> dict:
    """What the browser draws, sorted by the teacher's gap, the largest first.

    Parameters
    ----------
    teacher, student : one row a profession (profession, mean, low, high, mass), as from
        `fairkd.measures.word_gaps.by_profession`.
    groups : the names of groups A and B.
    mass : how P(A) + P(B) is written; by default with the groups' names.
    ends : show only this many professions at either end of the teacher's order; None shows all.
    """
    both = teacher.merge(student, on="profession", suffixes=("_teacher", "_student"))
    both = both.sort_values("mean_teacher", ascending=False, kind="stable")
    smaller = int((both["mean_student"].abs() < both["mean_teacher"].abs()).sum())
    called = mass or f"P({groups[0]}) + P({groups[1]})"
    rows = [_row(row, called) for row in both.to_dict("records")]
    left_out = 0 if ends is None else max(0, len(rows) - 2 * ends)
    if ends is not None and left_out:
        rows = [*rows[:ends], {"note": f"{left_out} more between"}, *rows[-ends:]]
    thin = any(row[role]["thin"] for row in rows if "note" not in row for role in ROLES)
    return {
        "title": (
            f"The student's {VALUE_NAMES[value]} is smaller than the teacher's for {smaller} of {len(both)} "
            f"profession{'s' if len(both) != 1 else ''}"
        ),
        "groups": list(groups),
        "axis": f"{VALUE_NAMES[value]} in nats",
        "thin": f"mass below {percent(LOW_MASS)}" if thin else None,
        "rows": rows,
    }


def _row(row: dict, called: str) -> dict:
    """One profession: its name, each model's numbers, and both in words."""
    numbers, told = {}, []
    for role in ROLES:
        mean, low, high, mass = (float(row[f"{part}_{role}"]) for part in ("mean", "low", "high", "mass"))
        # JSON has no NaN; where there is no interval, the line from mean to mean is not seen.
        one = math.isnan(low)
        ends = (mean, mean) if one else (low, high)
        numbers[role] = {"mean": mean, "low": ends[0], "high": ends[1], "thin": mass < LOW_MASS}
        interval = "no interval: one template" if one else f"{signed(low)} to {signed(high)}"
        told.append(f"{role} {signed(mean)} nats ({interval}), {called} = {percent(mass)}")
    return {"name": row["profession"], **numbers, "told": "\n".join(told)}


def gaps_figure(data: dict, *, key: str) -> None:
    """Draw `gaps_data`."""
    _component(key=key, data=data)
