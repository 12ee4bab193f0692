"""Distributions over a vocabulary: the `Prediction` that holds them, and their mathematics. All in nats.

prediction.top(4, k=5), prediction.entropy(4), kl(prediction.row(4), other.row(4))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from fairkd.errors import InputError
from fairkd.models import CONTINUES, SPACE, TokenizerKind, ids_by_word

_LEAST_LOG = -1e9  # nats; the exponential is 0, as that of minus infinity, but not its product with 0


@dataclass(frozen=True)
class Token:
    """One token of the input.

    It stands for the characters from `start` to `end` of the prediction's text (for a mask: as it was typed).
    `text` is its display string. `begins_without_space` is True for a token that begins a word although no
    space precedes it, for example at the start of the text or after a quotation mark.
    """

    index: int
    id: int
    text: str
    start: int
    end: int
    special: bool
    masked: bool
    unknown: bool
    begins_without_space: bool = False


@dataclass(frozen=True, eq=False)
class Prediction:
    """The distributions of one model over one text.

    Attributes
    ----------
    tokens : tuple of Token
        The whole input, including special tokens: `tokens[i].index == i`. A *position* is such an index.
    positions : tuple of int
        The positions that have a distribution: those of all tokens except special ones, in order.
    log_probabilities : Tensor[len(positions), V], fp32
        `log p(v | x, i)` at the temperature, one row for each of `positions`.
    token_strings : tuple of str
        The display string of each vocabulary id.
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
    _top_ids: dict[int, list[list[int]]] = field(default_factory=dict, init=False, repr=False)

    def row(self, position: int) -> Tensor:
        """The distribution at a position: log-probabilities [V]. InputError for a position without one."""
        return self.log_probabilities[self._index(position)]

    def top_ids(self, position: int, k: int) -> list[int]:
        """Ids of the k most probable tokens (all of them if V < k); ties are ordered by id.

        The first call for a k finds those of all positions.
        """
        if k not in self._top_ids:
            self._top_ids[k] = top_ids(self.log_probabilities, k).tolist()
        return self._top_ids[k][self._index(position)]

    def top(self, position: int, k: int) -> pd.DataFrame:
        """The k most probable tokens (all of them if V < k); ties are ordered by id.

        Returns
        -------
        DataFrame
            token (display string), id, probability, log_probability (nats), rank (from 1).
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
        """The rank of each id at a position; 1 is the most probable token, ties are ordered by id."""
        return ranks(self.row(position), ids)

    def shown_mass(self, position: int, k: int) -> float:
        """The total probability of the k most probable tokens."""
        row = self.row(position)
        return float(row[top_ids(row[None], k)[0]].double().exp().sum())

    def _index(self, position: int) -> int:
        if position not in self.positions:
            raise InputError(
                f"Position {position} has no distribution. Choose one of the positions "
                f"{self.positions[0]} to {self.positions[-1]}."
            )
        return self.positions.index(position)

    def token_string(self, position: int, token: int) -> str:
        """The display string of a token that is predicted for a position.

        This is the one in `token_strings`, except where a word begins without a space before it. There,
        RoBERTa's "He" is shown as "He" instead of "##He", and " He" as "␣He".
        """
        shown = self.token_strings[token]
        return _without_space(shown) if self.tokens[position].begins_without_space else shown

    @property
    def default_position(self) -> int:
        """The position to show first: the first mask or, without a mask, the middle of the text."""
        masked = [i for i in self.positions if self.tokens[i].masked]
        return masked[0] if masked else self.positions[len(self.positions) // 2]


def top_ids(log_probabilities: Tensor, k: int) -> Tensor:
    """Ids of the k largest values in each row: [N, V] to [N, min(k, V)]. Ties are ordered by id.

    >>> top_ids(torch.tensor([[0.2, 0.5, 0.2]]).log(), 2)
    tensor([[1, 0]])
    """
    if k < 1:
        raise InputError(f"The number of tokens to show must be at least 1, got {k}.")
    vocabulary = log_probabilities.shape[-1]
    values, ids = log_probabilities.topk(min(k + 1, vocabulary))
    # topk does not define which of several equal values it takes. Rows where that matters are sorted in full.
    tied = (values[:, 1:] == values[:, :-1]).any(-1)
    ids = ids[:, :k]
    if tied.any():
        ids = ids.clone()
        ids[tied] = log_probabilities[tied].sort(descending=True, stable=True).indices[:, :k]
    return ids


def ranks(row: Tensor, ids: Sequence[int]) -> list[int]:
    """The rank of each id in a row [V], from 1; ties are ordered by id.

    >>> ranks(torch.tensor([0.2, 0.5, 0.2]).log(), (0, 1, 2))
    [2, 1, 3]
    """
    values = row.numpy()  # counts a vocabulary ten times as fast as PyTorch
    return [
        1 + int(np.count_nonzero(values > values[token]) + np.count_nonzero(values[:token] == values[token]))
        for token in ids
    ]


def best_id(row: Tensor, token_strings: tuple[str, ...], word: str, *, ignore_case: bool) -> int | None:
    """The most probable id in `row` [V] whose token string shows `word`; None if there is none."""
    candidates = ids_by_word(token_strings, ignore_case).get(word)
    return candidates[int(row[list(candidates)].argmax())] if candidates else None


def entropy(log_p: Tensor) -> float:
    """The entropy `-sum p log p` in nats, from log-probabilities [V].

    >>> round(entropy(torch.tensor([0.5, 0.5]).log()), 4)
    0.6931
    """
    log_p = log_p.double().clamp_min(_LEAST_LOG)
    return max(0.0, -float(log_p.exp().dot(log_p)))


def kl(log_p: Tensor, log_q: Tensor) -> float:
    """`KL(p || q) = sum p (log p - log q)` in nats, from log-probabilities [V]; never negative.

    >>> p, q = torch.tensor([0.9, 0.1]).log(), torch.tensor([0.5, 0.5]).log()
    >>> round(kl(p, q), 3), round(kl(q, p), 3), kl(p, p)
    (0.368, 0.511, 0.0)
    """
    # fp32 rows add up to 1 only within 1e-6, which could make the sum negative: normalise again in fp64.
    log_p, log_q = log_p.double().log_softmax(-1), log_q.double().log_softmax(-1)
    p = log_p.exp()
    terms = torch.where(p > 0, p * (log_p - log_q), 0.0)
    return max(0.0, float(terms.sum()))


def _without_space(shown: str) -> str:
    """The display string for a word that begins without a space: a token with a space is marked instead."""
    if shown.startswith(CONTINUES):
        return shown.removeprefix(CONTINUES)
    return SPACE + shown if shown[:1].isalnum() else shown
