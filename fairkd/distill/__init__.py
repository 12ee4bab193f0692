"""Knowledge distillation with fairness constraints: configuration, objective, batches and the training loop."""

from fairkd.distill.card import save
from fairkd.distill.config import Config, make_config, read_config
from fairkd.distill.loop import Result, distil

__all__ = ["Config", "Result", "distil", "make_config", "read_config", "save"]
