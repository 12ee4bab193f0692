"""The stage that trains the embedded teacher, on a tiny model."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from fairkd.distill import checkpoints
from fairkd.distill.data.batching import encode, pad
from fairkd.distill.data.masking import Masker, Masking
from fairkd.errors import InputError
from fairkd.models.loading import MaskedLM
from tests.tiny import SENTENCES
from tools import teacher_training

SETTINGS = teacher_training.Settings(
    minutes=0.01, batch_tokens=256, learning_rate=1e-2, head_learning_rate=1e-2
)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step takes 0.03 s, however busy the machine is."""
    ticks = itertools.count()
    monkeypatch.setattr(teacher_training, "time", SimpleNamespace(monotonic=lambda: 0.03 * next(ticks)))


def train(
    lm: MaskedLM, settings: teacher_training.Settings, checkpoint: Path | None = None
) -> tuple[MaskedLM, dict]:
    sentences = encode(lm.tokenizer, SENTENCES)
    own = replace(lm, model=copy.deepcopy(lm.model))
    report = teacher_training.train(
        own.model, own.tokenizer, sentences, settings, checkpoint=checkpoint, log=lambda _: None
    )
    return own, report


def test_a_model_learns_to_fill_masks_and_reports_steps_and_time(tiny_bert: MaskedLM) -> None:
    held_out = encode(tiny_bert.tokenizer, SENTENCES[:60])
    before = teacher_training.evaluate(tiny_bert.model, tiny_bert.tokenizer, held_out)
    trained, report = train(tiny_bert, SETTINGS)
    after = teacher_training.evaluate(trained.model, trained.tokenizer, held_out)
    assert after["perplexity"] < 0.5 * before["perplexity"]
    assert report["steps"] > 5 and report["minutes"] == SETTINGS.minutes
    assert report["epochs"] == pytest.approx(
        report["tokens"] / sum(map(len, encode(tiny_bert.tokenizer, SENTENCES)))
    )
    table, projection = (
        trained.model.get_input_embeddings().weight,
        trained.model.get_output_embeddings().weight,
    )
    assert table is projection, "still tied"


def test_the_gradient_of_the_tied_embeddings_equals_autograds(tiny_bert: MaskedLM) -> None:
    ids, mask = pad(encode(tiny_bert.tokenizer, SENTENCES[:8]), 0)
    masker = Masker(tiny_bert.tokenizer, tiny_bert.vocabulary_size, Masking(), seed=0)
    batch = masker(ids, mask, torch.arange(8).numpy(), 0)
    plain, ours = copy.deepcopy(tiny_bert.model), copy.deepcopy(tiny_bert.model)
    for model in (plain, ours):
        model.requires_grad_(True)
    logits = plain(input_ids=batch.ids, attention_mask=batch.attention_mask.long()).logits.flatten(0, 1)[
        batch.rows
    ]
    torch.nn.functional.cross_entropy(logits, batch.labels).backward()
    torch.nn.utils.clip_grad_norm_(plain.parameters(), 1.0)
    gradients = {}

    class Look(torch.optim.SGD):
        def step(self, closure: object = None) -> None:
            gradients.update(
                {name: p.grad.clone() for name, p in ours.named_parameters() if p.grad is not None}
            )

    teacher_training._step(ours, batch, Look(ours.parameters(), lr=0.0))
    wanted = plain.get_input_embeddings().weight.grad
    name = "bert.embeddings.word_embeddings.weight"
    assert torch.allclose(gradients[name], wanted, atol=1e-5)


def test_interrupted_training_resumes_from_its_checkpoint(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    _, first = train(tiny_bert, replace(SETTINGS, checkpoint_minutes=0.002), tmp_path)
    found = checkpoints.newest(tmp_path)
    assert found is not None and 0 < found.step <= first["steps"]
    _, second = train(tiny_bert, replace(SETTINGS, minutes=0.015, checkpoint_minutes=9), tmp_path)
    assert second["steps"] > found.step and second["tokens"] > found.state["tokens"]
    _, over = train(tiny_bert, replace(SETTINGS, minutes=found.state["minutes"] / 2), tmp_path)
    assert over["steps"] == found.step, "its minutes were spent before"
    with pytest.raises(InputError, match="trained with other settings .*'masked': 0.8"):
        train(tiny_bert, replace(SETTINGS, masked=0.5), tmp_path)


def test_an_average_weighs_both_models(tiny_bert: MaskedLM) -> None:
    ours, theirs = copy.deepcopy(tiny_bert.model), copy.deepcopy(tiny_bert.model)
    with torch.no_grad():
        for weights in theirs.parameters():
            weights.add_(1.0)
    teacher_training.average(ours, theirs, 0.25)
    for before, after in zip(tiny_bert.model.parameters(), ours.parameters(), strict=True):
        torch.testing.assert_close(after, before + 0.25)
    assert ours.get_output_embeddings().weight is ours.get_input_embeddings().weight
