"""Batches of similar length, and masks that depend on seed, epoch and example only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from fairkd.distill.data.batching import BatchSampler
from fairkd.distill.data.masking import Masker, Masking, uniform
from fairkd.distill.losses.targets import IGNORED
from fairkd.errors import InputError
from fairkd.models.loading import MaskedLM


def lengths(*sizes: int) -> list[np.ndarray]:
    return [np.arange(5, 5 + size, dtype=np.int32) for size in sizes]


def test_each_epoch_sees_every_sentence_once_in_an_order_of_its_own() -> None:
    stream = BatchSampler(lengths(*range(3, 40)), tokens=60, seed=1, pad_id=0)
    first, again, second = stream.epoch(0), stream.epoch(0), stream.epoch(1)
    assert sorted(np.concatenate(first)) == list(range(37))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert not np.array_equal(np.concatenate(first), np.concatenate(second))


def test_batches_hold_at_most_the_wanted_tokens_padding_included() -> None:
    stream = BatchSampler(lengths(*range(3, 40)), tokens=60, seed=1, pad_id=0)
    assert all(stream.pad(batch)[0].size <= 60 for batch in stream.epoch(0))


def test_a_corpus_without_a_word_is_refused() -> None:
    with pytest.raises(InputError, match="no usable sentence"):
        BatchSampler(lengths(2, 2), tokens=60, seed=1, pad_id=0)


def masker(
    lm: MaskedLM, *, group_words: Sequence[int] = (), group_rate: float | None = None, sample: float = 0.0
) -> Masker:
    masking = Masking(0.3, 0.8, 0.1, group_rate)
    return Masker(lm.tokenizer, lm.vocabulary_size, masking, seed=7, group_words=group_words, sample=sample)


def test_masks_depend_on_seed_epoch_and_example_alone(tiny_bert: MaskedLM) -> None:
    ids = np.random.default_rng(0).integers(5, 100, (6, 12))
    draw = masker(tiny_bert)
    whole = draw(ids, None, np.arange(6), 2)
    alone = draw(ids[4:5], None, np.array([4]), 2)
    assert torch.equal(whole.ids[4:5], alone.ids)
    assert torch.equal(whole.rows[whole.rows // 12 == 4] - 48, alone.rows)
    assert not torch.equal(draw(ids, None, np.arange(6), 3).ids, whole.ids)


def test_masks_have_the_right_proportions_and_leave_special_tokens_alone(tiny_bert: MaskedLM) -> None:
    tokenizer = tiny_bert.tokenizer
    ids = np.random.default_rng(0).integers(5, 100, (300, 40))
    ids[:, 0], ids[:, -1] = tokenizer.cls_token_id, tokenizer.sep_token_id
    he = tokenizer.convert_tokens_to_ids("he")
    ids[:, 5] = he
    batch = masker(tiny_bert, group_words=[he], group_rate=0.9)(ids, None, np.arange(300), 0)
    at = batch.rows % 40
    assert not ((at == 0) | (at == 39)).any()
    assert (at == 5).sum().item() / 300 == pytest.approx(0.9, abs=0.05)
    assert (at != 5).sum().item() / (300 * 37) == pytest.approx(0.3, abs=0.02)
    seen, labels = batch.ids.flatten()[batch.rows], batch.labels
    assert (seen == tokenizer.mask_token_id).float().mean().item() == pytest.approx(0.8, abs=0.03)
    assert (seen == labels).float().mean().item() == pytest.approx(0.1, abs=0.03)
    untouched = np.setdiff1d(np.arange(ids.size), batch.rows.numpy())
    assert np.array_equal(batch.ids.flatten().numpy()[untouched], ids.flat[untouched])


def test_special_tokens_can_be_trained_on_but_are_not_masked_and_padding_is_neither(
    tiny_bert: MaskedLM,
) -> None:
    tokenizer = tiny_bert.tokenizer
    ids = np.random.default_rng(0).integers(5, 100, (8, 10))
    ids[:, 0], ids[:, 6], ids[:, 7:] = tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id
    real = np.tile(np.arange(10) < 7, (8, 1))
    masking = Masking(0.3, 0.8, 0.1)
    draw = Masker(tokenizer, tiny_bert.vocabulary_size, masking, seed=7, sample=1.0, special_tokens=True)
    batch = draw(ids, real, np.arange(8), 0)
    assert np.array_equal(batch.rows.numpy(), np.flatnonzero(real))
    special = (batch.rows % 10 == 0) | (batch.rows % 10 == 6)
    assert (batch.labels[special] == IGNORED).all() and (batch.labels[~special] != IGNORED).any()
    assert np.array_equal(batch.ids.numpy()[:, [0, 6]], ids[:, [0, 6]])


def test_positions_can_be_all_or_a_sample_with_labels_at_masked_ones_only(tiny_bert: MaskedLM) -> None:
    ids = np.random.default_rng(0).integers(5, 100, (50, 20))
    everything = masker(tiny_bert, sample=1.0)(ids, None, np.arange(50), 0)
    assert len(everything.rows) == ids.size
    assert (everything.labels != IGNORED).float().mean().item() == pytest.approx(0.3, abs=0.05)
    some = masker(tiny_bert, sample=0.25)(ids, None, np.arange(50), 0)
    assert len(some.rows) / ids.size == pytest.approx(0.3 + 0.7 * 0.25, abs=0.05)


def test_hashed_numbers_are_uniform_and_unlike_each_other() -> None:
    draws = [uniform(1, 0, np.arange(200), 50, draw) for draw in range(2)]
    assert draws[0].mean() == pytest.approx(0.5, abs=0.01)
    assert np.var(draws[0]) == pytest.approx(1 / 12, abs=0.003)
    for other in (draws[1], uniform(1, 1, np.arange(200), 50, 0), uniform(2, 0, np.arange(200), 50, 0)):
        assert abs(np.corrcoef(draws[0].ravel(), other.ravel())[0, 1]) < 0.05
