"""How runs differ from the first one, item by item, as rows of a table."""

from __future__ import annotations

import math

from fairkd.measures import MEASURES, SIGNIFICANCE, Measure, Verdict
from fairkd.utils import p_value, signed, signed_interval

DIGITS = 3  # of a difference in nats; with two it could contradict the rounded values beside it
PAIRED = tuple(MEASURES[key] for key in ("gap_absolute", "pseudo_perplexity_sampled", "kl"))


def difference_row(name: str, measure: Measure, verdict: Verdict | None) -> dict[str, str]:
    """A row of the table of paired differences; a perplexity is compared by the ratio of both values."""
    row = {"run": name, "measure": measure.label, "difference": "–", "95 % interval": "–", "p": "–"}
    if verdict is None:
        return row | {"finding": "not measured on the same items"}
    is_difference = measure.unit == "nats"

    def text(value: float) -> str:
        if math.isnan(value):
            return "–"
        return signed(value, DIGITS) if is_difference else f"× {math.exp(value):.2f}"

    row["difference"] = f"{text(verdict.difference)}{' nats' if is_difference else ''}"
    if verdict.kind != "too few":
        row["95 % interval"] = (
            signed_interval(verdict.low, verdict.high, DIGITS)
            if is_difference
            else _ratio_interval(math.exp(verdict.low), math.exp(verdict.high))
        )
        row["p"] = p_value(verdict.p_value)
    missed = missed_criterion(verdict, "0" if is_difference else "1")
    return row | {"finding": f"{verdict.phrase(measure.sampled)}{f': {missed}' if missed else ''}"}


def missed_criterion(verdict: Verdict, equal: str) -> str:
    """The one criterion that a difference misses although it meets the other; empty if there is none.

    `equal` is the value of no difference: 0, or 1 for a ratio.
    """
    if verdict.kind != "no clear difference":
        return ""
    includes, significant = verdict.low <= 0 <= verdict.high, verdict.p_value < SIGNIFICANCE
    if includes and significant:
        return f"the interval includes {equal}"
    return "" if includes or significant else f"p is not below {SIGNIFICANCE}"


def _ratio_interval(low: float, high: float) -> str:
    """Both ends of an interval of ratios, with more digits where an end would round to a 1 that it is not.

    >>> _ratio_interval(0.9, 1.2), _ratio_interval(0.998, 1.02)
    ('× 0.90 to × 1.20', '× 0.998 to × 1.020')
    """
    enough = (digits for digits in (2, 3) if all(round(end, digits) != 1 or end == 1 for end in (low, high)))
    digits = next(enough, 4)
    return f"× {low:.{digits}f} to × {high:.{digits}f}"
