"""The Runs page as Streamlit runs it, with runs written by the tests; no process is started."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from app.runs.export import exported
from fairkd import runs
from fairkd.errors import FairKDError
from fairkd.runs import store
from tests.app.conftest import OpenRuns
from tests.app.reading import chart_titles, components, texts
from tests.app.some_runs import add_run, training

pytestmark = pytest.mark.usefixtures("home", "no_examples")


def buttons(app: AppTest) -> set[str]:
    return {button.label for button in app.button}


# --- the list ---


def test_without_runs_the_page_links_to_the_distill_page(open_runs: OpenRuns) -> None:
    app = open_runs()
    assert "No runs of your own yet" in texts(app)
    assert not chart_titles(app) and not app.error


def test_queue_and_history_are_listed_with_state_and_progress(open_runs: OpenRuns) -> None:
    add_run("old", "finished", events=training(100))
    add_run("busy", "running", events=training(100)[:12])
    add_run("next", "queued")
    add_run("bad <b>", "failed", sentence="The corpus has no usable sentence.")
    app = open_runs()
    assert [one.value for one in app.subheader] == ["Running and queued", "Ended", "Side by side"]
    said = texts(app)
    assert "running" in said and "The corpus has no usable sentence." in said
    progress = [one.proto.text for one in app.get("progress")]
    assert "min" in progress[0] or "left" in progress[0]
    assert "number 1 in the queue · starts within a minute (estimate)" in said


def test_a_damaged_configuration_is_a_sentence_at_its_run(open_runs: OpenRuns) -> None:
    sound, damaged = (add_run(name, "finished", events=training(100)) for name in ("sound", "damaged"))
    (store.entry(damaged).run.folder / "config.json").write_text("{")
    app = open_runs()
    assert {"**sound**", "**damaged**"} <= buttons(app)
    assert texts(app).count("is damaged: it is not valid JSON") == 1
    app = open_runs(run=damaged)
    (warning,) = (one.value.replace("\\", "").replace("\u2060", "") for one in app.warning)
    assert warning == "The configuration config.json is damaged: it is not valid JSON."
    assert "All settings have their default" not in texts(app)
    assert "config.json" in {one.label for one in open_runs(run=sound).get("download_button")}


def test_the_queue_is_in_order_and_a_resumed_run_is_last(open_runs: OpenRuns) -> None:
    old = add_run("old", "interrupted", events=training(100))
    for name in ("one", "two"):
        add_run(name, "queued")
    app = open_runs()
    assert "took" not in texts(app), "the end of an interrupted run is unknown"
    assert store.enqueue(old)
    assert store.entry(old).run.started is None, "the new attempt has not started"
    app.run()
    names = [one.label.strip("*") for one in app.button if str(one.key).startswith("open_")]
    assert names == ["one", "two", "old"]
    waiting = [one.value.replace("\\", "") for one in app.caption if "in the queue" in one.value]
    assert waiting[0] == "number 1 in the queue · starts within a minute (estimate)"
    for place, text in zip((2, 3), waiting[1:], strict=True):
        assert text.startswith(f"number {place} in the queue · starts about ") and "(estimate)" in text


def test_a_resumed_run_shows_no_duration(open_runs: OpenRuns) -> None:
    id = add_run("fair", "finished", events=training(100))
    assert "took 4 min 40 s" in texts(open_runs())
    store.write(lambda database: database.execute("UPDATE runs SET attempt = 2 WHERE id = ?", [id]))
    assert "took" not in texts(open_runs())


def test_an_error_stays_long_enough_to_be_read(open_runs: OpenRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    id = add_run("fair", "running", events=training(100)[:12])
    app = open_runs(run=id)
    store.write(lambda database: database.execute("UPDATE runs SET state = 'finished'"))
    app.button(key=f"cancel_{id}").click().run()
    said = [one.value for one in app.error]
    assert len(said) == 1 and "so it cannot be cancelled" in said[0]
    assert [one.value for one in app.run().error] == said, "the page redraws itself every two seconds"
    monkeypatch.setattr("app.runs.actions.ERROR_SECONDS", 0.0)
    assert not app.run().error


def test_a_name_opens_its_run(open_runs: OpenRuns) -> None:
    id = add_run("fair", "finished", events=training(200))
    app = open_runs()
    app.button(key=f"open_{id}").click().run()
    assert not app.exception
    assert app.header[0].value == "fair" and app.query_params["run"] in (id, [id])


def test_a_long_history_is_shown_in_parts(open_runs: OpenRuns) -> None:
    for number in range(15):
        add_run(f"run {number}", "cancelled")
    app = open_runs()
    opened = [button for button in app.button if str(button.key).startswith("open_")]
    assert len(opened) == 12
    next(button for button in app.button if "more of 3" in button.label).click().run()
    assert len([button for button in app.button if str(button.key).startswith("open_")]) == 15


@pytest.mark.parametrize("broken", ["all_runs", "slots"])
def test_a_list_that_cannot_be_read_is_one_error(
    open_runs: OpenRuns, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    add_run("next", "queued")
    app = open_runs()

    def refuse() -> None:
        raise FairKDError("The disk is full.")

    # In the list alone, as when it happens while the list refreshes itself.
    now = {name: getattr(runs, name) for name in runs.__all__} | {broken: refuse}
    monkeypatch.setattr("app.runs.list.runs", SimpleNamespace(**now))
    app.run()
    assert not app.exception and [error.value for error in app.error] == ["The disk is full\\."]


# --- one run ---


def test_a_finished_run_shows_curves_watched_sentences_and_actions(open_runs: OpenRuns) -> None:
    id = add_run("fair", "finished", preset="fair", events=training(400), model=True)
    app = open_runs(run=id)
    words, gap, quality, kl, loss = chart_titles(app)
    assert loss.startswith("The loss fell from") and kl.startswith("KL to the teacher")
    assert quality.startswith("Pseudo-perplexity") and "the teacher's 9.8" in quality
    assert gap.startswith("Mean absolute gap") and words.startswith("At step 400")
    assert "he/she, him/her, his/her have 60 % of the probability together, in the teacher 70 %" in texts(app)
    (noted,) = [data["notes"] for data in components(app) if data.get("title") == gap]
    assert noted[0][0].startswith("20 professions; 95 % interval 0.33 to")
    assert {"Try this student", "See its gaps", "Measure this student", "Delete", "All runs"} <= buttons(app)
    assert not {"Cancel", "Resume"} & buttons(app)
    (figure,) = [data for data in components(app) if "panels" in data]
    assert figure["panels"][1]["name"] == "step 400"
    table = next(frame.value for frame in app.table if "meaning" in frame.value)
    assert r"constraint\.kind" in set(table["setting"])


def test_a_finished_run_and_the_comparison_say_what_the_student_costs(open_runs: OpenRuns) -> None:
    costs = {"type": "costs", "step": 400, "parameters": 17421114, "bytes": 70403670, "milliseconds": 3.97}
    new = add_run("new", events=[*training(400), {**costs, "threads": 1, "sentences": 20}])
    old = add_run("old", preset="fair", events=training(400))
    said = (
        "17,421,114 parameters, 70.4 MB on disk, 3.97 ms a sentence on a CPU (median over 20 sentences, 1 thr"
    )
    assert f"The student has {said}" in texts(open_runs(run=new))
    assert "The student has" not in texts(open_runs(run=old))
    (table,) = [
        one.value for one in open_runs(compare=[new, old]).dataframe if "last evaluation" in one.value
    ]
    rows = table.set_index("last evaluation")
    assert rows.loc["size on disk"].tolist() == ["70.4 MB", "–"]
    assert rows.loc["CPU latency a sentence"].tolist() == ["3.97 ms", "–"]


def test_a_run_that_measures_other_words_than_it_balances_says_so(open_runs: OpenRuns) -> None:
    own = {"constraint": {"kind": "group", "words": {"cat": ["cat"], "dog": ["dog"]}}}
    others = "The constraint of this run balances other words"
    assert others in texts(open_runs(run=add_run("own", events=training(400), **own)))
    same = {**own, "evaluation": {"words": own["constraint"]["words"]}}
    assert others not in texts(open_runs(run=add_run("same", events=training(400), **same)))
    assert others not in texts(open_runs(run=add_run("fair", preset="fair", events=training(400))))


def test_the_slider_replays_the_watched_sentences_and_play_starts_at_the_beginning(
    open_runs: OpenRuns,
) -> None:
    id = add_run("fair", "finished", events=training(400))
    app = open_runs(run=id)
    slider = app.select_slider(key=f"watched_sentence_slider_{id}")
    assert slider.value == 400
    slider.set_value(100).run()
    assert not app.exception and chart_titles(app)[0].startswith("At step 100")
    app.get_by_key(f"watched_sentence_text_{id}").set_value("[MASK] is a nurse.").run()
    assert not app.exception and chart_titles(app)[0].startswith("At step 100"), (
        "another sentence, the same step"
    )
    app.select_slider(key=f"watched_sentence_slider_{id}").set_value(400).run()
    app.button(key=f"watched_sentence_play_{id}").click().run()
    assert not app.exception
    assert app.button(key=f"watched_sentence_play_{id}").label == "Pause"
    assert app.select_slider(key=f"watched_sentence_slider_{id}").value < 400
    for _ in range(8):
        app.run()
    assert app.button(key=f"watched_sentence_play_{id}").label == "Play", "it stops at the last step"
    assert app.select_slider(key=f"watched_sentence_slider_{id}").value == 400


def test_a_replay_begins_with_the_pair_of_the_gap_and_its_sentence_is_in_the_address(
    open_runs: OpenRuns,
) -> None:
    app, key = open_runs(run="example-fair"), "watched_sentence_text_example-fair"
    assert app.get_by_key(key).value == "[MASK] is a nurse." and "sentence" not in app.query_params
    assert chart_titles(app)[0] == "At step 300 the student says she 45 %, he 17 %"
    app.get_by_key(key).set_value("Milk is a [MASK].").run()
    assert app.query_params["sentence"] == "Milk is a [MASK]."
    assert chart_titles(app)[0].startswith("At step 300 the student says “child”"), "no pair is stored"
    link = open_runs(run="example-fair", sentence="[MASK] is an engineer.")
    assert link.get_by_key(key).value == "[MASK] is an engineer."
    link.query_params.pop("sentence")  # as the browser's Back
    assert link.run().get_by_key(key).value == "[MASK] is a nurse."
    assert open_runs(run="example-fair", sentence="gone").get_by_key(key).value == "[MASK] is a nurse."


def test_a_running_run_shows_progress_and_can_be_cancelled(open_runs: OpenRuns) -> None:
    id = add_run("busy", "running", events=training(400)[:14])
    app = open_runs(run=id)
    (progress,) = app.get("progress")
    assert "left" in progress.proto.text and "tokens/s" in progress.proto.text
    assert "Delete" not in buttons(app)
    app.button(key=f"cancel_{id}").click().run()
    assert not app.exception
    assert runs.get(id).state == "cancelling" and "Stop at once" in buttons(app)


def test_a_queued_run_waits_without_charts(open_runs: OpenRuns) -> None:
    id = add_run("next", "queued")
    app = open_runs(run=id)
    assert not chart_titles(app) and "This run is in the queue" in texts(app)
    app.button(key=f"cancel_{id}").click().run()
    assert runs.get(id).state == "cancelled" and "Resume" in buttons(app)


def test_a_run_that_has_just_started_shows_what_it_does(open_runs: OpenRuns) -> None:
    message = {"type": "message", "text": "Reading BUG: 10,000 rows"}
    id = add_run("new", "running", events=[{"type": "start", "resumed_from": None}, message])
    app = open_runs(run=id)
    assert "Reading BUG: 10,000 rows" in texts(app) and not chart_titles(app)


def test_a_failed_run_shows_the_reason_and_can_be_resumed(open_runs: OpenRuns) -> None:
    id = add_run(
        "bad", "failed", sentence="The disk is full.", events=training(100), log="line one\nline two\n"
    )
    app = open_runs(run=id)
    assert "The disk is full." in texts(app)
    app.session_state[f"log_{id}"] = True
    app.run()
    assert "line two" in app.code[0].value
    app.button(key=f"resume_{id}").click().run()
    assert runs.get(id).state == "queued" and not app.exception


def test_deleting_asks_for_confirmation(open_runs: OpenRuns) -> None:
    id = add_run("old", "finished", events=training(100))
    folder = runs.get(id).folder
    app = open_runs(run=id)
    app.button(key=f"delete_{id}").click().run()
    assert folder.is_dir() and "permanently?" in texts(app)
    app.button(key=f"keep_{id}").click().run()
    assert folder.is_dir() and "permanently?" not in texts(app)
    app.button(key=f"delete_{id}").click().run()
    app.button(key=f"confirm_{id}").click().run()
    assert not folder.exists() and not app.exception
    assert "No runs of your own yet" in texts(app), "back at the list"


def test_the_export_is_the_runs_folder_as_a_zip() -> None:
    id = add_run("old", "finished", events=training(100), log="done\n")
    names = zipfile.ZipFile(io.BytesIO(exported(runs.get(id)))).namelist()
    assert any(name.endswith("config.json") for name in names)
    assert any(name.endswith("events.jsonl") for name in names)


@pytest.mark.parametrize(
    ("button", "header"),
    [("predictions", "Which words do the models expect?"), ("gaps", "Gaps between two groups of words")],
)
def test_the_student_of_a_run_opens_beside_its_teacher(
    open_runs: OpenRuns,
    tiny_folder: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    button: str,
    header: str,
) -> None:
    tiny = str(tiny_folder("bert"))
    id = add_run("own", "finished", events=training(100), model=True, teacher=tiny)
    # AppTest cannot hold a choice that is not among a picker's options, which a browser can.
    monkeypatch.setattr("app.shared.sidebar.model_options", lambda: (tiny, f"run/{id}"))
    app = open_runs(run=id)
    app.button(key=f"{button}_{id}").click().run()
    assert not app.exception and app.header[0].value == header
    assert app.session_state["student"] == f"run/{id}" and app.session_state["teacher"] == tiny


def test_a_student_is_measured_with_its_teacher(
    open_runs: OpenRuns, tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = str(tiny_folder("bert"))
    id = add_run("own", "finished", events=training(100), model=True, teacher=tiny)
    # AppTest cannot hold a choice that is not among a picker's options, which a browser can.
    monkeypatch.setattr("app.shared.sidebar.model_options", lambda: (tiny, f"run/{id}"))
    app = open_runs(run=id)
    app.button(key=f"measure_{id}").click().run()
    [measurement] = [run for run in runs.all_runs() if run.kind == "measure"]
    assert measurement.config["models"] == [tiny, f"run/{id}"] and measurement.config["quick"]
    assert not app.exception and app.query_params["measurement"] in (measurement.id, [measurement.id])


def test_a_demo_measures_no_student(open_runs: OpenRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    id = add_run("own", "finished", events=training(100), model=True)
    monkeypatch.setenv("FAIRKD_MODE", "demo")
    assert "Measure this student" not in buttons(open_runs(run=id))


def test_an_unknown_run_is_one_error_with_a_link_back(open_runs: OpenRuns) -> None:
    app = open_runs(run="<b>nope</b>")
    (error,) = app.error
    assert "nope" in error.value and "<b>" not in error.value
    app.button[0].click().run()
    assert not app.exception and not app.error
