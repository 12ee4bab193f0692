"""The results of a study as CSV, Markdown and LaTeX."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest

from fairkd import __version__
from fairkd.studies.result_tables import (
    cells_table,
    measures_table,
    result_files,
    summary_table,
    variants_table,
)
from fairkd.studies.study_results import StudyResults, results
from tests.studies.finished import finished_study
from tests.studies.test_study_results import cell, rows


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> StudyResults:
    cells = {"plain": rows(1.8, 1.6, 2.0), "fa_ir": {0: cell(0.5), 2: cell(0.6), 1: "failed"}}
    return results(finished_study(tmp_path_factory.mktemp("study"), cells, name="50 % & more"))


def test_the_cells_have_one_row_each_with_every_column(found: StudyResults) -> None:
    frame = cells_table(found)
    assert frame[["variant", "seed", "run"]].to_numpy().tolist() == [
        *(["plain", seed, f"plain-{seed}"] for seed in range(3)),
        *(["fa_ir", seed, f"fa_ir-{seed}"] for seed in (0, 2)),
    ]
    assert list(frame.columns[3:]) == [column.key for column in found.columns]
    assert frame["gap_absolute"].tolist() == [1.8, 1.6, 2.0, 0.5, 0.6]


def test_the_variants_have_one_row_each_with_mean_difference_and_verdict(found: StudyResults) -> None:
    frame = variants_table(found).set_index("variant")
    one, comparison = frame.loc["fa_ir"], found.of("fa_ir", "gap_absolute").comparison
    assert comparison is not None
    assert one["gap_absolute"] == pytest.approx(0.55) and one["gap_absolute_seeds"] == 2
    assert (
        one["gap_absolute_difference"] == pytest.approx(-1.35) and one["gap_absolute_difference_seeds"] == 2
    )
    assert one["gap_absolute_p_holm"] == comparison.p_adjusted
    assert one["gap_absolute_verdict"] == comparison.verdict == "better"
    assert pd.isna(frame.loc["plain", "gap_absolute_verdict"])


def test_text_tables_show_mean_interval_and_verdict(found: StudyResults) -> None:
    frame = summary_table(found).set_index("measure")
    row = frame.loc["mean absolute gap (lower is better)"]
    assert row["plain"] == "1.80 nats (1.37 to 2.37 nats)"
    assert row["fa_ir"].startswith("0.55 nats (") and row["fa_ir"].endswith("), better")
    latency = found.column("milliseconds")
    assert latency is not None and latency.interval(-187.2, 630) == "−187 ms to 630 ms"
    assert frame.loc["parameters (lower is better)", "fa_ir"] == "1,000"


def test_the_files_say_what_they_are_about_and_escape_names(found: StudyResults, tmp_path: Path) -> None:
    files = result_files(found)
    for name in ("cells.csv", "variants.csv"):
        frame = pd.read_csv(io.StringIO(files[name]))
        assert set(frame["study"]) == {"50 % & more"} and set(frame["fairkd_version"]) == {__version__}
        assert set(frame["teacher"]) == {"embedded/teacher"} and frame["date"].notna().all()
    markdown, latex = files["results.md"], files["results.tex"]
    assert markdown.startswith("# 50 % & more\n") and "| measure | plain | fa\\_ir |" in markdown
    assert "1 of 6 cells has failed: fa\\_ir at seed 1." in markdown
    assert "fairkd version: " in markdown and "95 % t intervals over seeds" in markdown
    assert latex.startswith("\\begin{tabular}{lll}\n\\toprule\nmeasure & plain & fa\\_ir \\\\")
    assert "% study: 50 % & more" in latex


def test_the_table_of_all_measures_holds_numbers_that_can_be_sorted(found: StudyResults) -> None:
    frame = measures_table(found)
    assert (frame[["mean", "low", "high", "difference", "p_holm"]].dtypes == "float64").all()
    one = found.of("fa_ir", "gap_absolute")
    row = frame[(frame["key"] == "gap_absolute") & (frame["variant"] == "fa_ir")].iloc[0]
    assert one.mean is not None and one.comparison is not None
    assert (row["mean"], row["low"], row["high"]) == (one.mean.mean, one.mean.low, one.mean.high)
    assert (row["difference"], row["p_holm"]) == (one.comparison.difference, one.comparison.p_adjusted)
    assert row["verdict"] == "better"
    baseline = frame[frame["variant"] == "plain"]
    assert baseline["difference"].isna().all() and (baseline["verdict"] == "").all()
