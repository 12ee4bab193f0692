"""JSON as it may be found on a disk."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from fairkd.utils import parse_json, plain
from fairkd.utils.plain_json import MOST_LEVELS


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1, -2.5, true, null]", [1, -2.5, True, None]),
        ("[NaN, Infinity, -Infinity, 1e999]", [None, None, None, None]),
        ("123456789012345678901234567890", 123456789012345678901234567890.0),
        ("9" * 400, None),
        (r'{"\ud800": "a\udfffb"}', {"\ufffd": "a\ufffdb"}),
        (r'"\ud83d\ude00"', "\U0001f600"),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
    ],
)
def test_what_no_file_or_page_can_hold_is_replaced(text: str | bytes, value: object) -> None:
    assert parse_json(text) == value


@pytest.mark.parametrize(
    "text", ["", "{", b"\xff", "[" * 2000, "[" * (MOST_LEVELS + 1) + "]" * (MOST_LEVELS + 1)]
)
def test_what_is_no_json_or_too_deep_is_refused(text: str | bytes) -> None:
    with pytest.raises(ValueError):
        parse_json(text)


@given(
    st.recursive(st.none() | st.floats() | st.integers(-(10**15), 10**15) | st.text(), st.lists, max_leaves=9)
)
def test_what_was_written_is_read(value: object) -> None:
    assert parse_json(json.dumps(plain(value))) == plain(value)
