"""When queued runs are expected to start, and how that is said."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from fairkd.runs.expected_start import USUAL_OVERHEAD, expected_starts, usual_phase_seconds
from fairkd.runs.run_record import Run
from fairkd.runs.wording import phase_text, start_text

NOW = 1_000_000.0


def run(id: str, state: str, place: int = 0, **values: Any) -> Run:
    budget = values.pop("budget", {"minutes": 5})
    standard = {
        "name": id,
        "config": {"budget": budget},
        "folder": Path(id),
        "batch": None,
        "created": NOW - 1000 + place,
        "started": None,
        "ended": None,
        "step": 0,
        "progress": 0.0,
        "seconds_left": None,
        "sentence": None,
        "restarted": False,
    }
    return Run(id=id, state=state, place=place, **{**standard, **values})  # type: ignore[arg-type]


def test_a_queue_waits_for_the_time_left_and_for_each_budget_before_it() -> None:
    found = [
        run("now", "running", 1, seconds_left=120.0),
        run("third", "queued", 4),
        run("first", "queued", 2, budget={"minutes": 2}),
        run("second", "queued", 3),
    ]
    starts = expected_starts(found, 1, NOW)
    first = NOW + 120
    second = first + 120 + USUAL_OVERHEAD
    assert starts == {"first": first, "second": second, "third": second + 300 + USUAL_OVERHEAD}


def test_what_finished_runs_took_beyond_their_budget_is_expected_again() -> None:
    done = [
        run(f"done {beyond}", "finished", started=NOW - 900, ended=NOW - 900 + 300 + beyond, step=99)
        for beyond in (40, 60, 200)
    ]
    starts = expected_starts([*done, run("a", "queued", 8), run("b", "queued", 9)], 1, NOW)
    assert starts == {"a": NOW, "b": NOW + 360}


def test_steps_take_as_long_as_in_finished_runs_or_nobody_knows() -> None:
    queue = [run("a", "queued", 8, budget={"steps": 300}), run("b", "queued", 9), run("c", "queued", 10)]
    assert expected_starts(queue, 1, NOW) == {"a": NOW, "b": None, "c": None}
    done = run("done", "finished", started=NOW - 500, ended=NOW - 300, step=100)
    assert expected_starts([done, *queue[:2]], 1, NOW) == {"a": NOW, "b": NOW + 600}


def test_slots_work_side_by_side() -> None:
    found = [
        run("x", "running", 1, seconds_left=60.0),
        run("y", "running", 2, seconds_left=600.0),
        run("a", "queued", 3),
        run("b", "queued", 4),
    ]
    assert expected_starts(found, 2, NOW) == {"a": NOW + 60, "b": NOW + 60 + 300 + USUAL_OVERHEAD}


def test_a_run_that_prepares_and_one_that_is_cancelled_are_counted() -> None:
    preparing = run("x", "running", 1, started=NOW - 30)
    queued = run("a", "queued", 2)
    assert expected_starts([preparing, queued], 1, NOW) == {"a": NOW + 300 + USUAL_OVERHEAD - 30}
    assert expected_starts([run("x", "cancelling", 1), queued], 1, NOW) == {"a": NOW + 10}


def test_usual_durations_are_medians_of_the_newest_runs() -> None:
    found = [run(str(n), "finished", n, phase_seconds={"teacher": float(n)}) for n in range(1, 9)]
    assert usual_phase_seconds(found) == {"teacher": 6.0}


def test_the_phase_at_work_is_named_with_its_step_and_durations() -> None:
    measuring = run("x", "running", phase="teacher", phase_since=NOW - 12)
    assert phase_text(measuring, {}, NOW) == "Measuring the teacher (preparation 2 of 3) · 12 s so far"
    usual = "Measuring the teacher (preparation 2 of 3) · 12 s so far, usually 1 min 05 s"
    assert phase_text(measuring, {"teacher": 65.0}, NOW) == usual
    again = run("x", "running", phase="loading", phase_since=NOW, step=40, phase_seconds={"loading": 9.0})
    assert phase_text(again, {}, NOW) == (
        "Loading the models and the text · 0 s so far, 9 s in an earlier attempt"
    )
    assert phase_text(run("x", "running", phase="training", phase_since=NOW), {}, NOW) == "Training"
    assert phase_text(run("x", "running"), {}, NOW) == "Starting its process"


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (10, "starts within a minute (estimate)"),
        (12 * 60, "starts about 10:45, in 12 min (estimate)"),
        (150 * 60, "starts about 13:03, in 2 h 30 min (estimate)"),
        (14 * 3600, "starts about 2026-11-29 00:33, in 14 h 00 min (estimate)"),
    ],
)
def test_a_start_is_told_as_time_and_wait(wait: float, words: str) -> None:
    now = time.mktime((2026, 11, 28, 10, 33, 0, 0, 0, -1))
    assert start_text(now + wait, now) == words


def test_an_unknown_start_says_so() -> None:
    assert "not known yet" in start_text(None, NOW)
