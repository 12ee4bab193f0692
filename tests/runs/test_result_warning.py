"""When a finished run's result says little."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairkd import runs
from fairkd.runs import store
from fairkd.runs.process_identity import Identity
from fairkd.runs.result_warning import result_warning
from tests.runs import stand_in
from tests.runs.conftest import stored

START = {"type": "start", "device": "cpu", "threads": 2, "minutes": 5.0}
END = {"type": "end", "state": "finished", "step": 400, "cores": 1.6, "sentence": None}


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ({}, {}, None),
        ({}, {"step": 49}, "49 steps are too few to learn from: at least 50 are needed."),
        ({}, {"step": 1}, "1 step is too few"),
        ({}, {"step": 50}, None),
        ({}, {"cores": 0.9}, "training got 0.9 of 2 cores, so 5 minutes held only 400 steps"),
        ({"threads": 1}, {"cores": 0.6}, None),
        ({"threads": 32}, {"cores": 3.0}, None),
        ({"minutes": None, "steps": 400}, {"cores": 0.1}, None),
        ({"device": "cuda:0"}, {"cores": 0.3}, None),
        ({}, {"cores": None}, None),
        ({}, {"step": 12, "state": "cancelled"}, None),
        ({}, {"step": 12, "sentence": "Stopped early at step 12."}, None),
    ],
)
def test_few_steps_and_a_starved_budget_are_named(start: dict, end: dict, words: str | None) -> None:
    found = result_warning([START | start, END | end])
    assert found is None if words is None else found is not None and words in found


def test_a_finished_run_keeps_its_warning_until_it_is_resumed_or_deleted(quiet: Path) -> None:
    with runs.foreground(stand_in.config(12)) as session:
        session.emit({"type": "end", "step": 12, "state": "finished", "sentence": None})
    assert (stored(session.run.id).state, stored(session.run.id).sentence) == ("finished", None)
    assert "12 steps are too few" in str(stored(session.run.id).warning)


def test_a_run_whose_process_died_after_its_end_is_warned_of_too(quiet: Path) -> None:
    with pytest.raises(KeyboardInterrupt), runs.foreground(stand_in.config(12)) as session:
        raise KeyboardInterrupt
    id = session.run.id
    dead = Identity(2**22 + 1, 0.0, "")
    store.write(
        lambda database: database.execute(
            "UPDATE runs SET state = 'running', pid = ?, pid_started = 0, pid_boot = ''", [dead.pid]
        )
    )
    with runs.Writer(session.folder) as writer:
        writer.write({"type": "end", "step": 7, "state": "finished", "sentence": None})
    assert runs.get(id).state == "finished" and "7 steps are too few" in str(stored(id).warning)
