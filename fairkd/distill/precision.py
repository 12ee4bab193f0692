"""The device of a run, its threads, and the number format of its matrix products."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from accelerate import Accelerator
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from fairkd.distill.config import Precision

FORMATS = {"fp32": torch.float32, "bf16": torch.bfloat16}
MIN_SPEEDUP = 1.3  # from which on bf16 is clearly faster
REPETITIONS = 6  # the first one is never the fastest: it creates the kernels


def make_accelerator() -> Accelerator:
    """The accelerator of this process, one of those that were launched together.

    Without a GPU it must be told to use the CPU, or the processes would not form a group.
    """
    return Accelerator(cpu=not torch.accelerator.is_available())


def has_fast_bf16(device: torch.device) -> bool:
    """Whether the hardware multiplies bf16 matrices clearly faster than fp32: GPUs from Ampere on, some CPUs.

    The instructions that a CPU reports do not decide that. With the matrix shapes of this project, torch 2.13
    and two cores, an AMD EPYC with AVX512-BF16 reached 346 to 402 GFLOP/s in bf16 and 83 to 177 in fp32. A
    Xeon with the same instructions, but without AMX, reached 145 and 250. So CPUs that have bf16 are
    measured.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        has_bf16 = capabilities.get("amx_bf16") or capabilities.get("avx512_bf16")
        return bool(has_bf16) and bf16_speedup() > MIN_SPEEDUP
    return False


@cache
def bf16_speedup() -> float:
    """How many times as fast as in fp32 this CPU multiplies matrices in bf16. Takes 0.1 s, once."""
    best = {torch.float32: math.inf, torch.bfloat16: math.inf}
    shapes = (256, 384), (384, 4096)
    arrays = {dtype: [torch.ones(shape, dtype=dtype) for shape in shapes] for dtype in best}
    for _ in range(REPETITIONS):
        for dtype, (states, weight) in arrays.items():
            begin = time.perf_counter()
            torch.mm(states, weight)
            best[dtype] = min(best[dtype], time.perf_counter() - begin)
    return best[torch.float32] / best[torch.bfloat16]


def resolve_precision(setting: Precision, device: torch.device) -> Precision:
    """ "fp32" or "bf16" for the setting `optimizer.precision` on this device."""
    if setting != "auto":
        return setting
    return "bf16" if has_fast_bf16(device) else "fp32"


def in_format(weight: Tensor, dtype: torch.dtype) -> Tensor:
    """A vocabulary projection [V, width] in another format, column by column in memory.

    A product with 192 states then takes 5.8 instead of 8.0 ms, with the same result (bf16, [192, 384] times
    [384, 30522], one core with AMX, torch 2.13).
    """
    return weight if weight.dtype == dtype else weight.to(dtype).t().contiguous().t()


# On recent GPUs torch prefers cuDNN's attention for bf16. That builds a plan for every new shape, and batches
# differ in length: 8,000 tokens/s with it, 44,000 without (H100, torch 2.11, batches of 1,024 tokens).
ATTENTION = [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]


@contextmanager
def autocast(device: torch.device, precision: Precision) -> Iterator[None]:
    """A context in which encoders compute their matrix products in `precision`."""
    with (
        torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16"),
        sdpa_kernel(ATTENTION),
    ):
        yield


def synchronize(device: torch.device) -> None:
    """Wait until the device has finished its work, so that measured times are right."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@contextmanager
def use_threads(count: int | None) -> Iterator[None]:
    """Compute with `count` threads until the context ends; None changes nothing."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
