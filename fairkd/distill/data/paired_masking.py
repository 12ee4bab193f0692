"""Masked batches for two models with different tokenizers: whole words are hidden in both inputs.

A mask depends on (seed, epoch, example) only, as in `fairkd.distill.data.masking`, but on the number of the
word in place of the token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fairkd.distill.data.batching import pad
from fairkd.distill.data.masking import Batch, Masking, uniform
from fairkd.distill.data.pairing import NO_WORD, PairedText
from fairkd.distill.losses import IGNORED
from fairkd.models import MatchedVocabularies


@dataclass(frozen=True)
class PairedBatch(Batch):
    """A masked batch for both models. The inherited fields are the student's.

    Attributes
    ----------
    teacher_ids, teacher_mask
        The teacher's token ids after masking, and its attention mask: [batch, length].
    teacher_rows
        The teacher's positions to compare [K], as indices into its flattened ids. A position may be there
        several times.
    teacher_labels
        The teacher's original tokens there [K].
    student_rows
        The student's positions to compare them with [K], as indices into `rows`.
    forms
        The form numbers of these comparisons [K] (`fairkd.models.MatchedVocabularies`).
    """

    teacher_ids: Tensor
    teacher_mask: Tensor | None
    teacher_rows: Tensor
    teacher_labels: Tensor
    student_rows: Tensor
    forms: Tensor

    @property
    def teachers(self) -> Batch:
        """The teacher's side, at the positions to compare."""
        return Batch(self.teacher_ids, self.teacher_mask, self.teacher_rows, self.teacher_labels)

    def to(self, device: torch.device) -> PairedBatch:
        """The batch on a device; tensors that are there already are not copied."""
        moved: dict[str, Any] = {
            name: None if value is None else value.to(device) for name, value in vars(self).items()
        }
        return PairedBatch(**moved)


class PairedMasker:
    """Makes masked batches for teacher and student."""

    def __init__(
        self,
        vocabularies: MatchedVocabularies,
        masking: Masking,
        *,
        seed: int,
        group_words: Sequence[int] = (),
        sample: float = 0.0,
        within: bool = True,
    ) -> None:
        """`group_words` are tokens of the student; `sample` is as in `Masker`.

        `within` compares at hidden words of several tokens, too, wherever the models can be compared there.
        """
        self.vocabularies, self.masking, self.seed, self.sample = vocabularies, masking, seed, sample
        self.within = within
        self.lms = vocabularies.teacher, vocabularies.student
        group_rate = masking.rate if masking.group_rate is None else masking.group_rate
        self.rates = np.full(self.lms[1].vocabulary_size, masking.rate)
        self.rates[list(group_words)] = group_rate
        self._replacements: dict[int, np.ndarray] = {}

    def __call__(self, texts: Sequence[PairedText], examples: np.ndarray, epoch: int) -> PairedBatch:
        """The masked batch; `examples` [batch] number the texts."""
        width = max(1, *(len(text.single) for text in texts))
        draws = [uniform(self.seed, epoch, examples, width, draw) for draw in range(3)]
        exists = np.arange(width) < np.array([len(text.single) for text in texts])[:, None]
        single = _padded([text.single for text in texts], width, False)
        teacher_at, student_at = (
            _padded([_places(text, side, width) for text in texts], width, 0) for side in (0, 1)
        )
        ids = [
            pad([(text.teacher, text.student)[side] for text in texts], self._pad_id(side)) for side in (0, 1)
        ]
        own = np.take_along_axis(ids[1][0], student_at, 1)
        rates = np.where(single, self.rates[own], self.masking.rate)
        selected = (draws[0] < rates) & exists
        if not selected.any() and exists.any():  # in a short batch: select the word with the lowest number
            selected.flat[np.where(exists, draws[0], 2.0).argmin()] = True
        masking = self.masking
        hidden = selected & (draws[1] < masking.masked)
        noise = selected & (draws[1] >= masking.masked) & (draws[1] < masking.masked + masking.random)
        hidden |= noise & ~single  # no other word has as many tokens in both models
        noise &= single
        used = selected | (exists & (draws[2] < self.sample)) if self.sample else selected

        words = [
            _padded([(t.teacher_words, t.student_words)[side] for t in texts], ids[side][0].shape[1], NO_WORD)
            for side in (0, 1)
        ]
        labels = np.where(_of_tokens(selected, words[1]), ids[1][0], IGNORED)
        forms = np.zeros_like(own)
        known = np.nonzero(single)
        original = np.take_along_axis(ids[0][0], teacher_at, 1)
        forms[known] = self.vocabularies.forms_of(original[known], own[known])
        inputs = [ids[side][0].copy() for side in (0, 1)]
        for side in (0, 1):
            inputs[side][_of_tokens(hidden, words[side])] = self.lms[side].mask_id
        self._replace(inputs, (teacher_at, student_at), noise, forms, draws[2])
        lengths = [one.shape[1] for one in inputs]
        batch, word = np.nonzero(used & single)
        pairs = [
            np.stack(
                [
                    batch * lengths[0] + teacher_at[batch, word],
                    batch * lengths[1] + student_at[batch, word],
                    forms[batch, word],
                ],
                1,
            )
        ]
        if self.within:
            pairs += [
                self._within(texts[row], int(word)) + [row * lengths[0], row * lengths[1], 0]
                for row, word in zip(*np.nonzero(hidden & ~single), strict=True)
            ]
        teacher_rows, places, form_numbers = np.concatenate(pairs).T
        wanted = labels != IGNORED
        wanted.flat[places] = True
        rows = np.flatnonzero(wanted)
        masks = [None if mask is None else torch.from_numpy(mask) for _, mask in ids]
        return PairedBatch(
            ids=torch.from_numpy(inputs[1]),
            attention_mask=masks[1],
            rows=torch.from_numpy(rows),
            labels=torch.from_numpy(labels.flat[rows]),
            teacher_ids=torch.from_numpy(inputs[0]),
            teacher_mask=masks[0],
            teacher_rows=torch.from_numpy(teacher_rows.copy()),
            teacher_labels=torch.from_numpy(ids[0][0].flat[teacher_rows]),
            student_rows=torch.from_numpy(np.searchsorted(rows, places)),
            forms=torch.from_numpy(form_numbers.copy()),
        )

    def _within(self, text: PairedText, word: int) -> np.ndarray:
        """The comparisons at a hidden word of several tokens [C, 3]: both places, and form number."""
        places = [np.flatnonzero(own == word) for own in (text.teacher_words, text.student_words)]
        tokens = text.tokens_of(word)
        if text.aligned[word]:
            return np.stack([*places, self.vocabularies.forms_of(*tokens)], 1)
        found = self.vocabularies.comparisons(*(own.tolist() for own in tokens))
        rows = [(places[0][i], places[1][j], form) for i, j, form in found]
        return np.array(rows, dtype=np.int64).reshape(-1, 3)

    def _pad_id(self, side: int) -> int:
        return self.lms[side].tokenizer.pad_token_id or 0

    def _replace(
        self,
        inputs: Sequence[np.ndarray],
        places: Sequence[np.ndarray],
        noise: np.ndarray,
        forms: np.ndarray,
        draw: np.ndarray,
    ) -> None:
        """Put the same random word into both inputs at the words `noise` [batch, W], in place."""
        for row, word in zip(*np.nonzero(noise), strict=True):
            pairs = self._pairs(int(forms[row, word]))
            chosen = pairs[int(draw[row, word] * len(pairs))]
            for side in (0, 1):
                inputs[side][row, places[side][row, word]] = chosen[side]

    def _pairs(self, form: int) -> np.ndarray:
        """One token of each model for each class of words [C, 2], without special tokens."""
        if form not in self._replacements:
            match = self.vocabularies.at(form)
            sides = []
            for lm, classes in zip(self.lms, (match.teacher, match.student), strict=True):
                special = [i for i in lm.tokenizer.all_special_ids if i != lm.tokenizer.unk_token_id]
                ordinary = np.setdiff1d(np.arange(len(classes)), special)
                first = np.full(match.classes + 1, -1)
                first[classes.numpy()[ordinary[::-1]]] = ordinary[::-1]
                sides.append(first[:-1])
            pairs = np.stack(sides, 1)
            self._replacements[form] = pairs[(pairs >= 0).all(1)]
        return self._replacements[form]


def _padded(rows: Sequence[np.ndarray], width: int, filler: int | bool) -> np.ndarray:
    """Rows of unequal length as one array [batch, width]."""
    found = np.full((len(rows), width), filler, dtype=rows[0].dtype)
    for number, row in enumerate(rows):
        found[number, : len(row)] = row
    return found


def _places(text: PairedText, side: int, width: int) -> np.ndarray:
    """The first token of each word [W] in the teacher's (0) or student's (1) input."""
    words = (text.teacher_words, text.student_words)[side]
    found = np.zeros(len(text.single), dtype=np.int64)
    places = np.flatnonzero(words != NO_WORD)[::-1]
    found[words[places]] = places
    return found


def _of_tokens(of_words: np.ndarray, words: np.ndarray) -> np.ndarray:
    """What holds for words [batch, W], for each token by the number of its word [batch, length]."""
    return np.take_along_axis(of_words, np.maximum(words, 0), 1) & (words != NO_WORD)
