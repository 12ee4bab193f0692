"""The interval of a mean of values that have a range, such as shares: it stays within the range.

    interval_within(0.99, 0.02, (0.0, 1.0))        # (0.929, 0.999), and not (0.97, 1.01)

It is computed on the logit scale for values between a and b, and on the log scale for those above a (b
infinite). With the mean x̄ and the half width h of its t interval, by the delta method:

    g(x) = log((x − a) / (b − x)), or log(x − a)
    from g⁻¹(g(x̄) − g'(x̄) h) to g⁻¹(g(x̄) + g'(x̄) h)

So it holds the mean, stays within the range, which x̄ ± h may leave, and covers better where values lie near
an end: with 5 seeds of beta(1, 99) in 93 % of cases instead of 88 %. Far from the ends both agree.
Differences may be negative, so theirs stay as they are.
"""

from __future__ import annotations

import numpy as np

ANY_NUMBER = (-np.inf, np.inf)


def interval_within(mean: float, half: float, bounds: tuple[float, float]) -> tuple[float, float]:
    """The ends of the interval of a mean with the half width `half`, within the range of its values.

    A mean that rounding has put on an end or beyond it, such as a KL of -1e-9, keeps `mean ± half`.
    """
    low, high = bounds
    above, below = mean - low, high - mean
    if low == -np.inf or not half > 0 or not (above > 0 and below > 0):
        return mean - half, mean + half
    with np.errstate(over="ignore"):
        if below == np.inf:
            factor = np.exp(half / above)
            return float(low + above / factor), float(low + above * factor)
        # (x - low) / (high - x) is divided and multiplied by this.
        factor = np.exp(half * (high - low) / (above * below))
        return (
            float(low + (high - low) * above / (above + below * factor)),
            float(high - (high - low) * below / (below + above * factor)),
        )
