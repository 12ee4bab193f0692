"""Text of figures: what a person typed as it was typed, and probabilities for reading.

Plotly reads a small HTML in every string it draws (`<b>`, `<a>`, entities) and hands `$...$` to MathJax where
that is loaded. Words, sentences and profession names pass through `escape` on their way into a figure: ticks,
titles, annotations and hover texts alike.
"""

import math
from collections.abc import Iterable

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
    """At most `length` characters of `text`, an ellipsis where something was cut; not yet escaped."""
    whole = str(text)
    return whole if len(whole) <= length else whole[: length - 1].rstrip() + "…"


def percent(probability: float | None) -> str:
    """A probability with two figures: "12 %", "0.34 %", "< 0.01 %"; "–" where there is none."""
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
