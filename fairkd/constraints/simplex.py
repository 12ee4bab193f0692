"""A constraint on three outcomes: two words, such as "he" and "she", and all other words together.

    edit = edit_simplex(torch.tensor([[0.90, 0.01, 0.09]]), kind="logit_mean")
    edit.after, edit.leaked_mass, edit.kl, edit.reverse_kl

Three probabilities that add up to 1 are a point of a triangle (the two-dimensional simplex), so a constraint
can be drawn as a step from p to q. This loses nothing: a constraint on one word in each group multiplies the
probabilities of all other words by one number. Their sum may as well be taken before as after.

Points are rows of probabilities [N, 3], in fp64: first word, second word, all other words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from fairkd.constraints.constraint import Constraint
from fairkd.constraints.kinds import Kind
from fairkd.errors import InputError
from fairkd.models import MaskedLM, parse, tokenize_word
from fairkd.predictions import Prediction
from fairkd.utils import quoted

Divergence = Literal["kl", "reverse_kl"]

_HALVINGS = 45  # of a distance along a ray: then it is exact to about 1e-13
# Two directions at right angles in the plane of the triangle: along them the probabilities add up to 1.
_ACROSS = torch.tensor([1.0, -1.0, 0.0], dtype=torch.float64) / math.sqrt(2)
_UP = torch.tensor([1.0, 1.0, -2.0], dtype=torch.float64) / math.sqrt(6)


@dataclass(frozen=True, eq=False)
class SimplexEdit:
    """Points p (`before`) and q (`after`), [N, 3] each."""

    before: Tensor
    after: Tensor

    @cached_property
    def leaked_mass(self) -> Tensor:
        """Probability that moves from the two words to all others [N]: P_p(both) - P_q(both), at least 0."""
        return (self.after[:, 2] - self.before[:, 2]).clamp(min=0)

    @cached_property
    def kl(self) -> Tensor:
        """KL(p || q) [N], in nats; infinite where q lacks a word that p has."""
        return _kl(self.before, self.after)

    @cached_property
    def reverse_kl(self) -> Tensor:
        """KL(q || p) [N], in nats; infinite where p lacks a word that q has."""
        return _kl(self.after, self.before)


def edit_simplex(
    points: Tensor, *, kind: Kind, strength: float = 1.0, shares: tuple[float, float] | None = None
) -> SimplexEdit:
    """The points [N, 3] before and after a constraint on the first two words.

    `kind`, `strength` and `shares` are those of `fairkd.constraints.Constraint`, which edits here. At
    strength 0 the points stay as they are, to the bit.

    Raises
    ------
    InputError
        For points that are no distributions, or as from `Constraint`.

    Examples
    --------
    >>> edit = edit_simplex(torch.tensor([[0.90, 0.01, 0.09]]), kind="logit_mean")
    >>> [round(value, 2) for value in edit.after[0].tolist()], round(float(edit.leaked_mass), 2)
    ([0.34, 0.34, 0.32], 0.23)
    """
    before = points.double()
    if before.ndim != 2 or before.shape[1] != 3:
        raise InputError(f"Expected points of three probabilities, [N, 3], but got {list(before.shape)}.")
    sums = before.sum(1)
    if not bool((before >= 0).all()) or not torch.allclose(sums, torch.ones_like(sums), rtol=0, atol=1e-6):
        raise InputError("Expected three probabilities of at least 0 that add up to 1 in each row.")
    constraint = Constraint(kind, ((0,), (1,)), strength=strength, shares=shares)
    return SimplexEdit(before, constraint(before.log()).exp() if constraint.active else before)


def strength_path(
    points: Tensor, strengths: Sequence[float], *, kind: Kind, shares: tuple[float, float] | None = None
) -> Tensor:
    """Where the points [N, 3] come to at each of S strengths: [S, N, 3].

    >>> path = strength_path(torch.tensor([[0.8, 0.1, 0.1]]), (0.0, 0.5, 1.0), kind="group")
    >>> [round(value, 2) for value in path[:, 0, 0].tolist()]
    [0.8, 0.66, 0.45]
    """
    edits = [edit_simplex(points, kind=kind, strength=strength, shares=shares) for strength in strengths]
    return torch.stack([edit.after for edit in edits])


def equidistant(
    point: Sequence[float], distance: float, *, divergence: Divergence, count: int = 96
) -> Tensor:
    """The points x [count, 3] whose divergence from p is `distance`, in a ring around p.

    They lie in `count` directions at equal angles. In a direction in which all points of the triangle are
    closer than `distance`, the point is the one on its edge.

    Parameters
    ----------
    point
        p: three positive probabilities that add up to 1.
    distance
        In nats.
    divergence
        "kl" is KL(p || x), "reverse_kl" is KL(x || p). Both grow along every straight line away from p.
    """
    p = torch.tensor(point, dtype=torch.float64)
    if p.shape != (3,) or not bool((p > 0).all()) or abs(float(p.sum()) - 1) > 1e-6:
        raise InputError("Expected three positive probabilities that add up to 1.")
    angles = torch.arange(count, dtype=torch.float64) * (2 * math.pi / count)
    rays = angles.cos()[:, None] * _ACROSS + angles.sin()[:, None] * _UP
    edge = torch.where(rays < 0, -p / rays, math.inf).amin(1)
    near, far = torch.zeros_like(edge), edge.clone()
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        x = (p + middle[:, None] * rays).clamp(min=0)
        found = _kl(p.expand_as(x), x) if divergence == "kl" else _kl(x, p.expand_as(x))
        near, far = torch.where(found < distance, middle, near), torch.where(found < distance, far, middle)
    return (p + far[:, None] * rays).clamp(min=0)


def simplex_grid(count: int, *, margin: float) -> Tensor:
    """A grid of points [count * count, 3], finest at the edges of the triangle, where q changes fastest.

    The square roots of three probabilities are a point on a sphere. The grid is even in its two angles, from
    a to pi/2 - a with sin(a)^2 = `margin`: phi with P(both words) = sin(phi)^2, which changes from row to
    row, and theta with P(first word) = sin(phi)^2 sin(theta)^2, which changes within a row.

    >>> [round(value, 4) for value in simplex_grid(2, margin=0.25)[0].tolist()]
    [0.0625, 0.1875, 0.75]
    """
    start = math.asin(math.sqrt(margin))
    angles = torch.linspace(start, math.pi / 2 - start, count, dtype=torch.float64)
    phi, theta = torch.meshgrid(angles, angles, indexing="ij")
    both = phi.sin() ** 2
    return torch.stack([both * theta.sin() ** 2, both * theta.cos() ** 2, phi.cos() ** 2], -1).flatten(0, 1)


def simplex_point(
    lm: MaskedLM, prediction: Prediction, words: tuple[str, str], *, position: int | None = None
) -> tuple[float, float, float]:
    """The probabilities of two words and of all others at a position; by default at the first mask.

    Raises
    ------
    InputError
        For a word of several tokens, which has no place in the distribution, or the same word twice.

    Examples
    --------
    >>> from fairkd import models
    >>> from fairkd.predictions import predict
    >>> lm = models.load("embedded/teacher")
    >>> he, she, others = simplex_point(lm, predict(lm, "[MASK] is a nurse."), ("he", "she"))
    >>> round(he + she + others, 9), she > he
    (1.0, True)
    """
    place = prediction.default_position if position is None else position
    row, token = prediction.row(place).double().log_softmax(0), prediction.tokens[place]
    before, after = parse(lm, prediction.text[: token.start]), parse(lm, prediction.text[token.end :])
    ids = []
    for word in words:
        found = tokenize_word(lm, word, before=before, after=after)
        if not found.single:
            raise InputError(
                f"The model writes {quoted(word.strip())} in {len(found.ids)} tokens, but a word of the "
                "triangle is one token. Choose another word."
            )
        ids.append(found.ids[0])
    if ids[0] == ids[1]:
        raise InputError(
            f"The words are the same to the model: {quoted(words[0])}. Choose two different ones."
        )
    first, second = row[ids].exp().tolist()
    # Summed over the other words, because 1 - first - second would lose a small sum to rounding.
    others = float(row.index_fill(0, torch.tensor(ids), -math.inf).exp().sum())
    return first, second, others


def _kl(p: Tensor, q: Tensor) -> Tensor:
    """KL(p || q) of rows [N, 3], at least 0."""
    return torch.where(p > 0, p * (p.log() - q.log()), 0.0).sum(1).clamp(min=0)
