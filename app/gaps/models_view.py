"""The view “Models”: any number of models in one table, each compared with one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from app.charts.gap_models import models_chart
from app.charts.gap_text import VALUE_NAMES, Value
from app.charts.text import agreeing_digits, p_value, signed, signed_correlation, signed_interval
from app.components.chart import show_figure
from app.gaps.all_groups import all_groups
from app.gaps.reproduction import about
from app.gaps.results import GapQuestion, compared_models
from app.gaps.run_note import run_note
from app.gaps.summary import say_notes
from app.gaps.tables import show_table
from app.shared import theme
from app.shared.model_cache import collect_errors, show_errors
from app.shared.model_options import model_label, short_name
from app.shared.models_picker import pick_models
from app.shared.sidebar import second_student
from app.shared.widgets import caption, literal
from fairkd.measures import FEWEST_ITEMS, MIN_MASS_SHARE, no_interval

NAME = "Models"
CHOSEN, REFERENCE = "gap_models", "gap_reference"
MOST = 12  # models; each takes seconds to minutes to measure


def readable(table: pd.DataFrame, value: Value) -> pd.DataFrame:
    """A table of `fairkd.measures.compare_models` for the page and for a paper.

    Intervals are text, and each heading is complete without its neighbours.
    """

    def interval(low: str, high: str, form: Callable[[float, float], str] = signed_interval) -> list[str]:
        ends = zip(table[low], table[high], strict=True)
        return ["–" if pd.isna(one) else form(one, two) for one, two in ends]

    gap, first = VALUE_NAMES[value], table["model"].iloc[0]
    parts = [part for _, part in table.groupby("role", sort=False)] if "role" in table else [table]
    digits = [_digits(part) for part in parts for _ in range(len(part))]
    columns = {
        **({"role": table["role"]} if "role" in table else {}),
        "model": table["model"],
        "verdict": table["verdict"],
        f"mean absolute {gap} (nats)": [
            f"{one:.{shown}f}" for one, shown in zip(table["mean_absolute"], digits, strict=True)
        ],
        f"95 % interval of the mean absolute {gap}": interval(
            "absolute_low", "absolute_high", "{:.2f} to {:.2f}".format
        ),
        f"difference from {first} (nats)": [
            "–" if pd.isna(one) else signed(one, shown)
            for one, shown in zip(table["difference"], digits, strict=True)
        ],
        "95 % interval of the difference": interval("difference_low", "difference_high"),
        "p (Wilcoxon)": ["–" if pd.isna(one) else p_value(one) for one in table["p_value"]],
        "rank-biserial r": ["–" if pd.isna(one) else signed_correlation(one) for one in table["effect_size"]],
        f"mean {gap} (nats)": table["mean"],
        f"95 % interval of the mean {gap}": interval("low", "high"),
        "mean probability of both groups": table["mass"],
        "professions": table["professions"],
        "templates": table["templates"],
    }
    return pd.DataFrame(columns)


def _digits(table: pd.DataFrame) -> int:
    """The digits of the mean absolute gaps and of their differences from the first model's."""
    first = table["mean_absolute"].iloc[0]
    values = table[["mean_absolute", "difference"]].itertuples(index=False, name=None)
    return agreeing_digits(*((first, *row) for row in values))


def short_headings(table: pd.DataFrame, value: Value) -> dict[str, str]:
    """The columns of `readable` for the screen, each with a heading that leaves the others in sight."""
    gap = VALUE_NAMES[value]
    return {
        **({"role": "role"} if "role" in table else {}),
        "model": "model",
        "verdict": "verdict",
        f"mean absolute {gap} (nats)": "mean abs. gap",
        f"95 % interval of the mean absolute {gap}": "95 % interval",
        f"difference from {table['model'].iloc[0]} (nats)": "difference",
        "95 % interval of the difference": "its 95 % interval",
        "p (Wilcoxon)": "p (Wilcoxon)",
        "rank-biserial r": "r (rank-bis.)",
        "mean probability of both groups": "probability",
    }


def chosen_references(teacher: str, student: str) -> list[str]:
    """The models to compare, the reference first; draws the pickers."""
    left, right = st.columns([3, 1], gap="small")
    with left:
        models = pick_models(teacher, student, key=CHOSEN, most=MOST)
    with right:
        reference = st.selectbox(
            "Reference model",
            models,
            format_func=model_label,
            key=REFERENCE,
            bind="query-params",
            help="Differences, tests and verdicts say how each other model differs from this one.",
        )
    return list(dict.fromkeys([reference or teacher, *models]))


def roles(references: Sequence[str], teacher: str, student: str) -> list[str | None]:
    """The role that each model has on the other pages, whatever its place here; None without one."""
    known: dict[str | None, str] = {second_student(): "student2", student: "student", teacher: "teacher"}
    return [known.get(reference) for reference in references]


def link_to_models(student: str, second: str) -> None:
    """A button that opens this view, for a visitor who has chosen two students."""

    def open_view() -> None:
        st.session_state["view"] = NAME

    st.button(
        "Compare both students",
        key="gaps_two_students",
        on_click=open_view,
        type="tertiary",
        icon=":material/compare_arrows:",
        help=f"This view shows {literal(short_name(student))}. The view “{NAME}” compares it and "
        f"{literal(short_name(second))} with the teacher.",
    )


def models_view(teacher: str, student: str, question: GapQuestion) -> list[str]:
    """The picker, a chart and the table. Returns the references that were measured."""
    problems: dict[str, None] = {}
    references: list[str] = []
    asked = chosen_references(teacher, student)
    place = st.container()
    found = None
    with collect_errors(problems):
        found = compared_models(asked, question)
        references = asked
    show_errors(problems)
    if found is None:
        return references
    with place:
        figure = models_chart(
            found.table,
            found.ranking,
            value=question.value,
            count=len(question.professions),
            roles=roles(references, teacher, student),
            dark=theme.is_dark(),
        )
        show_figure(figure, "gaps_models", "fairkd-gaps-models", rows=True)
        count = len(question.professions)
        intervals = (
            f" ({no_interval(count)})"
            if count < FEWEST_ITEMS
            else f", with its 95 % bootstrap interval over {count} professions"
        )
        caption(
            f"Each point is a model's mean absolute {VALUE_NAMES[question.value]}, the average over "
            f"{found.table['sentences'].iloc[0]:,} sentences, sign ignored{intervals}. The verdict compares "
            f"it with {literal(found.table['model'].iloc[0])}, the reference, profession by profession. "
            f"Mass lost: the model gives these words less than {100 * MIN_MASS_SHARE:.0f} % of the "
            "probability that the reference gives them, so its gap says little; its marker is hollow. "
            "Differences are taken before rounding. Colours are those of the models in the sidebar; other "
            "models are grey."
        )
        show_table(
            found.table,
            "fairkd-gaps-models",
            "gaps_table_models",
            about=about({}, question, counts=False),
            shown=readable(found.table, question.value),
            headings=short_headings(found.table, question.value),
        )
        say_notes(question)
        all_groups({model_label(one): one for one in references}, question, roles=False)
        for reference in references:
            if note := run_note(reference, question):
                caption(note)
    return references
