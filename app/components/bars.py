"""Both models' words at one position: bars, or dots on a logarithmic axis. `bars.js` draws them.

Plotly is not used here: it takes longer to redraw than both models take to predict.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from app.charts.text import percent, percent_tick, round_steps
from app.components.drawing import titled_component
from app.predictions.position import Role

ROLES: Sequence[Role] = ("teacher", "student")
_SMALLEST = 1e-12  # drawn instead of a probability of 0 on the logarithmic axis

_component = titled_component("bars")


def bars_data(frame: pd.DataFrame, *, title: str, log: bool) -> dict:
    """What the browser draws, from the columns of `fairkd.predictions.Comparison.at`.

    Each word has an entry for each model that gives it a probability: `at`, its place on the axis from 0 to
    1; `shown`, the probability as text; and `details` for the tooltip. The axis has a title and ticks, each
    with its place and its text.
    """
    found = [row[f"{role}_probability"] for row in frame.to_dict("records") for role in ROLES]
    probabilities = [float(value) for value in found if pd.notna(value)]
    axis = _LogAxis(probabilities) if log else _LinearAxis(probabilities)
    words = []
    for row in frame.to_dict("records"):
        word: dict[str, object] = {"text": row["token"]}
        for role in ROLES:
            probability, rank = row[f"{role}_probability"], row[f"{role}_rank"]
            if pd.isna(probability):
                continue
            shown = percent(probability)
            details = f"{role.capitalize()}: {shown}" + (f", rank {int(rank):,}" if pd.notna(rank) else "")
            word[role] = {"at": axis.place(float(probability)), "shown": shown, "details": details}
        words.append(word)
    ticks = [{"at": axis.place(tick), "shown": percent_tick(tick)} for tick in axis.ticks]
    return {"title": title, "log": log, "axis": {"title": axis.title, "ticks": ticks}, "words": words}


class _LinearAxis:
    """From 0 to the largest probability, with round ticks."""

    title = "probability"

    def __init__(self, probabilities: Sequence[float]) -> None:
        self._largest = max([*probabilities, 1e-6])
        self.ticks = round_steps(0, self._largest, 5)

    def place(self, probability: float) -> float:
        return round(probability / self._largest, 5)


class _LogAxis:
    """Whole powers of ten that enclose all probabilities. If there are many, every second one has a tick."""

    title = "probability (log scale)"

    def __init__(self, probabilities: Sequence[float]) -> None:
        exponents = [math.log10(max(value, _SMALLEST)) for value in probabilities]
        self._low = math.floor(min([*exponents, -1.0]))
        self.ticks = [10.0**exponent for exponent in range(0, self._low - 1, -2 if self._low < -5 else -1)]

    def place(self, probability: float) -> float:
        margin = 0.12  # of a power of ten, at both ends, so that no dot crosses the edge
        above = math.log10(max(probability, _SMALLEST)) - self._low
        return round((above + margin) / (2 * margin - self._low), 5)


def bars_figure(data: dict, *, key: str) -> None:
    """Draw `bars_data`."""
    _component(key=key, data=data)
