"""The edits of the Gaps page in its address: reading a link returns what was written to it."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, strategies as some

from app.gaps import link
from app.shared.url_state import compact, read_link

NAMES = some.text(max_size=6)
PROFESSIONS = some.dictionaries(NAMES, some.none() | some.floats(0, 1), max_size=8).map(
    lambda rows: pd.DataFrame(list(rows.items()), columns=["profession", "women_share"]).astype(
        {"women_share": float}
    )
)
TEMPLATES = some.lists(
    some.tuples(some.sampled_from("abc"), some.sampled_from(["subject", "object"])), unique=True, max_size=6
).map(lambda rows: pd.DataFrame(rows, columns=["text", "role"]))
SHIPPED = pd.DataFrame({"profession": ["nurse", "pilot"], "women_share": [0.9, 0.1]})


class Address:
    """Stands in for the address."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, text: str | None = None) -> None:
        self.parameters: dict[str, str] = {} if text is None else {link.EDITS: text}
        monkeypatch.setattr("streamlit.query_params", self.parameters)


def same_rows(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """In any order."""
    ordered = [frame.sort_values(list(frame)).reset_index(drop=True) for frame in (one, other)]
    return ordered[0].equals(ordered[1])


def round_trip(table: str, now: pd.DataFrame, shipped: pd.DataFrame) -> None:
    with pytest.MonkeyPatch.context() as patch:
        address = Address(patch)
        assert link.keep({table: (now, shipped)}) == []
        found = link.restored(table, shipped)
        if found is None:
            assert same_rows(now, shipped) and not address.parameters
            return
        assert same_rows(found, now)
        written = dict(address.parameters)
        link.keep({table: (found, shipped)})
        assert address.parameters == written, "the link does not change"


@given(now=PROFESSIONS, shipped=PROFESSIONS)
def test_a_link_restores_any_professions(now: pd.DataFrame, shipped: pd.DataFrame) -> None:
    round_trip("professions", now, shipped)


@given(now=TEMPLATES, shipped=TEMPLATES)
def test_a_link_restores_any_templates_even_a_text_in_two_roles(
    now: pd.DataFrame, shipped: pd.DataFrame
) -> None:
    round_trip("templates", now, shipped)


def test_a_link_has_the_differences_only(monkeypatch: pytest.MonkeyPatch) -> None:
    address = Address(monkeypatch)
    now = pd.DataFrame({"profession": ["pilot", "smith"], "women_share": [0.2, float("nan")]})
    link.keep({"professions": (now, SHIPPED)})
    assert json.loads(address.parameters["edits"]) == {
        "professions": {"drop": ["nurse"], "add": [["pilot", 0.2], ["smith", None]]}
    }
    link.keep({"professions": (SHIPPED, SHIPPED)})
    assert not address.parameters


def test_an_added_row_replaces_a_shipped_profession(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Address(monkeypatch, compact({"professions": {"add": [["nurse", 0.5]]}}))
    found = link.restored("professions", SHIPPED)
    assert found is not None and found["profession"].tolist() == ["pilot", "nurse"]


def test_a_table_with_too_many_edits_is_omitted_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    address = Address(monkeypatch)
    many = pd.DataFrame({"profession": [f"smith {n}" for n in range(500)], "women_share": 0.5})
    templates = pd.DataFrame({"text": ["a"], "role": ["subject"]})
    tables = {"professions": (many, SHIPPED), "templates": (templates, templates.head(0))}
    assert link.keep(tables) == ["professions"]
    assert list(json.loads(address.parameters["edits"])) == ["templates"]


@pytest.mark.parametrize(
    "made",
    [
        {"add": [["a"], "b", [1, 2], ["c", "d"], ["e", {}], None], "drop": [1, [], {}, None]},
        {"add": "abc", "drop": {"nurse": 1}},
    ],
)
def test_invalid_rows_are_omitted(monkeypatch: pytest.MonkeyPatch, made: Any) -> None:
    Address(monkeypatch, compact({"professions": made}))
    found = link.restored("professions", SHIPPED)
    assert found is not None and same_rows(found, SHIPPED)


def test_a_link_of_an_earlier_version_calls_the_templates_patterns(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = pd.DataFrame({"text": ["[MASK] is {a profession}."], "role": ["subject"]})
    Address(monkeypatch, compact({"patterns": {"add": [["[MASK] was {a profession}.", "subject"]]}}))
    found = link.restored("templates", shipped)
    assert found is not None and len(found) == 2 and found["text"].iloc[1] == "[MASK] was {a profession}."
    link.keep({"templates": (found, shipped)})
    assert read_link("edits").keys() == {"templates"}


@pytest.mark.parametrize("text", ["", "{", "[]", "1", '{"professions": []}', "[" * 20_000])
def test_an_invalid_link_is_ignored(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    Address(monkeypatch, text)
    assert link.restored("professions", SHIPPED) is None
    assert read_link("edits") in ({}, {"professions": []})


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 400, "1e400", "9" * 5000])
def test_a_number_beyond_all_numbers_in_a_link_counts_as_missing(
    number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Address(monkeypatch, f'{{"professions":{{"add":[["nurse",{number}]]}}}}')
    found = link.restored("professions", SHIPPED)
    assert found is not None and pd.isna(found.set_index("profession").women_share["nurse"])


def test_a_link_of_absurd_length_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    Address(monkeypatch, compact({"professions": {"drop": ["x" * 200_000]}}))
    assert read_link(link.EDITS) == {}
