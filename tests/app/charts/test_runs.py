"""The charts of runs and watched sentences: titles and traces."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from app.charts.base import LOW_MASS
from app.charts.run_comparison import bias_quality, compared_curves, front_title
from app.charts.runs import LEGEND, loss_curves, mass_sentence, measure_curve, measure_title
from app.charts.series import series
from app.charts.watched_sentences import watched_sentence_curves
from app.shared.theme import STUDENT, TEACHER
from fairkd.measures.registry import MEASURES
from fairkd.measures.verdicts import Ranking
from fairkd.runs.comparison import rank_runs

STEPS = pd.DataFrame(
    {
        "step": [0, 100, 200],
        "tokens": [0, 1000, 2000],
        "minutes": [0.0, 1.0, 2.0],
        "kl": [3.0, 1.0, 0.61],
        "pseudo_perplexity_sampled": [90.0, 30.0, 14.2],
        "gap_absolute": [1.2, 0.6, 0.31],
        "gap_absolute_low": [1.0, 0.5, 0.2],
        "gap_absolute_high": [1.4, 0.7, 0.4],
        "gap_mass": [0.5, 0.6, 0.61],
        "top1_agreement": [0.1, 0.5, 0.62],
        "masked_sentences": 100,
        "professions": 20,
    }
)
TEACHER_SAYS = {"gap_absolute": 1.5, "gap_absolute_low": 1.2, "gap_absolute_high": 1.8}


def title(figure: object) -> str:
    return figure.layout.meta["title"]


def notes(figure: object) -> list[str]:
    return [text for text, _ in figure.layout.meta["notes"]]


def test_the_loss_chart_has_the_fall_as_its_title_and_draws_the_terms_in_use() -> None:
    frame = pd.DataFrame({"step": [20, 40], "loss": [12.0, 3.0], "kd": [4.0, 1.0], "group": [0.0, 0.0]})
    figure = loss_curves(frame, dark=False)
    assert title(figure) == "The loss fell from 12 to 3"
    assert [trace.name for trace in figure.data] == ["loss", "KD (with its factor T²)"]
    assert figure.layout.yaxis.type == "log"


def test_the_title_of_the_loss_chart_is_a_question_before_the_second_point() -> None:
    frame = pd.DataFrame({"step": [20], "loss": [12.0]})
    assert title(loss_curves(frame, dark=True)).endswith("?")


def test_a_measure_is_compared_with_the_teachers() -> None:
    figure = measure_curve(STEPS, MEASURES["gap_absolute"], teacher=TEACHER_SAYS, dark=False)
    assert title(figure).startswith("Mean absolute gap: 0.31 nats, the teacher's 1.50")
    named = {trace.name: trace for trace in figure.data if trace.name}
    assert named["student"].line.color == STUDENT.light and named["teacher"].line.color == TEACHER.light
    assert set(named["teacher"].y) == {1.5}
    bands = [trace for trace in figure.data if trace.fill == "toself"]
    assert len(bands) == 2, "the student's interval and the teacher's"
    assert list(named["student"].customdata)[-1] == "0.31 nats (0.20 to 0.40)"


def test_without_a_teachers_value_a_measure_is_compared_with_the_start() -> None:
    figure = measure_curve(STEPS, MEASURES["kl"], teacher={"kl": None}, dark=False)
    assert title(figure) == "KL to the teacher: 0.610 nats, at first 3.000"
    assert [trace.name for trace in figure.data] == ["student"]


def test_the_title_says_that_a_measure_is_missing_so_far() -> None:
    empty = STEPS.iloc[:0]
    assert measure_title(empty, MEASURES["kl"], {}) == "KL to the teacher: not measured yet"
    assert_empty(measure_curve(empty, MEASURES["kl"], teacher={"kl": 1.0}, dark=False), "first evaluation")


def assert_empty(figure: object, sentence: str) -> None:
    """Without data there are no axes, whose ticks would be invented, but a sentence."""
    assert not figure.data and not figure.layout.xaxis.visible and not figure.layout.yaxis.visible
    assert sentence in figure.layout.annotations[0].text


def test_an_empty_loss_chart_has_no_axes() -> None:
    assert_empty(loss_curves(pd.DataFrame({"step": [], "loss": []}), dark=False), "first logged step")


def test_two_held_out_sentences_make_no_curve() -> None:
    frame = STEPS.assign(masked_sentences=2)
    figure = measure_curve(frame, MEASURES["kl"], teacher={}, dark=False)
    assert_empty(figure, "Measured on 2 held-out sentences: too few to draw (at least 6).")
    assert title(figure) == "KL to the teacher: 2 held-out sentences are too few"
    assert_empty(compared_curves({"a": frame}, MEASURES["kl"], teacher={}, dark=False), "too few to draw")


def test_all_charts_of_a_run_begin_at_one_height() -> None:
    """Each has one note and keeps room for a legend of two rows."""
    frame = STEPS.assign(loss=[3.0, 2.0, 1.0], kd=1.0, mlm=1.0, hidden=0.1, group=0.1)
    figures = [loss_curves(frame, dark=False)]
    for mass in (0.6, 0.001):
        rows = frame.assign(gap_mass=mass)
        figures += [
            measure_curve(rows, MEASURES[key], teacher=TEACHER_SAYS, dark=False)
            for key in ("kl", "pseudo_perplexity_sampled", "gap_absolute")
        ]
    assert {(len(notes(each)), each.layout.margin.t, each.layout.height) for each in figures} == {
        (1, LEGEND, figures[0].layout.height)
    }


def test_a_note_has_sample_size_and_interval() -> None:
    figure = measure_curve(STEPS, MEASURES["gap_absolute"], teacher={}, dark=False)
    assert notes(figure) == ["20 professions; 95 % interval 0.20 to 0.40"]
    assert notes(measure_curve(STEPS, MEASURES["kl"], teacher={}, dark=False)) == ["100 held-out sentences"]
    old = STEPS.drop(columns="masked_sentences")
    assert notes(measure_curve(old, MEASURES["kl"], teacher={}, dark=False)) == [
        "held-out sentences, number not stored"
    ]


def test_the_mass_of_the_measured_words_stands_beside_the_teachers() -> None:
    said = mass_sentence(STEPS, {"gap_mass": 0.56}, "he/she, him/her, his/her")
    assert said == (
        "On average, he/she, him/her, his/her have 61 % of the probability together, in the teacher 56 %."
    )
    assert mass_sentence(STEPS, {}, "he/she").endswith("61 % of the probability together.")
    assert mass_sentence(STEPS.iloc[:0], {}, "he/she") == ""


@pytest.mark.parametrize("mass", [LOW_MASS / 2, 0.2])
def test_a_gap_without_mass_has_a_warning(mass: float) -> None:
    frame = STEPS.assign(gap_mass=[0.5, 0.6, mass])
    teacher = TEACHER_SAYS | {"gap_mass": 0.56}
    figure = measure_curve(frame, MEASURES["gap_absolute"], teacher=teacher, dark=False)
    assert notes(figure) == ["20 professions; little probability mass is left: this gap means little"]
    (student,) = [trace for trace in figure.data if trace.name == "student"]
    low = mass < LOW_MASS
    assert list(student.marker.symbol) == ["circle", "circle", "circle-open" if low else "circle"]


def test_the_mass_is_a_measure_of_its_own() -> None:
    figure = measure_curve(STEPS, MEASURES["gap_mass"], teacher={"gap_mass": 0.004}, dark=False)
    assert title(figure) == "Probability mass: 61 %, the teacher's 0.40 %"


def ranked(measure: str, frames: dict[str, pd.DataFrame], **last: dict[str, object]) -> Ranking:
    """The ranking of the last rows, with further values of each."""
    rows = {name: frame.iloc[-1].to_dict() | last.get(name, {}) for name, frame in frames.items()}
    return rank_runs(MEASURES[measure], rows)


def test_several_runs_are_told_apart_by_more_than_colour() -> None:
    frames = {f"run {number}": STEPS.assign(kl=STEPS["kl"] + number) for number in range(3)}
    figure = compared_curves(frames, MEASURES["kl"], teacher={}, dark=False)
    lines = [trace for trace in figure.data if trace.name]
    assert len({trace.line.color for trace in lines}) == len({trace.line.dash for trace in lines}) == 3
    assert TEACHER.light not in {trace.line.color for trace in lines}
    assert figure.layout.yaxis.rangemode == "tozero", "as on the page of a run"


def test_a_run_is_named_where_the_data_tell_it_apart() -> None:
    frames = {"a": STEPS, "b": STEPS.assign(gap_absolute=2.0, gap_absolute_low=1.9, gap_absolute_high=2.1)}
    gap = MEASURES["gap_absolute"]
    ranking = ranked(gap.key, frames)
    figure = compared_curves(frames, gap, teacher={}, ranking=ranking, one_seed=True, dark=False)
    assert title(figure) == "a ends with the lowest mean absolute gap: 0.31 nats"
    assert notes(figure) == [
        "20 professions; 95 % intervals, each run at one seed: another seed may end differently"
    ]


def test_no_run_is_named_where_the_intervals_overlap_or_there_are_none() -> None:
    frames = {"a": STEPS, "b": STEPS.assign(gap_absolute=0.33, kl=0.7)}
    for key, said in (("gap_absolute", "mean absolute gap"), ("kl", "KL to the teacher")):
        figure = compared_curves(frames, MEASURES[key], teacher={}, ranking=ranked(key, frames), dark=False)
        assert title(figure) == f"a and b cannot be told apart in {said}"


def test_identical_runs_do_not_hide_one_another() -> None:
    figure = compared_curves(
        {"a": STEPS, "b": STEPS, "c": STEPS.assign(kl=9.0)}, MEASURES["kl"], teacher={}, dark=False
    )
    widths = [trace.line.width for trace in figure.data if trace.name]
    assert widths[0] > widths[1] == widths[2], "the first is seen on both sides of the second"
    assert notes(figure)[-1] == "a and b have the same values"


def test_a_run_that_lost_its_mass_is_marked() -> None:
    frames = {"fair": STEPS, "dead": STEPS.assign(gap_absolute=0.0)}
    figure = compared_curves(frames, MEASURES["gap_absolute"], teacher={}, lost=["dead"], dark=False)
    assert title(figure) == "How do the runs differ in mean absolute gap?"
    _, dead = [trace for trace in figure.data if trace.name]
    assert dead.name == "dead (mass lost)" and dead.marker.symbol.endswith("-open")
    figure = compared_curves(frames, MEASURES["kl"], teacher={}, lost=["dead"], dark=False)
    assert "dead" in {trace.name for trace in figure.data}, "its other measures count"


def test_a_run_without_values_keeps_its_place_in_the_order_of_colours() -> None:
    frames = {"new": STEPS.iloc[:0], "old": STEPS}
    (line,) = compared_curves(frames, MEASURES["kl"], teacher={}, dark=False).data
    assert line.line.color == series(1, dark=False).colour


@pytest.mark.parametrize("x", ["step", "tokens", "minutes"])
def test_curves_go_over_the_chosen_axis(x: str) -> None:
    figure = compared_curves({"a": STEPS}, MEASURES["kl"], x=x, teacher={}, dark=False)
    assert list(figure.data[0].x) == STEPS[x].tolist()


POINTS = pd.DataFrame(
    {
        "name": ["plain", "fair", "<b>odd</b>"],
        "pseudo_perplexity_sampled": [14.0, 15.4, 17.0],
        "gap_absolute": [1.4, 0.4, 0.9],
        "gap_absolute_low": [1.0, 0.3, 0.7],
        "gap_absolute_high": [1.7, 0.5, 1.1],
        "gap_mass": [0.6, 0.6, 0.1],
        "professions": 20,
        "scored_sentences": 200,
    }
)
KEPT = [False] * 3
LOOKS = {"plain": 0, "fair": 1, "<b>odd</b>": 2}


def order(*names: str, leader: str | None = None, tied: tuple[str, ...] = ()) -> Ranking:
    return Ranking(names, leader, tied, "")


FAIR_LEADS = order("fair", "<b>odd</b>", "plain", leader="fair")
PLAIN_LEADS = order("plain", "fair", "<b>odd</b>", leader="plain")


def test_bias_against_quality_draws_the_front_and_names_the_cost_of_fairness() -> None:
    teacher = TEACHER_SAYS | {"pseudo_perplexity_sampled": 9.8}
    rankings = FAIR_LEADS, PLAIN_LEADS
    figure = bias_quality(
        POINTS, front=(0, 1), looks=LOOKS, lost=KEPT, rankings=rankings, teacher=teacher, dark=False
    )
    assert list(figure.data[0].x) == [14.0, 15.4]
    assert title(figure) == "fair has the smallest gap, at 10 % more pseudo-perplexity than plain"
    assert notes(figure) == [
        "20 professions, 200 held-out sentences; bars are 95 % intervals of each run, the title compares "
        "item by item"
    ]
    assert figure.data[-1].name == "teacher" and figure.data[-1].marker.color == TEACHER.light
    assert "<b>odd" not in "".join(trace.text[0] for trace in figure.data[1:] if trace.text)


def test_a_name_is_shown_literally_in_a_hover_box() -> None:
    odd = POINTS.assign(name=["half %{x}", *POINTS["name"][1:]])
    figure = bias_quality(odd, front=(0,), looks=LOOKS | {"half %{x}": 0}, lost=KEPT, teacher={}, dark=False)
    point = next(trace for trace in figure.data if trace.name == "half %{x}")
    assert "%{x}" not in point.hovertemplate and point.customdata[0][0] == "half %{x}"


@pytest.mark.parametrize(
    ("gap", "quality", "said"),
    [
        (
            FAIR_LEADS,
            order("fair", "plain", leader="fair"),
            "fair has the smallest gap and predicts text best",
        ),
        (
            FAIR_LEADS,
            order("plain", "fair", tied=("plain", "fair")),
            "fair has the smallest gap; in pseudo-perplexity, plain and fair cannot be told apart",
        ),
        (
            order("fair", "plain", tied=("fair", "plain")),
            order("plain", "fair", tied=("plain", "fair")),
            "fair and plain cannot be told apart",
        ),
        (
            order("fair", "plain", tied=("fair", "plain")),
            PLAIN_LEADS,
            "fair and plain cannot be told apart in mean absolute gap; plain predicts text best",
        ),
        (
            order("a", "b", "c", tied=("a", "b")),
            order("b", "c", "a", tied=("b", "c")),
            "a and b cannot be told apart in mean absolute gap, "
            "b and c cannot be told apart in pseudo-perplexity",
        ),
    ],
)
def test_a_run_is_called_best_only_where_the_data_say_so(gap: Ranking, quality: Ranking, said: str) -> None:
    assert front_title(POINTS, KEPT, (gap, quality)) == said


def test_one_run_is_no_comparison() -> None:
    assert front_title(POINTS.iloc[:1], [False], (order("plain"), order("plain"))).endswith("?")


def test_the_title_speaks_of_the_runs_that_kept_their_mass() -> None:
    one, two = [False, False, True], [False, True, True]
    best = order("fair", "plain", leader="fair")
    among = "of the runs that kept their mass"
    said = front_title(POINTS, one, (best, best))
    assert said == f"fair has the smallest gap and predicts text best {among}"
    said = front_title(POINTS, one, (best, order("plain", "fair", leader="plain")))
    assert said.startswith(f"fair has the smallest gap {among}, at")
    alone = front_title(POINTS, two, (order("plain"), order("plain")))
    assert alone == "Only plain has kept the probability mass that a gap needs"
    assert front_title(POINTS, [True] * 3, (order(), order())).startswith("No run has kept")


def test_points_in_one_place_do_not_hide_one_another() -> None:
    twins = POINTS.assign(pseudo_perplexity_sampled=14.0, gap_absolute=1.4)
    figure = bias_quality(twins, front=(), looks=LOOKS, lost=KEPT, teacher={}, dark=False)
    assert [trace.marker.size for trace in figure.data] == [24, 18, 12]


def test_a_run_that_lost_its_mass_is_hollow_and_says_so() -> None:
    figure = bias_quality(
        POINTS, front=(0, 1), looks=LOOKS, lost=[False, False, True], teacher={}, dark=False
    )
    *_, kept, gone = figure.data
    assert "mean absolute gap: 0.40 nats (0.30 to 0.50)" in kept.hovertemplate
    assert "probability mass: 60 %<" in kept.hovertemplate and not kept.marker.symbol.endswith("-open")
    assert "probability mass: 10 % (lost" in gone.hovertemplate and gone.marker.symbol.endswith("-open")


def test_runs_that_are_not_comparable_have_no_front() -> None:
    figure = bias_quality(POINTS, front=(0, 1), looks=LOOKS, lost=KEPT, teacher={}, dark=False)
    assert title(figure) == "Bias against quality of runs that cannot be compared"
    assert "Pareto front" not in {trace.name for trace in figure.data} and len(figure.data) == 3


def test_axes_find_their_own_range_so_that_another_one_is_a_zoom() -> None:
    figure = bias_quality(POINTS, front=(0,), looks=LOOKS, lost=KEPT, teacher={}, dark=False)
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        assert axis.autorange is True and axis.range is None
        assert axis.autorangeoptions.minallowed < axis.autorangeoptions.maxallowed


def test_words_move_over_the_steps_with_a_mark_at_the_chosen_one() -> None:
    frame = pd.DataFrame(
        {"step": [0, 10, 0, 10], "token": ["$x$", "$x$", "tea", "tea"], "probability": [0.1, 0.5, 0.3, 0.2]}
    )
    look = {"teacher": {"tea": 0.4}, "title": "?", "dark": True}
    figure = watched_sentence_curves(frame, steps=[0, 10], step=10, **look)
    assert [trace.name for trace in figure.data if trace.name] == ["&#36;x&#36;", "tea"]
    assert figure.data[-1].y == (0.4,) and figure.layout.shapes[0].x0 == 10
    left = watched_sentence_curves(frame, steps=[0, 5, 10], step=10, **look).data[0]
    assert left.y == (0.1, None, 0.5), "a word that left the kept ones is no straight line to its return"


def test_the_run_nearest_to_0_is_named_where_a_measure_has_a_sign() -> None:
    frames = {
        name: STEPS.assign(gap_mean=mean, gap_low=mean - 0.05, gap_high=mean + 0.05)
        for name, mean in (("a", -0.5), ("b", -0.1))
    }
    ranking = ranked("gap_mean", frames)
    figure = compared_curves(frames, MEASURES["gap_mean"], teacher={}, ranking=ranking, dark=False)
    assert title(figure).startswith("b ends with the ") and "nearest to 0: " in title(figure)


@pytest.mark.parametrize("dark", [False, True])
def test_the_eight_runs_of_a_comparison_all_look_different(dark: bool) -> None:
    looks = {(one.colour, one.dash) for one in (series(number, dark=dark) for number in range(8))}
    assert len(looks) == 8
    assert series(0, dark=dark).shade(0.5).startswith("rgba(")


def test_a_value_is_shown_with_its_unit() -> None:
    assert MEASURES["gap_mean"].format(-0.5) == "−0.50 nats"
    assert MEASURES["top1_agreement"].format(0.615) == "62 %"
    assert MEASURES["kl"].format(math.nan) == "–"
