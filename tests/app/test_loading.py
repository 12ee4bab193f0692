"""The caches that all visitors share: each model once, none for longer than it is the same."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from app import loading
from fairkd import models
from fairkd.errors import ModelError


def rewrite(folder: Path) -> None:
    """Write other weights into a model's folder, some seconds later."""
    (weights,) = folder.glob("*.safetensors")
    tensors = load_file(weights)
    save_file({name: 0.5 * one for name, one in tensors.items()}, weights, metadata={"format": "pt"})
    later = weights.stat().st_mtime_ns + 5_000_000_000
    os.utime(weights, ns=(later, later))


def test_a_folder_that_was_overwritten_is_another_model(
    tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder("bert"), folder)
    model, prediction = loading.get_model(str(folder)), loading.predict(str(folder), "he is a [MASK]")
    assert loading.get_model(str(folder)) is model, "kept"
    assert loading.predict(str(folder), "he is a [MASK]") is prediction
    rewrite(folder)
    assert loading.get_model(str(folder)) is not model
    again = loading.predict(str(folder), "he is a [MASK]")
    assert not again.log_probabilities.equal(prediction.log_probabilities)


@pytest.mark.parametrize(
    "reference", ["embedded/teacher", "org/name", "run/none", "\0", "~nobody/x", "x" * 5000]
)
def test_what_is_no_folder_has_one_version(reference: str) -> None:
    assert loading.version(reference) == (reference, 0)


def test_nobody_waits_for_the_download_of_another_model(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, over = threading.Event(), threading.Event()

    def load(reference: str, **_: object) -> None:
        if reference == "slow/model":
            begun.set()
            assert over.wait(30)
        raise ModelError(f"{reference} was asked for.")

    monkeypatch.setattr(models, "load", load)
    slow, quick = (
        threading.Thread(target=ask_for, args=(name,), daemon=True) for name in ("slow/model", "quick/model")
    )
    slow.start()
    assert begun.wait(30)
    quick.start()
    quick.join(10)
    waited = quick.is_alive()
    over.set()
    slow.join(30)
    assert not waited


def ask_for(reference: str) -> None:
    with suppress(ModelError):
        loading.get_model(reference)
