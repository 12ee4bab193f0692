"""Memory for the large arrays of a training step, kept from step to step.

An array of [positions, V] is tens of MiB. Fresh from the system, each of its pages is faulted in and zeroed
before it is written once, step after step; that costs as much as several passes over it.
"""

from __future__ import annotations

import ctypes
import math
import mmap
import platform
import threading
from collections.abc import Sequence

import torch
from torch import Tensor

HUGE_PAGE = 2 << 20
# Row strides of a multiple of this many elements let matrix products write whole cache lines.
LINE = 64
# Options of glibc's mallopt(3).
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4


class _Kept(threading.local):
    """A cache, one a thread: flat buffers on the processor by name, each as large as was ever wanted."""

    def __init__(self) -> None:
        self.buffers: dict[str, Tensor] = {}


_kept = _Kept()


def scratch(name: str, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> Tensor:
    """An array of undefined content; the next call with this name overwrites it.

    On devices other than the processor it is a new one: torch keeps their memory itself.
    """
    if device.type != "cpu":
        return torch.empty(*shape, dtype=dtype, device=device)
    size = math.prod(shape) * dtype.itemsize
    kept = _kept.buffers.get(name)
    if kept is None or len(kept) < size:
        _kept.buffers.pop(name, None)
        kept = _kept.buffers[name] = _huge(size)
    return kept[:size].view(dtype).view(*shape)


def free_scratch() -> None:
    """Give this thread's buffers back."""
    _kept.buffers.clear()


def padded(columns: int) -> int:
    """The least number of columns from `columns` on that keeps rows aligned."""
    return math.ceil(columns / LINE) * LINE


def _huge(size: int) -> Tensor:
    """Bytes in huge pages where the system has them: fewer faults, and fewer misses in page tables."""
    advice = getattr(mmap, "MADV_HUGEPAGE", None)
    if advice is None:
        return torch.empty(size, dtype=torch.uint8)
    memory = mmap.mmap(-1, size + HUGE_PAGE)
    try:
        memory.madvise(advice)
    except OSError:  # a kernel built without them
        return torch.empty(size, dtype=torch.uint8)
    whole = torch.frombuffer(memory, dtype=torch.uint8)
    start = -whole.data_ptr() % HUGE_PAGE
    return whole[start : start + size]


def keep_freed_memory() -> bool:
    """Ask the C library to keep freed memory instead of returning it to the system at once.

    For the whole process, so for a program that trains and does little else. Activations, and gradients the
    size of the vocabulary, are then used again without page faults: a tenth of a step that trains the
    embeddings. True where it was done: with glibc alone.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    return bool(library.mallopt(M_MMAP_MAX, 0) and library.mallopt(M_TRIM_THRESHOLD, 2**31 - 1))
