"""User text that plotly draws as it was typed.

Plotly reads a small HTML in every string it draws (`<b>`, `<a>`, entities) and hands `$...$` to MathJax where
that is loaded. Words, sentences and profession names pass through `escape` on their way into a figure: ticks,
titles, annotations and hover texts alike.
"""

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
