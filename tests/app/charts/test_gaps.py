"""The figures of the Gaps page, from hand-made tables."""

import json
import math
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
import pytest

from app.charts import base, gaps, sentence_pairs
from app.charts.gap_models import models_chart
from app.charts.gap_text import LOST_TITLE
from app.shared import theme
from fairkd.measures.gap_comparison import compare_models, rank_models, transfer_kind
from fairkd.measures.statistics import Correlation

GROUPS = ("he", "she")
SENTENCES = ("Jim is a [MASK].", "Jane is a [MASK].")
HOSTILE = ["<script>alert(1)</script>", "$x$", "<b>bold</b>"]

UNKNOWN = Correlation(r=math.nan, low=math.nan, high=math.nan, n=6)  # no variation


def transfer(rows: list[tuple[str, float, float, str]], mass: float = 0.5) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["profession", "teacher", "student", "kind"])
    return frame.assign(teacher_mass=0.5, student_mass=mass)


def test_each_kind_of_transfer_has_its_own_colour_and_symbol() -> None:
    figure = gaps.transfer_scatter(
        transfer(
            [
                ("a", 1.0, 1.0, "inherited"),
                ("b", 1.0, 0.2, "reduced"),
                ("c", 1.0, 2.0, "amplified"),
                ("d", 1.0, -1.0, "flipped"),
                ("e", 0.0, 0.0, "none"),
            ]
        ),
        groups=GROUPS,
    )
    assert [found.name for found in figure.data] == [
        "inherited (1)",
        "reduced (1)",
        "amplified (1)",
        "flipped (1)",
        "no gap (1)",
    ]
    assert len({found.marker.color for found in figure.data}) == 5
    assert len({found.marker.symbol for found in figure.data}) == 5


def test_transfer_has_the_diagonal_and_both_zero_lines_on_equal_axes() -> None:
    figure = gaps.transfer_scatter(transfer([("a", 2.0, 1.0, "reduced")]), groups=GROUPS)
    assert (figure.layout.yaxis.scaleanchor, figure.layout.yaxis.scaleratio) == ("x", 1), "at 45 degrees"
    x, y = figure.layout.xaxis.range, figure.layout.yaxis.range
    assert x[0] < 0 and x[1] > 2 and y[0] < 0 and y[1] > 1
    assert y[1] - y[0] >= (x[1] - x[0]) / 2 - 1e-9
    lines = {(shape.x0 == shape.x1, shape.y0 == shape.y1) for shape in figure.layout.shapes}
    assert lines == {(False, True), (True, False), (False, False)}


def test_the_transfer_title_states_the_most_frequent_kind() -> None:
    frame = transfer(
        [("a", 2, 1, "reduced"), ("b", 2, 1, "reduced"), ("c", 1, 1, "inherited"), ("d", 0, 0, "none")]
    )
    title = gaps.transfer_scatter(frame, groups=GROUPS).layout.meta["title"]
    assert title == "The student's gap is reduced for 2 of 4 professions"
    lost = gaps.transfer_scatter(frame, groups=GROUPS, lost=True).layout.meta["title"]
    assert lost == LOST_TITLE
    nothing = gaps.transfer_scatter(transfer([("a", 0.0, 0.0, "none")]), groups=GROUPS)
    assert "no bias to transfer" in nothing.layout.meta["title"]


def test_in_both_scatter_charts_a_gap_of_improbable_groups_is_hollow_and_in_the_legend() -> None:
    rows = transfer([("a", 1.0, 1.0, "inherited"), ("b", 2.0, 2.0, "inherited"), ("c", 0.0, 0.0, "none")])
    figure = gaps.transfer_scatter(rows.assign(student_mass=[0.001, 0.2, 0.001]), groups=GROUPS)
    inherited, none, entry = figure.data
    assert list(inherited.marker.symbol) == ["circle", "circle-open"], "the legend shows the first"
    assert inherited.customdata[1][0] == "a" and inherited.marker.opacity[1] < 1
    assert list(none.marker.symbol) == ["square-open"]
    assert entry.name == "probability below 1 %"
    assert "below" not in str(
        gaps.transfer_scatter(transfer([("a", 1, 1, "none")]), groups=GROUPS).data[-1].name
    )

    figure = labour(UNKNOWN, mass=[0.5, 0.001, 0.5])
    teacher, student, entry = (found for found in figure.data if found.name)
    assert list(student.marker.symbol) == ["square", "square", "square-open"]
    assert student.customdata[2][0] == "carpenter" and student.customdata[2][3] == "0.10 %"
    assert list(teacher.marker.symbol) == ["circle"] * 3
    assert entry.name == "probability below 1 %"


def test_axes_and_titles_of_a_prior_corrected_gap_are_about_the_profession() -> None:
    figure = gaps.transfer_scatter(
        transfer([("a", 1.0, 1.0, "inherited")]), groups=GROUPS, value="corrected_gap"
    )
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        assert "towards he →" in axis.title.text and "more he" not in axis.title.text
        assert "prior-corrected gap" in axis.title.text
    assert "prior-corrected gap is inherited" in figure.layout.meta["title"]
    frame = pd.DataFrame({"profession": ["a"], "women_share": [0.5], "teacher": [1.0], "student": [1.0]})
    correlations = {"teacher": Correlation(-0.9, -0.95, -0.8, 6), "student": UNKNOWN}
    figure = gaps.labour_scatter(
        frame.assign(teacher_mass=0.5, student_mass=0.5),
        correlations=correlations,
        groups=GROUPS,
        value="corrected_gap",
    )
    assert figure.layout.meta["title"].endswith("the teacher moves from “he” towards “she”")


def models(**gap: float) -> go.Figure:
    frame = pd.DataFrame(
        {"template": "t", "role": "subject", "profession": [f"p{n}" for n in range(8)], "mass": 0.5}
    )
    wave = pd.Series([1.0, 2.0, -1.0, 1.5, 0.5, 3.0, -2.0, 1.0])
    frames = {name: frame.assign(gap=wave * size, mass=0.5 if size else 0.01) for name, size in gap.items()}
    known = {"teacher": "teacher", "plain": "student", "fair": "student2"}
    roles = [known.get(name) for name in frames]
    return models_chart(compare_models(frames), rank_models(frames), count=8, roles=roles)


def test_the_models_title_names_a_leader_only_if_it_is_told_apart_from_all_others() -> None:
    clear = models(teacher=1.0, plain=0.9, fair=0.2)
    assert clear.layout.meta["title"] == (
        "fair has the smallest mean absolute gap over 8 professions: teacher 4.5, plain 3.9, fair 1.3 times"
    )
    assert clear.layout.xaxis.ticktext[0] == "equal" and clear.layout.xaxis.ticktext[1].endswith("×")
    tied = models(teacher=1.0, plain=0.2, fair=0.2)
    assert tied.layout.meta["title"] == "plain and fair cannot be told apart over 8 professions"
    two = models(teacher=1.0, fair=0.2), models(teacher=0.2, plain=1.0)
    assert [figure.layout.meta["title"] for figure in two] == [
        "fair: mean absolute gap smaller than the teacher's over 8 professions: 1.3 against 4.5 times",
        "plain: mean absolute gap larger than the teacher's over 8 professions: 4.5 against 1.3 times",
    ]
    lost = models(teacher=1.0, plain=0.9, gone=0.0)
    assert lost.layout.meta["title"].startswith("plain: mean absolute gap smaller")
    assert [trace.marker.symbol[0] for trace in lost.data] == ["circle", "square", "square-open"]


def test_a_model_keeps_its_colour_in_any_order_and_any_model_may_be_the_reference() -> None:
    orders = models(teacher=1.0, plain=0.9, fair=0.2), models(fair=0.2, teacher=1.0, plain=0.9)
    one, other = ({trace.customdata[0][0]: trace.marker.color for trace in each.data} for each in orders)
    assert one == other and len(set(one.values())) == 3
    assert models(teacher=1.0, none=0.9).data[1].marker.color == theme.MUTED.light, "no role, no colour"
    against = models(fair=0.2, plain=1.0)
    assert against.layout.meta["title"] == (
        "plain: mean absolute gap larger than that of fair over 8 professions: 4.5 against 1.3 times"
    )


def labour(correlation: Correlation, mass: Sequence[float] = (0.5, 0.5, 0.5)) -> go.Figure:
    frame = pd.DataFrame(
        {
            "profession": ["nurse", "carpenter", "clerk"],
            "women_share": [0.9, 0.05, 0.5],
            "teacher": [-1.0, 1.0, 0.0],
            "student": [-0.2, 0.2, 0.0],
            "teacher_mass": 0.5,
            "student_mass": mass,
        }
    )
    return gaps.labour_scatter(
        frame, correlations={"teacher": correlation, "student": correlation}, groups=GROUPS
    )


def test_the_labour_chart_is_in_percent_and_gives_r_with_its_interval() -> None:
    figure = labour(Correlation(r=-0.9, low=-0.95, high=-0.8, n=6))
    teacher = next(found for found in figure.data if str(found.name).startswith("teacher"))
    assert list(teacher.x) == [90.0, 5.0, 50.0]
    assert teacher.name == "teacher: r = −0.90 (−0.95 to −0.80)"
    assert "“she”" in figure.layout.meta["title"]


def test_the_labour_title_claims_no_correlation_if_the_interval_contains_zero() -> None:
    assert "no clear correlation" in labour(Correlation(-0.2, -0.5, 0.1, 6)).layout.meta["title"]
    assert labour(UNKNOWN).layout.meta["title"].endswith("?")


def test_too_few_professions_have_neither_a_correlation_nor_a_line() -> None:
    figure = labour(Correlation(r=-0.74, low=math.nan, high=math.nan, n=3))
    assert figure.layout.meta["title"] == (
        "Too few professions for a correlation: 3 with a share, at least 6 needed"
    )
    assert {"teacher", "student"} <= {trace.name for trace in figure.data}
    assert not any(trace.line.dash for trace in figure.data)


def test_the_fitted_line_passes_through_an_exact_relation() -> None:
    line = next(found for found in labour(Correlation(-1, -1, -1, 6)).data if found.line.dash == "dash")
    share, gap = [90.0, 5.0, 50.0], [-1.0, 1.0, 0.0]
    slope = (line.y[1] - line.y[0]) / (line.x[1] - line.x[0])
    assert slope < 0
    assert sum(gap) / 3 == pytest.approx(line.y[0] + slope * (sum(share) / 3 - line.x[0]))


def preferred() -> pd.DataFrame:
    return pd.DataFrame(
        {"token": ["nurse", "carpenter", "$x$"], "log_p_a": [-6.0, -2.0, -3.0], "log_p_b": [-2.0, -5.0, -3.5]}
    ).assign(preference=lambda frame: frame["log_p_a"] - frame["log_p_b"])


def test_words_have_the_hue_of_the_sentence_in_which_they_are_more_likely() -> None:
    figure = sentence_pairs.preference_scatter(preferred(), sentences=SENTENCES, model="teacher")
    a, b = figure.data
    assert (a.name, list(a.x)) == ("more likely in A (2)", [-2.0, -3.0])
    assert (b.name, list(b.x)) == ("more likely in B (1)", [-6.0])
    assert (a.marker.color, b.marker.color) == (theme.GROUP_A.light, theme.GROUP_B.light)
    title = figure.layout.meta["title"]
    assert title.startswith("The teacher's largest preferences: “carpenter” in A, “nurse” in B")
    notes = [text for text, _ in figure.layout.meta["notes"]]
    assert notes == ["A: Jim is a [MASK].", "B: Jane is a [MASK]."]


def pair_frame(teacher: list[float], student: list[float]) -> pd.DataFrame:
    frame = pd.DataFrame({"token": [f"w{n}" for n in range(len(teacher))], "teacher": teacher})
    frame["student"] = student
    frame["difference"] = frame["student"] - frame["teacher"]
    return frame.assign(kind=[transfer_kind(*pair) for pair in zip(teacher, student, strict=True)])


def test_the_title_names_the_model_that_distinguishes_the_sentences_more_if_the_words_tell() -> None:
    teacher = [2.0, -1.0, 1.5, -2.0, 0.9, 1.1, -1.3, 1.2]
    figure = sentence_pairs.preference_transfer(
        pair_frame(teacher, [0.3 * one for one in teacher]), sentences=SENTENCES
    )
    assert figure.layout.meta["title"] == (
        "The student distinguishes A from B less: student 0.41, teacher 1.38 nats on average (8 words)"
    )
    few = sentence_pairs.preference_transfer(pair_frame([2.0, -1.0], [0.5, -1.5]), sentences=SENTENCES)
    assert few.layout.meta["title"].startswith("Too few words for a test (at least 6)")
    mixed = [2.1, -0.9, 1.6, -1.8, 0.8, 1.2, -1.4, 1.1]
    unclear = sentence_pairs.preference_transfer(pair_frame(teacher, mixed), sentences=SENTENCES)
    assert unclear.layout.meta["title"].startswith("No clear difference")


def test_words_have_the_kinds_of_transfer_of_the_professions() -> None:
    figure = sentence_pairs.preference_transfer(
        pair_frame([1.0, 1.0, 1.0, 1.0, 0.1], [0.9, 0.2, 2.0, -1.0, -0.1]), sentences=SENTENCES
    )
    assert [found.name for found in figure.data] == [
        "inherited (1)",
        "reduced (1)",
        "amplified (1)",
        "flipped (1)",
        "no preference (1)",
    ]
    assert figure.layout.xaxis.range == figure.layout.yaxis.range
    assert figure.layout.yaxis.scaleanchor == "x", "a square plot"


def test_the_title_says_that_a_model_does_not_distinguish_two_sentences() -> None:
    alike = preferred().assign(log_p_b=lambda frame: frame["log_p_a"], preference=[0.0, 0.004, -0.004])
    figure = sentence_pairs.preference_scatter(alike, sentences=SENTENCES, model="student")
    assert [found.name for found in figure.data] == ["equally likely (3)"]
    assert "finds every word equally likely in A and in B" in figure.layout.meta["title"]


@pytest.mark.parametrize(
    ("student", "title"),
    [
        ([2.0, -1.0], "Both models distinguish A from B equally: mean absolute preference 1.50 nats"),
        ([2.002, -1.003], "Both models distinguish A from B equally"),
        ([-2.0, 1.0], "Both models distinguish A from B equally"),
        (
            [2.1, -1.0],
            "Too few words for a test (at least 6): student 1.55, teacher 1.50 nats on average (2 words)",
        ),
    ],
)
def test_the_title_compares_how_much_both_models_distinguish_the_sentences(
    student: list[float], title: str
) -> None:
    figure = sentence_pairs.preference_transfer(pair_frame([2.0, -1.0], student), sentences=SENTENCES)
    assert figure.layout.meta["title"].startswith(title)


def test_the_title_says_that_neither_model_distinguishes_the_sentences() -> None:
    title = sentence_pairs.preference_transfer(pair_frame([0.0], [0.001]), sentences=SENTENCES).layout.meta[
        "title"
    ]
    assert title.startswith("Neither model distinguishes A from B")


@pytest.mark.parametrize("name", HOSTILE)
def test_typed_text_is_literal_everywhere(name: str) -> None:
    figures = [
        gaps.transfer_scatter(transfer([(name, 1.0, 1.0, "inherited")]), groups=("he", name)),
        gaps.labour_scatter(
            pd.DataFrame({"profession": [name], "women_share": [0.5]}).assign(
                teacher=1.0, student=1.0, teacher_mass=0.5, student_mass=0.5
            ),
            correlations={"teacher": Correlation(0.5, 0.4, 0.6, 3), "student": UNKNOWN},
            groups=(name, "she"),
        ),
        sentence_pairs.preference_scatter(
            preferred().replace("nurse", name), sentences=(name, "B"), model="student"
        ),
        sentence_pairs.preference_transfer(
            pair_frame([1.0], [0.0]).assign(token=name),
            sentences=("A", name),
        ),
    ]
    for figure in figures:
        figure.layout.meta = None  # the title, which the page shows as text
        drawn = json.dumps(figure.to_plotly_json(), default=list)
        assert name not in drawn
        assert "<script" not in drawn and "$x$" not in drawn and "<b>bold" not in drawn


@pytest.mark.parametrize("dark", [False, True])
def test_empty_tables_still_make_a_figure(dark: bool) -> None:
    empty = preferred().head(0)
    assert (
        "no words"
        in sentence_pairs.preference_scatter(
            empty, sentences=SENTENCES, model="teacher", dark=dark
        ).layout.meta["title"]
    )


def test_labels_do_not_overlap_and_the_most_important_point_gets_one_first() -> None:
    shown, _ = base.chosen_labels(
        [0.0, 0.001, 5.0],
        [0.0, 0.0, 5.0],
        ["one", "two", "far"],
        [1.0, 3.0, 2.0],
        x_range=(-1, 6),
        y_range=(-1, 6),
    )
    assert shown[1] == "two" and shown[2] == "far"


def test_no_label_covers_a_point_or_an_obstacle() -> None:
    def labels(obstacles: list[tuple[float, float]]) -> tuple[list[str], list[str]]:
        return base.chosen_labels(
            [0.5], [0.5], ["label"], [1.0], x_range=(0, 1), y_range=(0, 1), obstacles=obstacles
        )

    assert labels([]) == (["label"], ["middle right"])
    sides = [(0.5 + shift, height) for shift in (0.05, -0.05) for height in (0.5, 0.54, 0.46)]
    right, top_right, bottom_right, left, top_left, bottom_left = sides
    assert labels([right]) == (["label"], ["middle left"])
    assert labels([right, left, (0.5, 0.54)]) == (["label"], ["bottom center"])
    assert labels([right, left, top_left, bottom_left]) == (["label"], ["top right"])
    assert labels(sides)[0] == [""]


def test_no_label_crosses_the_edge_of_the_plot() -> None:
    _, sides = base.chosen_labels(
        [1.0], [0.5], ["a rather long label"], [1.0], x_range=(0, 1), y_range=(0, 1)
    )
    assert sides == ["middle left"]
