"""Sentences as token ids, and batches of sentences of similar length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from transformers import PreTrainedTokenizerBase

from fairkd.errors import InputError
from fairkd.models import token_batches, token_ids

SENTENCES_PER_CALL = 512  # of the tokenizer


def encode(
    tokenizer: PreTrainedTokenizerBase, sentences: Sequence[str], *, max_tokens: int = 128
) -> list[np.ndarray]:
    """Token ids of each sentence, special tokens included, truncated to `max_tokens`."""
    encoded: list[np.ndarray] = []
    for start in range(0, len(sentences), SENTENCES_PER_CALL):
        part = token_ids(tokenizer, sentences[start : start + SENTENCES_PER_CALL], max_tokens=max_tokens)
        encoded += [np.array(ids, dtype=np.int32) for ids in part]
    return encoded


def pad(sentences: Sequence[np.ndarray], pad_id: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Ids [batch, length] and attention mask [batch, length]; the mask is None without padding."""
    lengths = np.array([len(sentence) for sentence in sentences])
    ids = np.full((len(sentences), lengths.max()), pad_id, dtype=np.int64)
    for row, sentence in enumerate(sentences):
        ids[row, : len(sentence)] = sentence
    same = (lengths == lengths[0]).all()
    return ids, None if same else np.arange(lengths.max()) < lengths[:, None]


class BatchSampler:
    """Batches of at most `tokens` tokens (at least one sentence), in a new random order each epoch.

    Sentences of similar length share a batch, so there is almost no padding.

    Raises
    ------
    InputError
        If no sentence has a token besides special tokens.
    """

    def __init__(self, sentences: Sequence[np.ndarray], *, tokens: int, seed: int, pad_id: int) -> None:
        self.sentences = sentences
        self.lengths = np.array([len(ids) for ids in sentences])
        if not len(sentences) or self.lengths.max() <= 2:
            raise InputError(
                "The corpus has no usable sentence: expected text with at least one word a line."
            )
        self.tokens, self.seed, self.pad_id = tokens, seed, pad_id

    def epoch(self, number: int) -> list[np.ndarray]:
        """The batches of an epoch, each as indices of its sentences."""
        random = np.random.default_rng([self.seed, number])
        order = random.permutation(len(self.sentences))
        order = order[np.argsort(self.lengths[order], kind="stable")]
        order = order[self.lengths[order] > 2]
        batches = [order[span] for span in token_batches(self.lengths[order].tolist(), tokens=self.tokens)]
        return [batches[i] for i in random.permutation(len(batches))]

    def pad(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Ids and attention mask of the sentences at `index`, as from `pad`."""
        return pad([self.sentences[i] for i in index], self.pad_id)
