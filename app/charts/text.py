"""Text of figures: typed text as it was typed, and numbers for reading.

Plotly reads a small HTML in every string it draws (`<b>`, `<a>`, entities) and hands `$...$` to MathJax where
that is loaded. Words, sentences and profession names pass through `escape` on their way into a figure: ticks,
titles, annotations and hover texts alike.

Numbers become text in Python alone. The components in JavaScript get them as strings.
"""

from collections.abc import Iterable

import numpy as np

from fairkd.utils import percent as percent, signed as signed

_ENTITIES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;", "\n": " ", "\r": " ", "\t": " "}
)


def escape(text: object) -> str:
    """`text` as a string that plotly shows literally."""
    return str(text).translate(_ENTITIES)


def escape_all(texts: Iterable[object]) -> list[str]:
    """`escape` for a column of texts."""
    return [escape(text) for text in texts]


def shorten(text: object, length: int = 40) -> str:
    """At most `length` characters of `text`, with an ellipsis where it was cut; not yet escaped."""
    whole = str(text)
    return whole if len(whole) <= length else whole[: length - 1].rstrip() + "…"


def percent_tick(probability: float) -> str:
    """A round probability on an axis, however small.

    >>> [percent_tick(tick) for tick in (0, 0.025, 0.5, 1e-8)]
    ['0 %', '2.5 %', '50 %', '0.000001 %']
    """
    return f"{np.format_float_positional(100 * probability, precision=3, fractional=False, trim='-')} %"
