"""Runs of an earlier version, when settings, events and measures had other names.

`earlier_version` holds the text files of two runs that commit b41e75e made. ee0482cb is finished, 016458da
was interrupted after step 2. Weights are left out.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fairkd import runs
from fairkd.cli.commands import app
from fairkd.distill import train
from fairkd.distill.config.config import make_config
from fairkd.distill.config.config_file import stored_config
from fairkd.distill.config.flat_settings import flat
from fairkd.distill.data.loader import DataPosition
from fairkd.distill.run_state import RunState
from fairkd.models.loading import MaskedLM
from fairkd.runs import event_tables, events
from tests.distill.parts import CORPUS

DATA = Path(__file__).parent / "earlier_version"
FINISHED, INTERRUPTED = "ee0482cb", "016458da"
HOME_THEN = "/home/user/fairkd"


@pytest.fixture
def earlier(quiet: Path) -> Path:
    """A home folder as the earlier version left it."""
    shutil.copytree(DATA / "runs", quiet / "runs")
    for path in (path for path in quiet.rglob("*") if path.is_file()):
        path.write_text(path.read_text().replace(HOME_THEN, str(quiet)))
    (quiet / "reserve").write_bytes(bytes(512))
    with closing(sqlite3.connect(quiet / "runs.sqlite")) as database:
        database.executescript((DATA / "runs.sql").read_text().replace(HOME_THEN, str(quiet)))
    return quiet


def fairkd(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["runs", *arguments])
    assert result.exception is None, result.output
    return result.stdout


def test_its_runs_are_listed_and_shown_with_todays_names(earlier: Path) -> None:
    states = {run.id: run.state for run in runs.all_runs()}
    assert states == {FINISHED: "finished", INTERRUPTED: "interrupted"}
    assert FINISHED in fairkd("list")
    settings = flat(json.loads(fairkd("show", FINISHED, "--json"))["config"])
    shown = {
        "corpus.max_sentences": 4000,
        "corpus.cda": True,
        "corpus.cda_names": True,
        "constraint.roles": ("subject", "possessive"),
        "objective.label": "soft",
        "optimizer.max_gradient_norm": 2.0,
        "optimizer.gradient_accumulation": 2,
        "evaluation.watched_sentences": ("[MASK] is a nurse.", "Milk is a [MASK]."),
    }
    assert settings.items() >= shown.items()


def test_its_configuration_is_that_of_its_folder(earlier: Path) -> None:
    """With the defaults of settings that came later."""
    for run in runs.all_runs():
        stored = stored_config(run.folder)
        assert stored is not None
        assert flat(stored.model_dump(mode="json")).items() >= flat(run.config).items()


def test_its_runs_can_be_compared(earlier: Path) -> None:
    found = runs.all_runs()
    assert runs.evaluation_differences([run.config for run in found]) == ()
    assert set(runs.setting_differences(found)) == {
        "budget.steps",
        "evaluation.every_steps",
        "checkpoint.every_steps",
        "log_every",
    }


def test_its_events_are_read_with_todays_names(earlier: Path) -> None:
    found, _ = events.read(earlier / "runs" / FINISHED)
    measured = event_tables.evaluations(found)
    assert list(measured["step"]) == [0, 2, 4]
    assert list(measured["top1_accuracy"]) == [0.0, 0.0, 0.2]
    assert measured["top1_agreement"].notna().all() and measured["kl"].notna().all()
    assert measured["pseudo_perplexity_sampled"].notna().all()
    assert not {"top1", "agreement", "pseudo_perplexity"} & set(measured.columns)
    teacher = event_tables.teacher(found)
    assert teacher is not None and teacher["top1_accuracy"] == 0.0
    watched = event_tables.watched_sentences(found)
    assert set(watched["text"]) == {"[MASK] is a nurse.", "Milk is a [MASK]."}
    assert list(event_tables.training(found)["step"]) == [1, 2, 3, 4]


def test_its_interrupted_run_can_be_queued_again(earlier: Path) -> None:
    assert runs.resume(INTERRUPTED).state == "queued"
    assert make_config(runs.get(INTERRUPTED).config).budget.steps == 4000
    assert not (earlier / "reserve").exists()


def test_its_checkpoints_are_read_with_todays_names(earlier: Path) -> None:
    (path,) = (earlier / "runs" / INTERRUPTED).glob("checkpoints/*/state.json")
    state = RunState.from_dict(json.loads(path.read_text())["state"])
    assert (state.steps, state.precision) == (2, "bf16")
    assert state.teacher is not None and state.teacher["top1_accuracy"] == 0.0
    assert state.held_out is not None and state.held_out["pseudo_perplexity_sampled"] is not None
    assert state.position == DataPosition(0, 4) and state.text_digest and state.frozen_digest
    assert RunState.from_dict(json.loads(json.dumps(state.to_dict()))) == state


def test_training_goes_on_in_its_folder_with_the_settings_stored_there(
    earlier: Path, tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    values = json.loads((earlier / "runs" / FINISHED / "config.json").read_text())
    values["budget"]["steps"] = 1
    values["student"]["layers"] = [0]
    values["corpus"]["swap"] = False  # faster
    (folder / "config.json").write_text(json.dumps(values))
    config = stored_config(folder)
    assert config is not None
    assert train(config, folder, teacher=tiny_bert, corpus=CORPUS).state == "finished"
    assert json.loads((folder / "config.json").read_text()) == values, "it stays as it is"
