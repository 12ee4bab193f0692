"""Checkpoints: everything that a run needs to go on as if it had never stopped.

A checkpoint is a folder `step-000000120` that holds

    tensors.safetensors     trained weights, AdamW's moments, torch's random state
    state.json              step, place in the data, time spent, ... and the checksum of both files

It is written beside and renamed when all of it has reached the disk, so a folder of that name is whole
unless the disk damaged it; that is found out by the checksums. Frozen weights are not stored: they are the
teacher's own, or those of the model that the student started from.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from fairkd.errors import FairKDError

TENSORS, STATE = "tensors.safetensors", "state.json"
_NAME = re.compile(r"step-(\d+)")
_BESIDE = ".writing-"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as it was read: `state` as it was written, and all tensors by name."""

    step: int
    state: Mapping[str, Any]
    tensors: Mapping[str, Tensor]


def write(
    folder: Path, step: int, state: Mapping[str, Any], tensors: Mapping[str, Tensor], *, keep: int
) -> Path:
    """Write a checkpoint into `folder`, then remove those of later steps, and all but the newest `keep`.

    Those of later steps are damaged, or the run would have gone on from them.

    Raises FairKDError with one sentence where the disk does not take it; the checkpoints before stay.
    """
    target, beside = folder / f"step-{step:09d}", folder / f"{_BESIDE}{step:09d}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear(folder)
        beside.mkdir()
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, beside / TENSORS)
        document = {"step": step, "sha256": _sha256(beside / TENSORS), "state": state}
        (beside / STATE).write_text(json.dumps({**document, "self": _digest(document)}))
        for name in (TENSORS, STATE):
            _reach_disk(beside / name)
        if target.exists():  # the same step again: after a resume from an older one
            shutil.rmtree(target)
        beside.rename(target)
        _reach_disk(folder)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise FairKDError(
            f"The checkpoint of step {step} cannot be written to {folder} ({_reason(error)}): free some "
            "space and resume the run; the checkpoint before is intact."
        ) from error
    stored = steps(folder)
    later = [other for other in stored if other > step]
    for gone in [*later, *stored[len(later) + keep :]]:
        shutil.rmtree(folder / f"step-{gone:09d}", ignore_errors=True)
    return target


def newest(folder: Path, say: Callable[[str], None] | None = None) -> Checkpoint | None:
    """The newest sound checkpoint in `folder`, None if there is none; `say` hears of each damaged one."""
    for step in steps(folder):
        try:
            return read(folder, step)
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            if say is not None:
                say(f"The checkpoint of step {step} is damaged and was skipped ({_reason(error)}).")
    return None


def read(checkpoints: Path, step: int) -> Checkpoint:
    """The checkpoint of one step; ValueError or OSError where it is damaged."""
    folder = checkpoints / f"step-{step:09d}"
    document = json.loads((folder / STATE).read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise ValueError(f"{STATE} holds no settings by name")
    own = document.pop("self")
    if own != _digest(document) or document["step"] != step:
        raise ValueError(f"{STATE} does not have its checksum")
    if document["sha256"] != _sha256(folder / TENSORS):
        raise ValueError(f"{TENSORS} does not have its checksum")
    return Checkpoint(step, document["state"], load_file(folder / TENSORS))


def pack(named: Mapping[str, nn.Parameter], optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Trained parameters, the optimizer's state for each, and torch's random states: tensors by name."""
    tensors = {"random.cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        tensors["random.cuda"] = torch.cuda.get_rng_state()
    for name, parameter in named.items():
        tensors[f"weight/{name}"] = parameter.detach()
        for part, value in optimizer.state[parameter].items():
            tensors[f"{part}/{name}"] = torch.as_tensor(value)
    return tensors


def unpack(
    tensors: Mapping[str, Tensor], named: Mapping[str, nn.Parameter], optimizer: torch.optim.Optimizer
) -> None:
    """Put what `pack` gave back in place.

    Raises FairKDError where the parameters are others: the teacher or the student's start has changed.
    """
    stored = {
        name.removeprefix("weight/"): value for name, value in tensors.items() if name.startswith("weight/")
    }
    shapes = {name: parameter.shape for name, parameter in named.items()}
    if {name: value.shape for name, value in stored.items()} != shapes:
        raise FairKDError(
            "The checkpoint does not fit the student: the teacher or the student's start is another model "
            "now than when the run began; start a new run."
        )
    with torch.no_grad():
        for name, parameter in named.items():
            parameter.copy_(stored[name])
            state = {}
            for key, value in tensors.items():
                part, _, owner = key.partition("/")
                if owner == name and part != "weight":
                    # AdamW's fused form keeps its step count on the device, too.
                    state[part] = value.clone().to(parameter.device)
            if state:
                optimizer.state[parameter] = state
    torch.set_rng_state(tensors["random.cpu"])
    if torch.cuda.is_available() and "random.cuda" in tensors:
        torch.cuda.set_rng_state(tensors["random.cuda"])


def steps(folder: Path) -> list[int]:
    """Steps that have a checkpoint, the newest first."""
    found = (_NAME.fullmatch(path.name) for path in folder.glob("step-*"))
    return sorted((int(match[1]) for match in found if match), reverse=True)


def _clear(folder: Path) -> None:
    """Remove what a process that was killed left half-written."""
    for left in folder.glob(f"{_BESIDE}*"):
        shutil.rmtree(left, ignore_errors=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _reach_disk(path: Path) -> None:
    """Flush a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: Exception) -> str:
    words = " ".join(str(error).split()).rstrip(".:")
    return words[:200] or type(error).__name__
