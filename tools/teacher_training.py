"""Train the embedded teacher: the MiniLM-L6-H384 encoder with a masked-language-model head of its own.

The encoder's published weights come without an MLM head, so encoder and head are trained together
with tied embeddings. Everything serves speed on a small machine: batches hold sentences of (nearly) one
length, so that no padding is computed; the last layer and the head run on the masked positions only;
no dropout, because a pass or two over the text cannot overfit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from fairkd.distill import autocast, checkpoints, make_accelerator, schedule
from fairkd.distill.data import Batch, BatchLoader, BatchSampler, DataPosition, Masker, Masking
from fairkd.errors import InputError
from fairkd.models import masked_rows, projection_of, transform_of

EVERY_ONE_MASKED = Masking(0.2, 1.0, 0.0)
AS_IN_TRAINING = Masking(0.2, 0.8, 0.1)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the teacher is trained; `minutes` is wall-clock time and sets the learning-rate schedule.

    Of the chosen positions `masked` become the mask token and `random` a random word; the others stay as they
    are, which teaches the model to read positions as written.
    """

    minutes: float = 90
    batch_tokens: int = 2048
    mask_rate: float = 0.2
    masked: float = 0.8
    random: float = 0.1
    learning_rate: float = 5e-4
    head_learning_rate: float = 1e-3
    warmup: float = 0.03
    weight_decay: float = 0.01
    seed: int = 0
    checkpoint_minutes: float = 10


def train(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    sentences: Sequence[np.ndarray],
    settings: Settings,
    *,
    fresh_head: bool = True,
    checkpoint: Path | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Train `model` in place on token ids; the settings with the steps, tokens and epochs that it took.

    It is moved to a GPU if there is one, computes in bf16 there, and comes back to where it was. With
    `checkpoint`, a folder, training goes on from what the folder holds, and is stored there every
    `settings.checkpoint_minutes`; minutes that were trained before count.
    """
    home, device = model.device, make_accelerator().device
    nn.Module.to(model, device)
    torch.manual_seed(settings.seed)
    if fresh_head:
        # Starting from the words' frequencies spares the head from learning them.
        counts = np.bincount(np.concatenate(sentences), minlength=model.config.vocab_size)
        unigram = torch.from_numpy(np.log(counts + 1.0)).float()
        bias = projection_of(model).bias
        assert bias is not None, "the teacher is a BERT"
        with torch.no_grad():
            bias.copy_(unigram - unigram.mean())
    optimizer = torch.optim.AdamW(_groups(model, settings), lr=1.0, betas=(0.9, 0.98), eps=1e-6, fused=True)
    masking = Masking(settings.mask_rate, settings.masked, settings.random)
    sampler = BatchSampler(
        sentences, tokens=settings.batch_tokens, seed=settings.seed, pad_id=tokenizer.pad_token_id or 0
    )
    loader = BatchLoader(sampler, Masker(tokenizer, model.config.vocab_size, masking, seed=settings.seed))
    named = dict(model.named_parameters())
    steps, tokens, before = 0, 0, 0.0
    if checkpoint is not None and (found := checkpoints.newest(checkpoint, log)) is not None:
        checkpoints.unpack(found.tensors, named, optimizer)
        if (others := found.state["settings"]) != _recipe(settings):
            raise InputError(
                f"The checkpoint in {checkpoint} was trained with other settings ({others}); delete it to "
                "start again, or use those settings."
            )
        steps, tokens, before = found.step, found.state["tokens"], found.state["minutes"]
        loader.position = DataPosition(**found.state["place"])
        log(f"Resuming from step {steps}, after {before:.1f} minutes")
    begin, stored, smooth = time.monotonic(), before, math.nan
    while (minutes := before + (time.monotonic() - begin) / 60) < settings.minutes:
        epoch = loader.position.epoch
        (batch,) = loader.take(1)
        rate = schedule(minutes / settings.minutes, settings.warmup)
        for group in optimizer.param_groups:
            group["lr"] = group["base"] * rate
        loss = _step(model, batch.to(device), optimizer)
        steps += 1
        tokens += batch.tokens
        smooth = loss if math.isnan(smooth) else 0.99 * smooth + 0.01 * loss
        if steps % 50 == 0:
            log(f"{minutes:6.1f} min  step {steps}  epoch {epoch}  tokens {tokens:,}  loss {smooth:.3f}")
        if checkpoint is not None and minutes - stored >= settings.checkpoint_minutes:
            stored = minutes
            state = {
                "tokens": tokens,
                "minutes": minutes,
                "place": asdict(loader.position),
                "settings": _recipe(settings),
            }
            checkpoints.write(checkpoint, steps, state, checkpoints.pack(named, optimizer), keep=2)
    nn.Module.to(model, home)
    return {
        "steps": steps,
        "tokens": tokens,
        "epochs": tokens / sum(map(len, sentences)),
        "on": "a GPU in bf16" if device.type == "cuda" else "CPU cores in fp32",
        **asdict(settings),
    }


@torch.no_grad()
def average(model: PreTrainedModel, earlier: PreTrainedModel, share: float) -> None:
    """Give `model` in place the average of both models' weights, with `share` of the earlier one's.

    Further training on other text gives and takes; the average keeps most of both ("Model soups", Wortsman
    et al. 2022).
    """
    for ours, theirs in zip(model.parameters(), earlier.parameters(), strict=True):
        ours.lerp_(theirs, share)


def _recipe(settings: Settings) -> dict[str, Any]:
    """The settings without those that may change when a training goes on."""
    return {k: v for k, v in asdict(settings).items() if k not in ("minutes", "checkpoint_minutes")}


def _step(model: PreTrainedModel, batch: Batch, optimizer: torch.optim.Optimizer) -> float:
    """One step of the optimizer; the loss."""
    table = projection_of(model).weight  # tied: the word embeddings themselves
    assert table is not None, "the teacher is a BERT"
    # The lookup's gradient is added by index: autograd would fill a dense [V, width] array for it.
    words = table.detach()[batch.ids].requires_grad_()
    with autocast(table.device, "bf16" if table.device.type == "cuda" else "fp32"):
        logits = head(model, masked_rows(model, batch.ids, batch.attention_mask, batch.rows, words))
    loss = F.cross_entropy(logits.float(), batch.labels)
    loss.backward()
    assert table.grad is not None and words.grad is not None
    table.grad.index_add_(0, batch.ids.flatten(), words.grad.flatten(0, 1))
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss.item()


def head(model: PreTrainedModel, states: Tensor) -> Tensor:
    """Logits [M, V] for last hidden states [M, width]."""
    return projection_of(model)(transform_of(model)(states))


def _groups(model: PreTrainedModel, settings: Settings) -> list[dict[str, Any]]:
    """Parameters by learning rate and decay: matrices decay, norms and biases do not; the head is faster."""
    sorted_out: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        sorted_out.setdefault((name.startswith("cls"), parameter.ndim >= 2), []).append(parameter)
    return [
        {
            "params": parameters,
            "base": settings.head_learning_rate if new else settings.learning_rate,
            "weight_decay": settings.weight_decay if decays else 0.0,
        }
        for (new, decays), parameters in sorted_out.items()
    ]


@torch.inference_mode()
def evaluate(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    sentences: Sequence[np.ndarray],
    masking: Masking = EVERY_ONE_MASKED,
) -> dict[str, float]:
    """Perplexity and top-1 accuracy at the positions that `masking` chooses; seeded."""
    loss = hits = count = 0.0
    for batch in (each.to(model.device) for each in _masked_once(model, tokenizer, sentences, masking)):
        logits = head(model, masked_rows(model, batch.ids, batch.attention_mask, batch.rows))
        loss += F.cross_entropy(logits, batch.labels, reduction="sum").item()
        hits += (logits.argmax(-1) == batch.labels).sum().item()
        count += len(batch.labels)
    return {"perplexity": math.exp(loss / count), "top1": hits / count, "positions": count}


def _masked_once(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    sentences: Sequence[np.ndarray],
    masking: Masking,
) -> Iterator[Batch]:
    sampler = BatchSampler(sentences, tokens=2048, seed=0, pad_id=tokenizer.pad_token_id or 0)
    masker = Masker(tokenizer, model.config.vocab_size, masking, seed=1234)
    for index in sampler.epoch(0):
        yield masker(*sampler.pad(index), index, 0)
