"""The chart of the constraint preview: the teacher's words before and after the edit, and the label.

Soft targets and label are two panels with the same rows, because a label of 100 % would dwarf soft targets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from app.charts.base import base_layout, colour, hues
from app.charts.series import Series
from app.charts.text import escape, escape_all, percent, shorten
from app.shared.theme import MUTED, TEACHER, merged

_BAR = 13  # pixels per bar
_GAP = 14  # pixels between words
_FRAME = 132
_SPLIT = (0.66, 0.73)  # where the left panel ends and the right one begins, as parts of the plot
Part = Literal["before", "after", "label"]


def edit_bars(
    frame: pd.DataFrame,
    *,
    groups: Sequence[str],
    names: Mapping[Part, str],
    temperature: float = 1.0,
    title: str,
    notes: Sequence[str] = (),
    dark: bool,
) -> go.Figure:
    """The probability of each word before and after the edit, and in the label, the group words first.

    Before and after are on a scale that fits the words. The label has a panel of its own, from 0 to 100 %.

    Parameters
    ----------
    frame : columns token, group ("" for none), and for each of `names` its probabilities; for before and
        after also before_rank and after_rank, which are missing in rows of several words. The last row is all
        other words. As from `fairkd.constraints.ConstraintPreview.table`.
    groups : names of the groups; the first two have a hue of their own.
    names : what is drawn, with its name in the legend: "before" pale, "after" full, "label" in grey.
    temperature : of "before" and "after".
    title, notes : what the figure says or asks, and lines below it; shown literally.
    """
    shades = hues(dark)
    tints = dict(zip(groups, (shades.group_a, shades.group_b), strict=False))
    blue, grey = TEACHER.on(dark), MUTED.on(dark)
    rows = list(range(len(frame)))
    soft = [column for column in names if column != "label"]
    # A paler colour instead of opacity, which the legend does not show.
    pale = Series(blue, "solid", "circle").shade(0.36)
    looks = {"before": (pale, blue), "after": (blue, blue), "label": (grey, grey)}
    drawn = frame[soft].copy()
    if not has_last_bar(frame, soft):
        drawn.iloc[-1] = 0.0
    traces = []
    for column, name in names.items():
        fill, edge = looks[column]
        shown = [percent(value) for value in frame[column]]
        ranks = frame[f"{column}_rank"] if column != "label" else [pd.NA] * len(frame)
        details = [
            text if pd.isna(rank) else f"{text}, rank {rank:,}"
            for text, rank in zip(shown, ranks, strict=True)
        ]
        if column == "label":
            lengths = frame[column]
            written = [text if value else "" for text, value in zip(shown, lengths, strict=True)]
        else:
            lengths = drawn[column]
            cut = lengths.iloc[-1] != frame[column].iloc[-1]
            written = [*shown[:-1], f"{shown[-1]} (no bar)"] if cut else shown
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "x": lengths.tolist(),
                "y": rows,
                "name": name,
                "marker": {"color": fill, "line": {"color": edge, "width": [int(x > 0) for x in lengths]}},
                "text": written,
                "textposition": "outside",
                "cliponaxis": False,
                "constraintext": "none",
                "textfont": {"size": 11.5},
                "customdata": [list(row) for row in zip(escape_all(frame["token"]), details, strict=True)],
                "hovertemplate": f"<b>%{{customdata[0]}}</b><br>{name}: %{{customdata[1]}}<extra></extra>",
                **({"width": 0.4} if column == "label" else {}),
                **({"xaxis": "x2"} if column == "label" and soft else {}),
            }
        )
    height = _FRAME + (_BAR * max(len(soft), 2) + _GAP) * len(frame)
    layout = merged(
        base_layout(
            title=shorten(title, 160),
            notes=[(note, MUTED.on(dark)) for note in notes],
            height=height,
            dark=dark,
        ),
        {
            "barmode": "group",
            "bargap": 0.26,
            "bargroupgap": 0.04,
            "uirevision": "playground",
            "legend": {"traceorder": "normal"},
            "yaxis": {
                "tickvals": rows,
                "ticktext": [
                    colour(shorten(token, 22), tints.get(group, shades.text))
                    if group
                    else escape(shorten(token, 22))
                    for token, group in zip(frame["token"], frame["group"], strict=True)
                ],
                "range": [len(frame) - 0.45, -0.55],
                "showgrid": False,
                "zeroline": False,
            },
        },
    )
    label_axis = layout["xaxis"] | {
        "range": [0, 1.7 if soft else 1.2],  # a narrow panel needs more space for numbers
        "tickvals": [0, 0.5, 1],
        "ticktext": ["0", "", "100%"],  # on a phone there is no space for a third
        "tickangle": 0,
    }
    label_axis["title"] = layout["xaxis"]["title"] | {"text": "label"}
    if not soft:
        layout["xaxis"] = label_axis
    else:
        at = "" if temperature == 1 else f" at T = {temperature:g}"
        layout["xaxis"] = merged(
            layout["xaxis"],
            {
                "title": {"text": f"probability{at}"},
                "range": [0, max(1.3 * float(drawn.max(axis=None)), 1e-6)],
                "tickformat": ".3~%",
                "nticks": 5,
            },
        )
        if "label" in names:
            layout["xaxis"]["domain"] = [0, _SPLIT[0]]
            layout["xaxis2"] = label_axis | {"domain": [_SPLIT[1], 1], "anchor": "y"}
    last = int((frame["group"] != "").sum())
    ends = [place for place in (last, len(frame) - 1) if soft and 0 < place < len(frame)]
    layout["shapes"] = [_border(place - 0.5, shades.faint) for place in dict.fromkeys(ends)]
    return go.Figure(data=traces, layout=layout)


def _border(y: float, hue: str) -> dict[str, object]:
    """A dotted line between rows, across both panels."""
    line = {"color": hue, "width": 1, "dash": "dot"}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": line}


def has_last_bar(frame: pd.DataFrame, columns: Sequence[str]) -> bool:
    """Whether the last row, all other words, has bars in these columns, or numbers alone.

    At a high temperature nearly all probability is on words that are not shown. Their bars would make those
    of the words too short to be compared.
    """
    if not columns or len(frame) < 2:
        return True
    parts = frame[list(columns)]
    words, rest = float(parts.iloc[:-1].max(axis=None)), float(parts.iloc[-1].max())
    return words <= 0 or rest <= 2 * words
