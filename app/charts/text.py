"""Text of figures: typed text as it was typed, and numbers for reading.

Plotly reads a small HTML in every string it draws (`<b>`, `<a>`, entities) and hands `$...$` to MathJax where
that is loaded. Words, sentences and profession names pass through `escape` on their way into a figure: ticks,
titles, annotations and hover texts alike.

Numbers are written here and nowhere else. The components in JavaScript get them as strings.
"""

import math
from collections.abc import Iterable

import numpy as np

_ENTITIES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;", "\n": " ", "\r": " ", "\t": " "}
)
_MINUS = "−"


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


def percent(probability: float | None) -> str:
    """A probability with two digits: "12 %", "0.34 %", "< 0.01 %"; "–" where there is none."""
    if probability is None or math.isnan(probability):
        return "–"
    value = probability * 100
    if value == 0:
        return "0 %"
    if value < 0.01:
        return "< 0.01 %"
    if value >= 99.5:
        return f"{min(value, 100):.1f} %"
    return f"{value:#.2g} %" if value < 9.95 else f"{value:.0f} %"


def percent_tick(probability: float) -> str:
    """A round probability on an axis, however small.

    >>> [percent_tick(tick) for tick in (0, 0.025, 0.5, 1e-8)]
    ['0 %', '2.5 %', '50 %', '0.000001 %']
    """
    return f"{np.format_float_positional(100 * probability, precision=3, fractional=False, trim='-')} %"


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, with a true minus sign.

    >>> signed(-0.5), signed(1.234)
    ('−0.50', '+1.23')
    """
    return f"{value:+.{digits}f}".replace("-", _MINUS)
