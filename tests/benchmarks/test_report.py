"""The report: everything in one file, nothing fetched, sentences escaped and folded away."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from fairkd.benchmarks import Refusal, Result, html_report
from fairkd.errors import InputError
from fairkd.utils import Axis, axis_for
from tests.benchmarks.made_results import items, result

CATEGORIES = ["gender"] * 8 + ["age"] * 8
TEACHER, STUDENT = [1.0] * 12 + [-1.0] * 4, [1.0, -1.0] * 8


def results() -> list[Result]:
    return [
        result("bert-base-uncased", items(TEACHER, CATEGORIES)),
        result("student", items(STUDENT, CATEGORIES), without=["15"]),
    ]


class Tags(HTMLParser):
    """The tags of a document, which must be balanced, and the text outside folded parts."""

    VOID = {"meta", "br"}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.shown = ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "details" not in self.open or "summary" in self.open:
            self.shown += data


def test_the_report_needs_nothing_from_elsewhere() -> None:
    text = html_report(results())
    tags = Tags(text)
    assert not {tag for tag, name, _ in tags.attributes if name in ("src", "href", "srcset")}
    assert not re.search(r"url\(|@import|<script|<link", text)


def test_the_report_says_what_was_measured_and_how_to_do_it_again() -> None:
    text = Tags(html_report(results(), command="fairkd measure crows-pairs --model student")).shown
    for part in (
        "fairkd measure crows-pairs --model student",
        "75.00",  # of the first
        "stereotype preferred: 53.33 against 80.00",  # of both, over the items that both scored
        "student: 15 items scored, 1 not: 1 × The sentences share no token.",
        "of google-bert/bert-base-uncased: 60.48 (",
        "items flipped",
        "What these numbers cannot show",
        "2 comparisons with bert-base-uncased",
        "Side effects",
    ):
        assert part in text, part


def test_sentences_are_behind_a_click_with_a_warning() -> None:
    text = html_report(results())
    assert "offensive by design" in text and "less 1" in text
    assert "less 1" not in Tags(text).shown


def test_published_figures_are_marks_in_the_figure() -> None:
    assert 'class="ghost"' in html_report(results())
    assert 'class="ghost"' not in html_report([result("mine", items(TEACHER))])


def test_texts_of_data_and_models_are_escaped() -> None:
    table = items(TEACHER, ["<b>odd</b>"] * 8 + ["age"] * 8)
    table["text_more"] = "<script>alert(1)</script>"
    text = html_report([result("<i>model</i>", table), result("b", items(STUDENT, CATEGORIES))])
    assert "<script>" not in text and "<i>model" not in text and "<b>odd" not in text


def test_one_model_has_neither_comparisons_nor_side_effects() -> None:
    text = Tags(html_report([result("mine", items(TEACHER, CATEGORIES))])).shown
    assert "against" not in text and "Side effects" not in text


def test_what_could_not_be_measured_or_compared_is_said() -> None:
    first, second = results()
    text = html_report(
        [first, replace(second, precision="fast")], refusals=[Refusal("aul", "student", "No reason.")]
    )
    assert "aul of student could not be measured: No reason." in text
    assert "at different precision, strict and fast" in text


def test_a_report_without_results_is_refused() -> None:
    with pytest.raises(InputError, match="at least one result"):
        html_report([])


@pytest.mark.parametrize(
    ("values", "axis", "ticks"),
    [
        ([50.0, 57.3, 44.0], Axis(40.0, 60.0), ["40", "45", "50"]),
        ([0.0, 0.31], Axis(0.0, 0.4), ["0.0", "0.1", "0.2"]),
        ([-1.2, 3.4], Axis(-2.0, 4.0), ["−2", "0", "2"]),
        ([3.0, float("nan")], Axis(2.0, 4.0), ["2.0", "2.5", "3.0"]),
        ([], Axis(-1.0, 1.0), ["−1.0", "−0.5", "0.0"]),
    ],
)
def test_an_axis_holds_all_values_and_has_round_ticks(
    values: list[float], axis: Axis, ticks: list[str]
) -> None:
    found = axis_for(values)
    assert (found.low, found.high) == pytest.approx((axis.low, axis.high))
    assert [tick.text for tick in found.ticks][:3] == ticks
    assert all(0 <= tick.at <= 100 for tick in found.ticks)


def test_contradictions_are_listed_behind_a_click() -> None:
    one = result("mine", items(TEACHER, CATEGORIES))
    text = html_report([one, result("mine", items(STUDENT, CATEGORIES), benchmark="aul")])
    assert "CrowS-Pairs and AUL disagree on 8 of 16 items (50.0 %)." in Tags(text).shown
    assert "Preferred by CrowS-Pairs: the stereotype; AUL: the other." in text
    assert "Preferred by" not in Tags(text).shown


def test_figures_of_quality_stand_in_the_first_table() -> None:
    shown = Tags(html_report(results())).shown
    assert "CrowS-Pairs, stereotype preferred" in shown
    assert "A figure of bias says little without one of quality." in shown
