"""The triangle of two words and all others: p can be dragged, and the marks of the constraints follow.

`triangle.js` draws it. p moves at once, and the marks follow it between the points of a grid that Python has
sent (`_grid`). When p is let go, Python sends the exact values. To ask Python at every step of the pointer
would rerun a page many times a second for each visitor, and a class of thirty shares one server. The formulas
are not written again in JavaScript, where they could differ from those that train a student.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from app.charts.text import percent
from app.components.drawing import component
from app.components.standalone import Standalone
from app.shared.export_view import record_figure
from app.shared.widgets import image_format

if TYPE_CHECKING:
    from fairkd.constraints import Divergence, Kind, SimplexEdit

Point = tuple[float, float, float]  # P(first word), P(second word), P(all other words)
Shape = Literal["diamond", "disc", "ring", "square", "cross"]

CONSTRAINTS: Mapping[Kind, tuple[str, Shape]] = {
    "logit_mean": ("mean of the logits", "diamond"),
    "mass_preserving": ("mean of the probabilities", "disc"),
    "group": ("balanced groups", "ring"),
}
"""The constraints in the figure: how the legend names them, and the shapes of their marks."""
CLOSEST: Mapping[Divergence, Kind] = {"reverse_kl": "logit_mean", "kl": "mass_preserving"}
"""The constraint that finds the closest point with equal words, in each divergence."""
DIVERGENCES: Mapping[Divergence, str] = {"kl": "KL(p ‖ q)", "reverse_kl": "KL(q ‖ p)"}
HINT = (
    "Drag p, or press the arrow keys on it: ← and → move probability between both words, ↑ and ↓ to and from "
    "all other words."
)
OTHERS = "all other words"
NOTHING = 5e-5  # leaked probability below it is shown as none
SMALLEST = 0.005  # no probability is dragged below this one
_COUNT = 21  # grid points a side: a mark is off by 0.2 % of a side on average, by 2 % in the corners
_STRENGTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # the points of a path
_UNIT = 10_000  # the grid is sent as whole numbers of 1 / _UNIT
_RING_POINTS = 240
_RINGS = (0.25, 0.5, 0.75, 1.0)  # parts of the distance from p to the closest point

_component = component(
    "triangle", styles=("figure", "triangle"), scripts=("figure", "triangle_drawing", "triangle")
)


@dataclass(frozen=True)
class Mark:
    """A point beside p, its name and shape, and the path that leads to it."""

    name: str
    shape: Shape
    at: Point
    path: Sequence[Point] = ()


def constraints_view(
    p: Point,
    *,
    words: tuple[str, str],
    name: str,
    strength: float = 1.0,
    share: float = 0.5,
    rings: Divergence | None = None,
    kinds: Sequence[Kind] = tuple(CONSTRAINTS),
    movable: bool = True,
) -> dict[str, Any]:
    """What the browser draws for p and for what each constraint makes of it.

    Parameters
    ----------
    p : the probabilities of both words and of all others.
    words : the two words.
    name : what p is, for the legend.
    strength : of all constraints, from 0 to 1.
    share : the part of both words' probability that balanced groups give to the first word.
    rings : a divergence whose rings around p are drawn; the largest goes through the closest point.
    kinds : the constraints.
    movable : whether p can be dragged.
    """
    import torch  # here, because a page is drawn before torch is loaded

    from fairkd.constraints import edit_simplex, equidistant, strength_path

    point = torch.tensor([p], dtype=torch.float64)
    marks, edits, columns = [], [], [_column(p)]
    for kind in kinds:
        label, shape = CONSTRAINTS[kind]
        edit = edit_simplex(point, kind=kind, strength=strength, shares=_shares(kind, share))
        path = strength_path(point, _STRENGTHS, kind=kind, shares=_shares(kind, share))[:, 0].tolist()
        after = _point(edit.after[0].tolist())
        edits.append(edit)
        marks.append(Mark(label, shape, after, [_point(one) for one in path]))
        columns.append(_column(after, float(edit.leaked_mass), float(edit.kl), float(edit.reverse_kl)))
    circles: list[list[list[float]]] = []
    if rings and min(p) > 0:
        distance = float(getattr(edit_simplex(point, kind=CLOSEST[rings]), rings))
        if distance > 1e-6:
            found = [equidistant(p, part * distance, divergence=rings, count=_RING_POINTS) for part in _RINGS]
            circles = [ring.tolist() for ring in found]
    leaked = {
        mark.name: float(edit.leaked_mass)
        for kind, mark, edit in zip(kinds, marks, edits, strict=True)
        if kind != "group"
    }
    equal = [number for number, kind in enumerate(kinds, 1) if kind != "group" or share == 0.5]
    grid = None
    if movable:
        values = [_grid(kind, strength, share if kind == "group" else 0.5) for kind in kinds]
        grid = {"count": _COUNT, "margin": SMALLEST, "unit": _UNIT, "values": values}
    return {
        **_view(p, words, name, marks, _finding(leaked, strength)),
        "share": share,
        "rings": circles,
        "columns": columns,
        "rows": [*words, OTHERS, "leaked", *DIVERGENCES.values()],
        "smallest": _smallest(edits, equal) if strength == 1 else [],
        "hint": HINT if movable else "",
        "grid": grid,
    }


def marks_view(
    p: Point, *, words: tuple[str, str], name: str, marks: Sequence[Mark], title: str
) -> dict[str, Any]:
    """What the browser draws for a p that stays where it is, and marks beside it."""
    return {
        **_view(p, words, name, marks, title),
        "share": 0.5,
        "rings": [],
        "columns": [_column(p), *(_column(mark.at) for mark in marks)],
        "rows": [*words, OTHERS],
        "grid": None,
    }


def triangle_figure(
    view: dict[str, Any], *, key: str, on_move: Callable[[Point], None] | None = None
) -> None:
    """Draw a view. Before the rerun, `on_move` gets the p that a visitor has dragged or moved by keys."""

    def moved() -> None:
        found = moved_point(st.session_state[key].moved)
        if found and on_move:
            st.session_state[f"{key}_answered"], point = found
            on_move(point)

    record_figure(key, standalone_triangle(view))
    _component(
        key=key,
        # In a list, because in a dictionary Streamlit looks for tables, for which it imports pandas.
        data=[
            {**view, "answered": st.session_state.get(f"{key}_answered"), "format": image_format().lower()}
        ],
        on_moved_change=moved,
    )


def standalone_triangle(view: dict[str, Any]) -> Standalone:
    """The figure for an exported page or a notebook, where p stays: exact values come from Python."""
    return Standalone("triangle", [{**view, "grid": None, "hint": "", "answered": None, "format": "png"}])


def moved_point(found: object) -> tuple[int, Point] | None:
    """The number of a move and its p, of what the browser sent; None if that is no point of the triangle."""
    match found:
        case [int() | float() as first, int() | float() as second, int() as number] if (
            first > 0 and second > 0 and first + second < 1
        ):
            return number, (first, second, 1 - first - second)
    return None


def _view(p: Point, words: tuple[str, str], name: str, marks: Sequence[Mark], title: str) -> dict[str, Any]:
    return {
        "title": title,
        "words": [*words, OTHERS],
        "p": list(p),
        "name": name,
        "marks": [
            {
                "name": mark.name,
                "shape": mark.shape,
                "at": list(mark.at),
                "path": [list(one) for one in mark.path],
            }
            for mark in marks
        ],
    }


def _finding(leaked: Mapping[str, float], strength: float) -> str:
    """What the constraints do at p: `leaked` is the leaked mass of each, by name."""
    if strength == 0:
        return "At strength 0, every constraint leaves the answer as it is"
    start = "Both words equal" if strength == 1 else f"At strength {strength:g}"
    if max(leaked.values()) < NOTHING:
        return f"{start}: nothing leaks to other words"
    shown = {name: percent(part) if part >= NOTHING else "none" for name, part in leaked.items()}
    first, *others = shown
    more = "".join(f", the {name} {shown[name]}" for name in others)
    return f"{start}: the {first} leaks {shown[first]}{more}".replace(" %", "\u00a0%")


def _smallest(edits: Sequence[SimplexEdit], equal: Sequence[int]) -> list[list[int]]:
    """The cells (row, column) of the smallest divergences of the `equal` columns, with both words equal."""
    cells = []
    for row, divergence in enumerate(DIVERGENCES, 4):
        values = {column: float(getattr(edits[column - 1], divergence)) for column in equal}
        cells += [[row, column] for column, value in values.items() if value <= min(values.values()) + 1e-9]
    return cells


def _column(point: Point, *numbers: float) -> list[str]:
    """A column of the table: three probabilities, then leaked mass and divergences, if there are any."""
    leaked, *divergences = numbers or (None,)
    texts = [percent(part).replace(" ", "\u00a0") for part in point]
    if leaked is not None:
        texts.append(percent(leaked) if leaked >= NOTHING else "none")
    return [*texts, *(f"{value:.3f}" if math.isfinite(value) else "∞" for value in divergences)]


@lru_cache(maxsize=64)
def _grid(kind: Kind, strength: float, share: float) -> list[list[int]]:
    """For each point of the grid: q, leaked mass, KL(p ‖ q) and KL(q ‖ p), then the path without its start.

    The path has two probabilities a point. All are whole numbers of 1 / _UNIT, which make the message short.
    """
    import torch

    from fairkd.constraints import edit_simplex, simplex_grid, strength_path

    points = simplex_grid(_COUNT, margin=SMALLEST)
    shares = _shares(kind, share)
    edit = edit_simplex(points, kind=kind, strength=strength, shares=shares)
    path = strength_path(points, _STRENGTHS[1:], kind=kind, shares=shares)[..., :2]
    numbers = torch.stack([edit.leaked_mass, edit.kl, edit.reverse_kl], 1)
    values = torch.cat([edit.after, numbers, path.transpose(0, 1).flatten(1)], 1)
    return (values * _UNIT).round().int().tolist()


def _shares(kind: Kind, share: float) -> tuple[float, float] | None:
    return (share, 1 - share) if kind == "group" else None


def _point(values: Sequence[float]) -> Point:
    first, second, others = values
    return first, second, others
