"""TensorBoard reads the curves of a run, once each, however often the run was resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fairkd.distill import tensorboard_curves, train
from fairkd.errors import InputError
from fairkd.models.loading import MaskedLM
from tests.distill.parts import CORPUS, config

pytest.importorskip("tensorboard")
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

SETTINGS: dict[str, Any] = {
    "tensorboard": True,
    "budget": {"steps": 8},
    "evaluation": {"every_steps": 4},
    "checkpoint": {"every_steps": 4},
    "log_every": 2,
}


def read(folder: Path) -> EventAccumulator:
    accumulator = EventAccumulator(str(folder / tensorboard_curves.FOLDER))
    accumulator.Reload()
    return accumulator


def test_a_resumed_run_continues_the_curves_without_a_doubled_step(
    tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    settings = config(**SETTINGS)
    events: list[dict[str, Any]] = []

    def stop() -> bool:
        if any((event["type"], event["step"]) == ("train", 6) for event in events):
            raise KeyboardInterrupt  # in place of a kill
        return False

    with pytest.raises(KeyboardInterrupt):
        train(settings, tmp_path, emit=events.append, teacher=tiny_bert, corpus=CORPUS, stop=stop)
    before = read(tmp_path)
    assert [point.step for point in before.Scalars("train/loss")] == [2, 4, 6], "step 6 is repeated"
    train(settings, tmp_path, emit=events.append, teacher=tiny_bert, corpus=CORPUS)
    found = read(tmp_path)
    assert [point.step for point in found.Scalars("train/loss")] == [2, 4, 6, 8]
    assert [point.step for point in found.Scalars("evaluation/kl")] == [0, 4, 8]
    last = [event for event in events if event["type"] == "evaluation"][-1]
    assert found.Scalars("evaluation/kl")[-1].value == pytest.approx(last["kl"], rel=1e-5)
    assert found.Scalars("train/learning_rate")[0].value == pytest.approx(
        settings.optimizer.learning_rate, rel=0.5
    )
    assert "train/group" not in found.Tags()["scalars"], "a loss without weight has no curve"
    assert found.SummaryMetadata("_hparams_/experiment").plugin_data.plugin_name == "hparams"


def test_a_missing_package_is_one_sentence_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tensorboard_curves, "find_spec", lambda _: None)
    with pytest.raises(
        InputError, match=r"needs the package tensorboard.*pip install 'fairkd\[tensorboard\]'"
    ):
        train(config(tensorboard=True, teacher="no/such-model"), tmp_path)


def test_a_full_disk_ends_the_curves_and_not_the_run(
    tiny_bert: MaskedLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("torch.utils.tensorboard.SummaryWriter.add_scalar", full)
    events: list[dict[str, Any]] = []
    outcome = train(config(**SETTINGS), tmp_path, emit=events.append, teacher=tiny_bert, corpus=CORPUS)
    said = [event["text"] for event in events if "TensorBoard" in event.get("text", "")]
    assert outcome.state == "finished" and len(said) == 1
    assert "No space left on device): the run goes on without them" in said[0]


def test_a_path_among_the_settings_loses_its_folders() -> None:
    settings = tensorboard_curves._settings(config(corpus={"source": "/home/someone/letters.txt"}))
    assert settings["corpus.source"] == "letters.txt" and settings["student.layers"] == "(0,)"
