"""The items behind an evaluation, one for each profession or sentence: means, intervals, pairs of two models.

    items = {"professions": ["nurse", "pilot"], "gap_absolute": [2.1, 1.3], "sentences": "5f0c1d2e",
             "masked_tokens": [2, 3], "kl": [1.4, 0.9], "pseudo_perplexity_sampled": [3.2, 0.4], ...}

By the key of a measure, `items` holds

* for a gap: the mean over the templates of each profession;
* at masked tokens: the sum over the masked tokens of each sentence, whose numbers are `masked_tokens`;
* for a perplexity: −log p in nats, so that the measure is exp of the mean;
* for the calibration error: what the sentence adds to it (`calibration_items`), of either sign.

`professions` and `sentences` (a digest of the text) say what the items belong to: items of two models are
paired only where these are equal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fairkd.measures.registry import FEWEST_ITEMS, Measure
from fairkd.measures.statistics import bootstrap_means, percentiles

if TYPE_CHECKING:
    import pandas as pd

Items = Mapping[str, Any]
Floats = NDArray[np.float64]

WEIGHTS = "masked_tokens"


def profession_items(frame: pd.DataFrame) -> dict[str, Any]:
    """The items of the gap measures, from a frame as `fairkd.measures.gaps` returns it.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"profession": ["nurse", "nurse"], "gap": [-1.0, 0.5], "mass": [0.8, 0.6]})
    >>> {key: list(map(str, values)) for key, values in profession_items(frame).items()}
    {'professions': ['nurse'], 'gap_mean': ['-0.25'], 'gap_absolute': ['0.75'], 'gap_mass': ['0.7']}
    """
    each = frame.assign(absolute=frame["gap"].abs()).groupby("profession", sort=False)
    columns = {"gap_mean": "gap", "gap_absolute": "absolute", "gap_mass": "mass"}
    known = frame["gap"].notna().all()  # else the model's outputs are not finite
    means = {
        key: each[column].mean().to_numpy(dtype=float) if known else np.full(each.ngroups, math.nan)
        for key, column in columns.items()
    }
    return {"professions": [str(name) for name in each.groups], **means}


def measured(measure: Measure, items: Items) -> dict[str, float | None]:
    """The value of a measure with the ends of its interval, by key; None where it has no items.

    The bootstrap resamples professions or sentences. The interval is None for fewer than `FEWEST_ITEMS`, NaN
    where an item is not finite.

    >>> from fairkd.measures import MEASURES
    >>> found = measured(MEASURES["kl"], {"masked_tokens": [1, 3] * 3, "kl": [2.0] * 6})
    >>> {key: round(value, 2) for key, value in found.items()}
    {'kl': 1.0, 'kl_low': 0.75, 'kl_high': 1.5}
    """
    found = _items(measure, items)
    if found is None:
        return dict.fromkeys(measure.keys)
    table = np.stack([found, _weights(measure, items, len(found))])
    ends: tuple[float | None, float | None] = (None, None)
    if not np.isfinite(table).all():
        value, ends = math.nan, (math.nan, math.nan)
    else:
        total, count = table.sum(axis=1)
        value = float(total / count)
        if len(found) >= FEWEST_ITEMS:
            totals, counts = bootstrap_means(table).T
            low, high = percentiles(totals / counts)
            ends = float(low), float(high)
    shown = (_shown(measure, mean) for mean in (value, *ends))
    return dict(zip(measure.keys, shown, strict=True))


def item_values(measure: Measure, items: Items) -> Floats | None:
    """The contribution of each item to the value, for `fairkd.measures.Score`; None without items.

    Their mean is the value of the measure, or the logarithm of a perplexity. At masked tokens, where a
    sentence weighs as many tokens as it has, they are the influence values of the ratio, so that the spread
    of their mean is that of the value.

    >>> from fairkd.measures import MEASURES
    >>> item_values(MEASURES["kl"], {"masked_tokens": [1, 3], "kl": [2.0, 2.0]}).tolist()
    [1.5, 0.5]
    """
    found = _items(measure, items)
    if found is None:
        return None
    weights = _weights(measure, items, len(found))
    ratio = found.sum() / weights.sum()
    return np.asarray(ratio + (found - ratio * weights) / weights.mean())


def are_paired(measure: Measure, one: Items, other: Items) -> bool:
    """Whether two models were measured on the same professions or sentences, item by item."""
    if _items(measure, one) is None or _items(measure, other) is None:
        return False
    names = ("professions",) if measure.sample == "professions" else ("sentences", WEIGHTS)
    alike = all(np.array_equal(one.get(name, ()), other.get(name, ())) for name in names)
    return alike and bool(len(one.get(names[0], ())))


def rounded(items: Items) -> dict[str, Any]:
    """The items for an event: numbers with four significant digits and at most four decimals.

    >>> rounded({"kl": np.array([1.23456, 0.5]), "masked_tokens": np.array([2.0, 3.0]), "sentences": "5f0c"})
    {'kl': [1.235, 0.5], 'masked_tokens': [2, 3], 'sentences': '5f0c'}
    """
    return {
        key: [_short(float(value)) for value in values] if isinstance(values, np.ndarray) else values
        for key, values in items.items()
    }


def _short(value: float) -> float | int:
    if not math.isfinite(value):
        return value
    short = round(float(f"{value:.4g}"), 4)
    return int(short) if short.is_integer() else short


def _items(measure: Measure, items: Items) -> Floats | None:
    values = items.get(measure.key)
    if values is None or not len(values):
        return None
    # An event holds None where a number was not finite.
    return np.array([math.nan if value is None else value for value in values], dtype=float)


def _weights(measure: Measure, items: Items, count: int) -> Floats:
    """How many tokens each item sums up; 1 for a profession or a sentence with one token scored."""
    if measure.sample != "masked_sentences":
        return np.ones(count)
    return np.array(items[WEIGHTS], dtype=float)


def _shown(measure: Measure, mean: float | None) -> float | None:
    """The value of the measure for a mean of items."""
    if mean is None:
        return None
    if measure.key == "calibration_error":
        return max(mean, 0.0)  # an end of the interval; a bin keeps its sign in the bootstrap
    return perplexity_of_loss(mean) if measure.logs else mean


def perplexity_of_loss(loss: float) -> float:
    """exp(loss), a mean in nats; infinite where that is beyond the range of a float.

    >>> perplexity_of_loss(0.0), perplexity_of_loss(710.0)
    (1.0, inf)
    """
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf
