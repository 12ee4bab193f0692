"""The axis of a plot for a template to draw, in per cent of its length."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_MARGIN = 4.0  # per cent of the length that stay free at either end
_MOST_TICKS = 6


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


def _step(span: float) -> float:
    """The smallest step of 1, 2 or 5 times a power of 10 with at most `_MOST_TICKS` ticks over a span."""
    power = 10.0 ** math.floor(math.log10(span / _MOST_TICKS))
    return next(factor * power for factor in (1, 2, 5, 10, 20) if span / (factor * power) < _MOST_TICKS)
