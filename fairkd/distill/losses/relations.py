"""The relation loss of MiniLMv2 (Wang et al. 2021, arXiv 2012.15828): how positions relate inside attention.

For queries, keys and values alike, the states A [L, width] of a sentence are split into H relation heads
A_h [L, width / H], and

    R_h = softmax(A_h A_h^T / sqrt(width / H))
    loss = sum over the three of mean over h and i of KL(R_h,i || S_h,i)

with R the teacher's relations, S the student's, and i the positions. Row i says how position i relates to all
positions. The number of relation heads is the same for both models, so that these may differ in width and in
their attention heads.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

_EXCLUDED = -1e30  # the score of padding: its share is 0, and the difference of two logarithms of it too


def relation_loss(
    teacher: Sequence[Tensor], student: Sequence[Tensor], real: Tensor | None, *, heads: int
) -> Tensor:
    """The relation loss of one layer of each model, in nats, with gradient to the student's states.

    Parameters
    ----------
    teacher, student : queries, keys and values, [batch, length, width]
        Widths are multiples of `heads`, and may differ.
    real : Tensor[batch, length] of bool
        False at padding, which relates to nothing and is no position of the mean. None without padding.
    heads
        The number of relation heads.
    """
    total = student[0].new_zeros((), dtype=torch.float32)
    for theirs, own in zip(teacher, student, strict=True):
        total = total + _divergence(_relations(theirs, real, heads), _relations(own, real, heads), real)
    return total


def _relations(states: Tensor, real: Tensor | None, heads: int) -> Tensor:
    """The logarithms of the relations, [batch, heads, length, length]."""
    split = states.float().unflatten(-1, (heads, -1)).transpose(1, 2)
    scores = split @ split.transpose(-1, -2) * split.shape[-1] ** -0.5
    if real is not None:
        scores = scores.masked_fill(~real[:, None, None, :], _EXCLUDED)
    return scores.log_softmax(-1)


def _divergence(teacher: Tensor, student: Tensor, real: Tensor | None) -> Tensor:
    """KL(teacher || student) as a mean over relation heads and real positions."""
    rows = (teacher.exp() * (teacher - student)).sum(-1).mean(1)
    return rows.mean() if real is None else rows[real].mean()
