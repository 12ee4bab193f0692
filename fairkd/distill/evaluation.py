"""Evaluation of a student during its run: measures on small fixed samples, and watched sentences.

Evaluating draws none of the run's random numbers and changes no weight, so it does not influence the run.
What the teacher contributes is computed once. `fairkd.measures.MEASURES` describes the measures,
`fairkd.measures.paired` the items that each of them averages.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from fairkd.constraints import Constraint
from fairkd.distill.config import EvaluationConfig
from fairkd.distill.data import Batch, BatchSampler, Masker, Masking
from fairkd.errors import InputError
from fairkd.lexicon import fitting, professions_of, shipped_professions
from fairkd.measures import (
    MEASURES,
    WEIGHTS,
    calibration_items,
    evaluation_keys,
    gaps,
    measured,
    profession_items,
    pseudo_perplexity_of_tokens,
    rounded,
)
from fairkd.models import BATCH_TOKENS, VOCABULARY_ROWS, MaskedLM, projection_of, states_and_head_input
from fairkd.predictions import as_json, predict

# Not the run's seed: the masks are the same for every run on a corpus.
MASKING = Masking(0.2, 1.0, 0.0)
CONFIDENCE = "confidence"  # the probability of the most probable token

Measures = dict[str, float | None]
T = TypeVar("T")


@dataclass(frozen=True)
class Evaluation:
    """The measures of one model, with intervals and sample sizes, and the items behind them, for an event."""

    measures: Measures
    items: dict[str, Any]


@dataclass(frozen=True)
class _Sample:
    """A masked batch, and the sentence of each masked position [M]."""

    batch: Batch
    sentences: np.ndarray


class Evaluator:
    """Evaluates one student against one teacher, always on the same sentences and masks.

    Parameters
    ----------
    held_out
        Token ids of held-out sentences, of which `settings.sentences` are used, evenly spread. One token of
        each is masked for the pseudo-perplexity; for the other measures on text, 20 % of the tokens of every
        second sentence.

    Raises
    ------
    InputError
        A watched sentence is too long or cannot be tokenized.
    """

    def __init__(
        self,
        teacher: MaskedLM,
        student: MaskedLM,
        constraint: Constraint,
        settings: EvaluationConfig,
        held_out: Sequence[np.ndarray],
    ) -> None:
        self.teacher, self.student, self.constraint, self.settings = teacher, student, constraint, settings
        self._choose_sentences(held_out)
        self.contrast = settings.groups()
        self.templates = fitting(self.contrast)
        shipped = professions_of(shipped_professions(self.contrast.language))
        self.professions = spread(shipped, settings.professions)
        self.missing: str | None = None  # why no gap can be measured
        for text in settings.watched_sentences:
            predict(teacher, text)

    def _choose_sentences(self, held_out: Sequence[np.ndarray]) -> None:
        """Choose the sentences, mask them, and compute what the teacher contributes."""
        teacher = self.teacher
        usable = [ids for ids in held_out if len(ids) > 2]
        sentences = spread(usable, self.settings.sentences)
        self.digest = digest_of(sentences)
        pad_id = teacher.tokenizer.pad_token_id or 0
        masker = Masker(teacher.tokenizer, teacher.vocabulary_size, MASKING, seed=0)
        device = teacher.model.device
        self.masked = [_Sample(*one) for one in _batches(sentences[::2], masker, pad_id, device)]
        # The masked tokens of each masked sentence that has any.
        counts = np.bincount(_joined([sample.sentences for sample in self.masked]))
        self.masked_tokens = counts.astype(float)
        self.token_ids = sentences

    def evaluate_teacher(self) -> Evaluation:
        """Quality and bias of the teacher."""
        return self._evaluate(self.teacher, fidelity=False)

    def evaluate_student(self) -> Evaluation:
        """Fidelity, quality and bias of the student as it is now.

        A measure is None where there is nothing to measure on, NaN where the outputs are not finite.
        """
        return self._evaluate(self.student, fidelity=True)

    def _evaluate(self, lm: MaskedLM, *, fidelity: bool) -> Evaluation:
        families = ("fidelity", "quality", "bias") if fidelity else ("quality", "bias")
        masked, scored, by_profession = self._masked(lm, fidelity=fidelity), self._scored(lm), self._gaps(lm)
        items: dict[str, Any] = {**masked, **scored, **by_profession}
        measures: Measures = dict.fromkeys(evaluation_keys(*families))
        for key in [key for key in MEASURES if key in items]:
            measures |= measured(MEASURES[key], items)
            measures[MEASURES[key].sample] = len(items[key])
        if not self.constraint.active:
            items.pop("kl_constrained", None)  # the same as `kl`: an event is kept small
        return Evaluation(measures, {"sentences": self.digest, **rounded(items)})

    def watched_sentences(self, lm: MaskedLM) -> Iterator[dict[str, Any]]:
        """`text` and `positions` of each watched sentence, as `fairkd.predictions.as_json` returns them."""
        for text in self.settings.watched_sentences:
            document = as_json(predict(lm, text), top_k=self.settings.top_k)
            yield {"text": text, "positions": document["positions"]}

    @torch.inference_mode()
    def _masked(self, lm: MaskedLM, *, fidelity: bool) -> dict[str, np.ndarray]:
        """Sums over the masked tokens of each sentence, 20 % of its tokens at once, and their numbers."""
        parts: dict[str, list[Tensor]] = {}
        projection, teacher_projection = projection_of(lm.model), projection_of(self.teacher.model)
        for sample, teacher_states in zip(self.masked, self._teacher_states, strict=True):
            states = teacher_states if lm is self.teacher else self._states(lm, sample.batch)
            labels = sample.batch.labels
            for start in range(0, len(states), VOCABULARY_ROWS):
                span = slice(start, start + VOCABULARY_ROWS)
                s = projection(states[span]).log_softmax(1)
                highest, first = s.max(1)
                found = {
                    "perplexity": F.nll_loss(s, labels[span], reduction="none"),
                    "top1_accuracy": first == labels[span],
                    CONFIDENCE: highest.exp(),
                }
                if fidelity:
                    p = teacher_projection(teacher_states[span]).log_softmax(1)
                    found["top1_agreement"] = first == p.argmax(1)
                    found["kl"] = found["kl_constrained"] = _kl(p, s)
                    if self.constraint.active:
                        found["kl_constrained"] = _kl(self.constraint(p), s)
                for key, values in found.items():
                    parts.setdefault(key, []).append(values.double().cpu())
        return self._by_sentence(parts, _joined([sample.sentences for sample in self.masked]))

    def _by_sentence(
        self, parts: Mapping[str, Sequence[Tensor]], owners: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Values of masked tokens added up by their sentences `owners`, and the numbers of these tokens.

        The confidences become what each sentence adds to the calibration error.
        """
        if not parts:
            return {}
        has_any = self.masked_tokens > 0
        tokens = {key: torch.cat(list(values)).numpy() for key, values in parts.items()}
        confidence = tokens.pop(CONFIDENCE)
        sums: dict[str, np.ndarray] = {
            key: np.bincount(owners, weights=values) for key, values in tokens.items()
        }
        if np.isfinite(confidence).all():
            right, count = tokens["top1_accuracy"], len(self.masked_tokens)
            sums["calibration_error"] = calibration_items(confidence, right, owners, count)
        else:
            sums["calibration_error"] = np.full(len(self.masked_tokens), math.nan)
        return {WEIGHTS: self.masked_tokens[has_any], **{key: one[has_any] for key, one in sums.items()}}

    def _scored(self, lm: MaskedLM) -> dict[str, np.ndarray]:
        """−log p of one masked token of each sentence, in nats."""
        try:
            found = pseudo_perplexity_of_tokens(lm, self.tokens_of(lm), positions="sampled")
        except InputError:  # no token to score
            return {}
        return {"pseudo_perplexity_sampled": -found.log_probabilities}

    def tokens_of(self, lm: MaskedLM) -> Sequence[np.ndarray]:
        """The held-out sentences as token ids of the teacher or the student."""
        return self.token_ids

    @cached_property
    def _teacher_states(self) -> list[Tensor]:
        """Of the teacher, in each of `masked`. A run whose first evaluations are on disk starts without."""
        return [self._states(self.teacher, sample.batch) for sample in self.masked]

    @torch.inference_mode()
    def _states(self, lm: MaskedLM, batch: Batch) -> Tensor:
        """What the vocabulary projection takes [M, width] at the batch's masked positions."""
        return states_and_head_input(lm.model, batch.ids, batch.attention_mask, batch.rows)[1]

    def _gaps(self, lm: MaskedLM) -> dict[str, Any]:
        """The gaps of each profession."""
        if self.missing is None:
            try:
                frame = gaps(
                    lm,
                    contrast=self.contrast,
                    templates=self.templates,
                    professions=self.professions,
                    prior=False,
                )
            except InputError as error:  # the tokenizer cannot spell the words, which need not end a run
                self.missing = str(error)
        if self.missing is not None:
            return {}
        return profession_items(frame)


def spread(items: Sequence[T], count: int) -> list[T]:
    """At most `count` of the items, evenly spread, in order."""
    if len(items) <= count:
        return list(items)
    return [items[i] for i in np.linspace(0, len(items) - 1, count).astype(int)]


def _batches(
    sentences: Sequence[np.ndarray], masker: Masker, pad_id: int, device: torch.device
) -> Iterator[tuple[Batch, np.ndarray]]:
    """The sentences with 20 % of their tokens masked, and the number of each masked position's sentence."""
    if not sentences:
        return
    sampler = BatchSampler(sentences, tokens=BATCH_TOKENS, seed=0, pad_id=pad_id)
    for index in sampler.epoch(0):
        batch = masker(*sampler.pad(index), index, 0)
        yield batch.to(device), index[batch.rows.numpy() // batch.ids.shape[1]]


def _kl(p: Tensor, s: Tensor) -> Tensor:
    """KL(p || s) of each row [M] of log-probabilities [M, V], in nats."""
    return F.kl_div(s, p, reduction="none", log_target=True).sum(1)


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def digest_of(sentences: Sequence[np.ndarray]) -> str:
    """What the sentences are told from others by; empty without any."""
    if not sentences:
        return ""
    found = hashlib.sha256()
    for ids in sentences:
        found.update(ids.astype("<i4").tobytes() + b"\n")
    return found.hexdigest()[:16]
