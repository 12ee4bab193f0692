"""Knowledge distillation with fairness constraints: configuration, objective, batches, training.

What needs torch is imported when it is first asked for, so that configurations can be read without.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fairkd.distill.config.config import Config, make_config, read_config
from fairkd.distill.config.presets import DESCRIPTIONS, PRESETS

if TYPE_CHECKING:
    from fairkd.distill.time_estimate import Estimate, estimate
    from fairkd.distill.training import Outcome, train

__all__ = [
    "DESCRIPTIONS",
    "PRESETS",
    "Config",
    "Estimate",
    "Outcome",
    "estimate",
    "make_config",
    "read_config",
    "train",
]

_LATER = {
    "train": "training",
    "Outcome": "training",
    "estimate": "time_estimate",
    "Estimate": "time_estimate",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
