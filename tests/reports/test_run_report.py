"""Runs as HTML documents."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fairkd import runs
from fairkd.errors import InputError
from fairkd.measures import MEASURES
from fairkd.reports import MOST_RUNS, report
from fairkd.reports.curve_plot import MOST_POINTS, loss_plot, measure_plot
from fairkd.reports.watched_replay import replay
from fairkd.runs import Run, event_tables, events

MARKUP = "<script>alert(1)</script>"


def example(name: str) -> Run:
    return runs.get(f"example-{name}")


def history(name: str) -> list[runs.Event]:
    return events.history(events.scan(example(name).folder).events)


def changed(run: Run, folder: Path, old: str, new: str) -> Run:
    """The run with another text in its events, as a visitor's own."""
    shutil.copytree(run.folder, folder)
    file = folder / "events.jsonl"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return replace(run, folder=folder, example=False, id="1a2b3c4d")


def test_it_has_the_evaluation_before_and_after_with_intervals() -> None:
    html = report([example("plain")])
    first, *_, last = [event for event in history("plain") if event["type"] == "evaluation"]
    for one in (first, last):
        for key in ("gap_absolute", "pseudo_perplexity_sampled"):
            assert f">{MEASURES[key].format(one[key])}<" in html
            assert MEASURES[key].format_interval(one) in html
    assert "Student, step 0<" in html and "Student, step 300<" in html
    assert "fairkd runs submit --preset plain" in html and "@software{fairkd" in html
    assert "evaluation.every_steps" in html, "a setting that differs from its default"


def test_the_words_of_every_step_are_in_it() -> None:
    html = report([example("plain")])
    (text,) = re.findall(r'id="frames">(.*?)</script>', html)
    found = json.loads(text)
    watched = [one for one in history("plain") if one["type"] == "watched_sentence" and one["step"] == 30]
    assert found["steps"][1] == 30
    for sentence, event in zip(found["frames"], watched, strict=True):
        (run,) = sentence
        words = [word["token"] for word in event["positions"][0]["predictions"]]
        assert [word for word, *_ in run[1][0]] == words[:5]


def test_several_runs_are_compared_with_the_first() -> None:
    html = report([example(name) for name in ("plain", "paper", "fair")])
    assert "3 runs compared" in html and "Difference from plain (example)" in html
    assert "Settings that differ between the runs" in html and "logit_mean" in html
    assert "--preset plain --preset paper --preset fair" in html
    shown = replay({name: history(name) for name in ("plain", "fair")})
    assert shown is not None and shown.sentences[0].models == ("teacher", "plain", "fair")


def test_everything_typed_is_text(tmp_path: Path) -> None:
    run = changed(example("plain"), tmp_path / "run", "Milk is a", MARKUP)
    run = replace(run, name=MARKUP, note=MARKUP, config={**run.config, "teacher": MARKUP})
    html = report([run])
    assert MARKUP not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 5
    assert f"--name {shell_quoted()}" in html


def shell_quoted() -> str:
    return "&#39;&lt;script&gt;alert(1)&lt;/script&gt;&#39;"


def test_runs_that_cannot_be_compared_are_shown_with_a_warning(tmp_path: Path) -> None:
    other = changed(example("fair"), tmp_path / "run", "x" * 99, "")
    other = replace(other, config={**other.config, "teacher": "elsewhere/model"})
    html = report([example("plain"), other])
    assert "not comparable: teacher differs" in html and "Difference from" not in html


def test_a_damaged_run_says_so(tmp_path: Path) -> None:
    run = changed(example("plain"), tmp_path / "run", '"type":"train"', '"type":"tr')
    html = report([replace(run, config={}, config_error="config.json cannot be read.")])
    assert "config.json cannot be read." in html and "Loss in training" not in html


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ((), "1 to 8 runs, but 0"),
        (("plain",) * 2, "Each run can be in a report once"),
        (("plain",) * (MOST_RUNS + 1), "1 to 8 runs, but 9"),
    ],
)
def test_what_is_no_report_is_refused(names: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        report([example(name) for name in names])


def test_a_run_without_an_evaluation_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"plain \(example\) \(example-plain\) has no evaluation yet"):
        report([replace(example("plain"), folder=tmp_path)])


def test_a_long_run_has_few_points_and_its_last_one() -> None:
    table = event_tables.training(history("plain"))
    long = table.loc[table.index.repeat(100)].assign(step=range(100 * len(table)))
    plot = loss_plot({"plain": long})
    assert plot is not None and len(plot.curves[0].marks) <= MOST_POINTS
    assert f"step {len(long) - 1:,}" in plot.curves[0].marks[-1].text


def test_a_value_on_too_few_items_is_not_drawn() -> None:
    table = event_tables.evaluations(history("plain")).assign(professions=3)
    assert measure_plot(MEASURES["gap_absolute"], {"plain": table}, {}) is None
