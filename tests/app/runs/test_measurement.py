"""A run that measures, on the Runs page: in the list, on a page of its own, and in no comparison."""

from __future__ import annotations

import json

import pytest

from app.runs.comparison import COMPARE
from app.runs.measurement import read_results, settings_frame, summary
from fairkd import runs
from fairkd.benchmarks import Refusal, stored_results
from fairkd.reports import settings_text, submit_command
from fairkd.runs import State, store
from tests.app.conftest import OpenRuns
from tests.app.reading import texts
from tests.app.some_runs import add_measurement, add_run, result, training

TEACHER, STUDENT = "embedded/teacher", "embedded/student-fair"
BUTTONS: dict[State, set[str]] = {
    "queued": {"Cancel"},
    "running": {"Cancel"},
    "cancelling": {"Stop at once"},
    "cancelled": {"Resume", "Delete"},
    "failed": {"Resume", "Delete"},
    "interrupted": {"Resume", "Delete"},
    "finished": {"Delete"},
}


@pytest.mark.parametrize("state", BUTTONS)
def test_a_measurement_has_a_page_in_every_state(open_runs: OpenRuns, home: object, state: State) -> None:
    done = {"queued": [], "finished": [result(TEACHER), result(STUDENT, score=51.2)]}
    sentence = "The Hub does not answer." if state == "failed" else None
    id = add_measurement("mine", state, results=done.get(state, [result(TEACHER)]), sentence=sentence)
    app = open_runs(run=id)
    assert not app.exception and app.header[0].value == "mine"
    buttons = {button.label for button in app.button} - {"All runs"}
    assert buttons & set().union(*BUTTONS.values()) == BUTTONS[state]
    assert "Try this student" not in buttons
    said = texts(app)
    assert "step" not in said and "The curves" not in said
    if state == "queued":
        assert "Its results appear when it measures" in said and len(app.table) == 1  # the settings
        return
    shown = app.table[0].value.map(lambda cell: cell.replace("\\", ""))
    assert list(shown["Value (95 % interval)"])[0] == "60.48 (57.98 to 62.98)"
    assert list(shown["Model"]) == (["teacher", "student-fair"] if state == "finished" else ["teacher"])
    assert (sentence or "") in said
    if state == "running":
        (progress,) = app.get("progress")
        assert progress.proto.text == "Measuring CrowS-Pairs of student-fair · 50 % · about 40 s left"


def test_what_could_not_be_measured_is_said(open_runs: OpenRuns, home: object) -> None:
    id = add_measurement("mine", results=[result(TEACHER)])
    reason = "The model gives no attention weights."
    stored_results.store(Refusal("aula", STUDENT, reason), store.entry(id).run.folder)
    assert f"AULA of student-fair could not be measured: {reason}" in texts(open_runs(run=id))


def test_a_measurement_is_listed_and_not_compared(open_runs: OpenRuns, home: object) -> None:
    add_measurement("first", "interrupted", results=[result(TEACHER)])
    for name in ("plain", "fair"):
        add_run(name, events=training(60, evaluated=20))
    add_measurement("last", results=[result(TEACHER), result(STUDENT)])
    app = open_runs()
    assert not app.exception
    said = texts(app)
    assert said.count("CrowS-Pairs · teacher, student-fair · quick") == 2 and "50 % measured" in said
    offered = app.get_by_key(COMPARE).options
    assert not [one for one in offered if one.startswith(("first", "last"))]
    assert [one for one in offered if one.startswith("plain")]


def test_the_settings_of_a_measurement_start_it_again(home: object) -> None:
    run = runs.get(add_measurement("mine", limit=50))
    frame = settings_frame(run.config).set_index("setting")
    assert frame["value"]["models"] == "embedded/teacher, embedded/student-fair"
    assert (frame["value"]["data"], frame["value"]["seed"]) == ("the published data", "0")
    assert summary(run.config) == "CrowS-Pairs · teacher, student-fair · quick · at most 50 items each"
    assert submit_command(run, "x.json") == ["fairkd", "runs", "submit", "x.json", "--name", "mine"]
    assert json.loads(settings_text(run)) == {"kind": "measure", **run.config}


def test_damaged_results_are_left_out(home: object) -> None:
    run = runs.get(add_measurement("mine", results=[result(TEACHER), result(STUDENT)]))
    path = stored_results.path_of(run.folder, STUDENT, "crows-pairs")
    for content in ("{", "[]", '{"reason": 5}', '{"overall": {}}'):
        path.write_text(content)
        assert [row[1] for row in read_results(run.folder)[0]] == [TEACHER]
