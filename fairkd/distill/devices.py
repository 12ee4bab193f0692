"""Where a run computes, and in which number format."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch
from accelerate import Accelerator

from fairkd.distill.batches import Batch
from fairkd.distill.rooms import Precision


def make_accelerator() -> Accelerator:
    """This process among those that were launched together, and its device.

    Where there is no GPU it must be told so, or processes on a CPU would not find one another.
    """
    return Accelerator(cpu=not torch.accelerator.is_available())


def fast_bf16(device: torch.device) -> bool:
    """Whether the hardware multiplies bf16 matrices faster than fp32 (GPUs from Ampere on, CPUs with AMX).

    AVX512-BF16 alone is no reason: on a Xeon that offered it without AMX, products of this project's shapes
    ran at 145 GFLOP/s in bf16 and at 250 in fp32 (two cores, torch 2.13).
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        return bool(torch.cpu.get_capabilities().get("amx_bf16"))
    return False


def chosen_precision(wish: Precision, device: torch.device) -> Precision:
    """ "fp32" or "bf16" for what the configuration wishes."""
    if wish != "auto":
        return wish
    return "bf16" if fast_bf16(device) else "fp32"


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[None]:
    """A context in which encoders compute their products in `precision`."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")


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
