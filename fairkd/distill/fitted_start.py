"""The start of a student whose copied layers are fitted to its teacher's states: computed once, then read."""

from __future__ import annotations

from collections.abc import Sequence

from accelerate import Accelerator
from accelerate.utils import broadcast
from torch import Tensor
from transformers import PreTrainedModel

from fairkd.distill.data import Loader
from fairkd.distill.layer_regression import fit_layers, texts_to_fit
from fairkd.distill.precision import autocast
from fairkd.distill.trainer import Trainer
from fairkd.models import layers_of


def fit_start(trainer: Trainer, loader: Loader, copied: Sequence[int], accelerator: Accelerator) -> None:
    """Fit the copied layers to the teacher's states, in place.

    They are the same for every run that reads the same masked text, so the trainer's cache keeps them.
    """
    student = trainer.student

    def fit() -> None:
        batches = [batch.to(trainer.device) for batch in texts_to_fit(loader)]
        with autocast(trainer.device, trainer.precision):
            fit_layers(trainer.teacher, student, copied, batches, kept=trainer.kept)

    if trainer.teacher_cache is None:
        fit()
    else:
        trainer.teacher_cache.fitted(copied, _fitted_tensors(student), fit)
    if accelerator.num_processes > 1:  # equal weights, even where processors round differently
        for parameter in trainer.trainable.values():
            parameter.data.copy_(broadcast(parameter.detach().clone()))


def _fitted_tensors(student: PreTrainedModel) -> dict[str, Tensor]:
    """The parts of the student's layers that fitting changes, by name."""
    return {
        f"{number}.{name}": tensor
        for number, layer in enumerate(layers_of(student))
        for name, tensor in layer.get_submodule("output").state_dict().items()
    }
