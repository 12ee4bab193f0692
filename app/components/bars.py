"""Both models' words at one position: bars, or dots on a logarithmic axis. `bars.js` beside this draws them.

A figure of its own and not plotly's, which takes longer to redraw than both models to predict.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from app.components.drawing import titled_component
from app.predictions.position import Role

ROLES: Sequence[Role] = ("teacher", "student")

_component = titled_component("bars")


def bars_data(frame: pd.DataFrame, *, title: str, log: bool) -> dict:
    """What the browser draws, from the columns of `fairkd.predictions.Comparison.at`.

    Each word has, for each model with a number for it, its probability and its rank (None where unknown).
    """
    words = []
    for row in frame.to_dict("records"):
        word: dict[str, object] = {"text": row["token"]}
        for role in ROLES:
            probability, rank = row[f"{role}_probability"], row[f"{role}_rank"]
            if pd.notna(probability):
                word[role] = [float(probability), int(rank) if pd.notna(rank) else None]
        words.append(word)
    return {"title": title, "log": log, "words": words}


def bars_figure(data: dict, *, key: str) -> None:
    """Draw `bars_data`."""
    _component(key=key, data=data)
