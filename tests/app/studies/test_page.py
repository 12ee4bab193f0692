"""The Studies page as Streamlit runs it, with studies written by the tests; no process is started."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.shared.launcher_choice import KEY
from fairkd import runs, studies
from fairkd.utils import Hosting
from tests.app.conftest import OpenDistill, OpenRuns, OpenStudies
from tests.app.reading import chart_titles, components, texts
from tests.app.some_studies import add_study

pytestmark = pytest.mark.usefixtures("home", "no_examples")


def cells(app: AppTest) -> dict[str, list[str]]:
    """The words in the cells on the page, by variant."""
    [table] = [one for one in components(app) if "seeds" in one]
    return {variant["name"]: [cell["word"] for cell in variant["cells"]] for variant in table["variants"]}


def labels(app: AppTest) -> set[str]:
    return {button.label for button in app.button}


# --- a new study ---


def test_the_example_is_filled_in_started_and_shown_with_its_cells(open_studies: OpenStudies) -> None:
    app = open_studies()
    assert "1.76, 1.22 and 1.11 nats" in texts(app) and not studies.all_studies()
    app.button(key="study_example").click().run()
    assert cells(app) == {"plain": ["to run"] * 3, "fair": ["to run"] * 3}
    assert "2 variants × 3 seeds = 6 runs" in texts(app)
    app.text_input(key="study_name").set_value("Lesson 3")
    app.button(key="start_study").click().run()
    [record] = studies.all_studies()
    assert (record.study.name, record.study.baseline, record.study.seeds) == ("Lesson 3", "plain", (0, 1, 2))
    assert app.query_params["study"] == record.id and "Lesson 3" in [one.value for one in app.header]
    assert cells(app) == {"plain": ["queued"] * 3, "fair": ["queued"] * 3}
    assert {run.config["budget"]["steps"] for run in runs.all_runs()} == {200}


def test_a_link_with_a_changed_variant_shows_the_same_grid(open_studies: OpenStudies) -> None:
    grid = {
        "variants": {
            "plain": {"preset": "plain"},
            "half": {"preset": "fair", "set": {"constraint.strength": 0.5}},
        },
        "seeds": "3-4",
        "budget": {"minutes": 2},
        "baseline": "half",
        "shared": {"corpus.source": "small"},
    }
    app = open_studies(grid=json.dumps(grid))
    assert cells(app) == {"plain": ["to run"] * 2, "half": ["to run"] * 2}
    app.button(key="start_study").click().run()
    [record] = studies.all_studies()
    assert record.study.variants["half"].set == {"constraint": {"strength": 0.5}}
    assert (record.study.seeds, record.study.baseline) == ((3, 4), "half")
    assert record.settings["plain"]["budget"]["minutes"] == 2
    assert record.settings["plain"]["corpus"]["source"] == "small"


def test_the_variants_of_the_distill_page_become_a_study(open_distill: OpenDistill) -> None:
    app = open_distill(["plain", "fair"], set='{"": {"budget.steps": 70}, "fair": {"objective.group": 4.0}}')
    app.button(key="as_study").click().run()
    assert cells(app) == {"plain": ["to run"] * 3, "fair, changed": ["to run"] * 3}
    app.button(key="start_study").click().run()
    [record] = studies.all_studies()
    assert record.settings["fair, changed"]["objective"]["group"] == 4.0
    assert record.settings["plain"]["budget"]["steps"] == 70


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("study_seeds", "one", "Seeds are whole numbers or ranges"),
        ("study_seeds", "0-999", "Seeds are whole numbers or ranges"),
        ("study_seeds", "0", "With one seed there is no verdict"),
    ],
)
def test_seeds_that_do_not_fit_are_said_in_one_sentence(
    open_studies: OpenStudies, key: str, value: str, sentence: str
) -> None:
    app = open_studies()
    app.button(key="study_example").click().run()
    app.text_input(key=key).set_value(value).run()
    assert not app.exception and sentence in texts(app)
    assert ("start_study" in {one.key for one in app.button}) == (value == "0")


def test_two_variants_of_one_name_are_refused(open_studies: OpenStudies) -> None:
    app = open_studies()
    app.button(key="study_example").click().run()
    app.button(key="study_add_own").click().run()
    assert "have the same settings" in texts(app)
    app.text_input(key="study_name:study:1").set_value("fair").run()
    assert [error.value for error in app.error] and "Two variants are called" in texts(app)
    app.button(key="study_remove:study:1").click().run()
    assert not app.error


def test_the_command_says_where_the_runs_work(
    open_studies: OpenStudies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRKD_COMMAND", "sh -c 'echo job 1; : {command}'")
    app = open_studies()
    app.session_state["reproduce_plan"] = True
    app.button(key="study_example").click().run()
    assert app.code[0].value == "fairkd study run study.yaml"
    app.selectbox(key=KEY).set_value("command").run()
    assert app.code[0].value == "fairkd study run study.yaml --on command"
    monkeypatch.setenv("FAIRKD_LAUNCHER", "command")
    app.selectbox(key=KEY).set_value("local").run()
    assert app.code[0].value == "fairkd study run study.yaml --on local"  # it is not the default here


def test_a_demonstration_starts_and_changes_nothing(
    open_studies: OpenStudies, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = add_study()
    monkeypatch.setattr("app.shared.visitor.hosting", lambda: Hosting(mode="demo"))
    app = open_studies()
    app.pills(key="study_presets").set_value(["plain", "fair"]).run()
    assert "Runs cannot be started on this server" in texts(app) and "Start 6 runs" not in labels(app)
    app = open_studies(study=record.id)
    assert "Runs cannot be changed on this server" in texts(app) and "Delete" not in labels(app)


def test_the_page_of_runs_shows_a_study_in_one_row_and_each_run_its_study(open_runs: OpenRuns) -> None:
    record = add_study({("plain", 0): "finished", ("fair", 0): "running", ("plain", 1): "finished"})
    app = open_runs()
    links = [link.proto.query_string for link in app.get("page_link")]
    assert links.count(f"study={record.id}") == 2  # among the queued and among the ended
    assert "3 runs of this study: 3 queued" in texts(app) and "2 runs of this study: 2 finished" in texts(app)
    assert [label for label in labels(app) if "seed" in label] == ["**fair\\, seed 0**"]  # at work
    run = record.cell("plain", 1).run
    assert run is not None
    app = open_runs(run=run.id)
    assert f"study={record.id}" in [link.proto.query_string for link in app.get("page_link")]


# --- one study ---


def test_cells_say_their_state_and_the_page_what_is_left(open_studies: OpenStudies) -> None:
    record = add_study(
        {
            ("plain", 0): "finished",
            ("fair", 0): "failed",
            ("plain", 1): "running",
            ("fair", 1): "interrupted",
            ("plain", 2): "cancelled",
        }
    )
    app = open_studies(study=record.id)
    assert cells(app) == {
        "plain": ["finished", "50 %", "cancelled"],
        "fair": ["failed", "interrupted", "queued"],
    }
    assert "fair, seed 0: The text could not be read." in texts(app)
    assert {"Cancel", "Resume 3 runs"} <= labels(app) and "Delete" not in labels(app)
    app.button(key=f"cancel_study_{record.id}").click().run()
    assert cells(app)["plain"][1] == "stopping" and cells(app)["fair"][2] == "cancelled"
    app.button(key=f"resume_study_{record.id}").click().run()
    assert cells(app)["fair"] == ["queued"] * 3 and not app.exception


def test_seeds_are_added_and_a_mistake_is_said(open_studies: OpenStudies) -> None:
    record = add_study(seeds=(0, 1))
    app = open_studies(study=record.id)
    key = f"seeds_{record.id}"
    assert app.text_input(key=key).value == "2-3"
    add = next(one for one in app.button if one.label == "Queue these runs")
    app.text_input(key=key).set_value("1-2")
    add.click().run()
    assert "has run at 1 already" in texts(app)
    app.text_input(key=key).set_value("7")
    next(one for one in app.button if one.label == "Queue these runs").click().run()
    assert studies.get(record.id).study.seeds == (0, 1, 7)


def test_a_study_is_deleted_after_a_question(open_studies: OpenStudies) -> None:
    record = add_study()
    app = open_studies(study=record.id)
    app.button(key=f"delete_study_{record.id}").click().run()
    assert len(studies.all_studies()) == 1
    app.button(key=f"keep_runs_{record.id}").click().run()
    assert not studies.all_studies() and len(runs.all_runs()) == 6
    assert "No studies yet" in texts(app)


def test_a_study_that_is_gone_or_damaged_is_said_in_one_sentence(
    open_studies: OpenStudies, home: Path
) -> None:
    gone, damaged = add_study(), add_study(name="Another")
    app = open_studies(study=gone.id)
    shutil.rmtree(gone.folder)  # in another tab
    app.run()
    assert not app.exception and "There is no study" in texts(app)
    (damaged.folder / "study.json").write_text("{")
    app = open_studies(study=damaged.id)
    assert "cannot be read" in texts(app) and str(home) not in texts(app)
    app = open_studies()
    assert "cannot be read" in texts(app) and str(home) not in texts(app)
    app.button(key=f"delete_study_{damaged.id}").click().run()
    app.button(key=f"keep_runs_{damaged.id}").click().run()
    assert not studies.damaged_studies() and not app.exception


# --- results ---


def test_results_name_the_finding_the_intervals_and_the_smallest_difference(
    open_studies: OpenStudies,
) -> None:
    record = add_study(variants=("plain", "mlm-only", "fair"), gaps={"mlm-only": 1.5})
    app = open_studies(study=record.id)
    dots, differences, front = chart_titles(app)
    assert dots.startswith("The mean absolute gap of fair is lower than plain's")
    assert "that mlm-only differs is not shown" in dots
    assert differences == "How far is every variant from plain, seed by seed?"
    assert front.startswith("On average, no variant beats fair and plain")
    said = texts(app)
    assert "better" in said and "80 % probability" in said and "95 % interval over 3 seeds" in said
    assert "Over seeds and professions the interval is" in said and "Results so far" not in said
    summary, differing = app.dataframe[0].value, app.selectbox(key="measure")
    fair = summary[(summary["variant"] == "fair") & (summary["key"] == "gap_absolute")].iloc[0]
    assert fair["verdict"] == "better" and fair["low"] < fair["mean"] < fair["high"]
    assert (summary[["mean", "low", "high", "difference", "p_holm"]].dtypes == "float64").all()
    assert "mean absolute gap" in differing.options
    differing.set_value("pseudo_perplexity_sampled").run()
    assert "pseudo-perplexity" in chart_titles(app)[0] and app.query_params["measure"]


def test_results_of_a_study_that_still_runs_are_marked(open_studies: OpenStudies) -> None:
    record = add_study({("plain", 0): "finished", ("fair", 0): "finished", ("plain", 1): "running"})
    app = open_studies(study=record.id)
    [so_far] = [one.value for one in app.warning]
    assert "Results so far" in so_far and "1 of 6 cells is running" in so_far
    assert "no verdict" in texts(app) and "one seed" in " ".join(chart_titles(app)[1:])


def test_a_study_without_a_finished_run_says_when_results_come(open_studies: OpenStudies) -> None:
    app = open_studies(study=add_study({}).id)
    assert "The results appear when the first run has finished" in texts(app) and not chart_titles(app)
