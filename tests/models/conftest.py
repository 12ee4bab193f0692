"""Folders of models of one's own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from fairkd.models import references
from tests.models.folders import edit_json


@pytest.fixture
def copy(tiny_folder: Callable[[str], Path], tmp_path: Path) -> Callable[..., Path]:
    """A copy of a tiny model's folder that a test may damage."""

    def make(family: str = "bert", name: str = "model") -> Path:
        return Path(shutil.copytree(tiny_folder(family), tmp_path / name))

    return make


@pytest.fixture
def embedded(tmp_path: Path, copy: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of embedded models: a teacher, and a student that borrows its tokenizer and embeddings."""
    home = tmp_path / "embedded"
    shutil.move(copy(), home / "teacher")
    student = home / "student-plain"
    student.mkdir()
    tensors = load_file(home / "teacher" / "model.safetensors")
    own = {n: t.half() + 1 for n, t in tensors.items() if not n.startswith("bert.embeddings.")}
    save_file(own, student / "model.safetensors", metadata={"format": "pt"})
    shutil.copy(home / "teacher" / "config.json", student)
    edit_json(student / "config.json", fairkd_shares="teacher")
    monkeypatch.setattr(references, "EMBEDDED", home)
    return home
