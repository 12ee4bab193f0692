"""The cache of measured gaps: only missing sentences are measured, and the oldest are dropped."""

from collections.abc import Sequence

import pandas as pd
import pytest

from app.gaps.cache import PORTION, GapStore
from fairkd.lexicon.professions import Profession
from fairkd.lexicon.templates import Template

IS = Template("[MASK] is {a profession}.", "subject")
WAS = Template("[MASK] was {a profession}.", "subject")


def jobs(*names: str) -> list[Profession]:
    return [Profession(name) for name in names]


class Counter:
    """A measure that records which templates and professions it was called with."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[Template], list[str]]] = []

    def __call__(self, templates: Sequence[Template], professions: Sequence[Profession]) -> pd.DataFrame:
        self.asked.append((list(templates), [one.name for one in professions]))
        rows = [(p.text, p.role, one.name, f"{p.text}{one.name}") for p in templates for one in professions]
        return pd.DataFrame(rows, columns=["template", "role", "profession", "gap"])


def test_the_second_time_nothing_is_measured() -> None:
    store, measure = GapStore(), Counter()
    first = store.frame(("m",), [IS, WAS], jobs("nurse", "clerk"), measure)
    second = store.frame(("m",), [IS, WAS], jobs("nurse", "clerk"), measure)
    assert measure.asked == [([IS, WAS], ["nurse", "clerk"])]
    pd.testing.assert_frame_equal(first, second)


def test_a_new_profession_is_measured_alone_and_keeps_its_place() -> None:
    store, measure = GapStore(), Counter()
    store.frame(("m",), [IS, WAS], jobs("nurse", "clerk"), measure)
    frame = store.frame(("m",), [IS, WAS], jobs("nurse", "pilot", "clerk"), measure)
    assert measure.asked[1:] == [([IS, WAS], ["pilot"])]
    assert list(frame["profession"]) == 2 * ["nurse", "pilot", "clerk"]
    assert list(frame["gap"]) == list(frame["template"] + frame["profession"])


def test_a_new_template_is_measured_alone() -> None:
    store, measure = GapStore(), Counter()
    store.frame(("m",), [IS], jobs("nurse"), measure)
    assert store.missing(("m",), [IS, WAS], jobs("nurse")) == 1
    store.frame(("m",), [WAS, IS], jobs("nurse"), measure)
    assert measure.asked[1:] == [([WAS], ["nurse"])]


def test_questions_share_no_rows() -> None:
    store, measure = GapStore(), Counter()
    store.frame(("teacher",), [IS], jobs("nurse"), measure)
    store.frame(("student",), [IS], jobs("nurse"), measure)
    assert len(measure.asked) == 2


def test_the_least_recently_used_template_is_dropped_first() -> None:
    store, measure = GapStore(most_rows=2), Counter()
    store.frame(("m",), [IS], jobs("nurse"), measure)
    store.frame(("m",), [WAS], jobs("nurse"), measure)
    store.frame(("m",), [IS], jobs("nurse"), measure)
    store.frame(("other",), [IS], jobs("nurse"), measure)
    assert store.missing(("m",), [IS], jobs("nurse")) == 0
    assert store.missing(("m",), [WAS], jobs("nurse")) == 1


def test_templates_that_miss_different_professions_are_measured_separately() -> None:
    store, measure = GapStore(), Counter()
    store.frame(("m",), [IS], jobs("nurse"), measure)
    frame = store.frame(("m",), [IS, WAS], jobs("nurse", "clerk"), measure)
    assert measure.asked[1:] == [([IS], ["clerk"]), ([WAS], ["nurse", "clerk"])]
    assert list(frame["gap"]) == list(frame["template"] + frame["profession"])


def test_rows_that_were_measured_before_an_interruption_are_kept() -> None:
    store, measure = GapStore(), Counter()
    many = jobs(*map(str, range(PORTION)))  # so that each call measures one template

    def interrupted(templates: Sequence[Template], professions: Sequence[Profession]) -> pd.DataFrame:
        if WAS in templates:
            raise KeyboardInterrupt
        return measure(templates, professions)

    with pytest.raises(KeyboardInterrupt):
        store.frame(("m",), [IS, WAS], many, interrupted)
    assert store.missing(("m",), [IS, WAS], many) == len(many)
