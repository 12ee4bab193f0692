"""Bars of several models' probabilities, or dots on a logarithmic axis, as data for the browser.

`bars.js` draws them. Plotly is not used here: it takes longer to redraw than both models take to predict.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.charts.text import percent, percent_tick, round_steps

_SMALLEST = 1e-12  # drawn instead of a probability of 0 on the logarithmic axis


@dataclass(frozen=True)
class Bars:
    """The bars of one word: each model's probability by the model's role, and its rank if it has one."""

    text: str
    probabilities: Mapping[str, float]
    ranks: Mapping[str, int] = field(default_factory=dict)


def bars_data(rows: Iterable[Bars], *, log: bool) -> dict:
    """What the browser draws: the axis, and for each word what each role has.

    `at` is a place on the axis from 0 to 1, `shown` a probability as text. A model without a probability for
    a word is left out there; on a logarithmic axis one with a probability of 0 is left out as well.
    """
    rows = list(rows)
    axis = _axis([value for row in rows for value in row.probabilities.values()], log=log)
    words = []
    for row in rows:
        word: dict[str, object] = {"text": row.text}
        for role, probability in row.probabilities.items():
            entry: dict[str, object] = {"shown": percent(probability)}
            if probability or not log:
                entry["at"] = axis.place(probability)
            if role in row.ranks:
                entry["rank"] = f"{row.ranks[role]:,}"
            word[role] = entry
        words.append(word)
    ticks = [{"at": axis.place(tick), "shown": percent_tick(tick)} for tick in axis.ticks]
    return {"log": log, "axis": {"title": axis.title, "ticks": ticks}, "words": words}


def _axis(probabilities: Sequence[float], *, log: bool) -> _LinearAxis | _LogAxis:
    return _LogAxis(probabilities) if log else _LinearAxis(probabilities)


class _LinearAxis:
    """From 0 to the largest probability, with round ticks."""

    title = "probability"

    def __init__(self, probabilities: Sequence[float]) -> None:
        self._largest = max([*probabilities, 1e-6])
        self.ticks = round_steps(0, self._largest, 5)

    def place(self, probability: float) -> float:
        return round(probability / self._largest, 4)


class _LogAxis:
    """Whole powers of ten that enclose all probabilities. If there are many, every second one has a tick."""

    title = "probability (log scale)"

    def __init__(self, probabilities: Sequence[float]) -> None:
        exponents = [math.log10(max(value, _SMALLEST)) for value in probabilities if value]
        self._low = math.floor(min([*exponents, -1.0]))
        self.ticks = [10.0**exponent for exponent in range(0, self._low - 1, -2 if self._low < -5 else -1)]

    def place(self, probability: float) -> float:
        margin = 0.12  # of a power of ten, at both ends, so that no dot crosses the edge
        above = math.log10(max(probability, _SMALLEST)) - self._low
        return round((above + margin) / (2 * margin - self._low), 4)
