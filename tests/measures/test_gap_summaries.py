"""Means with intervals, the paired test, transfer, and the labour market, on frames made by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from fairkd.errors import InputError
from fairkd.measures.gap_comparison import by_role, compare_models, paired_test, transfer
from fairkd.measures.gap_summaries import by_profession, labour_market, summarise
from fairkd.measures.statistics import bootstrap_interval


def frame_of(values: dict[str, list[float]], *, corrected: bool = False) -> pd.DataFrame:
    """A frame of gaps: one number for each template, by profession."""
    rows = [
        {
            "template": f"template {i}",
            "role": "subject",
            "profession": name,
            "gap": gap,
            "mass": 0.5,
            "share": 0.5,
        }
        for name, gaps in values.items()
        for i, gap in enumerate(gaps)
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(corrected_gap=frame.gap - 1 if corrected else np.nan)


def random_frame(n: int, templates: int = 4, seed: int = 0, shift: float = 0.0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    centres = random.normal(0, 1, n)
    return frame_of(
        {f"job {i}": list(c + shift + random.normal(0, 0.3, templates)) for i, c in enumerate(centres)}
    )


# --- by profession ---


def test_each_profession_gets_its_mean_and_an_interval_over_its_templates() -> None:
    nurse = [-1.0, -2.0, -3.0, -1.0, -2.0, -3.0]
    table = by_profession(frame_of({"nurse": nurse, "cook": [0.5] * 6, "judge": [2.0]}))
    columns = ["profession", "mean", "low", "high", "mean_absolute", "mass", "share", "n"]
    assert table.columns.tolist() == columns
    assert table.profession.tolist() == ["nurse", "cook", "judge"]
    assert table["mean"].tolist() == [-2.0, 0.5, 2.0]
    assert table.n.tolist() == [6, 6, 1]
    expected = bootstrap_interval(nurse)
    assert (table.low[0], table.high[0]) == pytest.approx((expected.low, expected.high))
    assert table.low[0] < -2 < table.high[0]
    assert (table.low[1], table.high[1]) == (0.5, 0.5)


def test_fewer_than_six_units_have_no_interval() -> None:
    gaps = {"nurse": [-1.0, -2.0] * 3, "judge": [2.0] * 5, "lawyer": [1.0]}
    few_templates = by_profession(frame_of(gaps))
    assert few_templates.low.isna().tolist() == few_templates.high.isna().tolist() == [False, True, True]
    for count, missing in ((1, True), (5, True), (6, False)):
        frame = frame_of({f"job {n}": [-1.0, -2.0] for n in range(count)})
        found, test = summarise(frame), paired_test(frame, frame)
        assert (found.mean, found.mean_absolute) == (-1.5, 1.5)
        ends = [found.low, found.high, found.absolute_low, found.absolute_high, test.low, test.high]
        assert np.isnan(ends).tolist() == [missing] * 6
    table, correlation = labour_market(frame_of(gaps))
    assert table.low.isna().tolist() == [False, True, True]
    assert -1 <= correlation.r <= 1 and np.isnan([correlation.low, correlation.high]).all()


def test_the_test_counts_what_it_tests_not_the_mean_gaps() -> None:
    """Opposite signs cancel in a mean gap, so the mean absolute gap may shrink where |mean gap| grows."""
    teacher = frame_of({f"job {n}": [3.0 + n / 10, -3.0] for n in range(8)})
    found = paired_test(teacher, frame_of({f"job {n}": [1.0 + n / 10, 0.0] for n in range(8)}))
    assert by_profession(teacher)["mean"].abs().max() < 0.4, "nearer to 0 than the student's"
    assert (found.smaller, found.larger, found.n) == (8, 0, 8)


def test_a_rank_biserial_correlation_is_minus_one_only_where_all_professions_agree() -> None:
    teacher = frame_of({f"job {n}": [2.0 + n] for n in range(40)})
    student = frame_of({f"job {n}": [2.01 if n == 0 else 1.0 + n / 2] for n in range(40)})
    found = paired_test(teacher, student)
    assert (found.smaller, found.larger) == (39, 1) and -1 < found.effect_size < -0.995
    assert f"rank-biserial −{-found.effect_size:.3f}" in found.sentence


def test_the_corrected_gap_can_be_summarised_if_it_was_computed() -> None:
    frame = frame_of({"nurse": [1.0, 2.0]}, corrected=True)
    assert by_profession(frame, value="corrected_gap")["mean"].tolist() == [0.5]
    with pytest.raises(
        InputError, match="prior-corrected gaps are missing: compute the gaps with prior=True"
    ):
        summarise(frame_of({"nurse": [1.0]}), value="corrected_gap")


def test_an_unknown_value_and_an_empty_frame_are_refused() -> None:
    with pytest.raises(InputError, match="one of gap, corrected_gap, got 'mass'"):
        by_profession(frame_of({"nurse": [1.0]}), value="mass")
    with pytest.raises(InputError, match="no gaps to summarise"):
        summarise(frame_of({"nurse": [1.0]}).iloc[:0])


# --- the summary ---


def test_the_summary_averages_within_professions_first() -> None:
    found = summarise(frame_of({"nurse": [-3.0, 1.0], "cook": [2.0, 2.0, 2.0, 2.0]}))
    assert found.mean == pytest.approx(0.5)
    assert found.mean_absolute == pytest.approx(2.0)
    assert (found.professions, found.sentences, found.measure) == (2, 6, "gap")
    assert found.mass == pytest.approx(0.5)


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_intervals_hold_the_means_of_ordinary_data_and_are_reproducible(seed: int) -> None:
    frame = random_frame(40, seed=seed)
    found = summarise(frame)
    assert found.low < found.mean < found.high
    assert found.absolute_low < found.mean_absolute < found.absolute_high
    assert found == summarise(frame.copy())
    assert found != summarise(frame, seed=1)


def test_repeated_rows_do_not_narrow_the_interval() -> None:
    frame = random_frame(20)
    assert summarise(pd.concat([frame] * 10)) == summarise(frame)
    repeated = pd.concat([frame.assign(template=frame.template + f" {i}") for i in range(10)])
    found, once = summarise(repeated), summarise(frame)
    assert found.high - found.low == pytest.approx(once.high - once.low)
    np.testing.assert_allclose(by_profession(pd.concat([frame] * 3)).high, by_profession(frame).high)


def test_the_interval_is_that_of_the_professions_means() -> None:
    frame = random_frame(15)
    means = frame.groupby("profession", sort=False).gap.mean()
    interval = bootstrap_interval(means, seed=7, resamples=300)
    found = summarise(frame, seed=7, resamples=300)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


# --- two models ---


def test_the_sentence_says_that_a_students_gaps_are_smaller() -> None:
    teacher = random_frame(40)
    student = teacher.assign(gap=teacher.gap / 4)
    found = paired_test(teacher, student)
    each = teacher.assign(size=teacher.gap.abs()).groupby("profession")["size"].mean()
    assert found.difference == pytest.approx(-0.75 * each.mean())
    assert found.low < found.difference < found.high < 0
    assert found.effect_size == -1.0
    assert found.p_value < 0.001
    assert found.kind == "smaller"
    assert f"{0.75 * each.mean():.2f} smaller" in found.sentence
    assert "40 professions" in found.sentence
    assert "rank-biserial −1.00" in found.sentence and "-" not in found.sentence.replace(
        "signed-rank", ""
    ).replace("rank-biserial", "")


def test_a_clear_but_tiny_difference_is_reported() -> None:
    teacher = random_frame(40)
    found = paired_test(teacher, teacher.assign(gap=teacher.gap * 0.999))
    assert found.kind == "smaller"
    assert "less than 0.01 smaller" in found.sentence and "0.00 smaller" not in found.sentence


def test_swapping_the_models_flips_the_difference() -> None:
    one, other = random_frame(30, seed=1), random_frame(30, seed=2, shift=0.4)
    there, back = paired_test(one, other), paired_test(other, one)
    assert there.difference == pytest.approx(-back.difference)
    assert there.effect_size == pytest.approx(-back.effect_size)
    assert there.p_value == pytest.approx(back.p_value)


def test_a_model_does_not_differ_from_itself() -> None:
    frame = random_frame(12)
    found = paired_test(frame, frame)
    assert (found.difference, found.low, found.high, found.p_value, found.effect_size) == (0, 0, 0, 1, 0)
    assert found.kind == "no clear difference"
    assert "no clear difference" in found.sentence


def test_a_gap_that_only_changes_its_sign_has_the_same_absolute_value() -> None:
    frame = random_frame(12)
    assert paired_test(frame, frame.assign(gap=-frame.gap)).kind == "no clear difference"


def test_one_profession_is_too_few_for_a_test() -> None:
    found = paired_test(frame_of({"nurse": [3.0]}), frame_of({"nurse": [1.0]}))
    assert found.kind == "too few"
    assert np.isnan([found.low, found.high]).all()
    assert "too few professions for a test (at least 6)" in found.sentence and "nan" not in found.sentence


def test_models_in_one_table_have_the_numbers_of_their_summaries_and_tests() -> None:
    teacher = random_frame(30)
    models = {"teacher": teacher, "same": teacher, "half": teacher.assign(gap=teacher.gap / 2)}
    models["gone"] = teacher.assign(gap=teacher.gap / 9, mass=teacher.mass * 0.49)
    table = compare_models(models).set_index("model")
    assert table.verdict.to_dict() == {
        "teacher": "reference",
        "same": "no clear difference",
        "half": "smaller",
        "gone": "mass lost",
    }
    found, test = summarise(models["half"]), paired_test(teacher, models["half"])
    half = table.loc["half"]
    assert (half.mean_absolute, half.absolute_low, half.absolute_high) == (
        found.mean_absolute,
        found.absolute_low,
        found.absolute_high,
    )
    assert (half["mean"], half.low, half.high, half.mass) == (found.mean, found.low, found.high, found.mass)
    assert (half.difference, half.difference_low, half.difference_high) == (
        test.difference,
        test.low,
        test.high,
    )
    assert (half.professions, half.sentences) == (30, found.sentences)
    assert np.isnan(table.loc["teacher"].difference)


def test_each_role_is_summarised_on_its_own_templates() -> None:
    frame = random_frame(10)
    other = frame.assign(role="object", gap=frame.gap + 3)
    table = by_role({"m": pd.concat([frame, other])})
    assert table.role.tolist() == ["subject", "object"]
    assert table.mean_absolute.tolist() == [summarise(frame).mean_absolute, summarise(other).mean_absolute]
    assert table.sentences.tolist() == [len(frame), len(other)]


def test_only_common_sentences_are_compared_and_none_is_an_error() -> None:
    teacher = frame_of({"nurse": [1.0, 9.0], "cook": [2.0]})
    found = paired_test(teacher, frame_of({"nurse": [2.0]}))
    assert (found.n, found.difference) == (1, 1.0)
    with pytest.raises(InputError, match="no template and profession in common"):
        paired_test(teacher, frame_of({"judge": [1.0]}))


@pytest.mark.parametrize(
    ("teacher", "student", "kind"),
    [
        (0.2, -0.25, "none"),
        (2.0, 1.8, "inherited"),
        (0.3, 0.1, "inherited"),
        (2.0, 1.0, "reduced"),
        (-2.0, -0.1, "reduced"),
        (0.4, -0.2, "reduced"),
        (1.0, 2.0, "amplified"),
        (-0.1, 1.0, "amplified"),
        (1.0, -1.0, "flipped"),
        (-0.3, 3.0, "flipped"),
    ],
)
def test_the_kind_of_transfer_follows_its_definition(teacher: float, student: float, kind: str) -> None:
    found = transfer(frame_of({"nurse": [teacher] * 2}), frame_of({"nurse": [student] * 2}))
    assert found.to_dict("records") == [
        {
            "profession": "nurse",
            "teacher": pytest.approx(teacher),
            "student": pytest.approx(student),
            "mean_absolute_teacher": pytest.approx(abs(teacher)),
            "mean_absolute_student": pytest.approx(abs(student)),
            "teacher_mass": 0.5,
            "student_mass": 0.5,
            "kind": kind,
        }
    ]


def test_transfer_and_the_labour_market_carry_the_mass_of_each_profession() -> None:
    teacher = frame_of({"nurse": [1.0, 1.0], "lawyer": [1.0, 1.0]})
    student = teacher.assign(mass=[0.1, 0.3, 0.002, 0.004])
    found = transfer(teacher, student)
    assert found.teacher_mass.tolist() == [0.5, 0.5]
    assert found.student_mass.tolist() == pytest.approx([0.2, 0.003])
    table, _ = labour_market(student)
    assert table.mass.tolist() == pytest.approx([0.2, 0.003])


def test_opposite_signs_cancel_in_a_mean_gap_but_not_in_a_mean_absolute_gap() -> None:
    frame = frame_of({"nurse": [1.0, -2.0]})
    assert by_profession(frame)[["mean", "mean_absolute"]].values.tolist() == [[-0.5, 1.5]]
    found = transfer(frame, frame_of({"nurse": [0.5, 0.5]}))
    assert found[["teacher", "mean_absolute_teacher"]].values.tolist() == [[-0.5, 1.5]]
    assert found[["student", "mean_absolute_student"]].values.tolist() == [[0.5, 0.5]]


def test_a_negative_tolerance_is_refused() -> None:
    frame = frame_of({"nurse": [1.0]})
    with pytest.raises(InputError, match="0 or more nats, got -1"):
        transfer(frame, frame, tolerance=-1)


# --- the labour market ---


def test_gaps_that_follow_the_labour_market_correlate_with_it() -> None:
    frame = frame_of(
        {"nurse": [-2.0, -1.8], "Carpenter": [2.0, 2.2], "lawyer": [0.3, 0.1], "wizard": [9.0, 9.0]}
    )
    table, found = labour_market(frame)
    assert table.columns.tolist() == ["profession", "gap", "low", "high", "mass", "women_share"]
    assert table.profession.tolist() == ["nurse", "Carpenter", "lawyer"]
    assert table.women_share.tolist() == [0.879, 0.035, 0.385]
    assert table.gap.tolist() == pytest.approx([-1.9, 2.1, 0.2])
    assert found.n == 3
    assert found.r < -0.99


def test_a_users_own_shares_can_be_given() -> None:
    shares = pd.DataFrame({"profession": [" Wizard", "nurse"], "women_share": [0.5, np.nan]})
    table, found = labour_market(frame_of({"wizard": [1.0], "nurse": [2.0]}), shares=shares)
    assert table.profession.tolist() == ["wizard"]
    assert np.isnan(found.r)


def test_professions_without_any_share_leave_an_empty_table() -> None:
    table, found = labour_market(frame_of({"wizard": [1.0]}))
    assert table.empty
    assert (found.n, np.isnan(found.r)) == (0, True)
