"""Independent jobs in parallel, each on a thread of its own.

Threads that share each matrix product wait for one another some hundred times a batch, and for the slowest
of them when another process, such as a browser, takes its core. Independent jobs do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Job = TypeVar("Job")
Result = TypeVar("Result")

MAX_WORKERS = 8  # each job has its own arrays


def parallel_map(work: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
    """The results of `work` for every job, in order, on as many threads as torch would use here.

    On an error, or when the loop over the results is left, jobs that have not begun are cancelled and the
    others are waited for.
    """
    threads = torch.get_num_threads()
    workers = min(threads, len(jobs), MAX_WORKERS)
    if workers < 2:
        yield from map(work, jobs)
        return
    pool = ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(threads // workers,))
    try:
        yield from pool.map(work, jobs)
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)  # also for threads that begin later: torch has one number for these
