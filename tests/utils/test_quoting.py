"""Quotations in errors: one line, at most 200 characters, and no error of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairkd.utils.quoting import MOST_CHARACTERS, quoted, shortened


@pytest.mark.parametrize(
    "value",
    ["x" * 10**6, "\0" * 500, "a\n" * 300, [0] * 10**5, [10**5000], {"a": "b" * 999}, Path("a" * 999)],
    ids=lambda value: type(value).__name__,
)
def test_any_value_is_quoted_on_one_short_line(value: object) -> None:
    assert len(quoted(value)) <= MOST_CHARACTERS and "\n" not in quoted(value)


def test_a_long_path_keeps_its_name() -> None:
    assert shortened("/srv/" + "deep/" * 100 + "run.yaml").endswith("run.yaml")


def test_a_short_value_is_quoted_as_it_is() -> None:
    assert quoted(" a  b ") == "' a  b '" and quoted(None) == "None" and shortened("a b") == "a b"
