"""How long a model takes for one sentence."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike

from fairkd.models.loading import MaskedLM

THREADS = 1  # so that the figure does not depend on how many cores a machine has, or has free


@torch.inference_mode()
def forward_milliseconds(
    lms: Mapping[str, MaskedLM],
    sentences: Sequence[ArrayLike],
    *,
    rounds: int,
    seconds: float = math.inf,
) -> dict[str, list[float]]:
    """Times of forward passes on a CPU in milliseconds, one sentence at a time, on one thread, by name.

    The models take turns at every sentence, so that what else the machine does falls on all of them alike.

    Parameters
    ----------
    lms : mapping
        Models on the CPU, with one vocabulary.
    sentences : sequence of arrays of int
        Their token ids.
    rounds : int
        How often every sentence is timed, after a first time as warm-up.
    seconds : float
        About how long this may take, up to half of it for the warm-up. Every model is timed at least once.

    Returns
    -------
    dict of str to list of float
        Of each model, for the sentences in order, several times over; take the median.
    """
    ids = [torch.tensor(np.asarray(row, dtype=np.int64))[None] for row in sentences]
    times: dict[str, list[float]] = {name: [] for name in lms}
    threads, training = torch.get_num_threads(), {name: lm.model.training for name, lm in lms.items()}
    torch.set_num_threads(THREADS)
    try:
        for lm in lms.values():
            lm.model.eval()
        start = time.perf_counter()
        for is_warm, limit in ((False, seconds / 2), (True, seconds)):
            for row in ids * (rounds if is_warm else 1):
                for name, lm in lms.items():
                    begin = time.perf_counter()
                    lm.model(row)
                    if is_warm:
                        times[name].append(1000 * (time.perf_counter() - begin))
                if time.perf_counter() - start > limit:
                    break
    finally:
        torch.set_num_threads(threads)
        for name, lm in lms.items():
            lm.model.train(training[name])
    return times
