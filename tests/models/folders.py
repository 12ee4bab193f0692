"""Ways to damage a model's folder, and to read what is said about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from fairkd.errors import ModelError
from fairkd.models import loading


def refusal(reference: str | Path, **options: object) -> str:
    with pytest.raises(ModelError) as caught:
        loading.load(str(reference), **options)
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence
    return sentence


def edit_tensors(folder: Path, keep: Callable[[str], bool]) -> None:
    path = folder / "model.safetensors"
    tensors = {name: tensor for name, tensor in load_file(path).items() if keep(name)}
    save_file(tensors, path, metadata={"format": "pt"})


def edit_json(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def without(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        (folder / name).unlink()
