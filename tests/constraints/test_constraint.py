"""The constraints: their properties in float64, and their closed forms against a numerical optimiser."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from scipy.optimize import minimize
from torch import Tensor

from fairkd.constraints.constraint import Constraint, resolve, soft_labels
from fairkd.constraints.kinds import KINDS, Kind, Scope
from fairkd.errors import InputError
from fairkd.lexicon.word_groups import contrasts, make_contrast
from fairkd.models.loading import MaskedLM

VOCABULARY = 9
PAIRS = ((1, 4), (2, 7))  # two groups of two words: 1 is paired with 2, and 4 with 7
UNEQUAL = ((1, 4, 5), (2,), (7, 8))
ACTIVE: list[Kind] = [key for key in KINDS if key != "none"]
PAIRED = [key for key in ACTIVE if KINDS[key].paired]


def fitting(kind: Kind) -> tuple[tuple[int, ...], ...]:
    """Groups for a kind: of unequal size where it does not pair words."""
    return PAIRS if KINDS[kind].paired else UNEQUAL


rows = st.lists(
    st.lists(st.floats(-20, 20), min_size=VOCABULARY, max_size=VOCABULARY), min_size=1, max_size=5
)
kinds = st.sampled_from(ACTIVE)
strengths = st.floats(0, 1)


def distributions(logits: list[list[float]]) -> Tensor:
    return torch.tensor(logits, dtype=torch.float64).log_softmax(1)


def others(groups: tuple[tuple[int, ...], ...]) -> list[int]:
    return [i for i in range(VOCABULARY) if not any(i in group for group in groups)]


@given(rows, kinds, strengths)
def test_a_distribution_stays_a_distribution(logits: list[list[float]], kind: Kind, strength: float) -> None:
    q = Constraint(kind, PAIRS, strength)(distributions(logits))
    assert torch.allclose(q.exp().sum(1), torch.ones(len(q), dtype=q.dtype), atol=1e-12, rtol=0)


@given(rows, st.sampled_from(PAIRED))
def test_full_strength_makes_paired_words_equally_probable(logits: list[list[float]], kind: Kind) -> None:
    q = Constraint(kind, PAIRS)(distributions(logits))
    assert torch.allclose(q[:, PAIRS[0]], q[:, PAIRS[1]], atol=1e-12, rtol=0)


@given(rows)
def test_full_strength_balances_the_groups_and_keeps_proportions_within_each(
    logits: list[list[float]],
) -> None:
    p = distributions(logits)
    q = Constraint("group", UNEQUAL)(p)
    masses = torch.stack([q[:, list(group)].logsumexp(1) for group in UNEQUAL], 1)
    assert torch.allclose(masses, masses[:, :1].expand_as(masses), atol=1e-10, rtol=0)
    for group in UNEQUAL:
        before, after = p[:, list(group)].softmax(1), q[:, list(group)].softmax(1)
        assert torch.allclose(before, after, atol=1e-10, rtol=0)


@given(rows)
def test_groups_get_their_target_shares(logits: list[list[float]]) -> None:
    p, shares = distributions(logits), (0.5, 0.2, 0.3)
    q = Constraint("group", UNEQUAL, shares=shares)(p)
    total = p[:, [i for group in UNEQUAL for i in group]].exp().sum(1)
    for group, share in zip(UNEQUAL, shares, strict=True):
        assert torch.allclose(q[:, list(group)].exp().sum(1), share * total, atol=1e-12, rtol=1e-9)


@given(rows, st.sampled_from([key for key in KINDS if KINDS[key].keeps_mass]))
def test_kinds_that_keep_the_mass_do_not_change_the_other_words(
    logits: list[list[float]], kind: Kind
) -> None:
    p, groups = distributions(logits), fitting(kind)
    assert torch.equal(Constraint(kind, groups)(p)[:, others(groups)], p[:, others(groups)])


@pytest.mark.parametrize("kind", [key for key in KINDS if not KINDS[key].keeps_mass])
def test_kinds_that_do_not_keep_the_mass_change_the_other_words(kind: Kind) -> None:
    p, groups = torch.linspace(-3, 3, VOCABULARY, dtype=torch.float64).log_softmax(0)[None], fitting(kind)
    q = Constraint(kind, groups)(p)
    assert not torch.allclose(q[:, others(groups)], p[:, others(groups)], atol=1e-3)


@given(rows, kinds)
def test_strength_zero_changes_nothing_to_the_bit(logits: list[list[float]], kind: Kind) -> None:
    p = distributions(logits)
    assert torch.equal(Constraint(kind, PAIRS, 0.0)(p), p)
    assert torch.equal(Constraint("none")(p), p)


@given(rows, kinds, strengths)
def test_strength_interpolates_the_log_ratio_of_balanced_words(
    logits: list, kind: Kind, strength: float
) -> None:
    p = distributions(logits)
    full, part = Constraint(kind, PAIRS)(p), Constraint(kind, PAIRS, strength)(p)

    def ratio(x: Tensor) -> Tensor:
        return x[:, 1] - x[:, 2]

    assert torch.allclose(ratio(part), (1 - strength) * ratio(p) + strength * ratio(full), atol=1e-9, rtol=0)


@given(rows, kinds)
def test_neither_the_order_of_pairs_nor_that_of_groups_matters(logits: list[list[float]], kind: Kind) -> None:
    p = distributions(logits)
    wanted = Constraint(kind, PAIRS)(p)
    for first, second in permutations(range(2)):
        swapped = tuple((group[first], group[second]) for group in PAIRS)
        for groups in (swapped, swapped[::-1]):
            assert torch.allclose(Constraint(kind, groups)(p), wanted, atol=1e-12, rtol=0)


@given(rows, kinds, strengths)
def test_row_by_row_the_result_is_the_same(logits: list, kind: Kind, strength: float) -> None:
    p, constraint = distributions(logits), Constraint(kind, PAIRS, strength)
    rows_of_q = torch.cat([constraint(row[None]) for row in p])
    assert torch.allclose(rows_of_q, constraint(p), atol=1e-12, rtol=0)


@given(rows, kinds, strengths, st.floats(-30, 30))
def test_edits_of_raw_logits_give_the_same_distribution(
    logits: list, kind: Kind, strength: float, shift: float
) -> None:
    p, constraint = distributions(logits), Constraint(kind, PAIRS, strength)
    raw = p + shift
    raw[:, constraint.columns] = constraint.edit(raw[:, constraint.columns])
    assert torch.allclose(raw.log_softmax(1), constraint(p), atol=1e-9, rtol=0)


SHARES = (0.5, 0.2, 0.3)
TRIPLES = ((1, 4), (2, 7), (0, 8))


@given(rows, strengths, st.sampled_from([None, SHARES]))
def test_a_distribution_stays_a_distribution_with_groups_of_unequal_size(
    logits: list[list[float]], strength: float, shares: tuple[float, ...] | None
) -> None:
    q = Constraint("group", UNEQUAL, strength, shares=shares)(distributions(logits))
    assert torch.allclose(q.exp().sum(1), torch.ones(len(q), dtype=q.dtype), atol=1e-12, rtol=0)


@given(rows, kinds)
def test_three_groups_are_balanced_like_two(logits: list[list[float]], kind: Kind) -> None:
    p = distributions(logits)
    q = Constraint(kind, TRIPLES)(p)
    if not KINDS[kind].paired:
        sums = [q[:, list(group)].logsumexp(1) for group in TRIPLES]
        assert all(torch.allclose(one, sums[0], atol=1e-10, rtol=0) for one in sums)
        return
    for words in zip(*TRIPLES, strict=True):
        assert torch.allclose(q[:, words], q[:, words[:1]].expand(-1, 3), atol=1e-12, rtol=0)
        if KINDS[kind].keeps_mass:
            assert torch.allclose(q[:, words[0]], p[:, words].exp().mean(1).log(), atol=1e-10, rtol=0)


@given(rows, kinds)
def test_a_balanced_distribution_does_not_change(logits: list[list[float]], kind: Kind) -> None:
    constraint = Constraint(kind, PAIRS)
    once = constraint(distributions(logits))
    assert torch.allclose(constraint(once), once, atol=1e-12, rtol=0)


@given(rows, strengths, st.permutations(UNEQUAL[0]), st.permutations(range(3)))
def test_the_order_of_words_in_groups_of_unequal_size_does_not_matter(
    logits: list[list[float]], strength: float, first: list[int], order: list[int]
) -> None:
    p, groups = distributions(logits), (tuple(first), *UNEQUAL[1:])
    wanted = Constraint("group", UNEQUAL, strength, shares=SHARES)(p)
    moved = Constraint(
        "group", tuple(groups[i] for i in order), strength, shares=tuple(SHARES[i] for i in order)
    )
    assert torch.allclose(moved(p), wanted, atol=1e-10, rtol=0)


@given(rows, kinds, strengths, st.sampled_from(["all", "masked", "not_own"]), st.data())
def test_computed_only_at_positions_in_scope_the_result_is_the_same(
    logits: list[list[float]], kind: Kind, strength: float, scope: Scope, data: st.DataObject
) -> None:
    p, constraint = distributions(logits), Constraint(kind, PAIRS, strength, scope)
    tokens = data.draw(
        st.lists(st.integers(0, VOCABULARY - 1), min_size=len(p), max_size=len(p)), label="tokens"
    )
    where = constraint.applies(torch.tensor(tokens), mask_id=6)
    dense = torch.where(where[:, None], constraint(p), p)
    sparse = p.clone()
    sparse[where] = constraint(p[where])
    assert torch.allclose(sparse, dense, atol=1e-12, rtol=0)
    assert torch.equal(sparse[~where], p[~where])


def numerical_minimum(p: np.ndarray, *, forward: bool) -> np.ndarray:
    """The q closest to p with q_1 = q_2 and q_4 = q_7: in KL(p || q) if forward, else in KL(q || p)."""

    def expand(x: np.ndarray) -> np.ndarray:
        q = np.empty(VOCABULARY)
        q[[1, 2]], q[[4, 7]] = x[0], x[1]
        q[others(PAIRS)] = x[2:]
        return np.exp(q - np.logaddexp.reduce(q))

    def divergence(x: np.ndarray) -> float:
        q = expand(x)
        return float((p * np.log(p / q)).sum() if forward else (q * np.log(q / p)).sum())

    found = minimize(divergence, np.zeros(2 + len(others(PAIRS))), method="BFGS", options={"gtol": 1e-9})
    return expand(found.x)


@settings(max_examples=15)
@given(st.lists(st.floats(-4, 4), min_size=VOCABULARY, max_size=VOCABULARY), st.booleans())
def test_the_closed_forms_are_the_closest_balanced_distributions(logits: list[float], forward: bool) -> None:
    p = distributions([logits])
    q = Constraint("mass_preserving" if forward else "logit_mean", PAIRS)(p)
    best = numerical_minimum(p[0].exp().numpy(), forward=forward)
    assert np.allclose(q[0].exp().numpy(), best, atol=2e-5)


@pytest.mark.parametrize(
    ("kind", "expected"), [("logit_mean", (0.343, 0.343, 0.314)), ("mass_preserving", (0.455, 0.455, 0.09))]
)
def test_the_worked_example_is_as_documented(kind: Kind, expected: tuple[float, ...]) -> None:
    p = torch.tensor([[0.90, 0.01, 0.09]], dtype=torch.float64).log()
    assert Constraint(kind, ((0,), (1,)))(p).exp()[0].tolist() == pytest.approx(expected, abs=0.03)


def test_a_group_without_any_mass_still_gets_its_share() -> None:
    p = torch.tensor([[0.6, 0.0, 0.0, 0.4]], dtype=torch.float64).log()
    q = Constraint("group", ((0,), (1, 2)))(p).exp()
    assert q[0].tolist() == pytest.approx([0.3, 0.15, 0.15, 0.4])


def test_the_scope_decides_at_which_positions_a_constraint_applies() -> None:
    inputs, mask = torch.tensor([3, 1, 0, 2]), 3
    applied = {
        scope: Constraint("group", ((0,), (1,)), scope=scope).applies(inputs, mask).tolist()
        for scope in ("all", "masked", "not_own")
    }
    assert applied == {
        "all": [True] * 4,
        "masked": [True, False, False, False],
        "not_own": [True, False, False, True],
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"groups": ((1, 2), (2, 3))}, "occur twice"),
        ({"kind": "mass-preserving", "groups": ((1,), (2,))}, "no kind 'mass-preserving'.*mass_preserving"),
        ({"scope": "mask", "groups": ((1,), (2,))}, "no scope 'mask': expected one of all, masked, not_own"),
        ({"groups": ((1, 2), (3,))}, "equal numbers"),
        ({"groups": ((1,), ())}, "none of them empty"),
        ({"groups": ((1,),)}, "at least two"),
        ({"groups": ((1,), (2,)), "strength": 1.5}, "between 0 and 1, but got 1.5"),
        ({"groups": ((1,), (2,)), "shares": (0.5, 0.5)}, "for the constraint group only"),
        ({"kind": "group", "groups": ((1,), (2,)), "shares": (0.5, 0.6)}, "add up to 1"),
        ({"kind": "group", "groups": ((1,), (2,)), "shares": (math.nan, math.nan)}, "add up to 1"),
        ({"kind": "group", "groups": ((1,), (2,)), "shares": (1.5, -0.5)}, "positive"),
    ],
)
def test_invalid_constraints_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Constraint(**{"kind": "logit_mean", **arguments})


def test_a_soft_label_is_shared_with_the_paired_word() -> None:
    labels = torch.tensor([1, 7, 0, -100])
    soft = soft_labels(Constraint("logit_mean", PAIRS), labels, torch.ones(4, 4))
    assert soft.tolist() == [[0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5], [0] * 4, [0] * 4]  # columns 1, 4, 2, 7


def test_a_soft_label_is_shared_with_the_other_groups_in_proportion() -> None:
    inside = torch.tensor([[0.1, 0.2, 0.1, 0.3, 0.1, 0.3]])  # columns 1, 4, 5 | 2 | 7, 8
    soft = soft_labels(Constraint("group", UNEQUAL, shares=(0.5, 0.3, 0.2)), torch.tensor([4]), inside)
    assert soft[0].tolist() == pytest.approx([0, 0.5, 0, 0.3, 0.05, 0.15])


def test_words_are_resolved_by_the_tokenizer_of_the_model(any_family: MaskedLM) -> None:
    constraint = resolve(any_family, contrasts()["pronouns"], kind="group")
    texts = [{any_family.tokenizer.decode([i]).strip().lower() for i in group} for group in constraint.groups]
    assert texts == [{"he", "him", "his"}, {"she", "her"}]


def test_cased_models_get_capitalised_words_too(tiny_bert_cased: MaskedLM) -> None:
    constraint = resolve(tiny_bert_cased, contrasts()["pronouns"], kind="logit_mean", roles=("subject",))
    words = [tiny_bert_cased.tokenizer.convert_ids_to_tokens(list(group)) for group in constraint.groups]
    assert words == [["he", "He"], ["she", "She"]]


def test_pairs_stay_pairs_if_one_word_has_a_single_spelling(tiny_bert_cased: MaskedLM) -> None:
    own = make_contrast("own", {"a": ["John", "father"], "b": ["mother", "Mary"]})
    constraint = resolve(tiny_bert_cased, own, kind="logit_mean")
    words = [tiny_bert_cased.tokenizer.convert_ids_to_tokens(list(group)) for group in constraint.groups]
    assert list(zip(*words, strict=True)) == [("John", "mother"), ("father", "Mary")]


def test_only_the_first_letter_is_capitalised(tiny_bert_cased: MaskedLM) -> None:
    own = make_contrast("own", {"a": ["US"], "b": ["he"]})
    with pytest.raises(InputError, match="'US'"):
        resolve(tiny_bert_cased, own, kind="group")


def test_no_roles_means_all_of_them(tiny_bert: MaskedLM) -> None:
    pronouns = contrasts()["pronouns"]
    assert resolve(tiny_bert, pronouns, kind="group", roles=()) == resolve(tiny_bert, pronouns, kind="group")


def test_her_cannot_be_in_two_pairs(tiny_bert: MaskedLM) -> None:
    with pytest.raises(InputError, match="'her' would be in two pairs"):
        resolve(tiny_bert, contrasts()["pronouns"], kind="mass_preserving")
    chosen = resolve(
        tiny_bert, contrasts()["pronouns"], kind="mass_preserving", roles=("subject", "possessive")
    )
    assert [tiny_bert.tokenizer.convert_ids_to_tokens(list(group)) for group in chosen.groups] == [
        ["he", "his"],
        ["she", "her"],
    ]


def test_a_word_of_several_tokens_is_refused_or_left_out(tiny_bert: MaskedLM) -> None:
    royal = make_contrast("royals", {"he": ["he", "zoologist"], "she": ["she", "nurse"]})
    with pytest.raises(InputError, match="'zoologist'"):
        resolve(tiny_bert, royal, kind="group")
    kept = resolve(tiny_bert, royal, kind="group", skip_unspellable=True)
    assert [len(group) for group in kept.groups] == [1, 2]
    paired = resolve(tiny_bert, royal, kind="logit_mean", skip_unspellable=True)
    assert [len(group) for group in paired.groups] == [1, 1], "the paired word is left out too"
