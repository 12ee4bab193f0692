"""How the dashboard reads PyTorch, and how many threads it computes with.

One where a person waits for a page to be redrawn: their browser draws on the same processor, or other
visitors' pages wait for it. A second thread makes one sentence's prediction a fifth faster and the page that
shows it slower by a third and more (two cores). What takes longer asks for all of them.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


def start_torch() -> None:
    """Read PyTorch and all that the pages compute with, and set how many threads it takes from now on."""
    with without_collecting():
        from fairkd.measures import gaps
        from fairkd.models import load
        from fairkd.predictions import predict

        _ = gaps, load, predict  # named, because packages import what is asked for
    _usual_threads()


@contextmanager
def all_threads() -> Iterator[None]:
    """Around what takes longer than drawing its result."""
    import torch

    # Set for every thread that begins meanwhile, too. So it goes back to one, and not to what it was before:
    # several visitors' work may overlap.
    torch.set_num_threads(_usual_threads())
    try:
        yield
    finally:
        torch.set_num_threads(1)


@cache
def _usual_threads() -> int:
    """As many as torch takes by itself, or as `OMP_NUM_THREADS` says; asked before it is set to one."""
    import torch

    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    return usual


@contextmanager
def without_collecting() -> Iterator[None]:
    """Around the making of what stays for good, such as modules: a fifth of the time goes into collecting.

    What is there at the end is never looked through again. Streamlit collects after every run of a script,
    which with all of PyTorch's objects would hold back what has not reached the browser yet.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()
