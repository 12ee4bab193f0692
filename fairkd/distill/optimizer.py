"""The optimizer of a run."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from fairkd.distill.config import OptimizerConfig


def make_optimizer(parameters: Sequence[nn.Parameter], settings: OptimizerConfig) -> torch.optim.AdamW:
    """AdamW with weight decay on matrices, not on norms and biases."""
    return torch.optim.AdamW(
        [
            {
                "params": [p for p in parameters if p.ndim >= 2],
                "weight_decay": settings.weight_decay,
            },
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ],
        betas=(0.9, settings.beta2),
        eps=settings.epsilon,
        fused=True,
    )
