"""Values as JSON knows them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

MOST_LEVELS = 40  # of a document that `parse_json` reads
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")  # as JSON escapes it, or as it is
_LONE = re.compile(r"[\ud800-\udfff]")  # json.loads has joined the pairs


def plain(value: Any) -> Any:
    """`value` as dicts, lists, strings, numbers and None. NaN and infinities become None: JSON lacks them."""
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if hasattr(value, "item"):  # a numpy number
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def parse_json(content: str | bytes) -> Any:
    """The value of a JSON document that may be damaged, as `plain` knows values.

    NaN, infinities and numbers beyond the range of a float become None, lone surrogates in strings U+FFFD: no
    file, table or page can hold them. Integers of more than 15 digits become floats.

    >>> parse_json('{"a": [1, 1e999, NaN]}')
    {'a': [1, None, None]}

    Raises
    ------
    ValueError
        When it is no JSON, not UTF-8, or nested in more than `MOST_LEVELS` levels.
    """
    text = content if isinstance(content, str) else content.decode("utf-8-sig")
    try:
        value = json.loads(text, parse_constant=_nothing, parse_float=_finite, parse_int=_integer)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    surrogates = _SURROGATE.search(text) is not None
    if surrogates or text.count("[") + text.count("{") > MOST_LEVELS:
        return _checked(value, MOST_LEVELS)
    return value


def _checked(value: Any, levels: int) -> Any:
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value)
    if not isinstance(value, dict | list):
        return value
    if not levels:
        raise ValueError("it is nested too deeply")
    if isinstance(value, list):
        return [_checked(entry, levels - 1) for entry in value]
    return {_LONE.sub("\ufffd", key): _checked(entry, levels - 1) for key, entry in value.items()}


def _nothing(constant: str) -> None:
    return None


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _integer(digits: str) -> int | float | None:
    return int(digits) if len(digits) <= 16 else _finite(digits)
