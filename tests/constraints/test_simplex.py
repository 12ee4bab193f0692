"""Constraints on three outcomes: against a plain search, and against the whole vocabulary."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, strategies as st
from torch import Tensor

from fairkd.constraints.constraint import Constraint
from fairkd.constraints.kinds import KINDS, Kind
from fairkd.constraints.simplex import (
    Divergence,
    edit_simplex,
    equidistant,
    simplex_grid,
    simplex_point,
    strength_path,
)
from fairkd.errors import InputError
from fairkd.models.loading import MaskedLM
from fairkd.predictions import predict

ACTIVE: list[Kind] = [kind for kind in KINDS if kind != "none"]
kinds = st.sampled_from(ACTIVE)
points = st.lists(st.floats(-8, 8), min_size=3, max_size=3).map(
    lambda logits: torch.tensor([logits], dtype=torch.float64).softmax(1)
)


def kl(p: Tensor, q: Tensor) -> float:
    return sum(float(a) * math.log(float(a) / float(b)) for a, b in zip(p, q, strict=True) if a > 0)


@given(points, kinds)
def test_at_full_strength_q_is_a_distribution_on_the_line_of_equal_words(p: Tensor, kind: Kind) -> None:
    q = edit_simplex(p, kind=kind).after[0]
    assert float(q[0]) == pytest.approx(float(q[1]), abs=1e-12)
    assert float(q.sum()) == pytest.approx(1, abs=1e-12) and bool((q >= 0).all())


@given(points)
def test_each_projection_is_the_closest_point_of_the_line_in_its_own_divergence(p: Tensor) -> None:
    """Against a plain search over the line (t, t, 1 - 2 t)."""
    t = torch.linspace(1e-4, 0.4999, 400, dtype=torch.float64)
    line = torch.stack([t, t, 1 - 2 * t], 1)
    log_p, log_line = p.log(), line.log()
    leaking = edit_simplex(p, kind="logit_mean")
    assert float(leaking.reverse_kl) <= float((line * (log_line - log_p)).sum(1).min()) + 1e-12
    for kind in ("mass_preserving", "group"):
        keeping = edit_simplex(p, kind=kind)
        assert float(keeping.kl) <= float((p * (log_p - log_line)).sum(1).min()) + 1e-12


def test_the_worked_example_leaks_what_the_documentation_says() -> None:
    p = torch.tensor([[0.90, 0.01, 0.09]], dtype=torch.float64)
    edit = edit_simplex(p, kind="logit_mean")
    root = math.sqrt(0.9 * 0.01)  # the mean of two logarithms is that of the geometric mean
    total = 2 * root + 0.09
    assert edit.after[0].tolist() == pytest.approx([root / total, root / total, 0.09 / total])
    assert float(edit.leaked_mass) == pytest.approx(0.91 - 2 * root / total)
    assert float(edit.kl) == pytest.approx(kl(p[0], edit.after[0]))
    assert float(edit.reverse_kl) == pytest.approx(kl(edit.after[0], p[0]))
    keeping = edit_simplex(p, kind="mass_preserving")
    assert (
        keeping.after[0].tolist() == pytest.approx([0.455, 0.455, 0.09])
        and float(keeping.leaked_mass) < 1e-12
    )


@given(points, kinds)
def test_at_strength_0_the_point_stays_as_it_is(p: Tensor, kind: Kind) -> None:
    edit = edit_simplex(p, kind=kind, strength=0)
    assert torch.equal(edit.after, p)
    assert float(edit.leaked_mass) == float(edit.kl) == float(edit.reverse_kl) == 0


@given(points, kinds, st.floats(0.01, 0.99))
def test_the_path_interpolates_logarithms(p: Tensor, kind: Kind, strength: float) -> None:
    start, between, end = (point[0].log() for point in strength_path(p, (0, strength, 1), kind=kind))
    expected = ((1 - strength) * start + strength * end).softmax(0)
    assert between.exp().tolist() == pytest.approx(expected.tolist(), abs=1e-12)


@given(points, st.floats(0.05, 0.95))
def test_only_balanced_groups_can_aim_at_other_shares(p: Tensor, share: float) -> None:
    q = edit_simplex(p, kind="group", shares=(share, 1 - share)).after[0]
    assert float(q[0] / (q[0] + q[1])) == pytest.approx(share, abs=1e-9)
    assert float(q[2]) == pytest.approx(float(p[0, 2]), abs=1e-12)
    equal = edit_simplex(p, kind="group").after[0]
    assert equal.tolist() == pytest.approx(
        edit_simplex(p, kind="mass_preserving").after[0].tolist(), abs=1e-12
    )
    with pytest.raises(InputError, match="group only"):
        edit_simplex(p, kind="logit_mean", shares=(0.3, 0.7))


@given(st.lists(st.floats(-8, 8), min_size=7, max_size=7), kinds, st.floats(0, 1))
def test_adding_up_all_other_words_before_or_after_the_constraint_is_the_same(
    logits: list[float], kind: Kind, strength: float
) -> None:
    p = torch.tensor([logits], dtype=torch.float64).log_softmax(1)
    whole = Constraint(kind, ((4,), (1,)), strength)(p).exp()[0]
    three = torch.stack([p.exp()[0, 4], p.exp()[0, 1], p.exp()[0, [0, 2, 3, 5, 6]].sum()])[None]
    q = edit_simplex(three, kind=kind, strength=strength).after[0]
    summed = [float(whole[4]), float(whole[1]), float(whole[[0, 2, 3, 5, 6]].sum())]
    assert q.tolist() == pytest.approx(summed, abs=1e-12)


@given(points, st.floats(0.001, 1.0), st.sampled_from(("kl", "reverse_kl")))
def test_a_ring_is_as_far_from_p_as_asked_or_on_the_edge(
    p: Tensor, distance: float, divergence: Divergence
) -> None:
    for x in equidistant(p[0].tolist(), distance, divergence=divergence, count=12):
        found = kl(x, p[0]) if divergence == "reverse_kl" else kl(p[0], x) if x.min() > 0 else math.inf
        assert x.sum() == pytest.approx(1) and (x >= 0).all()
        assert found == pytest.approx(distance, abs=1e-6) or x.min() < 1e-9


def test_the_grid_holds_the_triangle_up_to_its_margin() -> None:
    grid = simplex_grid(9, margin=0.001)
    assert grid.shape == (81, 3) and torch.allclose(grid.sum(1), torch.ones(81, dtype=torch.float64))
    assert float(grid.min()) > 0
    assert grid[:, 2].min() == pytest.approx(0.001) and grid[:, 2].max() == pytest.approx(0.999)
    share = grid[:, 0] / (grid[:, 0] + grid[:, 1])
    assert share.min() == pytest.approx(0.001) and share.max() == pytest.approx(0.999)


@pytest.mark.parametrize(
    "rows", [[[0.5, 0.5]], [[0.5, 0.6, 0.1]], [[-0.1, 0.6, 0.5]], [[math.nan, 0.5, 0.5]]]
)
def test_what_is_no_distribution_is_refused(rows: list[list[float]]) -> None:
    with pytest.raises(InputError, match="Expected"):
        edit_simplex(torch.tensor(rows), kind="group")
    with pytest.raises(InputError, match="Expected three positive"):
        equidistant(rows[0], 0.1, divergence="kl")


def test_the_point_of_a_prediction_has_the_models_own_probabilities(tiny_bert: MaskedLM) -> None:
    prediction = predict(tiny_bert, "[MASK] is a nurse.")
    he, she, others = simplex_point(tiny_bert, prediction, ("he", "she"))
    row = prediction.row(prediction.default_position).double().log_softmax(0).exp()
    ids = [tiny_bert.vocabulary.index(word) for word in ("he", "she")]
    assert [he, she] == pytest.approx(row[ids].tolist()) and he + she + others == pytest.approx(1)
    with pytest.raises(InputError, match="two different ones"):
        simplex_point(tiny_bert, prediction, ("he", "He"))
