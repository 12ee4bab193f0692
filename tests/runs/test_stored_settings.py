"""A run's settings have one record, the config.json in its folder, and one reader."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fairkd import runs
from fairkd.errors import InputError
from fairkd.runs import store, worker
from fairkd.runs.process_identity import this_process
from tests.runs import stand_in
from tests.runs.conftest import stored, wait_for_state

# What version 0.1 called otherwise, with values that are not the defaults.
OLD = {
    "seed": 5,
    "corpus": {"source": "{}", "most": 70, "swap": True, "swap_names": True},
    "constraint": {"kind": "group", "slots": ["subject"]},
    "objective": {"label": "spread"},
    "optimizer": {"clip": 2.5, "accumulate": 3},
    "evaluation": {"probes": ["milk is a [MASK]."]},
    "budget": {"steps": 4},
}


@pytest.mark.parametrize("content", [b"{", b"", b"[]", b"\xff", None])
def test_a_damaged_or_missing_configuration_is_a_sentence_at_its_run_alone(
    quiet: Path, content: bytes | None
) -> None:
    sound, damaged = runs.submit(stand_in.config(3)), runs.submit(stand_in.config(3))
    path = damaged.folder / "config.json"
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    found = {run.id: run for run in runs.all_runs()}
    assert found[sound.id] == sound
    assert found[damaged.id].config == {} and found[damaged.id].state == "queued"
    assert found[damaged.id].config_error.startswith(f"The configuration {path} is ")
    assert runs.cancel(damaged.id).state == "cancelled"
    runs.delete(damaged.id)
    assert [run.id for run in runs.all_runs()] == [sound.id]


def test_a_run_whose_configuration_is_damaged_fails_with_that_sentence(home: Path) -> None:
    run = runs.submit(stand_in.config(500))
    until_step = wait_for_state(run.id, "running")
    runs.cancel(until_step.id)
    wait_for_state(run.id, "cancelled")
    (run.folder / "config.json").write_text("{")
    runs.resume(run.id)
    failed = wait_for_state(run.id, "failed")
    assert failed.sentence == failed.config_error
    assert "is damaged: it is not valid JSON" in failed.sentence


def test_what_the_file_says_counts(quiet: Path) -> None:
    run = runs.submit(stand_in.config(3))
    values = json.loads((run.folder / "config.json").read_text())
    (run.folder / "config.json").write_text(json.dumps({**values, "seed": 12}))
    assert stored(run.id).config == {**values, "seed": 12}
    assert {one.config["seed"] for one in runs.all_runs()} == {12}


def test_a_folder_of_an_earlier_version_is_shown_and_resumed_with_the_current_names(quiet: Path) -> None:
    store.make_home()
    folder = quiet / "runs" / "0ld"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(OLD))
    store.insert([("0ld", "old")], None)
    assert stored("0ld").config["optimizer"] == {"max_gradient_norm": 2.5, "gradient_accumulation": 3}
    trained = []

    def train(config: object, folder: Path, **_: object) -> None:
        trained.append(config)

    claimed = store.claim(1)
    assert worker.work("0ld", claimed.attempt, job=train) == 0
    (config,) = trained
    assert (config.corpus.max_sentences, config.corpus.cda, config.corpus.cda_names) == (70, True, True)
    assert (config.constraint.roles, config.objective.label) == (("subject",), "soft")
    assert (config.optimizer.max_gradient_norm, config.optimizer.gradient_accumulation) == (2.5, 3)
    assert config.evaluation.watched_sentences == ("milk is a [MASK].",)
    assert stored("0ld").state == "finished"


def test_a_session_reads_the_same_record(quiet: Path) -> None:
    with runs.foreground(stand_in.config(3)) as session:
        assert session.config == stand_in.config(3)
    run = runs.submit(stand_in.config(3))
    (run.folder / "config.json").unlink()
    store.claim(1)
    assert store.register(run.id, 1, this_process())
    broken = runs.Session(stored(run.id), 1, None, None)
    with pytest.raises(InputError, match="config.json is missing"):
        _ = broken.config
