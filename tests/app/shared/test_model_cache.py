"""The caches for all visitors: each model is loaded once, and again if its folder has changed."""

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

from app.shared import model_cache, streamlit_internals
from fairkd import models, predictions
from fairkd.errors import InputError, ModelError


def rewrite(folder: Path) -> None:
    """Write other weights into a model's folder, with a later time."""
    (weights,) = folder.glob("*.safetensors")
    tensors = load_file(weights)
    save_file({name: 0.5 * one for name, one in tensors.items()}, weights, metadata={"format": "pt"})
    later = weights.stat().st_mtime_ns + 5_000_000_000
    os.utime(weights, ns=(later, later))


def test_a_model_is_loaded_again_when_its_folder_is_overwritten(
    tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder("bert"), folder)
    model, prediction = model_cache.get_model(str(folder)), model_cache.predict(str(folder), "he is a [MASK]")
    assert model_cache.get_model(str(folder)) is model, "cached"
    assert model_cache.predict(str(folder), "he is a [MASK]") is prediction
    rewrite(folder)
    assert model_cache.get_model(str(folder)) is not model
    again = model_cache.predict(str(folder), "he is a [MASK]")
    assert not again.log_probabilities.equal(prediction.log_probabilities)


def test_a_model_is_loaded_silently_for_everybody(tiny_folder: Callable[[str], Path]) -> None:
    reference = str(tiny_folder("bert"))
    assert model_cache.load_silently(reference) is model_cache.get_model(reference)
    assert model_cache.load_silently("./nothing") is None


@pytest.mark.parametrize(
    "reference", ["embedded/teacher", "org/name", "run/none", "\0", "~nobody/x", "x" * 5000]
)
def test_references_that_are_not_folders_have_one_version(reference: str) -> None:
    assert model_cache.version(reference) == (reference, 0)


def test_no_visitor_waits_for_the_download_of_another_model(monkeypatch: pytest.MonkeyPatch) -> None:
    started, finished = threading.Event(), threading.Event()

    def load(reference: str, **_: object) -> None:
        if reference == "slow/model":
            started.set()
            assert finished.wait(30)
        raise ModelError(f"{reference} was asked for.")

    monkeypatch.setattr(models, "load", load)
    slow, quick = (
        threading.Thread(target=ask_for, args=(name,), daemon=True) for name in ("slow/model", "quick/model")
    )
    slow.start()
    assert started.wait(30)
    quick.start()
    quick.join(10)
    waited = quick.is_alive()
    finished.set()
    slow.join(30)
    assert not waited


def test_a_model_that_was_refused_is_tried_again_once_it_may_be_loaded_or_has_weights(
    tiny_folder: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder("bert"), folder)
    weights = (folder / "model.safetensors").rename(tmp_path / "weights")
    monkeypatch.setenv("FAIRKD_ALLOWED_MODELS", "org/name")
    with pytest.raises(ModelError, match="models allowed here"):
        model_cache.get_model(str(folder))
    monkeypatch.delenv("FAIRKD_ALLOWED_MODELS")
    with pytest.raises(ModelError, match="no weights"):
        model_cache.get_model(str(folder))
    weights.rename(folder / "model.safetensors")
    assert model_cache.get_model(str(folder)).reference == str(folder)


def ask_for(reference: str) -> None:
    with suppress(ModelError):
        model_cache.get_model(reference)


# --- progress of predictions ---


class Clock:
    """`time.monotonic`, set by the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr("time.monotonic", lambda: self.now)


def test_progress_appears_after_a_while_and_is_updated_at_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    drawn: list[tuple[float, str]] = []
    progress = model_cache.delayed_progress(lambda fraction, text: drawn.append((clock.now, text)))
    for step in range(1, 41):
        clock.now = 100 + step / 16
        progress(f"{step} of *40*", step / 40)
    times = [time for time, _ in drawn]
    assert times[0] >= 100 + model_cache.PROGRESS_AFTER and len(times) > 3
    assert min(b - a for a, b in zip(times, times[1:], strict=False)) >= model_cache.PROGRESS_INTERVAL
    assert r"\*40\*" in drawn[0][1], "without Markdown"


def test_a_change_on_the_page_stops_the_work_even_if_it_concerns_only_a_fragment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Rerun(BaseException):
        pass

    def rerun() -> None:
        raise Rerun

    requests = ScriptRequests()
    monkeypatch.setattr(
        streamlit_internals, "get_script_run_ctx", lambda **_: SimpleNamespace(script_requests=requests)
    )
    monkeypatch.setattr(model_cache.st, "rerun", rerun)
    progress = model_cache.delayed_progress(lambda *_, **__: None)
    progress("1 of 2", 0.5)
    requests.request_rerun(RerunData(fragment_id="body"))
    with pytest.raises(Rerun):
        progress("2 of 2", 1.0)


def test_work_ends_when_the_page_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stop(BaseException):
        pass

    def stop() -> None:
        raise Stop

    requests = ScriptRequests()
    monkeypatch.setattr(
        streamlit_internals, "get_script_run_ctx", lambda **_: SimpleNamespace(script_requests=requests)
    )
    monkeypatch.setattr(model_cache.st, "stop", stop)
    progress = model_cache.delayed_progress(lambda *_, **__: None)
    progress("1 of 2", 0.5)
    requests.request_stop()  # what Streamlit does when the connection ends
    with pytest.raises(Stop):
        progress("2 of 2", 1.0)


def test_a_cached_prediction_shows_no_progress(
    tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    messages: list[str] = []
    monkeypatch.setattr(
        model_cache, "delayed_progress", lambda _: lambda message, fraction: messages.append(message)
    )
    for _ in range(2):
        model_cache.predict(str(tiny_folder("bert")), "she is a doctor", mask_each=True)
        assert len(messages) == 1 and "4 of 4 positions" in messages[0]


def test_models_predict_together_and_errors_are_left_to_each(
    tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    references = [str(tiny_folder(family)) for family in ("bert", "roberta")]
    loaded = [model_cache.get_model(reference) for reference in references]
    expected = [predictions.predict(model, "he is a [MASK]", temperature=2.0) for model in loaded]
    model_cache.predict_together([*references, "./nothing"], "he is a [MASK]", 2.0)
    model_cache.predict_together(references, "", 2.0)
    with monkeypatch.context() as patch:
        patch.setattr(predictions, "predict", lambda *_, **__: pytest.fail("predicted again"))
        found = [model_cache.predict(one, "he is a [MASK]", temperature=2.0) for one in references]
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.log_probabilities.equal(theirs.log_probabilities)
    with pytest.raises(InputError):
        model_cache.predict(references[0], "", temperature=2.0)


def test_a_folder_that_is_not_allowed_is_not_looked_into(
    tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(tiny_folder("bert").resolve())
    monkeypatch.setenv("FAIRKD_ALLOWED_MODELS", "")
    assert model_cache.version(folder) == (folder, 0)
    monkeypatch.setenv("FAIRKD_ALLOWED_MODELS", folder)
    assert model_cache.version(folder)[1] > 0
