"""Knowledge distillation with fairness constraints: configuration, objective, batches, training loop."""

from fairkd.distill.card import save
from fairkd.distill.config import Config, make_config, read_config
from fairkd.distill.loop import Result, distil
from fairkd.distill.presets import PRESETS

__all__ = ["PRESETS", "Config", "Result", "distil", "make_config", "read_config", "save"]
