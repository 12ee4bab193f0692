"""How many threads torch computes with in the dashboard: one, where a person waits for a page to be redrawn.

Their browser draws on the same processor, or other visitors' pages wait for it: a second thread makes one
sentence's prediction a fifth faster and the page that shows it slower by a third and more (two cores). What
takes longer asks for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


def start_torch() -> None:
    """Read PyTorch, and set what it computes with from now on."""
    _usual()


@contextmanager
def all_threads() -> Iterator[None]:
    """Around what takes longer than drawing its result."""
    import torch

    # Set for every thread that begins meanwhile, too. So it goes back to one, and not to what it was before:
    # several visitors' work may overlap.
    torch.set_num_threads(_usual())
    try:
        yield
    finally:
        torch.set_num_threads(1)


@cache
def _usual() -> int:
    """As many as torch takes by itself, or as `OMP_NUM_THREADS` says; asked before it is set to one."""
    import torch

    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    return usual
