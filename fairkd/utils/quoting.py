"""What was given, as errors quote it: on one line, and not longer than a reader needs."""

from __future__ import annotations

MOST_CHARACTERS = 200
_TAIL = 60  # of them from the end, where the name of a path is


def shortened(text: object, most: int = MOST_CHARACTERS) -> str:
    """A text on one line of at most `most` characters: of a longer one the beginning and the end.

    >>> shortened("a" * 150 + "b" * 150, most=20)
    'aaaaaaaaaaaa … bbbbb'
    >>> shortened("two\\nlines")
    'two lines'
    """
    return _cut(" ".join(str(text).split()), most)


def quoted(value: object, most: int = MOST_CHARACTERS) -> str:
    """A value as Python writes it, in at most `most` characters; any value, also one that cannot be written.

    >>> quoted("x")
    "'x'"
    >>> quoted([0] * 1000, most=20)
    '[0, 0, 0, 0, … 0, 0]'
    """
    if isinstance(value, str):  # cut inside the quotation marks
        value = _cut(value, most - 2)
    try:
        return _cut(repr(value), most)
    except (ValueError, RecursionError):  # Python does not write integers of more than 4,300 digits
        return f"(a value of the type {type(value).__name__}, too large to show)"


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    tail = min(_TAIL, most // 4)
    return f"{text[: most - tail - 3]} … {text[len(text) - tail :]}"
