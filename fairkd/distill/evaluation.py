"""Evaluation of a student during its run: measures on small fixed samples, and watched sentences.

Evaluating draws no random number and changes no weight, so it does not influence the run. What the teacher
contributes is computed once. `fairkd.measures.MEASURES` describes the measures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from fairkd.constraints import Constraint
from fairkd.distill.config import EvaluationConfig
from fairkd.distill.data import Batch, BatchSampler, Masker, Masking
from fairkd.errors import InputError
from fairkd.lexicon import fitting, shipped_professions
from fairkd.measures import evaluation_keys, gaps, perplexity_of_loss, pseudo_perplexity_of_tokens, summarise
from fairkd.models import BATCH_TOKENS, VOCABULARY_ROWS, MaskedLM, projection_of, rows_of, transform_of
from fairkd.predictions import as_json, predict

Measures = dict[str, float | None]
T = TypeVar("T")


@dataclass(frozen=True)
class _Sample:
    """A masked batch, and the teacher's states [M, width] at its masked positions."""

    batch: Batch
    teacher_states: Tensor


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
        usable = [ids for ids in held_out if len(ids) > 2]
        sentences = spread(usable, settings.sentences)
        self.sentences = len(sentences)
        device = teacher.model.device
        pad_id = teacher.tokenizer.pad_token_id or 0
        # Not the run's seed: the masks are the same for every run on a corpus.
        masker = Masker(teacher.tokenizer, teacher.vocabulary_size, Masking(0.2, 1.0, 0.0), seed=0)
        self.masked = [
            _Sample(batch, self._states(teacher, batch))
            for batch in (each.to(device) for each in _batches(sentences[::2], masker, pad_id))
        ]
        self.token_ids = sentences
        self.contrast = settings.groups()
        self.templates = fitting(self.contrast)
        self.professions = spread(shipped_professions()["profession"].tolist(), settings.professions)
        self.missing: str | None = None  # why no gap can be measured
        for text in settings.watched_sentences:
            predict(teacher, text)

    def teacher_measures(self) -> Measures:
        """Quality and bias of the teacher."""
        return self._measures(self.teacher, fidelity=False)

    def student_measures(self) -> Measures:
        """Fidelity, quality and bias of the student as it is now.

        None where there is nothing to measure on, NaN where the student's outputs are not finite.
        """
        return self._measures(self.student, fidelity=True)

    def _measures(self, lm: MaskedLM, *, fidelity: bool) -> Measures:
        masked = self._masked(lm, fidelity=fidelity)
        return {**masked, "pseudo_perplexity_sampled": self._pseudo_perplexity(lm), **self._gaps(lm)}

    def watched_sentences(self, lm: MaskedLM) -> Iterator[dict[str, Any]]:
        """`text` and `positions` of each watched sentence, as `fairkd.predictions.as_json` returns them."""
        for text in self.settings.watched_sentences:
            document = as_json(predict(lm, text), top_k=self.settings.top_k)
            yield {"text": text, "positions": document["positions"]}

    @torch.inference_mode()
    def _masked(self, lm: MaskedLM, *, fidelity: bool) -> Measures:
        """The measures at masked tokens, 20 % of them at once: quality and, for a student, fidelity."""
        compared = ("kl", "kl_constrained", "top1_agreement") if fidelity else ()
        sums, count = dict.fromkeys((*compared, "loss", "top1_accuracy"), 0.0), 0
        for sample in self.masked:
            states, labels = self._states(lm, sample.batch), sample.batch.labels
            for start in range(0, len(states), VOCABULARY_ROWS):
                span = slice(start, start + VOCABULARY_ROWS)
                s = projection_of(lm.model)(states[span]).log_softmax(1)
                first = s.argmax(1)
                sums["loss"] += float(F.nll_loss(s, labels[span], reduction="sum"))
                sums["top1_accuracy"] += float((first == labels[span]).sum())
                if not fidelity:
                    continue
                p = projection_of(self.teacher.model)(sample.teacher_states[span]).log_softmax(1)
                sums["top1_agreement"] += float((first == p.argmax(1)).sum())
                sums["kl"] += float(F.kl_div(s, p, reduction="sum", log_target=True))
                if self.constraint.active:
                    q = self.constraint(p)
                    sums["kl_constrained"] += float(F.kl_div(s, q, reduction="sum", log_target=True))
            count += len(states)
        means: Measures = {name: value / count if count else None for name, value in sums.items()}
        if fidelity and not self.constraint.active:
            means["kl_constrained"] = means["kl"]
        loss = means.pop("loss")
        return {**means, "perplexity": None if loss is None else perplexity_of_loss(loss)}

    def _pseudo_perplexity(self, lm: MaskedLM) -> float | None:
        try:
            return pseudo_perplexity_of_tokens(lm, self.token_ids, positions="sampled").value
        except InputError:  # no token to score
            return None

    @torch.inference_mode()
    def _states(self, lm: MaskedLM, batch: Batch) -> Tensor:
        """States [M, width] at the batch's masked positions, after the head's transform."""
        return transform_of(lm.model)(rows_of(lm.model, batch.ids, batch.attention_mask, batch.rows))

    def _gaps(self, lm: MaskedLM) -> Measures:
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
            return dict.fromkeys(evaluation_keys("bias"))
        if frame["gap"].isna().any():  # the model's outputs are not finite
            return dict.fromkeys(evaluation_keys("bias"), math.nan)
        summary = summarise(frame, resamples=500)
        return {
            "gap_mean": summary.mean,
            "gap_low": summary.low,
            "gap_high": summary.high,
            "gap_absolute": summary.mean_absolute,
            "gap_absolute_low": summary.absolute_low,
            "gap_absolute_high": summary.absolute_high,
            "gap_mass": summary.mass,
        }


def spread(items: Sequence[T], count: int) -> list[T]:
    """At most `count` of the items, evenly spread, in order."""
    if len(items) <= count:
        return list(items)
    return [items[i] for i in np.linspace(0, len(items) - 1, count).astype(int)]


def _batches(sentences: Sequence[np.ndarray], masker: Masker, pad_id: int) -> Iterator[Batch]:
    """The sentences with 20 % of their tokens masked."""
    if not sentences:
        return
    sampler = BatchSampler(sentences, tokens=BATCH_TOKENS, seed=0, pad_id=pad_id)
    for index in sampler.epoch(0):
        yield masker(*sampler.pad(index), index, 0)
