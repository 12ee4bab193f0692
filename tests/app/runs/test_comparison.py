"""The comparison on the Runs page, as Streamlit runs it, with runs that the tests create."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.runs.compared_tables import confounded, rest_is_equal
from app.runs.list import signature
from app.shared.table_download import with_provenance
from fairkd import runs
from fairkd.measures import MEASURES, Verdict
from fairkd.reports import difference_row
from fairkd.runs import store
from tests.app.conftest import OpenRuns
from tests.app.reading import chart_titles, components, texts
from tests.app.some_runs import add_run, training

pytestmark = pytest.mark.usefixtures("home")


def last_evaluations(app: AppTest) -> pd.DataFrame:
    tables = (frame.value for frame in app.dataframe)
    return next(table for table in tables if "last evaluation" in table).set_index("last evaluation")


def test_variants_that_started_together_are_compared_at_once(open_runs: OpenRuns) -> None:
    add_run("alone", "finished", events=training(100))
    add_run("plain", "finished", events=training(400, gap=1.3, quality=14), batch="b")
    add_run("fair", "finished", preset="fair", events=training(400, gap=0.3, quality=15), batch="b")
    app = open_runs()
    curves, front = chart_titles(app)
    assert curves.startswith("fair ends with the lowest mean absolute gap")
    assert front.startswith("fair has the smallest gap, at 6.5 % more pseudo-perplexity than plain")
    table = last_evaluations(app)
    assert table.columns.tolist() == ["plain", "fair"]
    assert table["fair"]["mean absolute gap, nats"] == "0.31 nats (0.25 to 0.39)", "rounded as in the charts"
    sizes = [table["plain"][row] for row in table.index if row.endswith(": measured on")]
    assert sizes == ["100 held-out sentences", "200 held-out sentences", "20 professions"]
    assert table["plain"]["steps"] == "400"
    assert "at one seed: another seed may end differently" in str(chart_notes(app))
    differences = next(frame.value for frame in app.dataframe if "setting" in frame.value)
    assert "constraint.kind" in set(differences["setting"]) and "seed" not in set(differences["setting"])
    app.get_by_key("compared_measure").set_value("kl").run()
    assert "KL to the teacher" in chart_titles(app)[0]


def chart_notes(app: AppTest) -> list[str]:
    return [note for figure in components(app) if "chart" in figure for note, _ in figure["notes"]]


def test_runs_that_the_data_do_not_tell_apart_are_ties(open_runs: OpenRuns) -> None:
    for name, gap in (("plain", 0.42), ("fair", 0.4)):
        add_run(name, "finished", events=training(400, gap=gap), batch="b")
    curves, front = chart_titles(open_runs())
    assert curves == "fair and plain cannot be told apart in mean absolute gap"
    assert front == "fair and plain cannot be told apart"


def test_runs_on_two_sentences_are_not_drawn(open_runs: OpenRuns) -> None:
    few = [
        event | {"scored_sentences": 2, "masked_sentences": 1} if event["type"] == "evaluation" else event
        for event in training(400)
    ]
    for name in ("plain", "fair"):
        add_run(name, "finished", events=few, batch="b")
    app = open_runs()
    (curves,) = chart_titles(app)
    assert "Bias against quality is not drawn" in texts(app)


def test_a_run_that_lost_its_mass_is_not_called_the_fairest(open_runs: OpenRuns) -> None:
    add_run("plain", "finished", events=training(400, gap=1.3, quality=14), batch="b")
    add_run("fair", "finished", events=training(400, gap=0.3, quality=15), batch="b")
    add_run("dead", "finished", events=training(400, gap=0.0, quality=13, mass=0.01), batch="b")
    app = open_runs()
    curves, front = chart_titles(app)
    assert curves.startswith("fair ends with the lowest mean absolute gap")
    assert front.startswith("fair has the smallest gap of the runs that kept their mass")
    assert "Mass lost: dead gives the measured words" in texts(app)
    app.get_by_key("compared_measure").set_value("gap_mass").run()
    assert chart_titles(app)[0] == "plain and fair cannot be told apart in probability mass"


def test_runs_that_are_not_comparable_are_drawn_without_a_winner(open_runs: OpenRuns) -> None:
    add_run("plain", "finished", events=training(400, gap=1.3, quality=14), batch="b")
    other = {"evaluation": {"professions": 5}, "seed": 3}
    add_run("few", "finished", events=training(400, gap=0.3, quality=15), batch="b", **other)
    app = open_runs()
    (warning,) = app.warning
    said = warning.value.replace("\\", "")
    assert "not comparable" in said and "evaluation.professions differs" in said and "seed" not in said
    curves, front = chart_titles(app)
    assert curves.startswith("How do the runs differ") and front.endswith("cannot be compared")
    assert "dotted front" not in texts(app)
    assert "All other settings are equal, including the text." in texts(app)


@pytest.mark.parametrize(
    ("different", "said"),
    [
        ({"constraint.kind"}, "All other settings are equal, including the seed and the text."),
        ({"corpus.source"}, "All other settings are equal, including the seed."),
        ({"corpus.cda", "seed"}, "All other settings are equal."),
    ],
)
def test_only_equal_settings_are_called_equal(different: set[str], said: str) -> None:
    assert rest_is_equal(different) == said


def test_runs_of_one_name_are_told_apart_by_their_id(open_runs: OpenRuns) -> None:
    ids = [add_run("plain", "finished", events=training(100)) for _ in range(2)]
    app = open_runs()
    assert sorted(last_evaluations(app).columns) == sorted(f"plain ({id})" for id in ids)


def test_a_run_before_its_first_measurement_does_not_break_the_comparison(open_runs: OpenRuns) -> None:
    add_run("old", "finished", events=training(100), batch="b")
    trained = [event for event in training(100) if event["type"] in ("start", "train")]
    add_run("new", "running", events=trained[:3], batch="b")
    app = open_runs()
    assert len(chart_titles(app)) == 2


def test_a_run_joins_the_comparison_with_its_first_step(open_runs: OpenRuns) -> None:
    add_run("old", "finished", events=training(100))
    id = add_run("new", "running", events=[{"type": "start", "resumed_from": None}])
    before = signature(runs.all_runs())
    assert id not in compared(open_runs())
    store.write(lambda database: database.execute("UPDATE runs SET step = 1 WHERE id = ?", [id]))
    assert signature(runs.all_runs()) != before, "the list asks for the whole page"
    assert id in compared(open_runs())


def compared(app: AppTest) -> list[str]:
    """The ids of the runs on the charts."""
    return list(app.multiselect(key="compare").value)


def test_chosen_runs_stay_chosen_when_another_of_the_name_begins(open_runs: OpenRuns) -> None:
    old = add_run("plain", "finished", events=training(100))
    fair = add_run("fair", "finished", events=training(100))
    add_run("other", "finished", events=training(100))
    app = open_runs()
    app.multiselect(key="compare").set_value([old, fair]).run()
    add_run("plain", "finished", events=training(100))
    app.run()
    assert app.multiselect(key="compare").value == [old, fair]
    assert f"plain ({old})" in app.multiselect(key="compare").options, "runs of one name are told apart"


def test_a_link_to_a_comparison_holds_its_runs_though_others_follow(open_runs: OpenRuns) -> None:
    ids = [add_run(name, "finished", events=training(100), batch="b") for name in ("plain", "fair")]
    app = open_runs()
    assert app.query_params["compare"] == ids, "also of runs that nobody chose"
    others = [add_run(name, "finished", events=training(100), batch="c") for name in ("newer", "newest")]
    link = open_runs(compare=[*ids, "gone"])
    assert link.multiselect(key="compare").value == ids == link.run().multiselect(key="compare").value
    assert link.query_params["compare"] == ids
    link.multiselect(key="compare").set_value([ids[0], others[0]]).run()
    assert link.query_params["compare"] == [ids[0], others[0]]
    assert open_runs().multiselect(key="compare").value == others


def test_variants_join_the_comparison_as_they_begin(open_runs: OpenRuns) -> None:
    ids = [add_run(name, "finished", events=training(100), batch="b") for name in ("plain", "fair")]
    app = open_runs()
    assert app.multiselect(key="compare").value == ids
    ids.append(add_run("group", "running", events=training(100), batch="b"))
    assert app.run().multiselect(key="compare").value == ids
    app.multiselect(key="compare").set_value(ids[:2]).run()
    add_run("cda", "running", events=training(100), batch="b")
    assert app.run().multiselect(key="compare").value == ids[:2], "unless somebody has chosen"


def test_before_two_runs_the_examples_are_compared(open_runs: OpenRuns) -> None:
    old = add_run("old", "finished", events=training(100))
    assert compared(open_runs()) == [run.id for run in runs.examples()]
    other = add_run("other", "finished", events=training(100))
    assert compared(open_runs()) == [other, old]


def test_runs_of_an_earlier_version_are_drawn_without_sample_sizes(open_runs: OpenRuns) -> None:
    sizes = ("masked_sentences", "scored_sentences", "professions", "kl_low", "kl_high")
    old = [{key: value for key, value in event.items() if key not in sizes} for event in training(400)]
    for name in ("plain", "fair"):
        id = add_run(name, "finished", events=old, batch="b")
    app = open_runs()
    assert len(chart_titles(app)) == 2 and "professions; 95 % intervals" in str(chart_notes(app))
    app.get_by_key("compared_measure").set_value("kl").run()
    assert chart_titles(app)[0] == "plain and fair cannot be told apart in KL to the teacher"
    assert "Bands are" not in texts(app), "none were stored"
    page = open_runs(run=id)
    assert not page.exception and "held-out sentences, number not stored" in str(chart_notes(page))


def test_the_files_say_which_runs_they_compare_and_hold_numbers(
    open_runs: OpenRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: dict[str, pd.DataFrame] = {}

    def keep(frame: pd.DataFrame, name: str, key: str, **given: Any) -> None:
        files[name] = with_provenance(frame, given["about"])

    monkeypatch.setattr("app.runs.compared_tables.table_download", keep)
    monkeypatch.setattr("app.shared.provenance.content_hash", lambda reference: "abc")
    open_runs()
    plain, paper, fair = ids = [run.id for run in runs.examples()]
    assert set(files) == {"fairkd-runs", "fairkd-paired-differences", "fairkd-differences"}
    for file in files.values():
        row = file.iloc[0]
        assert (row["runs"], row["teacher"], row["teacher_sha256"]) == (
            "; ".join(ids),
            "embedded/teacher",
            "abc",
        )
        assert set(file["seed"]) == {0}
    assert files["fairkd-runs"]["run"].tolist() == ids
    paired = files["fairkd-paired-differences"]
    assert set(paired["reference_run"]) == {plain} and paired["run"].tolist() == [paper, fair] * 3
    numbers = paired[["n", "difference", "low", "high", "p_value", "effect_size"]]
    assert all(map(pd.api.types.is_numeric_dtype, numbers.dtypes)) and numbers.notna().all(axis=None)
    assert set(zip(paired["measure"], paired["unit"], strict=True)) == {
        ("gap_absolute", "nats"),
        ("pseudo_perplexity_sampled", "log ratio"),
        ("kl", "nats"),
    }
    first = paired.iloc[0]
    assert first["difference"] == pytest.approx(-0.351, abs=5e-4) and first["verdict"] == "smaller"


@pytest.mark.parametrize(
    ("measure", "low", "p", "said"),
    [
        ("kl", -0.01, 0.02, "no clear difference: the interval includes 0"),
        ("pseudo_perplexity_sampled", -0.01, 0.02, "no clear difference: the interval includes 1"),
        ("kl", 0.01, 0.08, "no clear difference: p is not below 0.05"),
        ("kl", -0.01, 0.3, "no clear difference"),
    ],
)
def test_a_difference_that_misses_one_criterion_says_which(
    measure: str, low: float, p: float, said: str
) -> None:
    verdict = Verdict(0.02, low, 0.04, 8302.0, p, 0.17, 200, "no clear difference")
    assert difference_row("fair", MEASURES[measure], verdict)["finding"] == said


def test_the_comparison_says_what_was_measured_and_what_the_settings_mean(open_runs: OpenRuns) -> None:
    app = open_runs()
    said = texts(app)
    assert "measured on 20 of the 87 professions" in said and "short trainings of 300 steps" in said
    rows = next(frame.value for frame in app.dataframe if "setting" in frame.value).set_index("setting")
    assert rows.loc["constraint.roles"].tolist() == ["not used", "subject, possessive", "all words"]
    assert "also in objective.positions, so the constraint alone" in said.replace("\\", "")
    app.session_state["reproduce_compared"] = True
    (command,) = (one.value for one in app.run().code if one.value.startswith("fairkd"))
    assert command.startswith("fairkd runs submit --preset plain --preset paper --preset fair --set")


def test_own_runs_are_trained_again_from_their_settings(open_runs: OpenRuns) -> None:
    gone = {"teacher": "run/20260101-000000-gone"}
    one, two = (add_run(name, "finished", events=training(100), batch="b", **gone) for name in ("one", "two"))
    app = open_runs()
    app.session_state["reproduce_compared"] = True
    (commands,) = (one.value for one in app.run().code if one.value.startswith("fairkd"))
    assert not app.exception and not app.error, "though the teacher is gone"
    assert commands.splitlines() == [
        f"fairkd runs submit fairkd-{id}.json --name {name}" for id, name in ((one, "one"), (two, "two"))
    ]


def test_only_runs_that_differ_in_more_than_the_constraint_are_named() -> None:
    names = {"a": "plain", "b": "fair", "c": "cda", "d": "slow"}
    different = {
        "constraint.kind": {"a": "none", "b": "group", "c": "none", "d": "group"},
        "objective.label": {"a": "keep", "b": "soft", "c": "keep", "d": "soft"},
        "corpus.cda": {"a": False, "b": False, "c": True, "d": False},
        "optimizer.learning_rate": {"a": 1, "b": 1, "c": 1, "d": 2},
    }
    (sentence,) = confounded(different, names)
    assert sentence.startswith("slow differs from plain") and "in optimizer.learning_rate, so" in sentence
