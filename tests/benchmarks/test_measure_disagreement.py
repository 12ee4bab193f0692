"""Several benchmarks on the same pairs: how often they contradict each other, and where most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from fairkd.benchmarks import BENCHMARKS, DataVersion, Result, disagreements, share_items
from fairkd.errors import InputError
from tests.benchmarks.made_results import CROWS, items, result


@pytest.fixture(autouse=True)
def _aul_and_aula(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for key in ("aul", "aula"):
        monkeypatch.setitem(BENCHMARKS, key, replace(CROWS, key=key))  # type: ignore[arg-type]
    yield


def results(*scores: list[float], **changes: object) -> list[Result]:
    keys = ("crows-pairs", "aul", "aula")
    return [
        result("teacher", items(one), benchmark=key, **changes)
        for key, one in zip(keys, scores, strict=False)
    ]


def test_disagreements_are_counted_for_each_two() -> None:
    found = disagreements(results([2.0, 1.0, -1.0, -3.0], [0.2, -0.1, -0.3, -0.4], [0.1, 0.1, 0.1, -0.1]))
    assert found.pairs == {("crows-pairs", "aul"): 1, ("crows-pairs", "aula"): 1, ("aul", "aula"): 2}
    assert found.sentences[0] == "CrowS-Pairs and AUL disagree on 1 of 4 items (25.0 %)."


def test_items_with_the_largest_disagreement_come_first_whatever_the_scale() -> None:
    found = disagreements(results([400.0, 100.0, -200.0, 300.0], [-0.04, 0.01, -0.02, -0.03])).items
    assert found["id"].tolist() == ["0", "3", "1", "2"]
    assert found["disagreement"].tolist() == [2.0, 1.5, 0.0, 0.0]
    assert found["agree"].tolist() == [False, False, True, True]
    row = found.iloc[0]
    assert (row["crows-pairs score"], row["aul score"], row["text_more"]) == (400.0, -0.04, "more 0")
    assert (row["crows-pairs choice"], row["aul choice"]) == (True, False)


def test_only_items_that_all_scored_count() -> None:
    crows, aul = results([1.0, 2.0, 3.0], [-1.0, 2.0, 3.0])
    found = disagreements([crows, replace(aul, items=aul.items.iloc[1:])])
    assert (found.n, found.pairs[("crows-pairs", "aul")]) == (2, 0)


def test_results_that_do_not_share_items_are_refused() -> None:
    crows, aul = results([1.0, 2.0], [1.0, 2.0])
    other = replace(aul, data=DataVersion("own file", "mine.csv", "ff"))
    assert share_items([crows, other]) == [crows]
    for given in ([crows], [crows, other], []):
        with pytest.raises(InputError, match="expected two results or more of that kind"):
            disagreements(given)
