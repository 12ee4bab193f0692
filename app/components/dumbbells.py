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
    VALUE_NAMES,
    Value,
    directions,
    professions_title,
    relative_likelihood,
    short_directions,
)
from app.charts.text import percent, percent_tick, round_steps, signed, signed_tick
from app.components.drawing import titled_component
from app.shared.widgets import image_format
from fairkd.measures import no_interval

if TYPE_CHECKING:
    from fairkd.measures import PairedTest

ROLES = ("teacher", "student")

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
) -> dict:
    """What the browser draws, sorted by the teacher's gap, the largest first. Numbers are in nats.

    Parameters
    ----------
    teacher, student : one row a profession (profession, mean, low, high, mass, n), as from
        `fairkd.measures.by_profession`.
    groups : the names of groups A and B.
    test : the student's absolute gaps against the teacher's, for the title.
    lost : whether the student has lost the probability mass that a gap needs.
    mass : how P(A) + P(B) is written; by default with the groups' names.
    ends : show only this many professions at either end of the teacher's order; None shows all.
    """
    both = teacher.merge(student, on="profession", suffixes=("_teacher", "_student"))
    both = both.sort_values("mean_teacher", ascending=False, kind="stable")
    mass = mass or f"P({groups[0]}) + P({groups[1]})"
    likelihood = partial(relative_likelihood, groups=groups, value=value)
    professions = [_row(row, mass, likelihood) for row in both.to_dict("records")]
    rows = professions
    if ends is not None and (omitted := len(rows) - 2 * ends) > 0:
        note = f"{omitted} profession{'s' if omitted != 1 else ''} not shown"
        rows = [*rows[:ends], {"note": note}, *rows[-ends:]]
        professions = [*rows[:ends], *rows[-ends:]]
    hollow = any(row[role]["hollow"] for row in professions for role in ROLES)
    return {
        "title": professions_title(test, value=value, lost=lost),
        "sides": [list(directions(groups, value)), list(short_directions(groups, value))],
        "axis": _axis(professions, f"{VALUE_NAMES[value]} in nats"),
        "hollow": f"probability below {percent_tick(LOW_MASS)}" if hollow else None,
        "rows": rows,
    }


def _row(row: dict, mass_name: str, likelihood: Callable[[float], str]) -> dict:
    """One profession: its name, each model's numbers, and the text of the tooltip."""
    numbers, details = {}, []
    for role in ROLES:
        mean, low, high, mass = (float(row[f"{part}_{role}"]) for part in ("mean", "low", "high", "mass"))
        if math.isnan(low):  # JSON has no NaN; an interval from mean to mean is invisible
            low = high = mean
            interval = no_interval(int(row[f"n_{role}"]), "template")
        else:
            interval = f"95 % interval {signed(low)} to {signed(high)}"
        numbers[role] = {"mean": mean, "low": low, "high": high, "hollow": mass < LOW_MASS}
        details.append(
            f"{role}: {likelihood(mean)} ({signed(mean)} nats, {interval}), {mass_name} = {percent(mass)}"
        )
    return {"name": row["profession"], **numbers, "details": "\n".join(details)}


def _axis(professions: Sequence[dict], title: str) -> dict:
    """The range of the axis, and its ticks for a narrow and for a wide screen.

    The range holds zero and all intervals, with a margin at both ends.
    """
    numbers = [row[role][part] for row in professions for role in ROLES for part in ("low", "mean", "high")]
    low, high = min([0.0, *numbers]), max([0.0, *numbers])
    margin = 0.04 * (high - low) or 1.0
    low, high = low - margin, high + margin
    narrow, wide = (
        [{"at": tick, "shown": signed_tick(tick)} for tick in round_steps(low, high, most)] for most in (4, 9)
    )
    return {"title": title, "low": low, "high": high, "narrow": narrow, "wide": wide}


def gaps_figure(data: dict, *, key: str) -> None:
    """Draw `gaps_data`, with a button that downloads the figure in the format of the sidebar."""
    _component(key=key, data={**data, "format": image_format().lower()})
