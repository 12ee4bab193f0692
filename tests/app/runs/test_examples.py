"""The example runs on the Runs page, and the command that trains them."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from fairkd import runs
from fairkd.cli.commands import app as fairkd
from fairkd.distill.config import stored_config
from fairkd.errors import InputError
from fairkd.reports import example_command
from tests.app.conftest import OpenRuns
from tests.app.reading import chart_titles, texts
from tests.app.some_runs import add_run

pytestmark = pytest.mark.usefixtures("home")


def test_the_examples_are_replayed_and_compared_on_a_page_without_runs(open_runs: OpenRuns) -> None:
    app = open_runs()
    assert [one.value for one in app.subheader] == ["Example runs", "Side by side"]
    assert len(chart_titles(app)) == 2, "their comparison"
    opened = open_runs(run="example-fair")
    assert len(chart_titles(opened)) == 5
    assert {one.label for one in opened.button} == {"All runs", "Play"}
    assert "without the student itself" in texts(opened)


def test_replay_plays_from_the_first_step(open_runs: OpenRuns) -> None:
    app = open_runs()
    app.button(key="replay_example-fair").click().run()
    assert not app.exception and "Pause" in {one.label for one in app.button}
    assert app.select_slider(key="watched_sentence_slider_example-fair").value == 0


def test_a_presenter_sees_the_comparison_first_and_a_run_without_explanations(open_runs: OpenRuns) -> None:
    app, opened = open_runs(), open_runs(run="example-fair")
    for one in (app, opened):
        one.session_state["present"] = True
        one.run()
    assert [one.value for one in app.subheader] == ["Side by side", "Example runs"]
    assert "without the student itself" not in texts(opened) and len(chart_titles(opened)) == 5


def test_the_examples_differ_item_by_item(open_runs: OpenRuns) -> None:
    app = open_runs()
    (frame,) = [one.value for one in app.dataframe if "finding" in one.value]
    gaps = frame[frame["measure"] == "mean absolute gap"].set_index("run")
    assert list(gaps.index) == ["paper (example)", "fair (example)"]
    assert list(gaps["finding"]) == ["smaller", "smaller"] and gaps["p"]["fair (example)"] == "< 0.001"
    assert gaps["difference"]["fair (example)"] == "−0.997 nats"
    quality = frame[frame["measure"] == "pseudo-perplexity, sampled"].set_index("run")
    assert quality["difference"]["fair (example)"] == "× 1.00"


def test_they_are_folded_below_runs_of_ones_own(open_runs: OpenRuns) -> None:
    add_run("mine", "queued")
    app = open_runs()
    assert [one.value for one in app.subheader] == ["Running and queued", "Side by side"]
    assert "Example runs" in [one.label for one in app.expander]


def test_they_are_small_and_whole() -> None:
    assert [run.id for run in runs.examples()] == ["example-plain", "example-paper", "example-fair"]
    for run in runs.examples():
        assert sum(path.stat().st_size for path in run.folder.iterdir()) < 300_000
        kinds = {event["type"] for event in runs.events.read(run)[0]}
        assert kinds == {"start", "costs", "teacher", "evaluation", "watched_sentence", "train", "end"}
        assert (run.state, run.step, run.warning) == ("finished", 300, None) and not run.resumable
        text = (run.folder / "events.jsonl").read_text() + (run.folder / "config.json").read_text()
        assert "/tmp/" not in text and "/home/" not in text


def test_nothing_changes_them() -> None:
    for action in (runs.cancel, runs.resume, runs.delete):
        with pytest.raises(InputError):
            action("example-fair")


def test_the_command_of_the_examples_queues_all_three(open_runs: OpenRuns) -> None:
    made = json.loads(CliRunner().invoke(fairkd, [*example_command()[1:], "--json"]).stdout)
    configs = {run.name: run.config for run in (runs.get(one["id"]) for one in made["runs"])}
    stored = {one.folder.name: stored_config(one.folder) for one in runs.examples()}
    assert configs == {name: config.model_dump(mode="json") for name, config in stored.items() if config}
