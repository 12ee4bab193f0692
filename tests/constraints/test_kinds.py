"""The registry of constraints: complete, and closed against kinds that nobody registered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import pytest
import torch

from fairkd.constraints.constraint import Constraint, resolve
from fairkd.constraints.kinds import KINDS, SCOPES, Kind, Scope, constraint_kind, kind_names
from fairkd.distill.config import make_config
from fairkd.distill.losses.objective import Targets, Weights, fused_loss
from fairkd.errors import InputError
from fairkd.lexicon.word_groups import contrasts
from fairkd.models.loading import MaskedLM


def unregistered(kinds: Any) -> set[str]:
    """Where the Literal and the registry differ."""
    return set(get_args(kinds)) ^ set(KINDS)


def test_every_kind_is_registered_under_its_own_key() -> None:
    assert not unregistered(Kind)
    assert all(kind.key == key for key, kind in KINDS.items())


def test_a_kind_that_is_only_in_the_literal_is_noticed() -> None:
    assert unregistered(Literal[Kind, "softmax"]) == {"softmax"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_an_edit(kind: Kind) -> None:
    p = torch.tensor([[0.90, 0.01, 0.09]], dtype=torch.float64).log()
    q = Constraint(kind, ((0,), (1,)))(p)
    assert q.exp().sum() == pytest.approx(1)
    assert torch.equal(q, p) == (kind == "none")


def test_a_kind_without_an_edit_is_an_error_and_never_another_kinds_edit() -> None:
    constraint = Constraint("mass_preserving", ((0,), (1,)))
    object.__setattr__(constraint, "kind", "softmax")
    with pytest.raises(AssertionError, match="softmax"):
        constraint.edit(torch.zeros(1, 2))


def test_an_unknown_scope_is_an_error_and_never_the_last_one() -> None:
    constraint = Constraint("group", ((0,), (1,)))
    object.__setattr__(constraint, "scope", "first")
    with pytest.raises(AssertionError, match="first"):
        constraint.applies(torch.zeros(1, dtype=torch.long), mask_id=2)


def test_an_unknown_label_is_an_error_and_never_the_last_one() -> None:
    states, weight = torch.zeros(1, 2), torch.ones(3, 2)
    targets = Targets(states, weight, torch.zeros(3), torch.tensor([0]), torch.tensor([True]))
    weights: Any = Weights(label="spread")  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="spread"):
        fused_loss(states, weight, torch.zeros(3), targets, Constraint("group", ((0,), (1,))), weights)


@pytest.mark.parametrize("name", ["softmax", "", "Group"])
def test_an_unknown_kind_is_refused_with_the_known_ones(tiny_bert: MaskedLM, name: Any) -> None:
    message = f"no kind '{name}': expected one of {', '.join(get_args(Kind))}"
    with pytest.raises(InputError, match=message):
        constraint_kind(name)
    with pytest.raises(InputError, match=message):
        resolve(tiny_bert, contrasts()["pronouns"], kind=name)


def test_every_scope_has_words() -> None:
    assert set(SCOPES) == set(get_args(Scope))


def test_labels_and_explanations_differ_and_are_sentences() -> None:
    assert len({kind.label for kind in KINDS.values()}) == len(KINDS)
    explanations = {kind.explain() for kind in KINDS.values()}
    assert len(explanations) == len(KINDS)
    assert all(text[0].isupper() and text.endswith(".") and "{" not in text for text in explanations)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_that_takes_shares_says_so_in_its_explanation(kind: Kind) -> None:
    assert ("0.7 to 0.3" in KINDS[kind].explain((0.7, 0.3))) == KINDS[kind].takes_shares


def refusal(build: Callable[[], object]) -> str:
    """The message of the InputError that `build` raises; empty if it raises none."""
    try:
        build()
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", [key for key in KINDS if key != "none"])
def test_constraint_and_configuration_agree_with_the_registry_on_shares(kind: Kind) -> None:
    values = {"kind": kind, "roles": ["subject"], "shares": [0.7, 0.3]}
    for build in (
        lambda: Constraint(kind, ((0,), (1,)), shares=(0.7, 0.3)),
        lambda: make_config({"constraint": values}),
    ):
        message = refusal(build)
        assert bool(message) != KINDS[kind].takes_shares
        assert not message or f"{kind_names(takes_shares=True)} only" in message


@pytest.mark.parametrize("kind", [key for key in KINDS if key != "none"])
def test_constraint_and_configuration_agree_with_the_registry_on_pairs(kind: Kind) -> None:
    words = {"a": ["he", "him"], "b": ["she"]}
    for build in (
        lambda: Constraint(kind, ((0, 2), (1,))),
        lambda: make_config({"constraint": {"kind": kind, "words": words}}),
    ):
        message = refusal(build)
        assert bool(message) == KINDS[kind].paired
        assert not message or "one to one" in message
