"""Row operations of the fused loss: softmax in place, and powers for another temperature."""

from __future__ import annotations

import torch
from torch import Tensor


def softmax_in_place(x: Tensor) -> Tensor:
    """Replace rows by their softmax, in place; returns log sum exp of each [n, 1]."""
    top = x.amax(1, keepdim=True)
    if x.is_cpu:
        torch.softmax(x, 1, out=x)
    else:  # elsewhere a kernel may read a row again after it has written to it
        x.copy_(torch.softmax(x, 1))
    return top - x.amax(1, keepdim=True).log()


def row_powers(x: Tensor, temperature: float, out: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """x ** T in `out`, up to a factor for each row; its row sums [n, 1]; and log sum x ** T [n, 1].

    The exponents 1 and 2 need no exponential. They need no factor either, since the largest entry of a row is
    at least 1 / V.
    """
    if temperature in (1, 2):
        powers = out.copy_(x) if temperature == 1 else torch.mul(x, x, out=out)
        total = powers.sum(1, keepdim=True)
        return powers, total, total.log()
    top = x.amax(1, keepdim=True)
    powers = torch.div(x, top, out=out).pow_(temperature)
    total = powers.sum(1, keepdim=True)
    return powers, total, temperature * top.log() + total.log()
