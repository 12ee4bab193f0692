"""A run that measures, on the Runs page: what it has found so far, and its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from app.shared.settings_table import shown
from app.shared.widgets import caption, literal
from fairkd import runs
from fairkd.benchmarks import BENCHMARKS, MeasureConfig, Refusal, Result, stored_results, value_text
from fairkd.runs import Run

EMPTY: Mapping[str, str] = {"limit": "no limit", "data": "the published data", "data_sets": "the first ones"}
Found = tuple[str, str, str, str, int]  # benchmark, model, value with its interval, unbiased, items


def results(run: Run) -> None:
    """One value of every benchmark on every model that is done."""
    found, refused = read_results(run.folder)
    if not found and not refused:
        return
    if found:
        place = _order(run)
        rows = sorted(found, key=lambda row: (place.get(row[0], 0), place.get(row[1], 0)))
        models = runs.model_names([row[1] for row in rows])
        frame = pd.DataFrame(
            {
                "Measure": [_measure(row[0]) for row in rows],
                "Model": models,
                "Value (95 % interval)": [row[2] for row in rows],
                "Unbiased": [row[3] for row in rows],
                "Items": [f"{row[4]:,}" for row in rows],
            }
        )
        st.table(frame.map(literal), border="horizontal", hide_index=True)
    for one in refused:
        (label,), (model,) = runs.benchmark_labels([one.benchmark]), runs.model_names([one.model])
        caption(
            f":material/warning: {literal(label)} of {literal(model)} could not be measured: "
            f"{literal(one.reason)}"
        )


def _measure(benchmark: str) -> str:
    """The name of a measure, with that of the value where it has several."""
    (label,), known = runs.benchmark_labels([benchmark]), BENCHMARKS.get(benchmark)
    return f"{label}, {known.bias.label}" if known and len(known.values) > 1 else label


def summary(config: Mapping[str, Any]) -> str:
    """A measurement in a few words: `CrowS-Pairs, AUL · teacher, student-fair · quick`."""
    parts = [
        ", ".join(runs.benchmark_labels(list(config.get("benchmarks") or ()))),
        ", ".join(runs.model_names(list(config.get("models") or ()))),
        "quick" if config.get("quick") else "",
        f"at most {config['limit']:,} items each" if config.get("limit") else "",
    ]
    return " · ".join(filter(None, parts))


def settings_frame(config: Mapping[str, Any]) -> pd.DataFrame:
    """The settings of a measurement as a table: setting, value, meaning."""
    fields = MeasureConfig.model_fields
    return pd.DataFrame(
        {
            "setting": list(config),
            "value": [
                shown(value) if value or value == 0 else EMPTY.get(key, "none")
                for key, value in config.items()
            ],
            "meaning": [fields[key].description if key in fields else "" for key in config],
        }
    )


def read_results(folder: Path) -> tuple[list[Found], list[Refusal]]:
    """What a measurement has found so far, and what it could not measure. A file is read when it changes."""
    found = [one for path in _files(folder) if (one := _read(path, _version(path))) is not None]
    return [one for one in found if isinstance(one, tuple)], [
        one for one in found if isinstance(one, Refusal)
    ]


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted((folder / stored_results.FOLDER).glob("*/*.json"))


def _version(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:  # deleted meanwhile
        return 0, 0
    return stat.st_mtime_ns, stat.st_size


@st.cache_data(max_entries=500, show_spinner=False)
def _read(path: Path, version: tuple[int, int]) -> Found | Refusal | None:
    found = stored_results.read_one(path)
    return _row(found) if isinstance(found, Result) else found


def _row(result: Result) -> Found:
    """How biased a result says that the model is; of a measure of quality, its headline."""
    benchmark = BENCHMARKS.get(result.benchmark)
    value = benchmark.bias if benchmark else None
    if value is None or value.key not in result.overall.values:  # of another version
        return result.benchmark, result.model, "–", "–", result.overall.n
    written = value_text(value, result.overall)
    return result.benchmark, result.model, written, value.format(value.unbiased), result.overall.n


def _order(run: Run) -> dict[str, int]:
    """The place of each benchmark and model in the settings."""
    names = [*(run.config.get("benchmarks") or ()), *(run.config.get("models") or ())]
    return {name: place for place, name in enumerate(names)}
