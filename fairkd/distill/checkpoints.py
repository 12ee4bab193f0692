"""Checkpoints: everything that a run needs to resume as if it had never stopped.

A checkpoint is a folder such as `step-000000120` that holds

    tensors.safetensors     trained weights, AdamW's moments, torch's random state
    state.json              step, position in the data, training time, ... and the checksums of both files

It is written under another name and renamed when all of it has reached the disk. So a folder of that name is
complete, and checksums detect later damage. Frozen weights are not stored: they are the teacher's, or those
of the model that the student started from.
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
_PARTIAL = ".writing-"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint: the `state` that was written, and all tensors by name."""

    step: int
    state: Mapping[str, Any]
    tensors: Mapping[str, Tensor]


def write(
    folder: Path, step: int, state: Mapping[str, Any], tensors: Mapping[str, Tensor], *, keep: int
) -> Path:
    """Write a checkpoint into `folder`, then remove those of later steps, and all but the newest `keep`.

    Checkpoints of later steps are damaged, or the run would have been resumed from them.

    Raises
    ------
    FairKDError
        If the disk is full or fails. Earlier checkpoints stay.
    """
    target, partial = folder / f"step-{step:09d}", folder / f"{_PARTIAL}{step:09d}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear(folder)
        partial.mkdir()
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, partial / TENSORS)
        document = {"step": step, "sha256": _sha256(partial / TENSORS), "state": state}
        (partial / STATE).write_text(json.dumps({**document, "self": _digest(document)}))
        for name in (TENSORS, STATE):
            _fsync(partial / name)
        if target.exists():  # the same step again, after the run was resumed from an older one
            shutil.rmtree(target)
        partial.rename(target)
        _fsync(folder)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        before = steps(folder)
        resumed = f"continues from that of step {before[0]}" if before else "starts again: there is no other"
        raise FairKDError(
            f"The checkpoint of step {step} cannot be written to {folder} ({_reason(error)}): free some "
            f"space and resume the run, which {resumed}."
        ) from error
    stored = steps(folder)
    later = [other for other in stored if other > step]
    for gone in [*later, *stored[len(later) + keep :]]:
        shutil.rmtree(folder / f"step-{gone:09d}", ignore_errors=True)
    return target


def newest(folder: Path, notify: Callable[[str], None] | None = None) -> Checkpoint | None:
    """The newest intact checkpoint in `folder`, or None. `notify` gets a message about each damaged one."""
    for step in steps(folder):
        try:
            return read(folder, step)
        except (OSError, ValueError, KeyError, TypeError, RecursionError, SafetensorError) as error:
            if notify is not None:
                notify(f"The checkpoint of step {step} is damaged and was skipped ({_reason(error)}).")
    return None


def read(checkpoints: Path, step: int) -> Checkpoint:
    """The checkpoint of one step. ValueError or OSError if it is damaged."""
    folder = checkpoints / f"step-{step:09d}"
    document = json.loads((folder / STATE).read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise ValueError(f"{STATE} is not a mapping")
    checksum = document.pop("self")
    if checksum != _digest(document) or document["step"] != step:
        raise ValueError(f"the checksum of {STATE} is wrong")
    if document["sha256"] != _sha256(folder / TENSORS):
        raise ValueError(f"the checksum of {TENSORS} is wrong")
    return Checkpoint(step, document["state"], load_file(folder / TENSORS))


def pack(parameters: Mapping[str, nn.Parameter], optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Trained parameters, the optimizer's state for each, and torch's random states: tensors by name."""
    tensors = {"random.cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        tensors["random.cuda"] = torch.cuda.get_rng_state()
    for name, parameter in parameters.items():
        tensors[f"weight/{name}"] = parameter.detach()
        for part, value in optimizer.state[parameter].items():
            tensors[f"{part}/{name}"] = torch.as_tensor(value)
    return tensors


def unpack(
    tensors: Mapping[str, Tensor], parameters: Mapping[str, nn.Parameter], optimizer: torch.optim.Optimizer
) -> None:
    """Restore what `pack` returned.

    Raises FairKDError for other parameters: the teacher, or what the student started from, has changed.
    """
    stored = {
        name.removeprefix("weight/"): value for name, value in tensors.items() if name.startswith("weight/")
    }
    shapes = {name: parameter.shape for name, parameter in parameters.items()}
    if {name: value.shape for name, value in stored.items()} != shapes:
        raise FairKDError(
            "The checkpoint does not fit the student: the teacher, or the model that the student started "
            "from, has changed since the run began. Start a new run."
        )
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(stored[name])
            state = {}
            for key, value in tensors.items():
                part, _, owner = key.partition("/")
                if owner == name and part != "weight":
                    # Fused AdamW keeps its step count on the device, too.
                    state[part] = value.clone().to(parameter.device)
            if state:
                optimizer.state[parameter] = state
    torch.set_rng_state(tensors["random.cpu"])
    if torch.cuda.is_available() and "random.cuda" in tensors:
        torch.cuda.set_rng_state(tensors["random.cuda"])


def steps(folder: Path) -> list[int]:
    """The steps of the checkpoints in a folder, newest first."""
    found = (_NAME.fullmatch(path.name) for path in folder.glob("step-*"))
    return sorted((int(match[1]) for match in found if match), reverse=True)


def _clear(folder: Path) -> None:
    """Remove incomplete checkpoints of a process that was killed."""
    for left in folder.glob(f"{_PARTIAL}*"):
        shutil.rmtree(left, ignore_errors=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _fsync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk."""
    if os.name == "nt" and path.is_dir():  # Windows does not open folders
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: Exception) -> str:
    words = " ".join(str(error).split()).rstrip(".:")
    return words[:200] or type(error).__name__
