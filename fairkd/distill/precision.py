"""Where a run computes, and in which number format."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from accelerate import Accelerator
from torch.nn.attention import SDPBackend, sdpa_kernel

from fairkd.distill.config import Precision
from fairkd.distill.data import Batch

FORMATS = {"fp32": torch.float32, "bf16": torch.bfloat16}
CLEARLY_FASTER = 1.3
# The first one is never the best: kernels are made in it.
REPETITIONS = 6


def make_accelerator() -> Accelerator:
    """This process among those that were launched together, and its device.

    Where there is no GPU it must be told so, or processes on a CPU would not find one another.
    """
    return Accelerator(cpu=not torch.accelerator.is_available())


def fast_bf16(device: torch.device) -> bool:
    """Whether the hardware multiplies bf16 matrices clearly faster than fp32: GPUs from Ampere on, some CPUs.

    What a CPU says of itself does not tell. Products of this project's shapes, torch 2.13, two cores: an AMD
    EPYC with AVX512-BF16 reached 346 to 402 GFLOP/s in bf16 and 83 to 177 in fp32, a Xeon with the same
    instructions (and no AMX) 145 and 250. So those that know bf16 at all are measured.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        able = torch.cpu.get_capabilities()
        return bool(able.get("amx_bf16") or able.get("avx512_bf16")) and bf16_speed() > CLEARLY_FASTER
    return False


@cache
def bf16_speed() -> float:
    """How many times as fast as in fp32 this CPU multiplies matrices in bf16; a tenth of a second, once."""
    best = {torch.float32: math.inf, torch.bfloat16: math.inf}
    shapes = (256, 384), (384, 4096)
    arrays = {dtype: [torch.ones(shape, dtype=dtype) for shape in shapes] for dtype in best}
    for _ in range(REPETITIONS):
        for dtype, (states, weight) in arrays.items():
            begin = time.perf_counter()
            torch.mm(states, weight)
            best[dtype] = min(best[dtype], time.perf_counter() - begin)
    return best[torch.float32] / best[torch.bfloat16]


def chosen_precision(wish: Precision, device: torch.device) -> Precision:
    """ "fp32" or "bf16" for what the configuration wishes."""
    if wish != "auto":
        return wish
    return "bf16" if fast_bf16(device) else "fp32"


# torch prefers cuDNN's attention for bf16 on recent GPUs. It builds a plan for every new shape, and batches
# here differ in length: 8,000 tokens/s with it, 44,000 without (H100, torch 2.11, batches of 1,024 tokens).
ATTENTION = [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]


@contextmanager
def autocast(device: torch.device, precision: Precision) -> Iterator[None]:
    """A context in which encoders compute their products in `precision`."""
    with (
        torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16"),
        sdpa_kernel(ATTENTION),
    ):
        yield


def on(device: torch.device, batch: Batch) -> Batch:
    """The batch on a device; the same one where it is there already."""
    return Batch(
        batch.ids.to(device),
        None if batch.real is None else batch.real.to(device),
        batch.rows.to(device),
        batch.labels.to(device),
    )


def wait_for(device: torch.device) -> None:
    """Until the device has done what it was given, so that a clock read afterwards is true."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
