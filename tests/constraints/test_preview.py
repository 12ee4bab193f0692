"""The preview of a constraint: how an edit changes a distribution, in numbers."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings, strategies as st

from fairkd.constraints.constraint import Constraint
from fairkd.constraints.correction import make_correction
from fairkd.constraints.kinds import KINDS, Kind
from fairkd.constraints.preview import OTHER_WORDS, ConstraintPreview, apply_to_prediction, preview_constraint
from fairkd.errors import InputError
from fairkd.lexicon.word_groups import contrasts
from fairkd.models.loading import MaskedLM
from fairkd.predictions.distribution import Prediction, Token

PRONOUNS = contrasts()["pronouns"]
MASK = 7
ACTIVE: list[Kind] = [key for key in KINDS if key != "none"]


def prediction_of(probabilities: list[float], token: int = MASK) -> Prediction:
    """A prediction with one position, of a vocabulary of letters."""
    log_p = torch.tensor(probabilities, dtype=torch.float64).log()[None]
    shown = Token(0, token, "[MASK]", 0, 6, special=False, masked=token == MASK, unknown=False)
    letters = tuple("abcdefghijklmnopqrstuvwxyz"[: len(probabilities)])
    return Prediction("x", "[MASK]", 1.0, False, (shown,), (0,), log_p, letters, "WordPiece", True)


def edited(probabilities: list[float], constraint: Constraint, token: int = MASK) -> ConstraintPreview:
    prediction = prediction_of(probabilities, token)
    return apply_to_prediction(prediction, constraint, mask_id=MASK, names=("A", "B"))


def test_the_edit_of_the_paper_leaks_mass() -> None:
    paper = edited([0.90, 0.01, 0.09], Constraint("logit_mean", ((0,), (1,))))
    assert paper.table(3)["after"].round(2).tolist() == [0.34, 0.34, 0.32, 0]
    assert paper.leaked_mass == pytest.approx(0.91 - 2 * math.sqrt(0.009) / (2 * math.sqrt(0.009) + 0.09))


@pytest.mark.parametrize("kind", [key for key in ACTIVE if KINDS[key].keeps_mass])
def test_the_kinds_that_keep_the_mass_leak_none(kind: Kind) -> None:
    preview = edited([0.90, 0.01, 0.09], Constraint(kind, ((0,), (1,))))
    assert preview.table(3)["after"].round(3).tolist() == [0.455, 0.455, 0.09, 0]
    assert preview.leaked_mass == pytest.approx(0, abs=1e-12)


distributions = st.lists(st.floats(0.001, 1.0), min_size=6, max_size=6).map(
    lambda raw: [value / sum(raw) for value in raw]
)


@settings(max_examples=60)
@given(distributions, st.sampled_from(ACTIVE), st.floats(0, 1))
def test_every_edit_gives_a_distribution_and_no_group_mass_is_gained(
    words: list[float], kind: Kind, strength: float
) -> None:
    preview = edited(words, Constraint(kind, ((0, 1), (2, 3)), strength))
    assert float(preview.after.exp().sum()) == pytest.approx(1)
    assert sum(g.after for g in preview.groups) <= sum(g.before for g in preview.groups) + 1e-9
    assert preview.leaked_mass >= 0 and preview.kl >= 0 and preview.reverse_kl >= 0


@settings(max_examples=60)
@given(distributions, st.floats(0, 1), st.floats(0, 1))
def test_a_larger_strength_never_increases_the_gap(words: list[float], one: float, two: float) -> None:
    weak, strong = sorted((one, two))
    gaps = [
        abs(edited(words, Constraint("group", ((0, 1), (2,)), strength)).gaps[1])
        for strength in (weak, strong)
    ]
    assert gaps[1] <= gaps[0] + 1e-9


@settings(max_examples=40)
@given(distributions)
def test_each_paired_edit_has_the_smaller_divergence_of_its_own_kind(words: list[float]) -> None:
    paper = edited(words, Constraint("logit_mean", ((0,), (1,))))
    keeping = edited(words, Constraint("mass_preserving", ((0,), (1,))))
    assert paper.reverse_kl <= keeping.reverse_kl + 1e-9
    assert keeping.kl <= paper.kl + 1e-9


def test_full_strength_balances_and_strength_zero_changes_nothing() -> None:
    words = [0.5, 0.1, 0.2, 0.2]
    full, none = (edited(words, Constraint("group", ((0,), (1,)), strength)) for strength in (1.0, 0.0))
    assert full.gaps == pytest.approx((math.log(5), 0.0))
    assert none.gaps[0] == none.gaps[1] and none.kl == 0 and not none.applies


def test_nothing_changes_out_of_scope() -> None:
    words = [0.5, 0.1, 0.2, 0.2]
    visible = edited(words, Constraint("group", ((0,), (1,)), scope="masked"), token=0)
    assert not visible.applies and torch.equal(visible.before, visible.after)
    own = edited(words, Constraint("group", ((0,), (1,)), scope="not_own"), token=0)
    other = edited(words, Constraint("group", ((0,), (1,)), scope="not_own"), token=2)
    assert not own.applies and other.applies
    assert edited(words, Constraint("group", ((0,), (1,)), scope="all"), token=0).applies


def test_the_table_holds_the_best_word_of_each_group_and_the_top_before_and_after() -> None:
    words = [0.001, 0.002, 0.4, 0.3, 0.2, 0.097]
    frame = edited(words, Constraint("group", ((0,), (1,)))).table(2)
    assert frame["token"].tolist() == ["a", "b", "c", "d", OTHER_WORDS]
    assert frame["group"].tolist() == ["A", "B", "", "", ""]
    assert frame["before_rank"].tolist()[:-1] == [6, 5, 1, 2]
    assert frame["after_rank"].tolist()[:-1] == [5, 6, 1, 2], "ties are ranked by id"


def test_the_rows_of_a_group_add_up_to_its_probability() -> None:
    probabilities = [0.5, 0.05, 0.04, 0.03, 0.02, 0.36]
    preview = edited(probabilities, Constraint("group", ((0, 1, 2), (3, 4))))
    frame = preview.table(1)
    assert frame["token"].tolist() == ["a", "b, c", "d", "e", "f", OTHER_WORDS]
    sums = frame.groupby("group")[["before", "after"]].sum()
    for group in preview.groups:
        assert sums.loc[group.name].tolist() == pytest.approx([group.before, group.after])
    assert preview.group_words() == ["a, b, c", "d, e"]
    assert preview.table(1, label={3: 0.5, 0: 0.4, 1: 0.06, 2: 0.04})["label"].iloc[-1] == 0


def test_without_a_constraint_the_table_holds_only_the_top() -> None:
    preview = edited([0.5, 0.3, 0.2], Constraint("none"))
    assert preview.groups == () and preview.leaked_mass == 0 and all(math.isnan(gap) for gap in preview.gaps)
    assert preview.table(2)["token"].tolist() == ["a", "b", OTHER_WORDS]


def test_a_sentence_is_edited_at_its_mask_for_the_words_of_its_tokenizer(tiny_bert: MaskedLM) -> None:
    preview = preview_constraint(tiny_bert, "[MASK] is a nurse.", PRONOUNS, kind="group")
    assert preview.prediction.tokens[preview.position].masked and preview.applies
    assert [group.name for group in preview.groups] == ["he", "she"]
    assert preview.groups[0].after == pytest.approx(preview.groups[1].after)
    assert {"he", "she"} & set(preview.table(3)["token"])


def test_an_ambiguous_word_is_an_error_that_names_it(tiny_bert: MaskedLM) -> None:
    with pytest.raises(InputError, match="'her'"):
        preview_constraint(tiny_bert, "[MASK] is a nurse.", PRONOUNS, kind="logit_mean")
    subjects = preview_constraint(
        tiny_bert, "[MASK] is a nurse.", PRONOUNS, kind="logit_mean", roles=["subject"]
    )
    assert [group.size for group in subjects.groups] == [1, 1]


def test_a_position_without_a_distribution_is_refused(tiny_bert: MaskedLM) -> None:
    with pytest.raises(InputError, match="Position 0"):
        preview_constraint(tiny_bert, "[MASK] is a nurse.", PRONOUNS, kind="group", position=0)


@settings(max_examples=40)
@given(distributions, st.sampled_from([0.5, 1.0, 2.0, 5.0]))
def test_all_bars_add_up_to_one_at_any_temperature(words: list[float], temperature: float) -> None:
    preview = edited(words, Constraint("group", ((0,), (1, 2)))).at(temperature)
    frame = preview.table(2, label={0: 0.5, 1: 0.4, 2: 0.1})
    for column in ("before", "after", "label"):
        assert frame[column].sum() == pytest.approx(1)
    assert frame["token"].iloc[-1] == OTHER_WORDS and frame["before_rank"].isna().sum() == 1


def test_another_temperature_is_a_softmax_of_the_divided_logarithms() -> None:
    preview = edited([0.64, 0.16, 0.04, 0.16], Constraint("group", ((0,), (1,))))
    flat = preview.at(2.0)
    roots = torch.tensor([0.64, 0.16, 0.04, 0.16], dtype=torch.float64).sqrt()
    assert flat.before.exp().tolist() == pytest.approx((roots / roots.sum()).tolist())
    assert flat.groups[0].after == pytest.approx(flat.groups[1].after) and flat.temperature == 2
    assert flat.at(1.0).after.tolist() == pytest.approx(preview.after.tolist())


def test_the_label_is_the_hidden_word_unless_the_constraint_covers_it() -> None:
    preview = edited([0.6, 0.1, 0.2, 0.1], Constraint("group", ((0,), (1, 2))))
    assert preview.label_target(0, "keep") == {0: 1.0} and preview.label_target(0, "drop") == {}
    soft = preview.label_target(0, "soft")
    assert soft == pytest.approx({0: 0.5, 1: 0.5 / 3, 2: 1 / 3}), "the other group shares as the teacher does"
    assert preview.at(2.0).label_target(0, "soft") == pytest.approx(soft), "labels are at temperature 1"
    assert preview.label_target(3, "soft") == {3: 1.0}, "not a group word"
    visible = edited([0.6, 0.1, 0.2, 0.1], Constraint("group", ((0,), (1, 2))), token=0)
    assert visible.label_target(0, "soft") == {0: 1.0}, "the constraint does not apply there"


def test_a_correction_comes_before_the_constraint_and_shows_the_words_without_one(
    tiny_bert: MaskedLM,
) -> None:
    correction = make_correction(tiny_bert, PRONOUNS, kind="self_debias", prompt="milk is", decay=300)
    text = "[MASK] is a nurse."
    plain, alone, both = (
        preview_constraint(tiny_bert, text, PRONOUNS, kind=kind, correction=one)
        for kind, one in (("group", None), ("none", correction), ("group", correction))
    )
    assert torch.equal(plain.before, alone.before) and alone.changed and not plain.corrected
    assert [group.name for group in alone.groups] == ["he", "she"] and not alone.constraint.active
    assert torch.allclose(both.after, plain.constraint(alone.after[None])[0])
    elsewhere = preview_constraint(tiny_bert, text, PRONOUNS, kind="none", correction=correction, position=2)
    assert not elsewhere.changed and torch.equal(elsewhere.before, elsewhere.after)
