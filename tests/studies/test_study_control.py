"""Studies in the home folder: their queue, what is resumed, and what damage and other people may do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from threading import Thread

import pytest

from fairkd import runs, studies
from fairkd.errors import FairKDError, InputError
from fairkd.runs import State, Visitor, store
from fairkd.studies import StudyRecord, study_store
from fairkd.utils import MODELS_VARIABLE, Hosting

pytestmark = pytest.mark.usefixtures("home")


def make(**values: object) -> studies.Study:
    start = {"base": {"budget.steps": 5}, "variants": {"plain": {}, "fair": {}}, "seeds": [0, 1]}
    return studies.make_study({**start, **values})


def end(id: str, state: State) -> None:
    """Let the first run of the queue work and end; it must be this one."""
    entry = store.claim(1)
    assert entry is not None
    assert entry.run.id == id
    store.close(id, entry.attempt, state, None)


def queue(record: StudyRecord) -> list[str]:
    """The names of the study's queued runs, the next first."""
    own = [run for run in runs.all_runs() if run.batch == record.id and run.state == "queued"]
    return [run.name for run in sorted(own, key=lambda run: run.place)]


def test_the_first_seed_of_every_variant_comes_first() -> None:
    record = studies.create(make(), note="a note", owner="Ada")
    assert queue(record) == ["plain, seed 0", "fair, seed 0", "plain, seed 1", "fair, seed 1"]
    assert record.state == "queued"
    run = record.cell("fair", 1).run
    assert run is not None
    assert run.config["seed"] == 1
    assert run.config["objective"]["label"] == "soft"
    assert (run.note, run.owner, run.batch) == ("a note", "Ada", record.id)
    assert studies.all_studies() == [record]


def test_only_what_is_missing_is_resumed() -> None:
    record = studies.create(make())
    ids = [cell.run.id for cell in record.cells if cell.run]
    end(ids[0], "finished")
    end(ids[1], "failed")
    runs.delete(ids[2])
    assert [cell.state for cell in studies.get(record.id).cells] == [
        "finished",
        "failed",
        "missing",
        "queued",
    ]
    resumed = studies.resume(record.id)
    assert [cell.state for cell in resumed.cells] == ["finished", "queued", "queued", "queued"]
    assert resumed.cells[1].run is not None
    assert resumed.cells[1].run.id == ids[1], "it continues"
    assert resumed.cells[2].run is not None
    assert resumed.cells[2].run.id not in ids, "a deleted one starts anew"
    with pytest.raises(InputError, match="Nothing of the study .* is missing"):
        studies.resume(record.id)


def test_a_run_whose_folder_is_gone_starts_anew() -> None:
    record = studies.create(make())
    (cell, *_) = record.cells
    assert cell.run is not None
    end(cell.run.id, "failed")
    shutil.rmtree(cell.run.folder)
    again = studies.resume(record.id).cells[0]
    assert again.state == "queued"
    assert again.run is not None
    assert again.run.id != cell.run.id


def test_more_seeds_run_with_the_settings_of_the_first_ones() -> None:
    record = studies.create(make())
    path = record.folder / study_store.FILE
    path.write_text(path.read_text().replace('"temperature": 2.0', '"temperature": 3.0'))  # as of a version
    grown = studies.add_seeds(record.id, [5])
    assert queue(grown)[-2:] == ["plain, seed 5", "fair, seed 5"]
    run = grown.cell("plain", 5).run
    assert run is not None
    assert run.config["objective"]["temperature"] == 3.0
    for seeds, sentence in (([1], "has run at 1 already"), ([], "at least one seed"), ([-1], "whole number")):
        with pytest.raises(InputError, match=sentence):
            studies.add_seeds(record.id, seeds)
    assert studies.get(record.id).study.seeds == (0, 1, 5)


def test_a_study_is_cancelled_and_deleted_with_its_runs() -> None:
    record = studies.create(make())
    store.claim(1)
    with pytest.raises(InputError, match="1 of the study's runs is at work: cancel"):
        studies.delete(record.id)
    states = [cell.state for cell in studies.cancel(record.id).cells]
    assert states == ["cancelling", "cancelled", "cancelled", "cancelled"]
    entry = store.entry(record.cells[0].run.id if record.cells[0].run else "")
    store.close(entry.run.id, entry.attempt, "cancelled", None)
    with pytest.raises(InputError, match="is queued or at work"):
        studies.cancel(record.id)
    studies.delete(record.id)
    assert runs.all_runs() == []
    assert studies.all_studies() == []
    with pytest.raises(InputError, match="There is no study"):
        studies.get(record.id)


def test_its_runs_may_be_kept() -> None:
    record = studies.create(make())
    studies.delete(record.id, keep_runs=True)
    assert len(runs.all_runs()) == 4


def test_damage_loses_no_run_and_no_other_study() -> None:
    kept, damaged = studies.create(make()), studies.create(make())
    path = damaged.folder / study_store.FILE
    for content in (b"{", b"[]", b"{}", path.read_bytes().replace(b'"runs"', b'"rums"'), b"\xff\x00"):
        path.write_bytes(content)
        assert [record.id for record in studies.all_studies()] == [kept.id]
        assert list(studies.damaged_studies()) == [damaged.id]
        with pytest.raises(InputError, match="cannot be read .* Its runs are still among all runs"):
            studies.get(damaged.id)
    assert len(runs.all_runs()) == 8
    studies.delete(damaged.id)
    assert len(runs.all_runs()) == 4
    assert studies.damaged_studies() == {}


def test_runs_queued_before_their_ids_were_stored_are_found_by_their_batch() -> None:
    record = studies.create(make())
    path = record.folder / study_store.FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | {"runs": {}}))  # ended right before
    assert studies.get(record.id).cells == record.cells


def test_two_writers_queue_every_cell_once() -> None:
    record = studies.create(make())
    for cell in record.cells:
        assert cell.run is not None
        runs.delete(cell.run.id)
    refused: list[Exception] = []

    def resume() -> None:
        try:
            studies.resume(record.id)
        except FairKDError as error:
            refused.append(error)

    writers = [Thread(target=resume) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(queue(record)) == len(runs.all_runs()) == 4
    assert len(refused) == 2


def test_nothing_is_stored_of_a_study_that_cannot_be_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MODELS_VARIABLE, "none/such")
    with pytest.raises(FairKDError, match="not among the models"):
        studies.create(make(base={"budget.steps": 5, "teacher": "org/model"}))
    monkeypatch.delenv(MODELS_VARIABLE)
    assert studies.all_studies() == []
    assert runs.all_runs() == []


def test_paths_are_absolute_so_that_a_study_is_resumed_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text("A sentence.\n")
    record = studies.create(make(base={"budget.steps": 5, "corpus.source": "text.txt"}))
    assert record.study.base["corpus"]["source"] == str(tmp_path / "text.txt")
    assert record.settings["fair"]["corpus"]["source"] == str(tmp_path / "text.txt")


def test_in_a_class_a_study_belongs_to_its_visitor() -> None:
    hosting = Hosting(mode="class", shared=True, unfinished_runs=4)
    ada, bob = (Visitor(hosting, id) for id in ("ada", "bob"))
    study = make(base={"budget.minutes": 1})
    record = studies.create(study, visitor=ada)
    assert ada.owns(record)
    assert studies.change_refusal(record.id, ada) is None
    with pytest.raises(InputError, match="This study was started by somebody else"):
        studies.cancel(record.id, visitor=bob)
    with pytest.raises(InputError, match="At most 4 of your runs"):
        studies.add_seeds(record.id, [3], visitor=ada)
    studies.cancel(record.id, visitor=ada)
    assert studies.change_refusal(record.id, Visitor(hosting, "prof", presenter=True)) is None
    with pytest.raises(InputError, match="cannot be started on this server"):
        studies.create(study, visitor=Visitor(Hosting(mode="demo")))
