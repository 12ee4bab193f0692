"""How many threads PyTorch uses in the dashboard, and which objects the garbage collector skips."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from app.gaps import results
from app.gaps.inputs import default_question
from app.shared import model_cache, torch_threads
from fairkd import measures, predictions
from fairkd.models import MaskedLM
from fairkd.predictions import Prediction


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    """A machine on which PyTorch uses three threads by default, before the dashboard has changed it."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    torch_threads._default_threads.cache_clear()
    yield
    torch.set_num_threads(before)
    torch_threads._default_threads.cache_clear()


def threads_of_a_new_thread() -> int:
    """The number of threads that a new script run would use."""
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    return found[0]


def test_only_long_work_uses_all_threads() -> None:
    torch_threads.import_torch()
    assert torch.get_num_threads() == threads_of_a_new_thread() == 1
    with torch_threads.all_threads():
        assert torch.get_num_threads() == 3
    assert torch.get_num_threads() == threads_of_a_new_thread() == 1


def test_after_overlapping_or_failed_work_there_is_one_thread() -> None:
    first, second = torch_threads.all_threads(), torch_threads.all_threads()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert threads_of_a_new_thread() == 1
    with pytest.raises(RuntimeError, match="stopped"), torch_threads.all_threads():
        raise RuntimeError("stopped")
    assert threads_of_a_new_thread() == 1


@pytest.mark.parametrize(("mask_each", "threads"), [(False, 1), (True, 3)])
def test_a_sentence_uses_one_thread_and_its_masked_copies_use_all(
    tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, mask_each: bool, threads: int
) -> None:
    torch_threads.import_torch()
    seen: list[int] = []
    predict = predictions.predict

    def noting(*arguments: Any, **options: Any) -> Prediction:
        seen.append(torch.get_num_threads())
        return predict(*arguments, **options)

    monkeypatch.setattr(predictions, "predict", noting)
    text = f"he is a [MASK] {threads}"  # not the same sentence twice: predictions are cached
    model_cache.predict(str(tiny_folder("bert")), text, mask_each=mask_each)
    assert seen == [threads]


def test_gaps_are_measured_with_all_threads(tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch) -> None:
    torch_threads.import_torch()
    seen: list[int] = []

    def noting(*_: object, **__: object) -> pd.DataFrame:
        seen.append(torch.get_num_threads())
        return pd.DataFrame()

    monkeypatch.setattr(measures, "gaps", noting)
    question = default_question()
    results.measure(tiny_bert, question, question.templates, question.asked)
    assert seen == [3]


def test_permanent_objects_are_not_collected_again() -> None:
    class Kept:
        pass

    made: list[Kept] = []
    try:
        with pytest.raises(RuntimeError, match="broken"), torch_threads.paused_garbage_collection():
            assert not gc.isenabled()
            made += [Kept() for _ in range(1000)]
            raise RuntimeError("broken")
        assert gc.isenabled()
        assert not any(isinstance(one, Kept) for one in gc.get_objects())
        assert gc.get_freeze_count() >= 1000
    finally:
        gc.unfreeze()
