"""The same run on two processes: same batch, same losses, one will, one checkpoint."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from fairkd.distill import train
from fairkd.models.loading import MaskedLM
from tests import ROOT
from tests.distill import ranks
from tests.distill.parts import CORPUS, config, equal, weights
from tests.tiny import SENTENCES

LAUNCH = [
    # Its name for "several processes": without a GPU they are processes on the CPU.
    *(sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes=2"),
    *("--num_machines=1", "--mixed_precision=no", "--dynamo_backend=no", "--main_process_port=0"),
]


def launch(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Two processes on this machine, one thread each, with the repository on their path."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*LAUNCH, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240
    )


@pytest.fixture(scope="module")
def two(
    tiny_folder: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[dict[str, Any]]]:
    """The folder of the runs on two processes, and what each process reports."""
    folder = tmp_path_factory.mktemp("two")
    done = launch(str(Path(ranks.__file__)), str(tiny_folder("bert")), str(folder))
    assert done.returncode == 0, done.stderr
    return folder, [json.loads((folder / f"rank-{rank}.json").read_text()) for rank in range(2)]


def test_two_processes_have_the_losses_of_one_on_the_same_global_batch(
    two: tuple[Path, list[dict[str, Any]]], tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    folder, (first, _) = two
    alone: list[dict[str, Any]] = []
    outcome = train(
        config(**ranks.settings(2)), tmp_path, emit=alone.append, teacher=tiny_bert, corpus=CORPUS
    )
    curves = [
        [[event[part] for part in ("loss", "kd", "mlm", "hidden", "group")] for event in events]
        for events in ([e for e in part if e["type"] == "train"] for part in (alone, first["events"]))
    ]
    assert len(curves[0]) == ranks.STEPS
    assert torch.allclose(torch.tensor(curves[0]), torch.tensor(curves[1]), rtol=2e-4)
    assert first["tokens"] == outcome.tokens
    assert [e["world_size"] for e in first["events"] if e["type"] == "start"] == [2]
    one, other = weights(tmp_path / "model"), weights(folder / "whole" / "model")
    assert all(torch.allclose(one[name], other[name], atol=2e-3) for name in one)


def test_one_stopping_process_stops_both_and_the_resumed_run_ends_the_same(
    two: tuple[Path, list[dict[str, Any]]],
) -> None:
    folder, reports = two
    for report in reports:
        assert report["states"] == ["finished", "cancelled", "finished"]
        assert report["steps"] == [ranks.STEPS, ranks.CANCELLED_AT, ranks.STEPS]
    assert equal(weights(folder / "cancelled" / "model"), weights(folder / "whole" / "model"))
    assert not (folder / "elsewhere").exists(), "the folder is the first process's alone"


def test_the_command_line_runs_under_accelerate_launch(
    tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("\n".join(SENTENCES))
    settings = {
        **config(budget={"steps": 2}).model_dump(mode="json"),
        "teacher": str(tiny_folder("bert")),
        "corpus": {"source": str(text)},
    }
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(settings))
    run = tmp_path / "run"
    done = launch("-m", "fairkd", "distill", str(tmp_path / "run.yaml"), "--output", str(run), "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["state"], document["steps"]) == ("finished", 2)
    assert (run / "model" / "model.safetensors").is_file()
