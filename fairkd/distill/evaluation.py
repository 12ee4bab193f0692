"""What is measured while a student learns: fidelity, quality, gaps and watched_sentences, on fixed small
samples.

Nothing here draws a random number or changes a weight, so that a run is the same however often it is
evaluated. What concerns the teacher alone is computed once.
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
from fairkd.distill.data import Batch, Masker, Masking, Stream
from fairkd.distill.precision import on
from fairkd.errors import InputError
from fairkd.lexicon import fitting, shipped_professions
from fairkd.measures import FIDELITY, GAPS, gaps, summarise
from fairkd.models import MaskedLM, projection_of, rows_of, transform_of
from fairkd.predictions import as_json, predict

Measures = dict[str, float | None]
T = TypeVar("T")

BATCH_TOKENS = 2048
POSITIONS_AT_ONCE = 64  # few enough for [positions, V] to stay near the cache


@dataclass(frozen=True)
class _Sample:
    """A batch on the device, and the teacher's states [M, width] there, after its head's transform."""

    batch: Batch
    taught: Tensor


class Evaluator:
    """Measures one student against one teacher, always on the same sentences.

    Parameters
    ----------
    held_out
        Token ids of held-out sentences; `settings.sentences` of them, evenly spread, are used: one word of
        each for the pseudo-perplexity, 20 % of every second one for the other measures.
    seed
        Decides the masks.

    Raises
    ------
    InputError
        For a watched_sentence that cannot be read or is too long.
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
        # Of no run's seed: what is hidden is the same for every run on a corpus.
        masker = Masker(teacher.tokenizer, teacher.vocabulary_size, Masking(0.2, 1.0, 0.0), seed=0)
        self.masked = [
            _Sample(batch, self._taught(batch))
            for batch in (on(device, each) for each in _batches(sentences[::2], masker, pad_id))
        ]
        single = _one_masked(sentences, teacher.mask_id, pad_id, masker.special)
        self.single = [on(device, batch) for batch in single]
        self.contrast = settings.groups()
        self.templates = fitting(self.contrast)
        self.professions = spread(shipped_professions()["profession"].tolist(), settings.professions)
        self.missing: str | None = None  # why there is no gap
        for text in settings.watched_sentences:
            predict(teacher, text)

    def teacher_measures(self) -> Measures:
        """Quality and gaps of the teacher itself."""
        return self._measures(self.teacher, fidelity=False)

    def student_measures(self) -> Measures:
        """Fidelity, quality and gaps of the student as it is now.

        `kl` is KL(teacher || student) at masked positions and temperature 1 against the teacher as it is,
        `kl_constrained` against the constrained one (nats); `top1_agreement` the share of positions where
        both models' first words agree; `perplexity` and `top1_accuracy` the student's on the masked words, 20
        % of them at once; `pseudo_perplexity` with one word masked at a time (one of each sentence). Gaps are
        those of `fairkd.measures.word_gaps`, over professions. None where there is nothing to measure on, NaN
        where the student's outputs are no numbers.
        """
        return self._measures(self.student, fidelity=True)

    def _measures(self, lm: MaskedLM, *, fidelity: bool) -> Measures:
        masked = self._masked(lm, fidelity=fidelity)
        del masked["loss"]
        return {**masked, "pseudo_perplexity": self._pseudo_perplexity(lm), **self._gaps(lm)}

    def watched_sentences(self, lm: MaskedLM) -> Iterator[dict[str, Any]]:
        """`text` and `positions` of each watched_sentence, as `fairkd.predictions.as_json` gives them."""
        for text in self.settings.watched_sentences:
            document = as_json(predict(lm, text), top_k=self.settings.top_k)
            yield {"text": text, "positions": document["positions"]}

    @torch.inference_mode()
    def _taught(self, batch: Batch) -> Tensor:
        model = self.teacher.model
        return transform_of(model)(rows_of(model, batch.ids, batch.real, batch.rows))

    @torch.inference_mode()
    def _masked(self, lm: MaskedLM, *, fidelity: bool) -> Measures:
        """Quality where 20 % of the words are masked, and how near the teacher's distributions are there."""
        names = (*FIDELITY, "loss", "top1_accuracy") if fidelity else ("loss", "top1_accuracy")
        sums, count = dict.fromkeys(names, 0.0), 0
        for sample in self.masked:
            states, labels = self._states(lm, sample.batch), sample.batch.labels
            for start in range(0, len(states), POSITIONS_AT_ONCE):
                span = slice(start, start + POSITIONS_AT_ONCE)
                s = projection_of(lm.model)(states[span]).log_softmax(1)
                first = s.argmax(1)
                sums["loss"] += float(F.nll_loss(s, labels[span], reduction="sum"))
                sums["top1_accuracy"] += float((first == labels[span]).sum())
                if not fidelity:
                    continue
                p = projection_of(self.teacher.model)(sample.taught[span]).log_softmax(1)
                sums["top1_agreement"] += float((first == p.argmax(1)).sum())
                sums["kl"] += float(F.kl_div(s, p, reduction="sum", log_target=True))
                if self.constraint.active:
                    q = self.constraint(p)
                    sums["kl_constrained"] += float(F.kl_div(s, q, reduction="sum", log_target=True))
            count += len(states)
        if not count:
            return dict.fromkeys([*names, "perplexity"])
        means: Measures = {name: value / count for name, value in sums.items()}
        if fidelity and not self.constraint.active:
            means["kl_constrained"] = means["kl"]
        return {**means, "perplexity": _exp(sums["loss"] / count)}

    @torch.inference_mode()
    def _pseudo_perplexity(self, lm: MaskedLM) -> float | None:
        loss, count = 0.0, 0
        for batch in self.single:
            states = self._states(lm, batch)
            for start in range(0, len(states), POSITIONS_AT_ONCE):
                span = slice(start, start + POSITIONS_AT_ONCE)
                logits = projection_of(lm.model)(states[span])
                loss += float(F.cross_entropy(logits, batch.labels[span], reduction="sum"))
            count += len(states)
        return _exp(loss / count) if count else None

    def _states(self, lm: MaskedLM, batch: Batch) -> Tensor:
        return transform_of(lm.model)(rows_of(lm.model, batch.ids, batch.real, batch.rows))

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
            except InputError as error:  # a tokenizer that cannot spell the words: no reason to end a run
                self.missing = str(error)
        if self.missing is not None:
            return dict.fromkeys(GAPS)
        if frame["gap"].isna().any():  # of a model whose outputs are no numbers
            return dict.fromkeys(GAPS, math.nan)
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


def _exp(loss: float) -> float:
    """e to the power of a loss in nats; infinite where that is beyond any number."""
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf


def spread(items: Sequence[T], count: int) -> list[T]:
    """At most `count` of the items, evenly spread and in order."""
    if len(items) <= count:
        return list(items)
    return [items[i] for i in np.linspace(0, len(items) - 1, count).astype(int)]


def _batches(sentences: Sequence[np.ndarray], masker: Masker, pad_id: int) -> Iterator[Batch]:
    """The sentences with 20 % of their words masked."""
    if not sentences:
        return
    stream = Stream(sentences, tokens=BATCH_TOKENS, seed=0, pad_id=pad_id)
    for index in stream.epoch(0):
        yield masker(*stream.pad(index), index, 0)


def _one_masked(
    sentences: Sequence[np.ndarray], mask_id: int, pad_id: int, special: np.ndarray
) -> Iterator[Batch]:
    """Each sentence once with one word masked: the first's first, the second's second, and so on."""
    if not sentences:
        return
    stream = Stream(sentences, tokens=BATCH_TOKENS, seed=0, pad_id=pad_id)
    for index in stream.epoch(0):
        ids, real = stream.pad(index)
        chosen = []
        for row, number in enumerate(index):
            words = np.flatnonzero(~special[sentences[number]])
            if len(words):
                chosen.append(row * ids.shape[1] + int(words[number % len(words)]))
        rows = np.array(chosen, dtype=np.int64)
        labels = ids.flat[rows]
        ids.flat[rows] = mask_id
        if len(rows):
            yield Batch(
                torch.from_numpy(ids),
                None if real is None else torch.from_numpy(real),
                torch.from_numpy(rows),
                torch.from_numpy(labels),
            )
