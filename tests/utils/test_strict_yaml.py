"""YAML from strangers: what is refused, and in which words."""

from __future__ import annotations

import time

import pytest

from fairkd.utils.strict_yaml import MOST_CHARACTERS, read_yaml


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1\nb: *x", "line 2: aliases are not allowed"),
        ("a: 1\nb: 2\na: 3", "line 3: the key 'a' is repeated"),
        ("s: {a: 1, a: 2}", "line 1: the key 'a' is repeated"),
        ('{"a": 1, "a": 2}', "the key 'a' is repeated"),
        ("[" * 100_000, "more than 20 lists and mappings"),
        ("- " * 100, "more than 20 lists and mappings"),
        ("a: !!bool maybe", "tags are not allowed"),
        ("a: !!python/name:os.system x", "tags are not allowed"),
        ("a: [1, 2", "line 1: expected ',' or ']'"),
        ("a: b: c", "line 1: mapping values are not allowed here"),
        ("a: 2023-02-31", "day is out of range for month"),
        ("a: " + "1" * 5000, "a number is too large"),
        ("a: 1:" + "2:" * 400 + "3.5", "a number is too large"),
        ("a\0b", "unacceptable character"),
        ("? [1, 2]\n: 3", "unhashable key"),
        ("#" * (MOST_CHARACTERS + 1), "at most 1,000,000 are read"),
    ],
)
def test_what_is_refused_is_named_on_one_line(text: str, message: str) -> None:
    started = time.thread_time()
    with pytest.raises(ValueError) as caught:
        read_yaml(text)
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert time.thread_time() - started < 2


def test_settings_and_json_are_read() -> None:
    assert read_yaml("") is None
    assert read_yaml("budget: {steps: 9}\nseed: 1\n") == {"budget": {"steps": 9}, "seed": 1}
    assert read_yaml('{"student": {"layers": [0, 2]}, "note": "yes"}')["student"] == {"layers": [0, 2]}
