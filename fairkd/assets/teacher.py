"""Train the embedded teacher: the MiniLM-L6-H384 encoder with a masked-language-model head of its own.

The encoder's published weights come without an MLM head, so encoder and head are trained together
with tied embeddings. Everything serves speed on a small machine: batches hold sentences of (nearly) one
length, so that no padding is computed; the last layer and the head run on the masked positions only;
no dropout, because less than a few passes over the text cannot overfit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import BertForMaskedLM


@dataclass(frozen=True, kw_only=True)
class TeacherSettings:
    """How the teacher is trained; `minutes` is wall-clock time and sets the learning-rate schedule."""

    minutes: float
    micro_batch_tokens: int = 1024
    micro_batches: int = 2
    mask_rate: float = 0.2
    learning_rate: float = 4e-4
    head_learning_rate: float = 1e-3
    warmup: float = 0.03
    weight_decay: float = 0.01
    seed: int = 0


def masked_rows(
    model: BertForMaskedLM, ids: Tensor, real: Tensor | None, rows: Tensor, words: Tensor | None = None
) -> Tensor:
    """The last hidden states [M, width] at the flat positions `rows` of `ids` [batch, length].

    Equal to `model.bert(ids).last_hidden_state.view(-1, width)[rows]`, but the last layer's queries
    and feed-forward part, which mix no positions, are computed for those rows alone. `words`
    [batch, length, width] stands in for the looked-up word embeddings.
    """
    config = model.config
    batch, length = ids.shape
    heads = config.num_attention_heads
    size = config.hidden_size // heads
    hidden = model.bert.embeddings(ids) if words is None else model.bert.embeddings(inputs_embeds=words)
    bias = None if real is None else torch.where(real, 0.0, float("-inf"))[:, None, None, :]
    layers = model.bert.encoder.layer

    def split(x: Tensor) -> Tensor:
        return x.view(batch, -1, heads, size).transpose(1, 2)

    for number, layer in enumerate(layers):
        attention = layer.attention.self
        query, key, value = (split(part(hidden)) for part in (attention.query, attention.key, attention.value))
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        mixed = mixed.transpose(1, 2).reshape(batch * length, -1)
        hidden = hidden.reshape(batch * length, -1)
        if number == len(layers) - 1:
            mixed, hidden = mixed[rows], hidden[rows]
        out = layer.attention.output
        hidden = out.LayerNorm(out.dense(mixed) + hidden)
        grown = F.gelu(layer.intermediate.dense(hidden))
        hidden = layer.output.LayerNorm(layer.output.dense(grown) + hidden)
        if number < len(layers) - 1:
            hidden = hidden.view(batch, length, -1)
    return hidden


class Batches:
    """Endless batches of sentences of nearly one length, shuffled anew in each epoch."""

    def __init__(self, sentences: Sequence[np.ndarray], tokens: int, seed: int) -> None:
        self.sentences = sentences
        self.lengths = np.array([len(ids) for ids in sentences])
        self.tokens = tokens
        self.random = np.random.default_rng(seed)
        self.epoch = 0

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        while True:
            order = self.random.permutation(len(self.sentences))
            order = order[np.argsort(self.lengths[order], kind="stable")]
            batches, start = [], 0
            while start < len(order):
                count = max(1, self.tokens // self.lengths[order[start]])
                batches.append(order[start : start + count])
                start += count
            for index in self.random.permutation(len(batches)):
                yield pad([self.sentences[i] for i in batches[index]])
            self.epoch += 1


def pad(sentences: Sequence[np.ndarray]) -> tuple[Tensor, Tensor | None]:
    length = max(map(len, sentences))
    ids = np.zeros((len(sentences), length), dtype=np.int64)
    for row, sentence in enumerate(sentences):
        ids[row, : len(sentence)] = sentence
    tensor = torch.from_numpy(ids)
    return tensor, None if all(len(s) == length for s in sentences) else tensor != 0


def mask(
    ids: Tensor, rate: float, random: torch.Generator, vocabulary: int, *, pure: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Masked copy of `ids`, the flat positions chosen and their labels.

    Of the chosen positions 88 % become [MASK], 8 % stay as they are and 4 % get a random word:
    the visible ones teach the model to read positions as written. `pure` masks all of them.
    """
    candidates = torch.nonzero((ids > 103).flatten() | (ids == 100).flatten()).flatten()
    wanted = max(1, round(rate * len(candidates)))
    chosen = candidates[torch.randperm(len(candidates), generator=random)[:wanted]]
    flat = ids.flatten().clone()
    labels = flat[chosen]
    draw = torch.rand(wanted, generator=random)
    new = torch.where(draw < 0.88, 103, labels)
    noise = torch.randint(1000, vocabulary, (wanted,), generator=random)
    new = torch.where(draw >= 0.96, noise, new)
    flat[chosen] = 103 if pure else new
    return flat.view_as(ids), chosen, labels


def head(model: BertForMaskedLM, rows: Tensor) -> Tensor:
    return model.cls(rows)


@torch.inference_mode()
def evaluate(model: BertForMaskedLM, sentences: Sequence[np.ndarray], rate: float = 0.2) -> dict[str, float]:
    """Masked-position perplexity and top-1 accuracy, every chosen position a [MASK], seeded."""
    random = torch.Generator().manual_seed(1234)
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    loss = hits = count = 0.0
    model.eval()
    for start in range(0, len(order), 64):
        ids, real = pad([sentences[i] for i in order[start : start + 64]])
        masked, rows, labels = mask(ids, rate, random, model.config.vocab_size, pure=True)
        logits = head(model, masked_rows(model, masked, real, rows))
        loss += F.cross_entropy(logits, labels, reduction="sum").item()
        hits += (logits.argmax(-1) == labels).sum().item()
        count += len(labels)
    return {"perplexity": math.exp(loss / count), "top1": hits / count, "positions": count}


def groups(model: BertForMaskedLM, settings: TeacherSettings) -> list[dict]:
    """Parameters by learning rate and decay: matrices decay, norms and biases do not; the new head is faster."""
    sorted_out: dict[tuple[bool, bool], list] = {}
    for name, parameter in model.named_parameters():
        key = (name.startswith("cls"), parameter.ndim >= 2)
        sorted_out.setdefault(key, []).append(parameter)
    return [
        {
            "params": parameters,
            "base": settings.head_learning_rate if new else settings.learning_rate,
            "weight_decay": settings.weight_decay if decays else 0.0,
        }
        for (new, decays), parameters in sorted_out.items()
    ]


def train(
    model: BertForMaskedLM,
    sentences: Sequence[np.ndarray],
    settings: TeacherSettings,
    *,
    held_out: Sequence[np.ndarray] = (),
    evaluate_every: float = 10.0,
    checkpoint: Path | None = None,
    log=print,
) -> dict[str, float]:
    torch.manual_seed(settings.seed)
    counts = np.bincount(np.concatenate(sentences), minlength=model.config.vocab_size)
    with torch.no_grad():
        unigram = torch.log(torch.from_numpy(counts + 1.0)).float()
        model.cls.predictions.bias.copy_(unigram - unigram.mean())
    optimizer = torch.optim.AdamW(groups(model, settings), lr=1.0, betas=(0.9, 0.98), eps=1e-6, fused=True)
    random = torch.Generator().manual_seed(settings.seed)
    batches = iter(stream := Batches(sentences, settings.micro_batch_tokens, settings.seed))
    table = model.get_input_embeddings().weight
    begin, steps, tokens, smooth, last = time.time(), 0, 0, None, 0.0
    while True:
        elapsed = (time.time() - begin) / 60
        progress = elapsed / settings.minutes
        if progress >= 1:
            break
        factor = min(1.0, progress / settings.warmup) * min(1.0, (1 - progress) / (1 - settings.warmup))
        for group in optimizer.param_groups:
            group["lr"] = group["base"] * factor
        parts = [next(batches) for _ in range(settings.micro_batches)]
        parts = [(mask(ids, settings.mask_rate, random, model.config.vocab_size), real) for ids, real in parts]
        # The lookup's gradient is added by index below: autograd would fill a dense [V, width] array for it.
        looked_up = [table.detach()[ids].requires_grad_() for (ids, _, _), _ in parts]
        states = [
            masked_rows(model, ids, real, rows, words)
            for ((ids, rows, _), real), words in zip(parts, looked_up, strict=True)
        ]
        labels = torch.cat([labels for (_, _, labels), _ in parts])
        loss = F.cross_entropy(head(model, torch.cat(states)), labels)
        loss.backward()
        for ((ids, _, _), _), words in zip(parts, looked_up, strict=True):
            table.grad.index_add_(0, ids.flatten(), words.grad.flatten(0, 1))
            tokens += ids.numel()
        value = loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        steps += 1
        smooth = value if smooth is None else 0.99 * smooth + 0.01 * value
        if steps % 50 == 0:
            log(f"{elapsed:6.1f} min  step {steps}  epoch {stream.epoch}  tokens {tokens:,}  loss {smooth:.3f}  {tokens / elapsed / 60:.0f} tok/s")
        if held_out and elapsed - last > evaluate_every:
            last = elapsed
            log(f"   held out {evaluate(model, held_out[::4])}")
            if checkpoint:
                torch.save(model.state_dict(), checkpoint.with_suffix(".tmp"))
                checkpoint.with_suffix(".tmp").rename(checkpoint)
    return {"steps": steps, "tokens": tokens, "epochs": tokens / sum(map(len, sentences)), **asdict(settings)}
