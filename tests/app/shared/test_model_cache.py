"""The caches that all visitors share: each model once, none for longer than it is the same."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from safetensors.torch import load_file, save_file
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests

from app.shared import model_cache
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
    model, prediction = model_cache.get_model(str(folder)), model_cache.predict(str(folder), "he is a [MASK]")
    assert model_cache.get_model(str(folder)) is model, "kept"
    assert model_cache.predict(str(folder), "he is a [MASK]") is prediction
    rewrite(folder)
    assert model_cache.get_model(str(folder)) is not model
    again = model_cache.predict(str(folder), "he is a [MASK]")
    assert not again.log_probabilities.equal(prediction.log_probabilities)


@pytest.mark.parametrize(
    "reference", ["embedded/teacher", "org/name", "run/none", "\0", "~nobody/x", "x" * 5000]
)
def test_what_is_no_folder_has_one_version(reference: str) -> None:
    assert model_cache.version(reference) == (reference, 0)


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
        model_cache.get_model(reference)


# --- progress of predictions ---


class Clock:
    """`time.monotonic`, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(model_cache.time, "monotonic", lambda: self.now)


def test_progress_is_drawn_only_after_a_while_and_not_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    drawn: list[tuple[float, str]] = []
    progress = model_cache.patient_progress(lambda fraction, text: drawn.append((clock.now, text)))
    for step in range(1, 41):
        clock.now = 100 + step / 16
        progress(f"{step} of *40*", step / 40)
    times = [time for time, _ in drawn]
    assert times[0] >= 100 + model_cache.PATIENCE and len(times) > 3
    assert min(b - a for a, b in zip(times, times[1:], strict=False)) >= model_cache.BETWEEN_DRAWINGS
    assert r"\*40\*" in drawn[0][1], "literal"


def test_a_change_on_the_page_ends_the_work_though_it_calls_for_a_fragment_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Rerun(BaseException):
        pass

    def rerun() -> None:
        raise Rerun

    requests = ScriptRequests()
    monkeypatch.setattr(
        model_cache, "get_script_run_ctx", lambda **_: SimpleNamespace(script_requests=requests)
    )
    monkeypatch.setattr(model_cache.st, "rerun", rerun)
    progress = model_cache.patient_progress(lambda *_, **__: None)
    progress("1 of 2", 0.5)
    requests.request_rerun(RerunData(fragment_id="body"))
    with pytest.raises(Rerun):
        progress("2 of 2", 1.0)


def test_a_prediction_that_is_kept_reports_nothing(
    tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(
        model_cache, "patient_progress", lambda _: lambda message, fraction: said.append(message)
    )
    for _ in range(2):
        model_cache.predict(str(tiny_folder("bert")), "she is a doctor", mask_each=True)
        assert len(said) == 1 and "4 of 4 positions" in said[0]
