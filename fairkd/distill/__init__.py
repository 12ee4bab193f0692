"""Knowledge distillation with fairness constraints: configuration, objective, batches, training.

What needs torch is imported when it is first asked for, so that configurations can be read without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairkd.distill.config import Config, make_config, read_config
from fairkd.distill.presets import DESCRIPTIONS, PRESETS

if TYPE_CHECKING:
    from fairkd.distill.card import save
    from fairkd.distill.loop import Result, distil

__all__ = ["DESCRIPTIONS", "PRESETS", "Config", "Result", "distil", "make_config", "read_config", "save"]

_LATER = {"save": "card", "Result": "loop", "distil": "loop"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
