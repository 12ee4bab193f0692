"""Name, note and owner of a run: given, changed, and kept when the database is lost."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from fairkd import runs
from fairkd.errors import InputError
from fairkd.runs import description
from tests.runs import stand_in
from tests.runs.conftest import stored


def told(id: str) -> tuple[str, str, str]:
    run = stored(id)
    return run.name, run.note, run.owner


def test_a_run_has_the_name_note_and_owner_it_was_submitted_with(quiet: Path) -> None:
    run = runs.submit(stand_in.config(3), name=" My  run ", note=" For the talk.\nSlide 3 ", owner="Ada")
    assert told(run.id) == ("My run", "For the talk.\nSlide 3", "Ada")


def test_the_owner_is_by_default_the_user_of_the_system(quiet: Path) -> None:
    assert runs.submit(stand_in.config(3)).owner == getpass.getuser()
    assert runs.submit(stand_in.config(3), owner="").owner == ""
    with runs.foreground(stand_in.config(3)) as session:
        assert session.run.owner == getpass.getuser()


def test_the_runs_of_a_batch_share_note_and_owner(quiet: Path) -> None:
    variants = [(name, stand_in.config(3)) for name in ("plain", "fair")]
    made = runs.submit_all(variants, note="exercise 2", owner="Group 4")
    assert [told(run.id) for run in made] == [(name, "exercise 2", "Group 4") for name in ("plain", "fair")]


def test_each_can_be_changed_in_any_state_and_the_rest_stays(quiet: Path) -> None:
    run = runs.submit(stand_in.config(3), name="first", note="old", owner="Ada")
    assert runs.describe(run.id, name="second").name == "second"
    runs.cancel(run.id)
    runs.describe(run.id, note="", owner="Bob")
    assert told(run.id) == ("second", "", "Bob")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "  "}, "A run needs a name"),
        ({"name": "x" * 81}, "The name of a run has at most 80 characters, got 81"),
        ({"note": "x" * 2001}, "The note of a run has at most 2000"),
        ({"owner": "x" * 61}, "The owner of a run has at most 60"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_changes(
    quiet: Path, change: dict[str, str], words: str
) -> None:
    run = runs.submit(stand_in.config(3), name="first", owner="Ada")
    with pytest.raises(InputError, match=words):
        runs.describe(run.id, **change)
    assert told(run.id) == ("first", "", "Ada")


def test_a_run_with_a_name_that_is_too_long_leaves_no_folder(quiet: Path) -> None:
    with pytest.raises(InputError, match="at most 80"):
        runs.submit(stand_in.config(3), name="x" * 81)
    assert not (quiet / "runs").exists() or not list((quiet / "runs").iterdir())


def test_a_lost_database_loses_no_description(quiet: Path) -> None:
    made = runs.submit_all([(name, stand_in.config(3)) for name in ("plain", "fair")], owner="Ada")
    runs.describe(made[0].id, name="renamed", note="kept")
    before = {run.id: (run.name, run.note, run.owner, run.batch, run.created) for run in runs.all_runs()}
    events = made[0].folder / "events.jsonl"
    events.write_text('{"type": "train", "step": 40}\n{"type": "message", "text": "x"}\n')
    for name in ("runs.sqlite", "runs.sqlite-wal", "runs.sqlite-shm"):
        (quiet / name).unlink(missing_ok=True)
    after = {run.id: (run.name, run.note, run.owner, run.batch, run.created) for run in runs.all_runs()}
    assert {id: rest[:4] for id, rest in after.items()} == {id: rest[:4] for id, rest in before.items()}
    assert all(after[id][4] == pytest.approx(before[id][4], abs=2) for id in before)
    assert stored(made[0].id).step == 40


def test_a_damaged_description_is_ignored(tmp_path: Path) -> None:
    for content in ("{", "[]", '{"name": 3}', '{"name": "a", "note": null, "owner": ""}'):
        (tmp_path / description.FILE).write_text(content)
        assert description.read(tmp_path) is None
    assert description.read(tmp_path / "none") is None
