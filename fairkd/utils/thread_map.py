"""Pieces of work beside one another, each on a processor thread of its own.

Threads that share every product wait for one another some hundred times a batch, and all of them for the one
whose core something else has taken, such as the browser that shows the progress. Pieces that share nothing do
not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Job = TypeVar("Job")
Result = TypeVar("Result")

MOST = 8  # each piece has its own arrays


def side_by_side(work: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
    """`work` of every job, in their order, with the threads that torch would take here.

    An error ends it, and so does leaving the loop over the results: what has not begun is dropped, what has
    begun is waited for.
    """
    threads = torch.get_num_threads()
    workers = min(threads, len(jobs), MOST)
    if workers < 2:
        yield from map(work, jobs)
        return
    pool = ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(threads // workers,))
    try:
        yield from pool.map(work, jobs)
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)  # also for threads that begin later: torch has one number for these
