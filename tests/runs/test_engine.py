"""Runs that really train, on tiny models, with the real runner and worker."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from fairkd import runs
from fairkd.distill.config.config import Config, make_config
from fairkd.models import loading, references
from fairkd.runs import event_tables, events, supervision
from tests.runs import stand_in
from tests.runs.conftest import processes, stored, until, use_home, worker_process
from tests.tiny import SENTENCES

PATIENCE = 180.0  # seconds; a process that imports torch takes its time on a busy machine


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for folder in use_home(tmp_path / "home", monkeypatch):
        monkeypatch.setattr(supervision, "RUNNER", stand_in.REAL_RUNNER)
        yield folder


@pytest.fixture
def config(tiny_folder: Callable[[str], Path], tmp_path: Path) -> Callable[..., Config]:
    (tmp_path / "text.txt").write_text("\n".join(SENTENCES))

    def make(**sections: object) -> Config:
        values: dict[str, object] = {
            "teacher": str(tiny_folder("bert")),
            "student": {"layers": [0]},
            "corpus": {"source": str(tmp_path / "text.txt")},
            "budget": {"steps": 80},
            "optimizer": {"learning_rate": 1e-2, "micro_batch_tokens": 128, "precision": "fp32"},
            "evaluation": {
                "every_steps": 40,
                "professions": 2,
                "sentences": 10,
                "watched_sentences": ["milk is a [MASK]."],
            },
            "checkpoint": {"every_steps": 10},
            "log_every": 5,
            "threads": 1,
        }
        return make_config({**values, **sections})

    return make


def ended(id: str, state: str) -> runs.Run:
    until(lambda: stored(id).state not in ("queued", "running", "cancelling"), PATIENCE)
    assert stored(id).state == state, stored(id).sentence
    return stored(id)


def weights(id: str) -> dict[str, torch.Tensor]:
    return dict(loading.load(f"run/{id}").model.state_dict())


def test_a_killed_run_with_a_corrupted_checkpoint_ends_with_the_same_weights(
    home: Path, config: Callable[..., Config]
) -> None:
    long = config(budget={"steps": 200})  # it has to be killed before its end
    killed, whole = (runs.submit(long, name=name) for name in ("killed", "whole"))
    until(lambda: stored(killed.id).step >= 25, PATIENCE)
    worker_process(killed.id).kill()
    ended(killed.id, "interrupted")
    ended(whole.id, "finished")

    newest, before = sorted((killed.folder / "checkpoints").glob("step-*"), reverse=True)[:2]
    tensors = newest / "tensors.safetensors"
    os.truncate(tensors, tensors.stat().st_size // 2)
    runs.resume(killed.id)
    run = ended(killed.id, "finished")
    written, _ = events.read(run)
    messages = [event["text"] for event in written if event["type"] == "message"]
    assert any(f"step {int(newest.name[5:])} is damaged" in text for text in messages)
    resumed = [event["resumed_from"] for event in written if event["type"] == "start"]
    assert resumed == [None, int(before.name[5:])]

    one, other = weights(killed.id), weights(whole.id)
    assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
    assert references.of_runs() == (f"run/{killed.id}", f"run/{whole.id}")
    training = event_tables.training(written)
    assert training["step"].tolist() == list(range(5, 201, 5)) and training["loss"].notna().all()
    assert event_tables.evaluations(written)["kl"].notna().all()
    assert {"student", "teacher"} == set(event_tables.watched_sentences(written)["model"])
    assert "step 200" in (run.folder / "log.txt").read_text()
    assert (run.step, run.progress) == (200, 1.0)
    until(lambda: not processes(home))


def test_a_run_is_cancelled_and_runs_without_text_or_memory_fail_in_one_sentence(
    home: Path, config: Callable[..., Config], tmp_path: Path
) -> None:
    (tmp_path / "empty.txt").write_text("\n\n")
    long = runs.submit(config(budget={"minutes": 5}))
    empty = runs.submit(config(corpus={"source": str(tmp_path / "empty.txt")}))
    big = {"kind": "fresh", "width": 65536, "heads": 64, "hidden_layers": 24}
    vast = runs.submit(config(student=big))
    until(lambda: stored(long.id).step > 5, PATIENCE)
    runs.cancel(long.id)
    run = ended(long.id, "cancelled")
    assert list((run.folder / "checkpoints").glob(f"step-*{run.step}"))
    for id, words in ((empty.id, "sentence"), (vast.id, "choose a smaller student")):
        sentence = ended(id, "failed").sentence
        assert words in sentence and sentence.count(". ") == 0 and sentence.endswith(".")
