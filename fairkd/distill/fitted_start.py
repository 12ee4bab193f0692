"""The start of a student whose copied layers are fitted to its teacher's states: computed once, then read."""

from __future__ import annotations

import time
from collections.abc import Sequence

from accelerate import Accelerator
from accelerate.utils import broadcast
from torch import Tensor
from transformers import PreTrainedModel

from fairkd.distill.data import Batch, Loader
from fairkd.distill.layer_regression import TOKENS, fit_layers, texts_to_fit
from fairkd.distill.precision import autocast, synchronize
from fairkd.distill.trainer import Trainer
from fairkd.models import layers_of

PARTS = 16  # one of them is fitted to estimate the time


def fit_start(trainer: Trainer, loader: Loader, copied: Sequence[int], accelerator: Accelerator) -> None:
    """Fit the copied layers to the teacher's states, in place.

    They are the same for every run that reads the same masked text, so the trainer's cache keeps them.
    """

    def fit() -> None:
        _fit(trainer, copied, texts_to_fit(loader))

    if trainer.teacher_cache is None:
        fit()
    else:
        trainer.teacher_cache.fitted(copied, _fitted_tensors(trainer.student), fit)
    if accelerator.num_processes > 1:  # equal weights, even where processors round differently
        for parameter in trainer.trainable.values():
            parameter.data.copy_(broadcast(parameter.detach().clone()))


def fit_seconds(trainer: Trainer, loader: Loader, copied: Sequence[int], epoch_tokens: float) -> float:
    """How long `fit_start` takes without a cache: measured on a small part of its text, in proportion.

    The layers are fitted once more, which changes the student. The solution of the regression takes equally
    long for a small part, so the result is rather too high.
    """
    batches = texts_to_fit(loader, TOKENS // PARTS)
    begin = time.monotonic()
    _fit(trainer, copied, batches)
    synchronize(trainer.device)
    elapsed = time.monotonic() - begin
    return elapsed * max(min(TOKENS, epoch_tokens) / sum(batch.tokens for batch in batches), 1.0)


def _fit(trainer: Trainer, copied: Sequence[int], batches: Sequence[Batch]) -> None:
    batches = [batch.to(trainer.device) for batch in batches]
    with autocast(trainer.device, trainer.precision):
        fit_layers(trainer.teacher, trainer.student, copied, batches, kept=trainer.kept)


def _fitted_tensors(student: PreTrainedModel) -> dict[str, Tensor]:
    """The parts of the student's layers that fitting changes, by name."""
    return {
        f"{number}.{name}": tensor
        for number, layer in enumerate(layers_of(student))
        for name, tensor in layer.get_submodule("output").state_dict().items()
    }
