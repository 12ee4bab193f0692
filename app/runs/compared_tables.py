"""The tables below the compared charts: last values, paired differences, and different settings."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from app.charts.run_comparison import MASS
from app.runs.follow import RunData
from app.shared.measured_words import contrast_of
from app.shared.provenance import about_runs
from app.shared.settings_table import shown_setting
from app.shared.table_download import table_download
from app.shared.widgets import caption, literal
from fairkd import runs
from fairkd.lexicon import fitting, shipped_professions
from fairkd.measures import COSTS, MEASURES, SIGNIFICANCE, Measure, Verdict
from fairkd.reports import PAIRED, difference_row
from fairkd.runs import Run, paired_verdicts

TABLE = tuple(MEASURES[key] for key in ("kl", "pseudo_perplexity_sampled", "gap_absolute", "gap_mass"))
USE = tuple(COSTS[key] for key in ("parameters", "bytes", "milliseconds"))
SIZED = TABLE[:3]  # each with its own sentences or professions; the mass has those of the gap
# Settings of the constraint, and settings that do not change what the student learns.
_CONSTRAINT = ("constraint.", "objective.group", "objective.label")
_NO_TRAINING = ("evaluation.", "checkpoint.", "log_every", "threads", "teacher_cache", "objective.chunk")


def last_values(data: dict[str, RunData]) -> pd.DataFrame:
    """One row per run: last evaluation, teacher's probability mass, student's costs; NaN where unknown."""
    columns = list(dict.fromkeys(key for measure in TABLE for key in (*measure.keys, measure.sample)))
    rows = []
    for name, found in data.items():
        last = found.evaluations.iloc[-1] if len(found.evaluations) else pd.Series(dtype=float)
        row: dict[str, object] = {"name": name, "steps": last.get("step"), "tokens": last.get("tokens")}
        row["minutes"] = last.get("minutes")
        row |= {column: last.get(column) for column in columns}
        row |= {cost.key: found.costs.get(cost.key) for cost in USE}
        rows.append(row | {"teacher_mass": found.teacher.get("gap_mass")})
    costs = [cost.key for cost in USE]
    names = ["name", "steps", "tokens", "minutes", *columns, "teacher_mass", *costs]
    frame = pd.DataFrame(rows, columns=names)
    return frame.astype(dict.fromkeys(frame.columns[1:], float))


def values_table(table: pd.DataFrame, picked: Sequence[Run]) -> None:
    """The last values with their intervals and sample sizes as text, a column a run; all digits in the file.

    `picked` are the runs of the rows.
    """
    rows = table.to_dict("records")
    readable = table[["name", "steps", "tokens", "minutes"]].copy()
    for measure in TABLE:
        readable[measure.key] = [measure.format_with_interval(row) for row in rows]
    for measure in SIZED:
        readable[f"{measure.key}_n"] = [measure.sample_size(row) or "–" for row in rows]
    readable["teacher_mass"] = [MASS.format(row["teacher_mass"]) for row in rows]
    headings = {measure.key: (measure.heading, measure.help) for measure in TABLE}
    headings["teacher_mass"] = (f"{MASS.label}, teacher", MASS.help)
    for cost in USE:
        if table[cost.key].notna().any():  # runs of earlier versions have none
            readable[cost.key] = [cost.format(row[cost.key]) for row in rows]
            headings[cost.key] = (cost.label, cost.description)
    names = {"name": "run"} | {key: text for key, (text, _) in headings.items()}
    names |= {f"{measure.key}_n": f"{measure.label}: measured on" for measure in SIZED}
    readable = readable.rename(columns=names)
    st.dataframe(_side_by_side(readable), hide_index=True, key="compared_table", height="content")
    with st.expander("What these numbers mean", key="compared_meanings"):
        st.markdown("  \n".join(f"**{text}**: {help}" for text, help in headings.values()))
    file = table.assign(run=[run.id for run in picked], seed=[run.config.get("seed", 0) for run in picked])
    table_download(
        file,
        "fairkd-runs",
        "compared_csv",
        about=about_runs(picked),
        shown=readable,
    )


def _side_by_side(readable: pd.DataFrame) -> pd.DataFrame:
    """The table with a column for each run, which needs less width than one for each value."""

    def number(value: float, digits: int) -> str:
        return "–" if math.isnan(value) else f"{value:,.{digits}f}"

    texts = {name: readable[name].map(partial(number, digits=0)) for name in ("steps", "tokens")}
    texts["minutes"] = readable["minutes"].map(partial(number, digits=1))
    return readable.assign(**texts).set_index("run").T.rename_axis("last evaluation").reset_index()


def paired_differences(data: Mapping[str, RunData], picked: Sequence[Run]) -> None:
    """How each run differs from the first one, item by item: what the titles of the charts rest on.

    `data` has the runs of `picked` by displayed name, in the same order.
    """
    last = {name: one.last for name, one in data.items() if one.last}
    if len(last) < 2:
        return
    baseline = next(iter(last))
    found = [
        (name, measure, verdict)
        for measure in PAIRED
        for name, verdict in paired_verdicts(measure, last, baseline).items()
    ]
    st.markdown(f"**Difference from {literal(baseline)}, item by item**")
    frame = pd.DataFrame([difference_row(*one) for one in found])
    st.dataframe(
        frame,
        hide_index=True,
        key="paired_differences",
        height="auto",
        column_config={"finding": st.column_config.TextColumn(width=310)},
    )
    ids = {name: run.id for name, run in zip(data, picked, strict=True)}
    file = pd.DataFrame([difference_numbers(ids[baseline], ids[one[0]], *one[1:]) for one in found])
    table_download(file, "fairkd-paired-differences", "paired_csv", about=about_runs(picked), shown=frame)
    caption(
        "Both runs were measured on the same professions or sentences, so each item is compared with itself: "
        "a difference may be clear although the intervals of both runs overlap. The interval is a percentile "
        "bootstrap over the items; p is that of a Wilcoxon signed-rank test, without a correction for the "
        f"{len(found)} tests. A difference is clear if its interval excludes 0 (for a ratio: 1) and p is "
        f"below {SIGNIFICANCE}. The two can disagree: the interval concerns the mean, the test the ranks. "
        "Another seed may end differently."
    )


def difference_numbers(
    reference: str, run: str, measure: Measure, verdict: Verdict | None
) -> dict[str, object]:
    """A row of the file of paired differences, with all digits; a perplexity's difference is a log ratio."""
    row: dict[str, object] = {"reference_run": reference, "run": run, "measure": measure.key}
    names = ("n", "difference", "low", "high", "p_value", "effect_size")
    row |= {name: None if verdict is None else getattr(verdict, name) for name in names}
    return row | {
        "unit": "nats" if measure.unit == "nats" else "log ratio",
        "test": "Wilcoxon signed-rank",
        "verdict": "not measured on the same items" if verdict is None else verdict.kind,
    }


def different_settings(picked: list[Run], names: dict[str, str]) -> None:
    """The table of settings that differ between the runs."""
    found = runs.setting_differences(picked)
    st.markdown("**Different settings**")
    if not found:
        caption("All settings are equal.")
        return
    constrained = {run.id: (run.config.get("constraint") or {}).get("kind") != "none" for run in picked}
    rows = [
        {"setting": key}
        | {
            names[id]: shown_setting(key, value)
            if constrained[id] or not _needs_constraint(key)
            else "not used"
            for id, value in row.items()
        }
        for key, row in found.items()
    ]
    frame = pd.DataFrame(rows)
    st.dataframe(frame, hide_index=True, key="differences", height="auto")
    table_download(frame, "fairkd-differences", "differences_csv", about=about_runs(picked))
    caption(f"Only the settings that differ. {rest_is_equal(found)}")
    for sentence in confounded(found, names):
        caption(f":material/warning: {literal(sentence)}")


def _needs_constraint(key: str) -> bool:
    """Whether the setting has no effect without a constraint."""
    return key.startswith("constraint.") and key != "constraint.kind"


def confounded(different: Mapping[str, Mapping[str, object]], names: Mapping[str, str]) -> list[str]:
    """A sentence on each run that differs from the first in the constraint and in other training settings.

    Parameters
    ----------
    different : setting -> run id -> value, as from `fairkd.runs.setting_differences`.
    names : the displayed name of each run by its id, the first run first.
    """
    first, *others = names
    sentences = []
    for id in others:
        keys = [key for key, row in different.items() if row[first] != row[id]]
        further = [key for key in keys if not key.startswith((*_CONSTRAINT, *_NO_TRAINING))]
        if further and any(key.startswith(_CONSTRAINT) for key in keys):
            sentences.append(
                f"{names[id]} differs from {names[first]} not only in the constraint but also in "
                f"{' and '.join(further)}, so the constraint alone does not explain their difference."
            )
    return sentences


def measured_on(picked: Sequence[Run], data: Mapping[str, RunData]) -> str:
    """On how many professions and templates the gaps were measured, and what the examples among the runs are.

    The former is left out where the runs do not agree on it.
    """
    sentences = []
    counts = {one.last.get("professions") for one in data.values() if one.last}
    contrasts = [contrast_of(run.config.get("evaluation") or {}) for run in picked]
    if len(counts) == 1 and None not in counts and contrasts[0] and len(set(map(repr, contrasts))) == 1:
        sentences.append(
            f"The gaps are measured on {counts.pop():,} of the {len(shipped_professions())} professions in "
            f"FairKD's list, each in {len(fitting(contrasts[0]))} templates."
        )
    steps = sorted({run.step for run in picked if run.example})
    if steps:
        made = " or ".join(f"{one:,}" for one in steps)
        sentences.append(
            f"The examples are short trainings of {made} steps. None of them is an embedded student "
            "(embedded/student-plain, embedded/student-fair)."
        )
    return " ".join(sentences)


def rest_is_equal(different: Collection[str]) -> str:
    """A sentence on all other settings, which names seed and text if they are among them."""
    same = []
    if "seed" not in different:
        same.append("the seed")
    if not any(name.startswith("corpus.") for name in different):
        same.append("the text")
    included = f", including {' and '.join(same)}" if same else ""
    return f"All other settings are equal{included}."
