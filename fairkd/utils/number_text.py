"""Numbers as text for people: percentages, and signs with a real minus."""

from __future__ import annotations

import math

_MINUS = "−"


def percent(share: float | None) -> str:
    """A share (0 to 1), or an increase by a share, in per cent, with two figures; "–" where there is none.

    Near 1 it has as many decimal places as tell it from 1.

    >>> percent(0.123), percent(0.0034), percent(0.00001), percent(None)
    ('12 %', '0.34 %', '< 0.01 %', '–')
    >>> percent(0.996), percent(0.9998), percent(0.999999), percent(1)
    ('99.6 %', '99.98 %', '> 99.99 %', '100 %')
    """
    if share is None or math.isnan(share):
        return "–"
    value = share * 100
    if value == 0:
        return "0 %"
    if value < 0.01:
        return "< 0.01 %"
    if value >= 100.5:  # no share of a whole, but an increase
        return f"{value:,.0f} %"
    if value >= 100 * (1 - 1e-9):  # a sum of shares may miss 1 by its rounding errors
        return "100 %"
    if value > 99.99:
        return "> 99.99 %"
    if value >= 99.5:
        return f"{value:.1f} %" if value < 99.9 else f"{value:.2f} %"
    return f"{value:#.2g} %" if value < 9.95 else f"{value:.0f} %"


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign; no sign where it rounds to zero.

    >>> signed(-0.5), signed(1.234), signed(-0.001)
    ('−0.50', '+1.23', '0.00')
    """
    if round(value, digits) == 0:
        return f"{0:.{digits}f}"
    return f"{value:+.{digits}f}".replace("-", _MINUS)


def signed_correlation(value: float) -> str:
    """A correlation with its sign, with more digits where two would round it to 1 or −1.

    >>> signed_correlation(-0.5), signed_correlation(-0.9984), signed_correlation(-1.0)
    ('−0.50', '−0.998', '−1.00')
    """
    return signed(value, _correlation_digits(value))


def signed_interval(low: float, high: float, digits: int = 2) -> str:
    """Both ends of an interval, with more digits where an end would round to a zero that it is not.

    So the text holds 0 if and only if the interval does. An end that rounds to 0 even then keeps its sign.

    >>> signed_interval(0.3, 0.7), signed_interval(-0.0028, 0.0407), signed_interval(-1e-9, 1)
    ('+0.30 to +0.70', '−0.003 to +0.041', '−0.0000 to +1.0000')
    """
    ends = (low, high)
    enough = (d for d in range(digits, 4) if all(round(end, d) or not end for end in ends))
    digits = next(enough, max(digits, 4))
    texts = (f"{end:+.{digits}f}".replace("-", _MINUS) if end else f"{0:.{digits}f}" for end in ends)
    return " to ".join(texts)


def agreeing_digits(*rows: tuple[float, float, float]) -> int:
    """The fewest digits, of 2 to 4, with which each shown difference is that of the two shown values.

    Each row has the two values and their difference, in either direction. Rows without one do not count. If
    no number of digits does it, it is 3.

    >>> agreeing_digits((0.864, 0.4361, -0.4279)), agreeing_digits((0.86, 0.44, -0.42))
    (3, 2)
    """

    def agree(digits: int) -> bool:
        return all(
            round(abs(round(one, digits) - round(other, digits)), digits) == round(abs(difference), digits)
            for one, other, difference in rows
            if not math.isnan(difference)
        )

    return next((digits for digits in (2, 3, 4) if agree(digits)), 3)


def correlation_interval(low: float, high: float) -> str:
    """Both ends of the interval of a correlation, with as many digits as tell them from 0, 1 and −1.

    >>> correlation_interval(-0.5, 0.004), correlation_interval(0.9, 0.9984)
    ('−0.500 to +0.004', '+0.900 to +0.998')
    """
    return signed_interval(low, high, max(map(_correlation_digits, (low, high))))


def _correlation_digits(value: float) -> int:
    """The digits that tell a correlation from 1 and −1; two where it is exactly one of them."""
    if abs(value) >= 1 - 1e-9:
        return 2
    return next(digits for digits in range(2, 10) if round(abs(value), digits) < 1)


def times(ratio: float) -> str:
    """How many times as likely, with two figures: "4.0", "12", "1,300".

    >>> times(4.02), times(12.3), times(1270), times(3e7)
    ('4.0', '12', '1,300', 'more than a million')
    """
    if ratio > 1e6:
        return "more than a million"
    if ratio < 9.95:
        return f"{ratio:.1f}"
    return f"{round(ratio, 1 - math.floor(math.log10(ratio))):,.0f}"


def p_value(value: float) -> str:
    """A p-value as cards and tables show it.

    >>> p_value(0.0004), p_value(0.25)
    ('< 0.001', '0.250')
    """
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
