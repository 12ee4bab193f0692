"""What a run's page says of its state, its name, note and owner, and of the command that repeats it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.shared.run_texts import state_badge
from fairkd import runs
from fairkd.cli.commands import app as fairkd
from fairkd.reports import steps_note, submit_command
from fairkd.runs import store
from tests.app.conftest import OpenRuns
from tests.app.reading import texts
from tests.app.some_runs import add_run, training

pytestmark = pytest.mark.usefixtures("home", "no_examples")


def test_a_run_of_a_few_steps_is_finished_with_a_warning(open_runs: OpenRuns) -> None:
    id = add_run("short", "finished", events=training(12, every=4, evaluated=4))
    warning = "12 steps are too few to learn from: at least 50 are needed."
    store.write(lambda database: database.execute("UPDATE runs SET warning = ?", [warning]))
    assert state_badge(runs.get(id)) == ("finished", "yellow", ":material/warning:")
    assert warning in texts(open_runs())
    assert [warning in plain(one.value) for one in open_runs(run=id).warning] == [True]


def test_a_run_says_which_phase_it_is_in_and_how_long_it_took_before(open_runs: OpenRuns) -> None:
    id = add_run("busy", "running", events=[{"type": "message", "text": "Left out: 206 repeated"}])
    change = "UPDATE runs SET phase = 'teacher', phase_since = ?, phase_seconds = ? WHERE id = ?"
    seconds = json.dumps({"loading": 9.0, "teacher": 65.0})
    since = time.time() + 5  # after the message
    store.write(lambda database: database.execute(change, [since, seconds, id]))
    app = open_runs(run=id)
    (progress,) = [one.proto.text for one in app.get("progress")]
    assert progress.startswith("Measuring the teacher (preparation 2 of 3) · ")
    assert progress.endswith("1 min 05 s in an earlier attempt")
    said = texts(app)
    assert "check_circle: Loading the models and the text · 9 s" in said
    assert "206 repeated" not in said, "a message of an earlier phase"


def test_name_note_and_owner_can_be_changed(open_runs: OpenRuns) -> None:
    id = add_run("old", "finished", events=training(100))
    app = open_runs(run=id)
    app.text_input(key=f"name_{id}").set_value("new <b>")
    app.text_area(key=f"note_{id}").set_value("For the talk")
    app.text_input(key=f"owner_{id}").set_value("Ada")
    next(one for one in app.button if one.label == "Save").click().run()
    assert not app.exception and not app.error
    assert plain(app.header[0].value) == "new <b>"
    assert "For the talk" in texts(app) and "by Ada" in texts(app)
    assert runs.get(id).name == "new <b>"


def test_an_empty_name_is_refused_in_one_sentence(open_runs: OpenRuns) -> None:
    id = add_run("old", "finished", events=training(100))
    app = open_runs(run=id)
    app.text_input(key=f"name_{id}").set_value(" ")
    next(one for one in app.button if one.label == "Save").click().run()
    assert ["A run needs a name" in one.value for one in app.error] == [True]


def test_the_command_of_a_run_trains_it_again(open_runs: OpenRuns, tmp_path: Path) -> None:
    run = runs.get(add_run("my run", "finished", preset="fair", events=training(100), seed=3))
    (tmp_path / "file.json").write_text(json.dumps(dict(run.config)))
    words = submit_command(run, str(tmp_path / "file.json"))
    made = json.loads(CliRunner().invoke(fairkd, [*words[1:], "--json"]).stdout)
    again = runs.get(made["id"])
    assert (again.name, again.config) == ("my run", run.config)
    note = "--set budget.minutes=null --set budget.steps=100"
    assert note in steps_note(run)
    made = json.loads(CliRunner().invoke(fairkd, [*words[1:], *note.split(), "--json"]).stdout)
    assert (
        runs.get(made["id"]).config["budget"] | {"steps": 100, "minutes": None}
        == (runs.get(made["id"]).config["budget"])
    )


def plain(text: str) -> str:
    """Markdown as it is read."""
    return text.replace("\\", "").replace("\u2060", "")
