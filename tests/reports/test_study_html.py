"""Studies as HTML documents."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fairkd.errors import InputError
from fairkd.reports import study_report
from fairkd.reports.study_html import study_plot
from fairkd.studies import make_study, results
from tests.studies.finished import finished_study

MARKUP = "<script>alert(1)</script>"


def rows(*gaps: float) -> dict[int, Any]:
    return {
        seed: {"gap_absolute": gap, "gap_mass": 0.7, "pseudo_perplexity_sampled": 14.0 + seed}
        for seed, gap in enumerate(gaps)
    }


def test_it_has_the_verdict_every_seed_and_the_file_that_runs_it_again(tmp_path: Path) -> None:
    html = study_report(finished_study(tmp_path, {"plain": rows(1.8, 1.6, 2.0), "fair": rows(0.5, 0.4, 0.6)}))
    assert "The mean absolute gap of fair is lower than plain&#39;s." in html
    assert "(95 % interval over 3 seeds: −1.55 to −1.05 nats): better." in html
    assert html.count('class="seed"') == 3 * 6, "three columns are drawn, with six runs each"
    assert "<title>fair, seed 1: 0.40 nats</title>" in html
    assert "fairkd study run study.yaml" in html
    assert "preset: plain" in html
    assert "src=" not in html and "href=" not in html, "it loads nothing"


def test_an_interval_that_is_far_wider_than_the_values_ends_with_the_plot(tmp_path: Path) -> None:
    found = results(finished_study(tmp_path, {"plain": rows(1.8, 1.6), "fair": rows(0.4, 0.6)}))
    column = found.column("gap_absolute")
    assert column is not None
    plot = study_plot(column, found)
    assert plot is not None
    for row in plot.rows:
        assert row.low is not None and row.high is not None
        assert 0 <= row.low < row.high <= 100
        assert all(0 <= seed.at <= 100 for seed in row.seeds)


def test_everything_typed_is_text(tmp_path: Path) -> None:
    record = finished_study(tmp_path, {"plain": rows(1.0, 1.1)})
    study = make_study({**record.study.model_dump(mode="json"), "name": MARKUP})
    assert MARKUP not in study_report(replace(record, study=study, note=MARKUP, owner=MARKUP))


def test_a_study_without_a_finished_run_has_nothing_to_report(tmp_path: Path) -> None:
    record = finished_study(tmp_path, {"plain": rows(1.0)})
    waiting = replace(record, cells=tuple(replace(cell, run=None) for cell in record.cells))
    with pytest.raises(InputError, match="No run of the study .* has finished yet"):
        study_report(waiting)
