"""Pieces of work on threads of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import torch

from fairkd.utils.thread_map import MAX_WORKERS, parallel_map


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


def test_results_come_in_the_order_of_the_jobs() -> None:
    second_done = threading.Event()

    def work(job: int) -> int:
        if job == 0:
            assert second_done.wait(10), "the second job did not run beside the first"
        elif job == 1:
            second_done.set()
        return job * job

    assert list(parallel_map(work, range(6))) == [0, 1, 4, 9, 16, 25]


@pytest.mark.parametrize(
    ("count", "jobs", "each"), [(4, 9, 1), (4, 2, 2), (2 * MAX_WORKERS, 99, 2), (4, 1, 4), (1, 9, 1)]
)
def test_torchs_threads_are_divided_among_the_jobs_at_work(count: int, jobs: int, each: int) -> None:
    torch.set_num_threads(count)
    assert set(parallel_map(lambda _: torch.get_num_threads(), range(jobs))) == {each}
    assert torch.get_num_threads() == count


def test_without_jobs_there_are_no_results() -> None:
    assert list(parallel_map(str, [])) == []


def test_an_error_ends_it_and_leaves_the_threads_as_they_were() -> None:
    begun: list[int] = []

    def work(job: int) -> None:
        begun.append(job)
        time.sleep(0.005)  # longer than it takes to hand a job in
        if job == 1:
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        list(parallel_map(work, range(400)))
    assert torch.get_num_threads() == 4
    assert len(begun) < 400


def test_leaving_the_loop_drops_what_has_not_begun() -> None:
    begun: list[int] = []
    running = set(threading.enumerate())

    def work(job: int) -> None:
        begun.append(job)
        time.sleep(0.005)

    for _ in parallel_map(work, range(400)):
        break
    assert len(begun) < 400
    assert set(threading.enumerate()) <= running, "threads are left behind"
    assert torch.get_num_threads() == 4
