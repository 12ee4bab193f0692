"""Both models' gap for each profession, with intervals, as a dumbbell chart. `dumbbells.js` draws it.

Plotly is not used here: a browser that has just opened the Gaps page would have to load its library first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from app.charts.base import LOW_MASS
from app.charts.gap_text import (
    RATIOS,
    Value,
    directions,
    professions_title,
    relative_likelihood,
    short_directions,
)
from app.charts.text import percent, percent_tick, ratio_tick, round_ratios, signed, signed_interval
from app.components.drawing import titled_component
from app.components.standalone import Standalone
from app.shared.export_view import record_figure
from app.shared.widgets import image_format
from fairkd.measures import no_interval

if TYPE_CHECKING:
    from fairkd.measures import PairedTest

ROLES = ("teacher", "student")
SHORT_NAME = 8  # characters of a group's name that fits beside a tick

_component = titled_component("dumbbells")


def gaps_data(
    teacher: pd.DataFrame,
    student: pd.DataFrame,
    *,
    groups: tuple[str, str],
    test: PairedTest,
    lost: bool = False,
    value: Value = "gap",
    mass: str | None = None,
    ends: int | None = None,
    marked: str | None = None,
    legend: Sequence[str] = ("Teacher", "Student"),
) -> dict:
    """What the browser draws, sorted by the teacher's gap, the largest first. Positions are in nats.

    Parameters
    ----------
    teacher, student : one row a profession (profession, mean, low, high, mass, n), as from
        `fairkd.measures.by_profession`.
    groups : the names of groups A and B.
    test : the student's absolute gaps against the teacher's, for the title.
    lost : whether the student has lost the probability mass that a gap needs.
    mass : how P(A) + P(B) is written; by default with the groups' names.
    ends : show only this many professions at either end of the teacher's order; None shows all.
    marked : a profession that is shown in any case, and marked.
    legend : the names of teacher and student.
    """
    professions = _both(teacher, student)
    for row in professions:
        row["marked"] = row["name"] == marked
    mass = mass or f"P({groups[0]}) + P({groups[1]})"
    likelihood = partial(relative_likelihood, groups=groups, value=value)
    chosen = professions if ends is None else _shown(professions, ends)
    rows = [row if "note" in row else row | _numbers(row, mass, likelihood) for row in chosen]
    drawn = [row for row in rows if "note" not in row]
    hollow = any(row[role]["hollow"] for row in drawn for role in ROLES)
    return {
        "title": professions_title(test, value=value, lost=lost),
        "sides": [list(directions(groups, value)), list(short_directions(groups, value))],
        "axis": _axis(drawn, groups, value),
        "count": len(professions),
        "folded": len(drawn) < len(professions),
        "legend": list(legend),
        "hollow": f"probability below {percent_tick(LOW_MASS)}" if hollow else None,
        "rows": rows,
    }


def _shown(professions: Sequence[dict], ends: int) -> list[dict]:
    """Some rows at either end and the marked ones. A note stands for two or more omitted rows in a row."""
    count = len(professions)
    shown = {
        index
        for index, row in enumerate(professions)
        if index < ends or index >= count - ends or row["marked"]
    }
    shown |= {index for index in range(count) if {index - 1, index + 1} <= shown}
    rows: list[dict] = []
    for index, row in enumerate(professions):
        if index in shown:
            rows.append(row)
        elif index - 1 in shown:
            omitted = next(number for number in range(index, count) if number in shown) - index
            rows.append(
                {
                    "note": [
                        f"{omitted} professions with gaps in between are not shown",
                        f"{omitted} not shown",
                    ]
                }
            )
    return rows


def _both(teacher: pd.DataFrame, student: pd.DataFrame) -> list[dict]:
    """The professions of both tables with their rows there, sorted by the teacher's gap.

    The page calls this at every run, and a merge by pandas takes ten times as long.
    """
    rows = {row["profession"]: row for row in student.to_dict("records")}
    both = [
        {"name": row["profession"], "teacher": row, "student": rows[row["profession"]]}
        for row in teacher.to_dict("records")
        if row["profession"] in rows
    ]
    return sorted(both, key=lambda row: -row["teacher"]["mean"])


def _numbers(row: dict, mass_name: str, likelihood: Callable[[float], str]) -> dict:
    """Each model's numbers for a profession, and the text of the tooltip."""
    numbers, details = {}, []
    for role in ROLES:
        mean, low, high, mass = (float(row[role][part]) for part in ("mean", "low", "high", "mass"))
        if math.isnan(low):  # JSON has no NaN; an interval from mean to mean is invisible
            low = high = mean
            interval = no_interval(int(row[role]["n"]), "template")
        else:
            interval = f"95 % interval {signed_interval(low, high)}"
        numbers[role] = {"mean": mean, "low": low, "high": high, "hollow": mass < LOW_MASS}
        details.append(
            f"{role}: {likelihood(mean)} ({signed(mean)} nats, {interval}), {mass_name} = {percent(mass)}"
        )
    return {**numbers, "details": "\n".join(details)}


def _axis(professions: Sequence[dict], groups: tuple[str, str], value: Value) -> dict:
    """The range of the axis, and its ticks at round ratios: several choices, the first for a wide screen.

    The range holds zero and all intervals, with a margin at both ends.
    """
    title, equal = RATIOS[value]
    a, b = (f" {group}" if max(map(len, groups)) <= SHORT_NAME else "" for group in groups)
    numbers = [row[role][part] for row in professions for role in ROLES for part in ("low", "mean", "high")]
    low, high = min([0.0, *numbers]), max([0.0, *numbers])
    margin = 0.04 * (high - low) or 1.0
    low, high = low - margin, high + margin

    def shown(tick: float, named: bool) -> str:
        if not tick:
            return equal
        return ratio_tick(math.exp(abs(tick))) + ((a if tick > 0 else b) if named else "")

    ticks = [
        [{"at": tick, "shown": shown(tick, named)} for tick in round_ratios(low, high, most)]
        for most, named in ((9, True), (5, True), (5, False), (3, False))
    ]
    return {"title": title, "low": low, "high": high, "ticks": ticks}


def gaps_figure(data: dict, *, key: str, fewer: int, on_rows: Callable[[], None]) -> None:
    """Draw `gaps_data`, with a button that downloads the figure in the format of the sidebar.

    Another button, for which `on_rows` is called, shows all professions, or else only `fewer` of them.
    """
    button = None
    if data["folded"]:
        button = f"Show all {data['count']}"
    elif data["count"] > fewer:
        button = f"Show {fewer} of {data['count']}"
    record_figure(key, standalone_gaps(data))
    _component(
        key=key,
        data={**data, "button": button, "format": image_format().lower()},
        on_rows_change=on_rows,
    )


def standalone_gaps(data: dict) -> Standalone:
    """The figure for an exported page or a notebook."""
    return Standalone("dumbbells", {**data, "button": None, "format": "png"})
