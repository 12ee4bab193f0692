"""How the dashboard imports PyTorch, and how many threads PyTorch uses.

Pages compute with one thread, because the browser or other visitors' pages need the other cores. Measured on
two cores: a second thread makes the prediction of a sentence a fifth faster, but the page a third slower.
Longer computations use all threads.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

_IMPORTING = threading.Lock()  # transformers' lazy module fails where two threads import from it at once


def import_torch() -> None:
    """Import PyTorch and the functions that the pages call, and limit PyTorch to one thread."""
    with _IMPORTING, paused_garbage_collection():
        from fairkd.measures import gaps
        from fairkd.models import load
        from fairkd.predictions import predict

        _ = gaps, load, predict  # a package imports its modules when their names are used
    _default_threads()


@contextmanager
def all_threads() -> Iterator[None]:
    """Let PyTorch use all threads in the block: for work that takes longer than drawing its result."""
    import torch

    # The number also applies to threads that start during the block. Afterwards it is one, not the number
    # before the block, because the blocks of several visitors may overlap.
    torch.set_num_threads(_default_threads())
    try:
        yield
    finally:
        torch.set_num_threads(1)


@cache
def _default_threads() -> int:
    """PyTorch's default number of threads, which `OMP_NUM_THREADS` may set. Read before the first change."""
    import torch

    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    return usual


@contextmanager
def paused_garbage_collection() -> Iterator[None]:
    """Pause garbage collection while permanent objects are created, such as modules: a fifth faster.

    Afterwards all existing objects are exempt from collection. Streamlit collects after every script run.
    With all of PyTorch's objects that would delay what has not reached the browser yet.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()
