"""Scratch memory for the large arrays of a training step, kept from step to step.

An array of [positions, V] is tens of MiB. In fresh memory the system zeroes each page before it is written
for the first time. That costs as much as several passes over the array, so steps share their buffers.
"""

from __future__ import annotations

import ctypes
import math
import platform
import threading
from collections.abc import Sequence

import torch
from torch import Tensor

# Row strides of a multiple of this many elements let matrix products write whole cache lines.
LINE = 64
# Options of glibc's mallopt(3).
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4


class _Buffers(threading.local):
    """Flat CPU buffers by name, one set per thread, each as large as was ever needed."""

    def __init__(self) -> None:
        self.by_name: dict[str, Tensor] = {}


_buffers = _Buffers()


def scratch(name: str, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> Tensor:
    """An uninitialised array; the next call with this name overwrites it.

    On devices other than the CPU it is a new array: there PyTorch keeps freed memory itself.
    """
    if device.type != "cpu":
        return torch.empty(*shape, dtype=dtype, device=device)
    size = math.prod(shape) * dtype.itemsize
    buffer = _buffers.by_name.get(name)
    if buffer is None or len(buffer) < size:
        _buffers.by_name.pop(name, None)
        buffer = _buffers.by_name[name] = torch.empty(size, dtype=torch.uint8)
    return buffer[:size].view(dtype).view(*shape)


def free_scratch() -> None:
    """Free this thread's buffers."""
    _buffers.by_name.clear()


def padded(columns: int) -> int:
    """The least number of columns, from `columns` on, that keeps rows aligned to cache lines."""
    return math.ceil(columns / LINE) * LINE


def keep_freed_memory() -> bool:
    """Ask the C library to keep freed memory instead of returning it to the system at once.

    It acts on the whole process, so it is meant for programs that train and do little else. Activations, and
    gradients the size of the vocabulary, are then reused without page faults: about 5 % of a step that trains
    the embeddings at masked positions. Returns whether it was done, which needs glibc.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    return bool(library.mallopt(M_MMAP_MAX, 0) and library.mallopt(M_TRIM_THRESHOLD, 2**31 - 1))
