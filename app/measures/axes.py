"""The view “Side effects”: what a model changed on every axis of bias, against the first model."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from app.charts.benchmark_scores import ScoreMark, score_chart
from app.charts.text import p_value, signed, signed_interval
from app.components.chart import show_figure
from app.measures.compared import all_side_effects
from app.measures.stored import Measured, display_names
from app.shared import theme
from app.shared.table_download import table_download
from app.shared.widgets import caption, literal
from fairkd.benchmarks import AXES, BENCHMARKS, SideEffects, Value, ValueEstimate
from fairkd.errors import FairKDError


def side_effects_view(found: Measured) -> None:
    """Axes against models: a constraint on gender may change other axes, too."""
    if len(found.models) < 2:
        caption("Side effects need two models: this measurement has results of one.")
        return
    try:
        effects = all_side_effects(found.results)
    except FairKDError as error:
        st.warning(literal(error), icon=":material/warning:")
        return
    for sentence in effects.left_out:
        st.warning(literal(sentence), icon=":material/warning:")
    if effects.table.empty:
        caption(effects.sentence)
        return
    _chart(found, effects)
    shown = axis_table(effects, display_names(found.models))
    st.dataframe(shown, key="axes_table", hide_index=True, height="auto")
    table_download(effects.table, "fairkd-side-effects", "axes_csv", shown=shown)
    caption(
        f"{literal(effects.sentence)} A cell is the model's value minus that of the first model, with a "
        "paired bootstrap 95 % interval. A verdict needs an adjusted p below 0.05 and an interval without 0."
    )


def axis_table(effects: SideEffects, names: dict[str, str]) -> pd.DataFrame:
    """One row an axis, measure and category; one column a model: difference, interval, verdict."""
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in effects.table.to_dict("records"):
        place = (AXES[str(row["axis"])], BENCHMARKS[row["benchmark"]].label, str(row["category"]))
        cells = rows.setdefault(place, {"over": f"{row['n']:,} {BENCHMARKS[row['benchmark']].units}"})
        cells[names[row["model"]]] = _cell(row)
    models = [names[model] for model in effects.models]
    return pd.DataFrame(
        [
            {
                "axis": axis,
                "measure": measure,
                "category": category,
                **{model: cells.get(model, "–") for model in models},
                "over": cells["over"],
            }
            for (axis, measure, category), cells in rows.items()
        ]
    )


def _cell(row: dict[str, object]) -> str:
    difference, low, high = (float(str(row[key])) for key in ("difference", "low", "high"))
    said = signed(difference)
    if not math.isnan(low):
        said += f" ({signed_interval(low, high)})"
    adjusted = float(str(row["p_holm"]))
    if not math.isnan(adjusted):
        said += f", p {p_value(adjusted)}"
    verdict = row["verdict"]
    if row["approach"]:
        value = BENCHMARKS[str(row["benchmark"])].value(str(row["value"]))
        verdict = f"{row['approach']} {'to' if row['approach'] == 'nearer' else 'from'} {value.unbiased:g}"
    return f"{said}: {verdict}"


def _chart(found: Measured, effects: SideEffects) -> None:
    """The differences in per cent by axis; of other units there is only the table."""
    names = display_names(found.models)
    percent = Value(key="difference", label="difference", unit="percent", direction="none", unbiased=0.0)
    marks = [
        ScoreMark(
            measure=f"{AXES[str(row['axis'])]} · {BENCHMARKS[row['benchmark']].label}",
            model=names[row["model"]],
            number=found.models.index(row["model"]),
            value=percent,
            estimate=ValueEstimate(row["difference"], row["low"], row["high"]),
            n=int(row["n"]),
            hollow=row["verdict"] not in ("smaller", "larger"),
        )
        for row in effects.table.to_dict("records")
        if BENCHMARKS[row["benchmark"]].value(row["value"]).unit == "percent"
    ]
    if not marks:
        return
    figure = score_chart(
        marks,
        title=effects.sentence.rstrip("."),
        line="no change",
        unit="difference in percentage points",
        compact=True,
        dark=theme.is_dark(),
    )
    show_figure(figure, "axes_chart", "fairkd-side-effects", rows=True)
    caption(
        "Hollow: no clear difference. Of measures of stereotypes, a mark at the left of the line means that "
        "the model prefers the stereotype less often than the first one. A mark has no interval where "
        "there are too few items for one. Measures in nats are only in the table."
    )
