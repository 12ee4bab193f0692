"""Summaries of the gaps of one model: means with intervals, and their correlation with the labour market.

All functions take data frames as `fairkd.measures.gaps` returns them. Intervals resample professions: another
study would choose other professions, and sentences about one profession are not independent.
`fairkd.measures.gap_comparison` compares models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from fairkd.errors import InputError
from fairkd.lexicon import shipped_professions
from fairkd.measures import statistics
from fairkd.measures.registry import FEWEST_ITEMS
from fairkd.measures.statistics import Correlation
from fairkd.utils import shortened

Value = Literal["gap", "corrected_gap"]

VALUE_NAMES = {"gap": "gap", "corrected_gap": "prior-corrected gap"}
SENTENCE = ["template", "role", "profession"]


def by_profession(
    frame: pd.DataFrame, *, value: Value = "gap", seed: int = 0, resamples: int = 2000
) -> pd.DataFrame:
    """The mean gap of each profession, with a percentile bootstrap 95 % interval over the templates.

    Returns
    -------
    DataFrame
        profession, mean, low, high, mean_absolute (nats), mass and share (means over the templates), n
        (number of templates), in the order of the frame. With fewer than `FEWEST_ITEMS` templates, low and
        high are NaN.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {
    ...         "template": [f"[MASK] is {{a profession}}{end}" for end in ".!?,;:"] * 2,
    ...         "role": "subject",
    ...         "profession": ["nurse"] * 6 + ["pilot"] * 6,
    ...         "gap": [-2.0, -1.0, -1.5, -1.5, -2.0, -1.0, 0.5, 1.5, 1.0, 1.0, 0.5, 1.5],
    ...         "mass": 0.8,
    ...         "share": 0.5,
    ...     }
    ... )
    >>> by_profession(frame)[["profession", "mean", "low", "high"]].round(2)
      profession  mean   low  high
    0      nurse  -1.5 -1.83 -1.17
    1      pilot   1.0  0.67  1.33
    """
    rows = sentences_of(frame, value)
    rows = rows.assign(mean_absolute=rows[value].abs())
    each = means_by_profession(rows, [value, "mean_absolute", "mass", "share"]).rename(
        columns={value: "mean"}
    )
    values = {name: group.to_numpy() for name, group in rows.groupby("profession", sort=False)[value]}
    each["n"] = [len(values[name]) for name in each.index]
    # Professions with the same number of templates are resampled together.
    for n in each.n.unique():
        same = each.index[each.n == n]
        table = np.stack([values[name] for name in same])
        each.loc[same, ["low", "high"]] = np.column_stack(_interval(table, seed, resamples))
    return each.reset_index()[["profession", "mean", "low", "high", "mean_absolute", "mass", "share", "n"]]


@dataclass(frozen=True)
class Summary:
    """The gaps of one model in a few numbers.

    `mean` and `mean_absolute` are in nats. Their 95 % percentile bootstrap intervals over professions are NaN
    with fewer than `FEWEST_ITEMS` professions. `mass` is a share.
    """

    mean: float
    low: float
    high: float
    mean_absolute: float
    absolute_low: float
    absolute_high: float
    mass: float
    professions: int
    sentences: int
    measure: Value


def summarise(frame: pd.DataFrame, *, value: Value = "gap", seed: int = 0, resamples: int = 2000) -> Summary:
    """Mean and mean absolute gap, each with its interval.

    `mean` is the mean gap: over the templates of each profession first, then over professions.
    `mean_absolute` is the same of |gap|, `mass` of P(A) + P(B). The bootstrap draws whole professions, so
    repeated rows do not narrow the intervals.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {
    ...         "template": "[MASK] is {a profession}.",
    ...         "role": "subject",
    ...         "profession": ["nurse", "pilot", "cook", "judge", "clerk", "guard"],
    ...         "gap": [-2.0, 1.0, -2.0, 1.0, -2.0, 1.0],
    ...         "mass": 0.8,
    ...     }
    ... )
    >>> found = summarise(frame)
    >>> found.mean, found.mean_absolute, round(found.absolute_low, 2), round(found.absolute_high, 2)
    (-0.5, 1.5, 1.17, 1.83)
    """
    rows = sentences_of(frame, value)
    each = means_by_profession(rows.assign(absolute=rows[value].abs()), [value, "absolute", "mass"])
    low, high = _interval(each[[value, "absolute"]].to_numpy().T, seed, resamples)
    return Summary(
        mean=float(each[value].mean()),
        low=float(low[0]),
        high=float(high[0]),
        mean_absolute=float(each["absolute"].mean()),
        absolute_low=float(low[1]),
        absolute_high=float(high[1]),
        mass=float(each["mass"].mean()),
        professions=len(each),
        sentences=len(rows),
        measure=value,
    )


def leanings(each: pd.DataFrame) -> tuple[int, int]:
    """How many professions lean towards group A (mean above 0) and towards group B (below 0).

    `each` is from `by_profession`.

    >>> leanings(pd.DataFrame({"profession": ["nurse", "pilot", "cook"], "mean": [-2.0, 1.0, 0.5]}))
    (2, 1)
    """
    return int((each["mean"] > 0).sum()), int((each["mean"] < 0).sum())


def split_words(frame: pd.DataFrame) -> list[str]:
    """The words in a frame that the tokenizer splits, each with its number of subword tokens.

    >>> split_words(pd.DataFrame({"split": ["", "gal (2)", "gal (2); stepfather (2)"]}))
    ['gal (2)', 'stepfather (2)']
    """
    named = (name for cell in frame["split"].unique() for name in cell.split("; ") if name)
    return list(dict.fromkeys(named))


def group_shares(
    pairs: Mapping[tuple[str, str], pd.DataFrame], *, seed: int = 0, resamples: int = 2000
) -> pd.DataFrame:
    """The share of each of several groups: P(G) over the sum of P of all groups, at the same masks.

    `pairs` is from `pairwise_gaps`. The shares are averaged over the templates of each profession, then over
    professions, so they add up to 1.

    Returns
    -------
    DataFrame
        group, share, low, high (percentile bootstrap 95 % interval over professions; NaN with fewer than
        `FEWEST_ITEMS` professions).

    Examples
    --------
    >>> row = {"template": "[MASK] worked as {a profession}.", "role": "subject", "profession": "nurse"}
    >>> log_p = {"he": np.log(0.2), "she": np.log(0.3), "they": np.log(0.1)}
    >>> pairs = {
    ...     (a, b): pd.DataFrame([row | {"log_p_a": log_p[a], "log_p_b": log_p[b]}])
    ...     for a, b in (("he", "she"), ("he", "they"), ("she", "they"))
    ... }
    >>> group_shares(pairs).round(2)[["group", "share"]]
      group  share
    0    he   0.33
    1   she   0.50
    2  they   0.17
    """
    log_p = {
        group: frame[f"log_p_{side}"]
        for names, frame in pairs.items()
        for side, group in zip("ab", names, strict=True)
    }
    groups = list(dict.fromkeys(group for names in pairs for group in names))
    first = next(iter(pairs.values()))
    if first.empty:
        raise InputError("There are no gaps to summarise: give at least one template and one profession.")
    shares = softmax(np.column_stack([log_p[group] for group in groups]), axis=1)
    rows = pd.DataFrame(shares, columns=groups).assign(profession=first["profession"].to_numpy())
    each = means_by_profession(rows, groups)
    low, high = _interval(each.to_numpy().T, seed, resamples)
    return pd.DataFrame({"group": groups, "share": each.mean().to_numpy(), "low": low, "high": high})


def labour_market(
    frame: pd.DataFrame,
    *,
    value: Value = "gap",
    shares: pd.DataFrame | None = None,
    seed: int = 0,
    resamples: int = 2000,
) -> tuple[pd.DataFrame, Correlation]:
    """The mean gap of each profession, the share of women in it, and their correlation.

    Pearson's r with its 95 % interval (Fisher's), after Caliskan et al. 2017 (doi
    10.1126/science.aal4230), who correlate the associations in word embeddings with the same statistics.
    With he as group A and she as B, a model that mirrors the labour market has an r near -1.

    Parameters
    ----------
    shares : DataFrame, optional
        profession and women_share; by default `shipped_professions()`. Case does not matter. Professions
        that are not in it are left out.

    Returns
    -------
    DataFrame
        profession, gap (its mean, of `value`), low, high (as in `by_profession`), mass, women_share.
    Correlation

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {
    ...         "template": "[MASK] is {a profession}.",
    ...         "role": "subject",
    ...         "profession": ["nurse", "lawyer", "carpenter"],
    ...         "gap": [-2.0, 0.2, 2.0],
    ...         "mass": 0.8,
    ...         "share": [0.12, 0.55, 0.88],
    ...     }
    ... )
    >>> table, found = labour_market(frame)
    >>> table[["profession", "gap", "women_share"]]
      profession  gap  women_share
    0      nurse -2.0        0.879
    1     lawyer  0.2        0.385
    2  carpenter  2.0        0.035
    >>> round(found.r, 2)
    -1.0
    """
    table = shipped_professions() if shares is None else shares
    known = {
        str(name).strip().casefold(): share
        for name, share in zip(table["profession"], table["women_share"], strict=True)
        if pd.notna(share)
    }
    each = by_profession(frame, value=value, seed=seed, resamples=resamples)
    each["women_share"] = [known.get(name.casefold(), np.nan) for name in each.profession]
    each = each.dropna(subset="women_share").rename(columns={"mean": "gap"})
    each = each[["profession", "gap", "low", "high", "mass", "women_share"]].reset_index(drop=True)
    found = statistics.correlation(each.gap, each.women_share)
    return each, found


def sentences_of(frame: pd.DataFrame, value: Value) -> pd.DataFrame:
    """The frame's sentences, each once, with known values."""
    if value not in get_args(Value):
        raise InputError(f"The value must be one of {', '.join(get_args(Value))}, got '{shortened(value)}'.")
    if frame.empty:
        raise InputError("There are no gaps to summarise: give at least one template and one profession.")
    if frame[value].isna().any():
        raise InputError(f"The {VALUE_NAMES[value]}s are missing: compute the gaps with prior=True.")
    return frame.drop_duplicates(SENTENCE)


def _interval(
    table: NDArray[np.float64], seed: int, resamples: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The ends [k] of the intervals of the means of `table` [k, n]; NaN with fewer than `FEWEST_ITEMS` units.

    The bootstrap of a few units repeats those few: its interval is too narrow to hold the mean in 95 %.
    """
    if table.shape[-1] < FEWEST_ITEMS:
        missing = np.full(len(table), np.nan)
        return missing, missing
    return statistics.percentiles(statistics.bootstrap_means(table, seed=seed, resamples=resamples))


def means_by_profession(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The means over the templates of each profession, in the order of the frame."""
    means: pd.DataFrame = rows.groupby("profession", sort=False)[columns].mean()
    return means
