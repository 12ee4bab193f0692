"""Independent jobs in parallel, each on a thread of its own.

Threads that share each matrix product wait for one another some hundred times a batch, and for the slowest
of them when another process, such as a browser, takes its core. Independent jobs do not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import torch

Job = TypeVar("Job")
Result = TypeVar("Result")

MAX_WORKERS = 8  # each job has its own arrays


def parallel_map(work: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
    """The results of `work` for every job, in order, on as many threads as torch would use here.

    A job begins when the result of an earlier one is taken, so a loop that waits between two results lets
    the processor rest. On an error, or when the loop is left, no more jobs begin, and the others are waited
    for.
    """
    threads = torch.get_num_threads()
    workers = min(threads, len(jobs), MAX_WORKERS)
    if workers < 2:
        yield from map(work, jobs)
        return
    pool = ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(threads // workers,))
    try:
        waiting = iter(jobs)
        begun = deque(pool.submit(work, job) for job in islice(waiting, workers))
        while begun:
            result = begun.popleft().result()
            begun.extend(pool.submit(work, job) for job in islice(waiting, 1))
            yield result
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)  # also for threads that begin later: torch has one number for these
