"""Positions of a dot plot with intervals, for a template to draw, in per cent of the width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fairkd.benchmarks.benchmark import Value
from fairkd.benchmarks.results import ValueEstimate
from fairkd.utils import Axis


@dataclass(frozen=True)
class Dot:
    """A mark in a row: where it stands, where its interval ends (None without one), and what it is."""

    at: float
    low: float | None
    high: float | None
    kind: str
    text: str


@dataclass(frozen=True)
class PlotRow:
    """A row with its label, marks, and the text at its end."""

    label: str
    dots: tuple[Dot, ...]
    text: str = ""


def dot(axis: Axis, value: Value, found: ValueEstimate, *, kind: str, name: str) -> Dot | None:
    """The mark of an estimate; None where it has no value."""
    if not math.isfinite(found.value):
        return None
    ends = (None, None)
    text = f"{name}: {value.format(found.value)}"
    if math.isfinite(found.low) and math.isfinite(found.high):
        ends = axis.at(found.low), axis.at(found.high)  # type: ignore[assignment]
        text += f", 95 % interval {value.format(found.low)} to {value.format(found.high)}"
    return Dot(axis.at(found.value), *ends, kind, text)


def numbers_of(estimates: Sequence[ValueEstimate]) -> list[float]:
    """Everything of these estimates that an axis has to hold."""
    return [number for one in estimates for number in (one.value, one.low, one.high)]
