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
    exact = abs(value) >= 1 - 1e-9
    return signed(value, 2 if exact else next(d for d in range(2, 10) if round(abs(value), d) < 1))
