"""Distributions over a vocabulary: what a `Prediction` holds, and their mathematics. Everything is in nats.

`fairkd.predictions` makes and compares them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from fairkd.errors import InputError
from fairkd.models import CONTINUES, SPACE, TokenizerKind, ids_by_word


@dataclass(frozen=True)
class Token:
    """One token of the input.

    `text[start:end]` of the prediction's text is what it stands for (the mask as it was typed); `text` is how
    it is shown. `glued` says that it begins a word without a space before it: at the start of the text, after
    a quote.
    """

    index: int
    id: int
    text: str
    start: int
    end: int
    special: bool
    masked: bool
    unknown: bool
    glued: bool = False


@dataclass(frozen=True, eq=False)
class Prediction:
    """The distributions of one model over one text.

    Attributes
    ----------
    tokens : tuple of Token
        The whole input, special tokens included: `tokens[i].index == i`. A *position* is such an index.
    positions : tuple of int
        The positions that have a distribution: all tokens but the special ones, in order.
    log_probabilities : Tensor[len(positions), V], fp32
        `log p(v | x, i)` at the temperature, a row for each of `positions`.
    labels : tuple of str
        A display label for each vocabulary id.
    """

    reference: str
    text: str
    temperature: float
    mask_each: bool
    tokens: tuple[Token, ...]
    positions: tuple[int, ...]
    log_probabilities: Tensor
    token_strings: tuple[str, ...]
    kind: TokenizerKind
    lower_case: bool

    def row(self, position: int) -> Tensor:
        """The distribution at a position, log-probabilities [V]."""
        if position not in self.positions:
            raise InputError(
                f"Position {position} has no distribution; the text has the positions "
                f"{self.positions[0]} to {self.positions[-1]}."
            )
        return self.log_probabilities[self.positions.index(position)]

    def top(self, position: int, k: int) -> pd.DataFrame:
        """The k most probable tokens (all of them if V < k), equal ones by id.

        Returns
        -------
        DataFrame
            token (display label), id, probability, log_probability (nats), rank (from 1).
        """
        row = self.row(position)
        ids = top_ids(row[None], k)[0]
        log_p = row[ids]
        return pd.DataFrame(
            {
                "token": pd.Series([self.token_string(position, i) for i in ids.tolist()], dtype="str"),
                "id": ids.numpy(),
                "probability": log_p.double().exp().numpy(),
                "log_probability": log_p.double().numpy(),
                "rank": range(1, len(ids) + 1),
            }
        )

    def entropy(self, position: int) -> float:
        """`-sum_v p(v) log p(v)` in nats: 0 when certain, log V when all tokens are equally probable."""
        return entropy(self.row(position))

    def rank(self, position: int, ids: Sequence[int]) -> list[int]:
        """The rank of each id among all tokens at a position, 1 the most probable; equal ones by id, as in
        `top`."""
        row = self.row(position)
        return [rank(row, i) for i in ids]

    def shown_mass(self, position: int, k: int) -> float:
        """The probability that the k most probable tokens hold together."""
        row = self.row(position)
        return float(row[top_ids(row[None], k)[0]].double().exp().sum())

    def token_string(self, position: int, token: int) -> str:
        """How a token is shown as a prediction for a position.

        As in `labels`, but where a word begins without a space before it, the subwords without a space are
        the ordinary ones: RoBERTa's "He" at the start of a text is shown as "He", not "##He", and " He" as
        "␣He".
        """
        label = self.token_strings[token]
        return _glue(label) if self.tokens[position].glued else label

    @property
    def default_position(self) -> int:
        """The position to look at first: the first mask, else the one in the middle."""
        masked = [i for i in self.positions if self.tokens[i].masked]
        return masked[0] if masked else self.positions[len(self.positions) // 2]


def top_ids(log_probabilities: Tensor, k: int) -> Tensor:
    """Ids of the k largest of each row, [N, V] to [N, min(k, V)]; equal values in the order of their ids."""
    if k < 1:
        raise InputError(f"The number of tokens to show must be at least 1, got {k}.")
    k = min(k, log_probabilities.shape[-1])
    values, ids = log_probabilities.topk(k)
    # topk leaves open which of equal values it takes; rows where that matters are sorted in full.
    tied = (values[:, 1:] == values[:, :-1]).any(-1) | ((log_probabilities >= values[:, -1:]).sum(-1) > k)
    if tied.any():
        ids = ids.clone()
        ids[tied] = log_probabilities[tied].sort(descending=True, stable=True).indices[:, :k]
    return ids


def rank(row: Tensor, token: int) -> int:
    """The place of a token among all of a row [V], from 1; equal ones by id."""
    return int((row > row[token]).sum()) + int((row[:token] == row[token]).sum()) + 1


def best_id(row: Tensor, labels: tuple[str, ...], word: str, *, ignore_case: bool) -> int | None:
    """Of the ids whose labels show `word` the one with the largest entry of `row` [V], None without any."""
    candidates = ids_by_word(labels, ignore_case).get(word)
    return candidates[int(row[list(candidates)].argmax())] if candidates else None


def entropy(log_p: Tensor) -> float:
    """`-sum p log p` in nats, of log-probabilities [V]."""
    return float(torch.special.entr(log_p.double().exp()).sum())


def kl(log_p: Tensor, log_q: Tensor) -> float:
    """`KL(p || q) = sum p (log p - log q)` in nats, of log-probabilities [V]: 0 for equal ones, never
    negative."""
    # fp32 rows add up to one only within 1e-6, which could make the sum negative: normalise again in fp64.
    log_p, log_q = log_p.double().log_softmax(-1), log_q.double().log_softmax(-1)
    p = log_p.exp()
    terms = torch.where(p > 0, p * (log_p - log_q), 0.0)
    return max(0.0, float(terms.sum()))


def _glue(label: str) -> str:
    if label.startswith(CONTINUES):
        return label.removeprefix(CONTINUES)
    return SPACE + label if label[:1].isalnum() else label
