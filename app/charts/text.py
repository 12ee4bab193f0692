"""The text of figures: typed text, shown literally, and numbers as text.

Plotly interprets some HTML in every string (`<b>`, `<a>`, entities), and `$...$` as mathematics if MathJax is
loaded. So words, sentences and names of professions pass through `escape` in ticks, titles, annotations and
hover texts.

Numbers become text in Python alone. The components in JavaScript get them as strings. Only the triangle
writes approximate numbers of its own, while it is dragged.
"""

import math
from collections.abc import Iterable, Iterator
from decimal import Decimal

from fairkd.utils import (
    agreeing_digits as agreeing_digits,
    correlation_interval as correlation_interval,
    p_value as p_value,
    percent as percent,
    signed as signed,
    signed_correlation as signed_correlation,
    signed_interval as signed_interval,
    times as times,
)

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
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
    """At most `length` characters of `text`, with an ellipsis if it was cut; not yet escaped."""
    whole = str(text)
    return whole if len(whole) <= length else whole[: length - 1].rstrip() + "…"


def exactly(probability: float) -> str:
    """Like `percent`, but with small probabilities as powers of ten: "3.2 × 10⁻⁷"."""
    if not 0 < probability < 1e-4:
        return percent(probability)
    exponent = math.floor(math.log10(probability))
    return f"{probability / 10.0**exponent:.1f} × 10{str(exponent).translate(_SUPERSCRIPT)}"


def sentence_start(text: str) -> str:
    """The text with a capital at its beginning alone."""
    return text[:1].upper() + text[1:]


def percent_tick(probability: float) -> str:
    """A round probability on an axis, however small.

    >>> [percent_tick(tick) for tick in (0, 0.025, 0.5, 1e-8)]
    ['0 %', '2.5 %', '50 %', '0.000001 %']
    """
    return f"{_plain(100 * probability)} %"


def signed_tick(value: float) -> str:
    """A round number on an axis, with its sign; a plain 0.

    >>> [signed_tick(tick) for tick in (-1.5, 0.0, 0.25)]
    ['−1.5', '0', '+0.25']
    """
    if not value:
        return "0"
    return f"{'−' if value < 0 else '+'}{_plain(abs(value))}"


def _plain(value: float) -> str:
    """Three significant digits, without exponent and without zeros at the end."""
    return f"{Decimal(f'{value:.3g}'):f}"


def ratio_tick(ratio: float) -> str:
    """A round ratio on an axis.

    >>> [ratio_tick(ratio) for ratio in (1.25, 2.0, 5000.0, 1e6)]
    ['1.25×', '2×', '5,000×', '10⁶×']
    """
    if ratio >= 1e5:
        return f"10{str(round(math.log10(ratio))).translate(_SUPERSCRIPT)}×"
    return f"{ratio:,.0f}×" if ratio >= 1000 else f"{ratio:g}×"


def round_ratios(low: float, high: float, most: int) -> list[float]:
    """The logarithms of round ratios and of their inverses from `low` to `high`, and 0: at most `most`.

    >>> [round(math.exp(step), 3) for step in round_ratios(-1.8, 1.0, 5)]
    [0.2, 0.5, 1.0, 2.0]
    """
    largest = math.exp(min(max(-low, high), 500.0))
    for ratios in _series_of_ratios(largest, most):
        logs = [math.log(ratio) for ratio in ratios if 1 < ratio <= largest]
        steps = [-log for log in reversed(logs) if -log >= low] + [0.0] + [log for log in logs if log <= high]
        if 1 < len(steps) <= most:
            return steps
    return [0.0]


def _series_of_ratios(largest: float, most: int) -> Iterator[list[float]]:
    """Series of round ratios up to `largest`, each with fewer ratios than the one before."""
    if largest < 3:
        for steps in range(most, 0, -1):
            yield round_steps(1.0, largest, steps)
    decades = math.ceil(math.log10(largest)) + 1
    for mantissas in ((1, 2, 5), (1, 3), (1,)):
        yield [mantissa * 10.0**decade for decade in range(decades) for mantissa in mantissas]
    for every in range(2, decades + 1):
        yield [10.0**decade for decade in range(0, decades, every)]


def round_steps(low: float, high: float, most: int) -> list[float]:
    """The multiples of a round number from `low` to `high`, in at most `most` steps.

    >>> round_steps(-1.2, 1.0, 5)
    [-1.0, -0.5, 0.0, 0.5, 1.0]
    """
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(
        step
        for step in (power, 2 * power, 2.5 * power, 5 * power, 10 * power)
        if high - low <= most * step * (1 + 1e-9)
    )
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]
