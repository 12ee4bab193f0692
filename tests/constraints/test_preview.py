"""The constraint playground: what an edit does to a distribution, in numbers."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings, strategies as st

from fairkd.constraints.constraint import Constraint
from fairkd.constraints.preview import Edit, apply, play
from fairkd.errors import InputError
from fairkd.lexicon.word_groups import contrasts
from fairkd.models.loading import MaskedLM
from fairkd.predictions.distribution import Prediction, Token

PRONOUNS = contrasts()["pronouns"]
MASK = 7
KINDS = st.sampled_from(["logit_mean", "mass_preserving", "group"])


def prediction_of(probabilities: list[float], token: int = MASK) -> Prediction:
    """A prediction with one position, of a vocabulary of letters."""
    log_p = torch.tensor(probabilities, dtype=torch.float64).log()[None]
    shown = Token(0, token, "[MASK]", 0, 6, special=False, masked=token == MASK, unknown=False)
    labels = tuple("abcdefghijklmnopqrstuvwxyz"[: len(probabilities)])
    return Prediction("x", "[MASK]", 1.0, False, (shown,), (0,), log_p, labels, "WordPiece", True)


def edited(probabilities: list[float], constraint: Constraint, token: int = MASK) -> Edit:
    return apply(prediction_of(probabilities, token), constraint, mask_id=MASK, names=("A", "B"))


def test_the_papers_edit_leaks_and_the_others_keep_the_mass() -> None:
    words = [0.90, 0.01, 0.09]
    paper = edited(words, Constraint("logit_mean", ((0,), (1,))))
    shown = paper.table(3)
    assert shown["after"].round(2).tolist() == [0.34, 0.34, 0.32]
    assert paper.leaked == pytest.approx(0.91 - 2 * math.sqrt(0.009) / (2 * math.sqrt(0.009) + 0.09))
    for kind in ("mass_preserving", "group"):
        other = edited(words, Constraint(kind, ((0,), (1,))))
        assert other.table(3)["after"].round(3).tolist() == [0.455, 0.455, 0.09]
        assert other.leaked == pytest.approx(0, abs=1e-12)


distributions = st.lists(st.floats(0.001, 1.0), min_size=6, max_size=6).map(
    lambda raw: [value / sum(raw) for value in raw]
)


@settings(max_examples=60, deadline=None)
@given(distributions, KINDS, st.floats(0, 1))
def test_every_edit_is_a_distribution_that_leaks_never_gains(
    words: list[float], kind: str, strength: float
) -> None:
    edit = edited(words, Constraint(kind, ((0, 1), (2, 3)), strength))
    assert float(edit.after.exp().sum()) == pytest.approx(1)
    assert sum(g.after for g in edit.groups) <= sum(g.before for g in edit.groups) + 1e-9
    assert edit.leaked >= 0 and edit.kl >= 0 and edit.reverse_kl >= 0


@settings(max_examples=60, deadline=None)
@given(distributions, st.floats(0, 1), st.floats(0, 1))
def test_more_strength_never_widens_the_gap_between_balanced_groups(
    words: list[float], one: float, two: float
) -> None:
    weak, strong = sorted((one, two))
    gaps = [
        abs(edited(words, Constraint("group", ((0, 1), (2,)), strength)).gaps[1])
        for strength in (weak, strong)
    ]
    assert gaps[1] <= gaps[0] + 1e-9


@settings(max_examples=40, deadline=None)
@given(distributions)
def test_each_pairwise_edit_is_the_cheaper_one_by_its_own_divergence(words: list[float]) -> None:
    paper = edited(words, Constraint("logit_mean", ((0,), (1,))))
    keeping = edited(words, Constraint("mass_preserving", ((0,), (1,))))
    assert paper.reverse_kl <= keeping.reverse_kl + 1e-9
    assert keeping.kl <= paper.kl + 1e-9


def test_full_strength_balances_and_none_leaves_everything() -> None:
    words = [0.5, 0.1, 0.2, 0.2]
    full, none = (edited(words, Constraint("group", ((0,), (1,)), strength)) for strength in (1.0, 0.0))
    assert full.gaps == pytest.approx((math.log(5), 0.0))
    assert none.gaps[0] == none.gaps[1] and none.kl == 0 and not none.applies


def test_out_of_scope_nothing_changes() -> None:
    words = [0.5, 0.1, 0.2, 0.2]
    visible = edited(words, Constraint("group", ((0,), (1,)), scope="masked"), token=0)
    assert not visible.applies and torch.equal(visible.before, visible.after)
    own = edited(words, Constraint("group", ((0,), (1,)), scope="not_own"), token=0)
    other = edited(words, Constraint("group", ((0,), (1,)), scope="not_own"), token=2)
    assert not own.applies and other.applies
    assert edited(words, Constraint("group", ((0,), (1,)), scope="all"), token=0).applies


def test_the_table_holds_each_groups_best_word_and_the_top_of_both_sides() -> None:
    words = [0.001, 0.002, 0.4, 0.3, 0.2, 0.097]
    frame = edited(words, Constraint("group", ((0,), (1,)))).table(2)
    assert frame["token"].tolist() == ["a", "b", "c", "d"]
    assert frame["group"].tolist() == ["A", "B", "", ""]
    assert frame["before_rank"].tolist() == [6, 5, 1, 2]
    assert frame["after_rank"].tolist() == [5, 6, 1, 2], "equal ones by id"


def test_without_a_constraint_the_table_is_the_top_alone() -> None:
    edit = edited([0.5, 0.3, 0.2], Constraint("none"))
    assert edit.groups == () and edit.leaked == 0 and all(math.isnan(gap) for gap in edit.gaps)
    assert edit.table(2)["token"].tolist() == ["a", "b"]


def test_a_sentence_is_played_at_its_mask_for_the_models_own_words(tiny_bert: MaskedLM) -> None:
    edit = play(tiny_bert, "[MASK] is a nurse.", PRONOUNS, kind="group")
    assert edit.prediction.tokens[edit.position].masked and edit.applies
    assert [group.name for group in edit.groups] == ["he", "she"]
    assert edit.groups[0].after == pytest.approx(edit.groups[1].after)
    assert {"he", "she"} & set(edit.table(3)["token"])


def test_an_ambiguous_word_is_an_error_that_names_it(tiny_bert: MaskedLM) -> None:
    with pytest.raises(InputError, match="'her'|'she'|her"):
        play(tiny_bert, "[MASK] is a nurse.", PRONOUNS, kind="logit_mean")
    subjects = play(tiny_bert, "[MASK] is a nurse.", PRONOUNS, kind="logit_mean", roles=["subject"])
    assert [group.size for group in subjects.groups] == [1, 1]


def test_a_position_without_a_distribution_is_refused(tiny_bert: MaskedLM) -> None:
    with pytest.raises(InputError, match="Position 0"):
        play(tiny_bert, "[MASK] is a nurse.", PRONOUNS, kind="group", position=0)
