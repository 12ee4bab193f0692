"""What a run reads and in which order, and how long it will take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from fairkd.augmentation.gender_swap import swap
from fairkd.distill import estimate, fitted_start, time_estimate
from fairkd.distill.data.batching import BatchSampler, encode
from fairkd.distill.data.loader import BatchLoader, Counterfactuals, DataPosition
from fairkd.distill.data.masking import Masker, Masking
from fairkd.models.loading import MaskedLM
from tests.distill.parts import CORPUS, config, trained
from tests.tiny import SENTENCES


def swapped(texts: Sequence[str]) -> list[str]:
    return [swap(text) for text in texts]


def loader(lm: MaskedLM, *, swap: bool = False) -> BatchLoader:
    ids = encode(lm.tokenizer, SENTENCES)
    masker = Masker(lm.tokenizer, lm.vocabulary_size, Masking(), seed=1)
    sampler = BatchSampler(ids, tokens=200, seed=1, pad_id=0)
    return BatchLoader(
        sampler, masker, Counterfactuals(SENTENCES, swapped, lm.tokenizer, 64) if swap else None
    )


def test_a_run_resumes_at_its_position_in_the_data(tiny_bert: MaskedLM) -> None:
    whole, resumed = loader(tiny_bert), loader(tiny_bert)
    per_epoch = len(whole.sampler.epoch(0))
    whole.take(per_epoch + 3)
    assert whole.position == DataPosition(1, 3)
    resumed.position = DataPosition(1, 3)
    assert torch.equal(whole.take(1)[0].ids, resumed.take(1)[0].ids)


def test_processes_share_the_order_without_gap_or_overlap(tiny_bert: MaskedLM) -> None:
    alone = loader(tiny_bert).take(4)
    shared = [loader(tiny_bert).take(4, rank=rank, world_size=2) for rank in range(2)]
    for number, batch in enumerate(alone):
        assert torch.equal(shared[number % 2][number // 2].ids, batch.ids)


def test_with_swapped_sentences_the_originals_come_in_the_same_order(tiny_bert: MaskedLM) -> None:
    one, two = loader(tiny_bert), loader(tiny_bert, swap=True)
    batches = one.sampler.epoch(0)
    for index, plain, both in zip(batches, one.take(len(batches)), two.take(len(batches)), strict=True):
        count, length = plain.ids.shape
        assert torch.equal(both.ids[:count, :length], plain.ids)
        originals = [SENTENCES[i] for i in index]
        others = [new for old, new in zip(originals, swapped(originals), strict=True) if new != old]
        assert len(both.ids) == count + len(others)
        wanted = encode(tiny_bert.tokenizer, others)
        rows = zip(both.ids[count:].numpy(), wanted, strict=True)
        same = np.concatenate([row[: len(ids)] == ids for row, ids in rows] or [[True]])
        assert same.mean() > 0.6, "but for the masks they are the swapped sentences"


def test_a_run_with_swapped_sentences_trains_on_more_tokens(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    plain, _ = trained(tiny_bert, tmp_path / "plain", budget={"steps": 5})
    both, _ = trained(tiny_bert, tmp_path / "cda", budget={"steps": 5}, corpus={"cda": True})
    assert plain.tokens < both.tokens < 2 * plain.tokens


def test_an_estimate_extrapolates_a_trial_to_the_budget(tiny_bert: MaskedLM) -> None:
    found = estimate(config(budget={"steps": 1000}), teacher=tiny_bert, corpus=CORPUS, seconds=0.3)
    assert found.steps == 1000
    training = found.tokens / found.tokens_per_second
    assert found.seconds == pytest.approx(training + found.fit_seconds, rel=0.01)
    epoch = len(BatchSampler(encode(tiny_bert.tokenizer, SENTENCES), tokens=256, seed=0, pad_id=0).epoch(0))
    assert found.epochs == pytest.approx(1000 / epoch)
    minutes = estimate(
        config(budget={"minutes": 2, "steps": None}), teacher=tiny_bert, corpus=CORPUS, seconds=0.3
    )
    assert minutes.seconds == pytest.approx(120, rel=0.05)


@pytest.mark.parametrize("most", [400, 10**6])
def test_an_estimate_holds_the_time_to_fit_copied_layers(
    tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """The fit takes a millisecond a token, by a clock that it alone moves, and reads one epoch at most."""
    now = 0.0

    def fit(*given: Any, **_: Any) -> None:
        nonlocal now
        now += 0.001 * sum(batch.tokens for batch in given[3])

    monkeypatch.setattr(fitted_start, "fit_layers", fit)
    monkeypatch.setattr(fitted_start, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(fitted_start, "TOKENS", most)
    found = estimate(config(), teacher=tiny_bert, corpus=CORPUS, seconds=0)
    epoch = found.tokens / found.epochs
    assert found.fit_seconds == pytest.approx(0.001 * min(most, epoch))
    assert found.seconds > found.fit_seconds
    minutes = config(budget={"minutes": (found.fit_seconds + 600) / 60, "steps": None})
    assert estimate(minutes, teacher=tiny_bert, corpus=CORPUS, seconds=0).seconds == pytest.approx(
        found.fit_seconds + 600, rel=0.05
    )
    alone = estimate(config(student={"fit_layers": False}), teacher=tiny_bert, corpus=CORPUS, seconds=0)
    assert alone.fit_seconds == 0


def test_an_estimate_reports_what_it_reads_and_can_be_cancelled(tiny_bert: MaskedLM) -> None:
    class Enough(Exception):
        pass

    def check_cancelled() -> None:
        if messages:
            raise Enough

    messages: list[str] = []
    with pytest.raises(Enough):
        estimate(
            config(),
            teacher=tiny_bert,
            corpus=CORPUS,
            seconds=60,
            notify=messages.append,
            check_cancelled=check_cancelled,
        )
    assert "training sentences" in messages[0]


def test_swapped_sentences_do_not_change_the_estimated_epochs(
    tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    epochs = {}
    for most in (100, 4000):  # sentences that the trial reads in
        monkeypatch.setattr(time_estimate, "SENTENCES", most)
        for both in (False, True):
            settings = config(
                budget={"steps": 1000}, optimizer={"gradient_accumulation": 2}, corpus={"cda": both}
            )
            found = estimate(settings, teacher=tiny_bert, corpus=CORPUS, seconds=0)
            epochs[most, both] = found.epochs
    assert epochs[4000, True] == epochs[4000, False] and epochs[100, True] == epochs[100, False]
    assert epochs[100, True] == pytest.approx(epochs[4000, True], rel=0.3)
