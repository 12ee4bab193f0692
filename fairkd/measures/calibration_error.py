"""The expected calibration error: is a model right as often as its probabilities say?

The most probable token at a masked position has a confidence, its probability, and is right or wrong. With
the predictions in `BINS` bins of equal width by confidence,

    ECE = sum over bins b of n_b / n * |accuracy_b - confidence_b|

Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", ICML. With few predictions in a bin the
ECE is too large on average, also of a model that is calibrated.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS = 15
Floats = NDArray[np.float64]


def confidence_bins(confidence: ArrayLike) -> NDArray[np.int64]:
    """The bin of each prediction [n], from 0, by its probability [n].

    >>> confidence_bins([0.0, 0.5, 1.0]).tolist()
    [0, 7, 14]
    """
    found = (np.asarray(confidence, dtype=float) * BINS).astype(np.int64)
    return np.minimum(found, BINS - 1)


def expected_calibration_error(confidence: ArrayLike, right: ArrayLike, weights: ArrayLike) -> Floats:
    """The ECE [R], between 0 and 1, for weights [R, n] of n predictions.

    >>> expected_calibration_error([0.9, 0.9], [True, False], [[1, 1]]).round(2).tolist()
    [0.4]
    """
    weights = np.asarray(weights, dtype=float)
    in_bin = np.eye(BINS)[confidence_bins(confidence)]
    differences = weights @ (in_bin * _excess(confidence, right)[:, None])  # [R, bins]
    found: Floats = np.abs(differences).sum(axis=1) / weights.sum(axis=1)
    return found


def calibration_items(confidence: ArrayLike, right: ArrayLike, owners: ArrayLike, count: int) -> Floats:
    """What each of `count` sentences adds to the ECE of n predictions, whose sentences are `owners` [n].

    `sign_b * (right - confidence)`, with the sign of accuracy_b - confidence_b, summed over the predictions
    of a sentence: the sum over sentences, divided by n, is the ECE. So the bootstrap over sentences keeps
    the sign of each bin.

    >>> calibration_items([0.9, 0.9], [True, False], owners=[0, 1], count=2).round(2).tolist()
    [-0.1, 0.9]
    """
    excess, bins = _excess(confidence, right), confidence_bins(confidence)
    signs = np.sign(np.bincount(bins, weights=excess, minlength=BINS))
    return np.bincount(np.asarray(owners), weights=signs[bins] * excess, minlength=count).astype(float)


def _excess(confidence: ArrayLike, right: ArrayLike) -> Floats:
    return np.asarray(right, dtype=float) - np.asarray(confidence, dtype=float)
