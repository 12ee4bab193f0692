"""The Measures page: what is chosen and started, and the states of a measurement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from fairkd import runs
from fairkd.benchmarks import BENCHMARKS, Refusal, stored_results
from fairkd.errors import FairKDError
from fairkd.utils import runs_folder
from tests.app.measures.conftest import OpenMeasures
from tests.app.reading import chart_titles, texts
from tests.app.some_runs import MEASURED, add_measurement, add_run
from tests.benchmarks.made_results import associations, items, result

TEACHER, STUDENT = MEASURED["models"]
CATEGORIES = ["gender", "age"] * 20
RESULTS = (
    result(TEACHER, items([1.0] * 30 + [-1.0] * 10, CATEGORIES)),
    result(STUDENT, items([1.0] * 15 + [-2.0] * 25, CATEGORIES), without=["3"]),
)


def buttons(app: AppTest) -> set[str]:
    return {button.label for button in app.button}


# --- the choice ---


def test_measures_are_listed_with_what_they_need_and_how_they_were_checked(
    open_measures: OpenMeasures,
) -> None:
    app = open_measures()
    boxes = {str(box.key): box for box in app.checkbox if str(box.key).startswith("measure_")}
    assert set(boxes) == {f"measure_{key}" for key in BENCHMARKS}
    said = texts(app)
    assert "finds the more stereotypical one more likely" in said and "offensive by design" in said
    assert "checked" in said and "None yet" in said


def test_a_download_is_named_before_the_click(open_measures: OpenMeasures) -> None:
    app = open_measures(measures="crows-pairs")
    assert "The public data sets are fetched first (43 MB, once)." in texts(app)
    assert "CrowS-Pairs, original English (CC BY-SA 4.0)" in texts(app)


def test_the_choice_is_submitted_with_its_settings_and_shown(open_measures: OpenMeasures) -> None:
    app = open_measures(measures="crows-pairs")
    app.checkbox(key="measure_aul").check().run()
    assert app.query_params["measures"] == ["crows-pairs", "aul"]
    app.button(key="start_measurement").click().run()
    [run] = runs.all_runs()
    assert run.kind == "measure" and run.config["benchmarks"] == ["crows-pairs", "aul"]
    assert run.config["quick"] and run.config["precision"] == "strict"
    assert app.query_params["measurement"] in (run.id, [run.id])
    assert app.header[0].value == run.name.replace("-", "\\-") or run.name[:5] in app.header[0].value
    assert not app.exception


def test_nothing_ticked_cannot_be_started(open_measures: OpenMeasures) -> None:
    app = open_measures(measures="crows-pairs")
    app.checkbox(key="measure_crows-pairs").uncheck().run()
    assert [error.value for error in app.error] == ["Tick at least one measure\\."]
    assert app.button(key="start_measurement").disabled


def test_an_own_file_is_asked_for_and_measured(open_measures: OpenMeasures) -> None:
    app = open_measures(measures="crows-pairs")
    app.selectbox(key="measure_data_crows-pairs").set_value("Your own file").run()
    assert "Upload a file for CrowS-Pairs" in texts(app)
    upload = app.get("file_uploader")[0]
    upload.set_value(("pairs.csv", b"sent_more,sent_less,bias_type\na b,a c,age\n", "text/csv")).run()
    assert "pairs.csv is measured" in texts(app) and not app.error
    app.button(key="start_measurement").click().run()
    [run] = runs.all_runs()
    [stored] = run.config["data"].values()
    assert Path(stored).read_text().startswith("sent_more")


def test_a_demo_starts_nothing_and_says_so(
    open_measures: OpenMeasures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRKD_MODE", "demo")
    app = open_measures(measures="crows-pairs")
    assert "Runs cannot be started on this server." in texts(app)
    assert "Measure" not in buttons(app) and not app.get("file_uploader")


def test_a_class_takes_samples_only(
    open_measures: OpenMeasures, monkeypatch: pytest.MonkeyPatch, cookies: dict[str, str]
) -> None:
    monkeypatch.setenv("FAIRKD_MODE", "class")
    monkeypatch.setenv("FAIRKD_PRESENTER_TOKEN", "t" * 20)
    monkeypatch.setenv("FAIRKD_ALLOWED_MODELS", "*")
    cookies["fairkd_visitor"] = "a" * 32
    app = open_measures(measures="crows-pairs", items="All items")
    assert "measurements are quick ones" in texts(app)
    assert app.button(key="start_measurement").disabled


# --- one measurement ---


def test_earlier_measurements_are_listed_and_open_by_name(open_measures: OpenMeasures) -> None:
    id = add_measurement("mine", results=RESULTS)
    add_run("a training")
    app = open_measures()
    assert "**a training**" not in buttons(app)
    app.button(key=f"open_{id}").click().run()
    assert app.header[0].value == "mine" and not app.exception


def test_a_finished_measurement_shows_scores_with_intervals_and_data(open_measures: OpenMeasures) -> None:
    app = open_measures(measurement=add_measurement("mine", results=RESULTS))
    assert chart_titles(app) == ["CrowS-Pairs: teacher 75.00, student-fair 35.90 % (unbiased: 50)"]
    [table] = [frame.value for frame in app.dataframe]
    assert list(table.columns) == ["measure", "value", "unbiased", "teacher", "student-fair", "items"]
    assert table["teacher"][0].startswith("75.00 (") and table["items"][0] == "40 / 39"
    assert "Data: crows-pairs-en (SHA-256 01234567…)." in texts(app) and "2 of 2 done" in texts(app)


def test_a_running_measurement_shows_progress_and_what_it_has(open_measures: OpenMeasures) -> None:
    app = open_measures(measurement=add_measurement("mine", "running", results=RESULTS[:1]))
    (progress,) = app.get("progress")
    assert "1 of 2 done" in progress.proto.text and "left" in progress.proto.text
    assert "Cancel" in buttons(app) and len(chart_titles(app)) == 1


def test_a_queued_measurement_waits_without_results(open_measures: OpenMeasures) -> None:
    app = open_measures(measurement=add_measurement("mine", "queued"))
    assert "The results appear one after the other" in texts(app) and not app.dataframe


def test_what_could_not_be_measured_and_damage_are_said(open_measures: OpenMeasures) -> None:
    id = add_measurement("mine", "finished", results=RESULTS[:1])
    refusal = Refusal("crows-pairs", STUDENT, "It has no head.")
    path = stored_results.store(refusal, runs_folder() / id)
    assert "It has no head." in " ".join(
        one.value.replace("\\", "") for one in open_measures(measurement=id).warning
    )
    path.write_text("{")
    [warning] = [one.value for one in open_measures(measurement=id).warning]
    assert warning.startswith("One result is damaged and left out.")


def test_an_unknown_id_and_a_training_are_one_error(open_measures: OpenMeasures) -> None:
    app = open_measures(measurement="<b>nope</b>")
    assert "nope" in app.error[0].value and "<b>" not in app.error[0].value
    app = open_measures(measurement=add_run("plain"))
    assert app.error[0].value == "plain is a training, not a measurement."


def test_deleting_goes_back_to_the_choice(open_measures: OpenMeasures) -> None:
    id = add_measurement("mine", results=RESULTS)
    app = open_measures(measurement=id, results="Changes")
    app.button(key=f"delete_{id}").click().run()
    app.button(key=f"confirm_{id}").click().run()
    assert not {"measurement", "results"} & {*app.query_params} and "None yet" in texts(app)
    assert not app.exception


def test_a_view_is_in_the_address_until_the_measurement_is_left(open_measures: OpenMeasures) -> None:
    id = add_measurement("mine", results=RESULTS)
    app = open_measures(measurement=id)
    app.get_by_key("results").set_value("Side effects").run()
    assert app.query_params["results"] in ("Side effects", ["Side effects"])
    next(button for button in app.button if button.label == "All measurements").click().run()
    assert not app.exception and not {"measurement", "results"} & {*app.query_params}


def test_a_list_that_cannot_be_read_is_one_error(
    open_measures: OpenMeasures, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise FairKDError("The disk is full.")

    monkeypatch.setattr("app.measures.earlier.measurements", refuse)
    assert "The disk is full." in texts(open_measures())


# --- views ---


def test_categories_are_shown_with_all_items_first(open_measures: OpenMeasures) -> None:
    id = add_measurement("mine", results=RESULTS)
    app = open_measures(measurement=id, results="By category")
    assert chart_titles(app)[0].startswith("CrowS-Pairs, stereotype preferred, by category")


def test_bec_pro_has_a_test_of_each_group_of_professions(open_measures: OpenMeasures) -> None:
    results = [associations(TEACHER), associations(STUDENT, shift=0.5)]
    id = add_measurement("mine", results=results, benchmarks=["bec-pro"])
    app = open_measures(measurement=id, results="By category")
    [table] = [frame.value for frame in app.dataframe]
    groups = ["balanced (3 professions)", "female (8 professions)", "male (8 professions)"]
    assert list(table["category"]) == [name for name in groups for _ in results]
    assert list(table["model"][:2]) == ["teacher", "student-fair"]
    assert "trust the test over professions" in texts(app)


def test_items_are_behind_a_click_and_open_in_predictions(open_measures: OpenMeasures) -> None:
    id = add_measurement("mine", results=RESULTS)
    app = open_measures(measurement=id, results="Items")
    assert not app.dataframe
    app.session_state["items_panel"] = True
    app.run()
    assert {"more", "less"} <= set(app.dataframe[0].value.columns)


def test_an_item_opens_in_predictions_with_both_models(
    open_measures: OpenMeasures, tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    models = [str(tiny_folder(family)) for family in ("bert", "roberta")]
    results = [replace(one, model=model) for one, model in zip(RESULTS, models, strict=True)]
    id = add_measurement("mine", results=results, models=models)
    monkeypatch.setattr("app.measures.items.clicked_row", lambda rows, count: 0)
    # AppTest cannot hold a choice that is not among a picker's options, which a browser can.
    monkeypatch.setattr("app.shared.sidebar.model_options", lambda: tuple(models))
    app = open_measures(measurement=id, results="Changes")
    app.session_state["changes_panel"] = True
    app.run()
    assert "more: more 15" in texts(app).replace("*", "")
    app.button(key="changes_items_open_more").click().run()
    assert not app.exception and app.header[0].value == "Which words do the models expect?"
    assert app.text_input(key="text").value == "more 15" and app.session_state["each"]
    assert [app.session_state[role] for role in ("teacher", "student")] == models


def test_changes_name_the_flips_and_contradictions_of_the_measures(open_measures: OpenMeasures) -> None:
    id = add_measurement("mine", results=RESULTS)
    app = open_measures(measurement=id, results="Changes")
    assert chart_titles(app) == [
        "CrowS-Pairs: 15 of 39 items flipped, 0 to the stereotype and 15 away from it"
    ]
    [verdicts] = [frame.value for frame in app.dataframe]
    assert verdicts["difference"][0] == "−38.46" and verdicts["verdict"][0].startswith("smaller")
    said = texts(app)
    assert "student-fair" in said and "Left out: 1 that only embedded/teacher could score." in said
    assert list(app.table[0].value.iloc[0]) == ["teacher: the stereotype", "14", "15"]
    app.session_state["changes_panel"] = True
    app.run()
    shown = app.dataframe[1].value
    assert list(shown["flipped"][:15]) == [True] * 15 and not shown["flipped"][15:].any()


def test_side_effects_are_counted_and_adjusted(open_measures: OpenMeasures) -> None:
    id = add_measurement("mine", results=RESULTS)
    app = open_measures(measurement=id, results="Side effects")
    [table] = [frame.value for frame in app.dataframe]
    assert list(table["axis"]) == ["gender", "age"] and "p " in table["student-fair"][0]
    assert chart_titles(app)[0].startswith("2 of 2 comparisons with embedded/teacher show a clear difference")


def test_measures_that_contradict_each_other_are_named(open_measures: OpenMeasures) -> None:
    other = replace(RESULTS[0], benchmark="aul", items=items([-1.0] * 10 + [1.0] * 30, CATEGORIES))
    id = add_measurement("mine", results=[RESULTS[0], other], benchmarks=["crows-pairs", "aul"])
    app = open_measures(measurement=id, results="Contradictions")
    assert "CrowS-Pairs and AUL disagree on 20 of 40 items (50.0 %)." in texts(app)
    assert "a low score of one does not show that a model is unbiased" in texts(app)


@pytest.mark.parametrize("view", ["Changes", "Side effects", "Contradictions"])
def test_a_view_of_several_says_what_it_needs(open_measures: OpenMeasures, view: str) -> None:
    id = add_measurement("mine", results=RESULTS[:1])
    app = open_measures(measurement=id, results=view)
    assert "two models" in texts(app) or "the same items" in texts(app)
