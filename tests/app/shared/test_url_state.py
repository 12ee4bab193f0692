"""Links from earlier versions: their parameters get the current names and values."""

from __future__ import annotations

import pytest

from app.gaps.inputs import BASELINES
from app.shared.url_state import (
    RENAMED_PARAMETERS,
    RENAMED_VALUES,
    has_old_names,
    parameters_with_current_names,
)


class Parameters(dict[str, list[str]]):
    """Stands in for the parameters of the address."""

    get_all = dict.__getitem__


def address(monkeypatch: pytest.MonkeyPatch, **parameters: list[str]) -> None:
    monkeypatch.setattr("streamlit.query_params", Parameters(parameters))


@pytest.mark.parametrize(("old", "new"), RENAMED_PARAMETERS.items())
def test_an_earlier_name_is_replaced_and_keeps_all_its_values(
    monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    address(monkeypatch, teacher=["embedded/teacher"], **{old: ["a", "b"]})
    assert has_old_names()
    assert parameters_with_current_names() == {"teacher": ["embedded/teacher"], new: ["a", "b"]}
    address(monkeypatch, **{new: ["a", "b"]})
    assert not has_old_names()


@pytest.mark.parametrize("name", RENAMED_VALUES)
def test_an_earlier_value_is_replaced(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for old, new in RENAMED_VALUES[name].items():
        address(monkeypatch, **{name: [old]})
        assert has_old_names()
        assert parameters_with_current_names() == {name: [new]}
        address(monkeypatch, text=[old], **{name: [new]})
        assert not has_old_names(), "the same text in another parameter is not a renamed value"


def test_a_current_name_wins_over_an_earlier_one(monkeypatch: pytest.MonkeyPatch) -> None:
    address(monkeypatch, slot=["subject"], role=["object"])
    assert has_old_names()
    assert parameters_with_current_names() == {"role": ["object"]}


def test_renamed_values_are_values_of_their_widgets() -> None:
    assert set(RENAMED_VALUES["value"].values()) <= set(BASELINES.values())


def test_no_name_is_renamed_twice() -> None:
    assert RENAMED_PARAMETERS.keys().isdisjoint(RENAMED_PARAMETERS.values())
