"""The loss between two vocabularies, against `fused_loss` on one, and a plain reference on two."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings, strategies as st
from torch import Tensor

from fairkd.constraints.constraint import Constraint, soft_labels
from fairkd.constraints.kinds import Label
from fairkd.distill.losses.matched import Constraints, MatchedTargets, matched_loss
from fairkd.distill.losses.objective import Targets, Weights, fused_loss
from fairkd.distill.losses.targets import IGNORED
from fairkd.models.vocabulary_match import VocabularyMatch, match_by_id
from tests.distill.losses.test_losses import CONSTRAINTS, V, problem


def matched(targets: Targets, match: VocabularyMatch, *, every: int = 1) -> MatchedTargets:
    """The targets of one vocabulary for a match; only one position in `every` has a counterpart."""
    rows = torch.arange(0, len(targets.labels), every)
    return MatchedTargets(
        states=targets.states[rows],
        weight=targets.weight,
        bias=targets.bias,
        rows=rows,
        forms=torch.zeros_like(rows),
        matches={0: match},
        constrained=targets.constrained[rows],
        labels=targets.labels,
    )


def assert_same(one: Tensor, other: Tensor, inputs: tuple[Tensor, ...]) -> None:
    assert one.item() == pytest.approx(other.item(), rel=1e-9)
    for ours, theirs in zip(
        torch.autograd.grad(one, inputs), torch.autograd.grad(other, inputs), strict=True
    ):
        assert (ours - theirs).norm() <= 1e-8 * theirs.norm()


@pytest.mark.parametrize("constraint", CONSTRAINTS.values(), ids=CONSTRAINTS)
@pytest.mark.parametrize("label", ["keep", "soft"])
@pytest.mark.parametrize("temperature", [1.0, 2.0, 3.0])
def test_with_one_vocabulary_in_another_order_the_loss_and_its_gradient_are_those_of_the_fused_loss(
    constraint: Constraint, label: Label, temperature: float
) -> None:
    weights = Weights(kd=5, mlm=2, group=3 if constraint.active else 0, temperature=temperature, label=label)
    states, weight, bias, targets = problem()
    known, _ = fused_loss(states, weight, bias, targets, constraint, weights)
    order = torch.randperm(V, generator=torch.Generator().manual_seed(1))  # of the student's tokens
    place = order.argsort()
    theirs = matched(targets, match_by_id(V, order.tolist()))
    labels = torch.where(targets.labels == IGNORED, IGNORED, place[targets.labels.clamp_min(0)])
    theirs = replace(theirs, labels=labels)
    groups = tuple(tuple(place[list(group)].tolist()) for group in constraint.groups)
    own = Constraint(constraint.kind, groups, constraint.strength, constraint.scope, constraint.shares)
    got, _ = matched_loss(
        states, weight[order], bias[order], theirs, Constraints(constraint, own), weights, chunk=5
    )
    assert_same(got, known, (states, weight, bias))


def plain_loss(
    states: Tensor,
    weight: Tensor,
    bias: Tensor,
    targets: MatchedTargets,
    constraints: Constraints,
    weights: Weights,
) -> Tensor:
    """The objective position by position and class by class, differentiated by autograd."""
    b = states @ weight.T + bias
    kd, group, soft = [], [], {}
    for k, row in enumerate(targets.rows.tolist()):
        match = targets.matches[int(targets.forms[k])]
        p = (targets.weight @ targets.states[k] + targets.bias).log_softmax(0)
        if targets.constrained[k]:
            p = constraints.teacher(p[None])[0]
        p, s = p.exp(), b[row].softmax(0)
        count = match.classes + match.has_other
        own = torch.stack([p[match.teacher == c].sum() for c in range(count)])
        other = torch.stack([s[match.student == c].sum() for c in range(count)])
        own, other = own / own.sum(), other / other.sum()
        cooled = [x ** (1 / weights.temperature) for x in (own, other)]
        one, two = (x / x.sum() for x in cooled)
        kd.append((torch.special.xlogy(one, one) - torch.special.xlogy(one, two)).sum())
        if targets.constrained[k]:
            words = set(match.teacher[constraints.teacher.columns].tolist())
            words |= set(match.student[constraints.student.columns].tolist())
            at = sorted(words - {match.classes})
            coarse = [torch.cat([x[at], (1 - x[at].sum())[None]]) for x in (own, other)]
            group.append((coarse[0] * (coarse[0] / coarse[1]).log()).sum())
            columns = constraints.student.columns
            full = torch.cat([own, own.new_zeros(1)]) if not match.has_other else own
            classes = match.student[columns]
            inside = full[classes] * s[columns] / torch.stack([s[match.student == c].sum() for c in classes])
            soft[row] = soft_labels(
                constraints.student, targets.labels[row : row + 1], inside.detach()[None]
            )[0]
    mlm, labelled = b.new_zeros(()), 0
    for row, label in enumerate(targets.labels.tolist()):
        if label != IGNORED:
            labelled += 1
            log_s = b[row].log_softmax(0)
            if weights.label == "soft" and row in soft and soft[row].sum():
                mlm = mlm - (soft[row] * log_s[constraints.student.columns]).sum()
            else:
                mlm = mlm - log_s[label]
    total = weights.kd * weights.temperature**2 * torch.stack(kd).mean() + weights.mlm * mlm / max(
        1, labelled
    )
    return total + (weights.group * torch.stack(group).mean() if group else 0)


@settings(max_examples=25, deadline=None)
@given(
    classes=st.integers(8, 14),
    seed=st.integers(0, 10**6),
    only_teacher=st.booleans(),
    label=st.sampled_from(["keep", "soft"]),
    temperature=st.sampled_from([1.0, 2.0, 0.7]),
)
def test_classes_of_several_tokens_have_the_loss_of_the_plain_reference(
    classes: int, seed: int, only_teacher: bool, label: Label, temperature: float
) -> None:
    """With and without tokens that the student alone has; some positions have only a label."""
    random = torch.Generator().manual_seed(seed)
    states, weight, bias, targets = problem()
    size = V - 11
    weight, bias = weight[:size].detach().requires_grad_(), bias[:size].detach().requires_grad_()
    maps = []
    for tokens, most in ((V, classes), (size, classes - 1 if only_teacher else classes)):
        found = torch.randint(0, most + 1, (tokens,), generator=random)
        found[:classes] = torch.arange(classes)
        maps.append(found)
    theirs = matched(targets, VocabularyMatch(*maps, classes), every=2)
    constraints = Constraints(
        Constraint("group", ((3, 5), (2,))), Constraint("group", ((3, 5), (2, 8 + size // 3)))
    )
    weights = Weights(kd=5, mlm=2, group=3, temperature=temperature, label=label)
    got, terms = matched_loss(states, weight, bias, theirs, constraints, weights, chunk=4)
    assert terms["kd"] >= 0
    assert_same(got, plain_loss(states, weight, bias, theirs, constraints, weights), (states, weight, bias))


def test_a_student_with_fewer_tokens_is_taught_the_teachers_distribution_given_those() -> None:
    """The constraint edits the teacher before: its words are among the tokens, so the order is free."""
    states, weight, bias, targets = problem()
    kept = [0, 3, 5, 8, 13, 20, 21, 39]
    constraint = Constraint("mass_preserving", ((3, 5), (8, 13)))
    own = Constraint("mass_preserving", ((1, 2), (3, 4)))
    weight, bias = (x[kept].detach().requires_grad_() for x in (weight, bias))
    labels = torch.full_like(targets.labels, IGNORED)
    theirs = replace(matched(targets, match_by_id(V, kept)), labels=labels)
    weights = Weights(kd=1, mlm=0, temperature=1)
    got, _ = matched_loss(states, weight, bias, theirs, Constraints(constraint, own), weights)
    cut = Targets(targets.states, targets.weight[kept], targets.bias[kept], labels, targets.constrained)
    fast, _ = fused_loss(states, weight, bias, cut, own, weights)
    assert_same(got, fast, (states, weight, bias))
    p = (targets.states @ targets.weight.T + targets.bias).log_softmax(1)
    q = torch.where(targets.constrained[:, None], constraint(p), p).exp()[:, kept]
    s = (states @ weight.T + bias).log_softmax(1)
    assert got.item() == pytest.approx(F.kl_div(s, q / q.sum(1, keepdim=True), reduction="batchmean").item())


def test_a_match_of_tokens_without_counterpart_says_how_much_is_lost() -> None:
    match = VocabularyMatch(torch.tensor([0, 2, 1]), torch.tensor([0, 1]), 2)
    assert match.unmatched(torch.tensor([[0.5, 0.3, 0.2]])).item() == pytest.approx(0.3)
    assert not match.has_other


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), left_out=st.sampled_from(["teacher", "student"]))
def test_tokens_may_be_left_out_and_a_position_compared_several_times(seed: int, left_out: str) -> None:
    """Its label is learnt once, and tokens that are left out get no gradient from the comparison."""
    random = torch.Generator().manual_seed(seed)
    states, weight, bias, targets = problem()
    classes, matches = 6, {}
    for form in (0, 8):
        maps = {side: torch.randint(0, classes, (V,), generator=random) for side in ("teacher", "student")}
        maps[left_out][torch.randperm(V, generator=random)[: V // 2]] = classes + 1
        for own in maps.values():
            own[torch.randperm(V, generator=random)[:classes]] = torch.arange(classes)
        matches[form] = VocabularyMatch(maps["teacher"], maps["student"], classes)
    rows = torch.tensor([0, 4, 4, 2, 4])
    theirs = replace(
        matched(targets, matches[0]),
        states=targets.states[rows],
        rows=rows,
        forms=torch.tensor([0, 0, 8, 8, 8])[: len(rows)],
        matches=matches,
        constrained=torch.zeros(len(rows), dtype=torch.bool),
    )
    constraint = Constraint("group", ((3, 5), (2,)))
    weights = Weights(kd=5, mlm=2, group=3, temperature=2.0, label="soft")
    both = Constraints(constraint, constraint)
    got, _ = matched_loss(states, weight, bias, theirs, both, weights, chunk=3)
    assert_same(got, plain_loss(states, weight, bias, theirs, both, weights), (states, weight, bias))
