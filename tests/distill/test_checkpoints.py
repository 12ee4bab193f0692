"""Checkpoints: a run that was stopped, killed or damaged ends with the weights of one that was not."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings, strategies as st
from safetensors import SafetensorError

from fairkd.distill import checkpoints, precision, train
from fairkd.errors import FairKDError, InputError
from fairkd.models.loading import MaskedLM
from tests.distill.parts import CORPUS, SMALL, config, equal, trained, weights
from tests.runs import damage

# With these, errors in Adam's moments, data position, unfrozen embeddings or projection would show.
STORED: dict[str, Any] = {
    "budget": {"steps": 10},
    "checkpoint": {"every_steps": 2},
    "student": {"kind": "fresh", "hidden_layers": 1, "width": 12, "heads": 2},
    "log_every": 1,
}

Stopped = Callable[[Path, int], None]


def stop_after(lm: MaskedLM, folder: Path, steps: int) -> None:
    """A run in the folder that is cancelled after so many steps, the first evaluation done."""
    seen: list[dict[str, Any]] = []

    def stop() -> bool:
        return any(
            event["type"] == ("train" if steps else "watched_sentence") and event["step"] >= steps
            for event in seen
        )

    outcome = train(config(**STORED), folder, emit=seen.append, stop=stop, teacher=lm, corpus=CORPUS)
    assert (outcome.state, outcome.steps, outcome.model) == ("cancelled", steps, None)


def resumed(lm: MaskedLM, folder: Path) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    outcome = train(config(**STORED), folder, emit=events.append, teacher=lm, corpus=CORPUS)
    assert outcome.state == "finished"
    return events


@pytest.fixture(scope="module")
def stopped(tiny_bert: MaskedLM, tmp_path_factory: pytest.TempPathFactory) -> Stopped:
    """`stopped(folder, 3)` puts a run there that was cancelled after 3 steps."""
    runs: dict[int, Path] = {}

    def copy_to(folder: Path, steps: int) -> None:
        if steps not in runs:
            runs[steps] = tmp_path_factory.mktemp("stopped")
            stop_after(tiny_bert, runs[steps], steps)
        shutil.copytree(runs[steps], folder, dirs_exist_ok=True)

    return copy_to


@pytest.fixture(scope="module")
def uninterrupted(tiny_bert: MaskedLM, tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    folder = tmp_path_factory.mktemp("uninterrupted")
    trained(tiny_bert, folder, **STORED)
    return weights(folder / "model")


def test_a_resumed_run_ends_with_the_weights_of_an_uninterrupted_one(
    tiny_bert: MaskedLM, stopped: Stopped, tmp_path: Path, uninterrupted: dict[str, torch.Tensor]
) -> None:
    for steps in (0, 3, 6):
        folder = tmp_path / str(steps)
        stopped(folder, steps)
        events = resumed(tiny_bert, folder)
        (start,) = (event for event in events if event["type"] == "start")
        assert start["resumed_from"] == steps
        assert not any(event["type"] == "teacher" for event in events), "it is measured once"
        assert equal(weights(folder / "model"), uninterrupted)


def test_a_resumed_run_keeps_its_number_format(
    tiny_bert: MaskedLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which one is faster is measured, and might come out otherwise the next time."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    monkeypatch.setitem(SMALL["optimizer"], "precision", "auto")
    for began, later in (("bf16", "fp32"), ("fp32", "bf16")):
        monkeypatch.setattr(precision, "bf16_speedup", lambda format=began: 4.0 if format == "bf16" else 0.5)
        trained(tiny_bert, tmp_path / began / "whole", **STORED)
        stop_after(tiny_bert, tmp_path / began / "parts", 3)
        monkeypatch.setattr(precision, "bf16_speedup", lambda format=later: 4.0 if format == "bf16" else 0.5)
        (start,) = (e for e in resumed(tiny_bert, tmp_path / began / "parts") if e["type"] == "start")
        assert start["precision"] == began
        assert equal(*(weights(tmp_path / began / name / "model") for name in ("whole", "parts")))


def test_a_run_that_is_stopped_at_once_measures_nothing_until_it_is_resumed(
    tiny_bert: MaskedLM, tmp_path: Path, uninterrupted: dict[str, torch.Tensor]
) -> None:
    events: list[dict[str, Any]] = []
    outcome = train(
        config(**STORED),
        tmp_path,
        emit=events.append,
        stop=lambda: True,
        teacher=tiny_bert,
        corpus=CORPUS,
    )
    assert (outcome.state, outcome.steps) == ("cancelled", 0)
    assert [event["type"] for event in events] == ["phase", "end"]
    kinds = {event["type"] for event in resumed(tiny_bert, tmp_path)}
    assert {"teacher", "evaluation", "watched_sentence"} <= kinds
    assert equal(weights(tmp_path / "model"), uninterrupted)


def test_resuming_a_finished_run_changes_nothing(
    tiny_bert: MaskedLM, tmp_path: Path, uninterrupted: dict[str, torch.Tensor]
) -> None:
    first = resumed(tiny_bert, tmp_path)[-1]
    again = resumed(tiny_bert, tmp_path)[-1]
    assert (again["step"], again["tokens"]) == (first["step"], first["tokens"])
    assert equal(weights(tmp_path / "model"), uninterrupted)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize("harm", [flip, cut, Path.unlink])
@pytest.mark.parametrize("file", [checkpoints.TENSORS, checkpoints.STATE])
def test_a_damaged_checkpoint_is_skipped_with_a_message(
    tiny_bert: MaskedLM,
    stopped: Stopped,
    tmp_path: Path,
    uninterrupted: dict[str, torch.Tensor],
    harm: Callable[[Path], object],
    file: str,
) -> None:
    stopped(tmp_path, 7)
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == [
        "step-000000006",
        "step-000000007",
    ]
    harm(tmp_path / "checkpoints" / "step-000000007" / file)
    events = resumed(tiny_bert, tmp_path)
    said = [event["text"] for event in events if event["type"] == "message"]
    assert any("step 7 is damaged and was skipped" in text for text in said)
    assert [event["resumed_from"] for event in events if event["type"] == "start"] == [6]
    assert equal(weights(tmp_path / "model"), uninterrupted)


@pytest.mark.parametrize("content", ["0", '"step"', "[]", "null"])
def test_a_checkpoint_whose_state_is_not_a_mapping_is_damaged(tmp_path: Path, content: str) -> None:
    for step in (1, 2):
        checkpoints.write(tmp_path, step, {}, {"weight/x": torch.ones(2)}, keep=2)
    (tmp_path / "step-000000002" / checkpoints.STATE).write_text(content)
    found = checkpoints.newest(tmp_path)
    assert found is not None and found.step == 1


def test_a_damaged_checkpoint_of_a_later_step_does_not_displace_new_ones(tmp_path: Path) -> None:
    """A run that could not go on from step 200 stores step 50: that one is kept, the damaged one is not."""
    for step in (100, 200):
        checkpoints.write(tmp_path, step, {}, {"weight/x": torch.ones(2)}, keep=2)
    for path in tmp_path.iterdir():
        flip(path / checkpoints.TENSORS)
    assert checkpoints.newest(tmp_path) is None
    for step in (50, 60):
        checkpoints.write(tmp_path, step, {}, {"weight/x": torch.ones(2)}, keep=1)
        assert [path.name for path in tmp_path.iterdir()] == [f"step-{step:09d}"]


def test_an_incomplete_checkpoint_is_ignored_and_removed(
    tiny_bert: MaskedLM, stopped: Stopped, tmp_path: Path, uninterrupted: dict[str, torch.Tensor]
) -> None:
    stopped(tmp_path, 4)
    left = tmp_path / "checkpoints" / ".writing-000000006"
    left.mkdir()
    (left / checkpoints.TENSORS).write_bytes(b"half")
    resumed(tiny_bert, tmp_path)
    assert not left.exists()
    assert equal(weights(tmp_path / "model"), uninterrupted)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), SafetensorError("I/O error: 28")])
def test_a_full_disk_ends_the_run_with_an_error_and_keeps_the_last_checkpoint(
    tiny_bert: MaskedLM, stopped: Stopped, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    stopped(tmp_path, 4)

    def full(*_: object) -> None:
        raise error

    monkeypatch.setattr(checkpoints, "save_file", full)
    with pytest.raises(FairKDError, match="step 6 cannot be written .* which continues from that of step 4"):
        resumed(tiny_bert, tmp_path)
    found = checkpoints.newest(tmp_path / "checkpoints")
    assert found is not None and found.step == 4
    with pytest.raises(
        FairKDError, match="step 1 cannot be written .* which starts again: there is no other"
    ):
        checkpoints.write(tmp_path / "none", 1, {}, {"a": torch.zeros(1)}, keep=1)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(name=st.sampled_from([checkpoints.STATE, checkpoints.TENSORS]), data=st.data())
def test_whatever_a_damaged_checkpoint_holds_the_one_before_is_read(
    tmp_path: Path, name: str, data: st.DataObject
) -> None:
    shutil.rmtree(tmp_path / "checkpoints", ignore_errors=True)
    for step in (1, 2):
        checkpoints.write(tmp_path / "checkpoints", step, {"steps": step}, {"a": torch.ones(2)}, keep=2)
    path = tmp_path / "checkpoints" / "step-000000002" / name
    sound = path.read_bytes()
    document = sound if name == checkpoints.STATE else b'{"a": 1}'
    content = data.draw(damage.damaged_lines(document))
    path.write_bytes(content)
    skipped: list[str] = []
    found = checkpoints.newest(tmp_path / "checkpoints", skipped.append)
    assert found is not None and found.state == {"steps": found.step}
    if found.step == 1:
        assert len(skipped) == 1 and "step 2 is damaged and was skipped" in skipped[0]
    else:
        assert json.loads(content) == json.loads(sound), "the same values, spelt in another way"


def test_a_folder_with_another_configuration_is_refused(
    tiny_bert: MaskedLM, stopped: Stopped, tmp_path: Path
) -> None:
    stopped(tmp_path, 1)
    with pytest.raises(InputError, match="other settings"):
        train(config(**STORED, seed=5), tmp_path, teacher=tiny_bert, corpus=CORPUS)


@pytest.mark.parametrize("side", ["training", "held_out"])
def test_a_run_is_not_resumed_with_another_text(
    tiny_bert: MaskedLM, stopped: Stopped, tmp_path: Path, side: str
) -> None:
    stopped(tmp_path, 1)
    shorter = replace(CORPUS, **{side: getattr(CORPUS, side)[:-1]})
    with pytest.raises(FairKDError, match="The text of toy has changed since the run began"):
        train(config(**STORED), tmp_path, teacher=tiny_bert, corpus=shorter)


@pytest.mark.parametrize("asked", range(3))
def test_a_run_can_be_cancelled_during_its_setup(tiny_bert: MaskedLM, tmp_path: Path, asked: int) -> None:
    path = tmp_path / "text.txt"
    path.write_text("\n".join(CORPUS.training))
    left = iter(range(asked))
    events: list[dict[str, Any]] = []
    outcome = train(
        config(**STORED, corpus={"source": str(path), "cda": True}),
        tmp_path / "run",
        emit=events.append,
        stop=lambda: next(left, None) is None,
        teacher=tiny_bert,
    )
    assert (outcome.state, outcome.steps, outcome.model) == ("cancelled", 0, None)
    assert (events[-1]["type"], events[-1]["state"]) == ("end", "cancelled")
    assert "start" not in {event["type"] for event in events}


def test_a_resumed_run_that_is_cancelled_during_its_setup_keeps_its_checkpoints(
    tiny_bert: MaskedLM, stopped: Stopped, tmp_path: Path, uninterrupted: dict[str, torch.Tensor]
) -> None:
    stopped(tmp_path, 3)
    events: list[dict[str, Any]] = []
    outcome = train(
        config(**STORED), tmp_path, emit=events.append, stop=lambda: True, teacher=tiny_bert, corpus=CORPUS
    )
    assert (outcome.state, outcome.steps, events[-1]["step"]) == ("cancelled", 3, 3)
    resumed(tiny_bert, tmp_path)
    assert equal(weights(tmp_path / "model"), uninterrupted)


def test_a_run_is_not_resumed_with_another_teacher(
    tiny_bert: MaskedLM, stopped: Stopped, tmp_path: Path
) -> None:
    stopped(tmp_path, 1)
    other = copy.deepcopy(tiny_bert.model)
    with torch.no_grad():
        other.bert.encoder.layer[1].output.dense.weight[0, 0] += 1e-3
    with pytest.raises(FairKDError, match="have changed since the run began"):
        resumed(replace(tiny_bert, model=other), tmp_path)


def test_a_second_process_in_the_same_folder_is_refused(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    refused: list[str] = []

    def stop() -> bool:
        with pytest.raises(InputError, match="Another process is training in the folder") as caught:
            train(config(**STORED), tmp_path, teacher=tiny_bert, corpus=CORPUS)
        refused.append(str(caught.value))
        return True

    train(config(**STORED), tmp_path, stop=stop, teacher=tiny_bert, corpus=CORPUS)
    assert refused
    resumed(tiny_bert, tmp_path)  # the folder is free again


def test_a_checkpoint_of_another_student_is_refused(
    tiny_bert: MaskedLM, stopped: Stopped, tiny_model: Callable[[str], MaskedLM], tmp_path: Path
) -> None:
    stopped(tmp_path, 1)
    with pytest.raises(FairKDError, match="does not fit the student"):
        resumed(tiny_model("distilbert"), tmp_path)


def test_runs_killed_at_random_end_with_the_weights_of_an_uninterrupted_one(
    tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    """Each of three runs is ended by SIGKILL several times, whatever it is doing, and started again."""
    script = [sys.executable, "-m", "tests.distill.killer", str(tiny_folder("bert")), str(tmp_path)]
    done = subprocess.run(script, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert sum(report["kills"]) >= 3 and report["resumes"] >= 1, report
    whole = weights(tmp_path / "whole" / "model")
    for number in range(3):
        assert equal(weights(tmp_path / f"killed-{number}" / "model"), whole)
