"""Positions of a dot plot with intervals, for a template to draw, in per cent of the width."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fairkd.benchmarks.benchmark import Value
from fairkd.benchmarks.results import ValueEstimate

_MARGIN = 4.0  # per cent of the width that stay free on either side
_MOST_TICKS = 6


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


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Axis:
    """A linear axis from `low` to `high`.

    >>> axis = Axis(0.0, 100.0)
    >>> axis.at(50.0), [tick.text for tick in axis.ticks]
    (50.0, ['0', '20', '40', '60', '80', '100'])
    """

    low: float
    high: float

    def at(self, value: float) -> float:
        """The position of a value, in per cent of the width."""
        share = (value - self.low) / (self.high - self.low)
        return round(_MARGIN + (100 - 2 * _MARGIN) * share, 2)

    @property
    def ticks(self) -> tuple[Tick, ...]:
        step = _step(self.high - self.low)
        digits = max(0, -math.floor(math.log10(step)))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return tuple(
            Tick(self.at(number * step), f"{number * step:.{digits}f}".replace("-", "−"))
            for number in range(first, last + 1)
        )


def axis_for(values: Iterable[float]) -> Axis:
    """An axis that holds these values; those that are not finite are passed over."""
    known = [value for value in values if math.isfinite(value)] or [0.0]
    low, high = min(known), max(known)
    if high - low < 1e-9:
        low, high = low - 1.0, high + 1.0
    step = _step(high - low)
    return Axis(math.floor(low / step) * step, math.ceil(high / step) * step)


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


def _step(span: float) -> float:
    """The smallest step of 1, 2 or 5 times a power of 10 with at most `_MOST_TICKS` ticks over a span."""
    power = 10.0 ** math.floor(math.log10(span / _MOST_TICKS))
    return next(factor * power for factor in (1, 2, 5, 10, 20) if span / (factor * power) < _MOST_TICKS)
