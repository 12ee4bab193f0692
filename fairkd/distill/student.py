"""Make a student from its teacher."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from torch import nn
from transformers import PreTrainedModel

from fairkd.distill.encoder import layers_of
from fairkd.errors import InputError


def take_layers(
    teacher: PreTrainedModel, layers: Sequence[int], *, freeze_embeddings: bool = True
) -> PreTrainedModel:
    """A student with the teacher's embeddings, its head, and those of its layers that are listed (from 0).

    Frozen embeddings stay bit-identical to the teacher's, so that a stored student need not hold them; the
    vocabulary projection, which is tied to them, is then frozen as well, but for its bias.

    Raises
    ------
    InputError
        For layers that the teacher does not have, none, or not in ascending order.
    """
    stack = layers_of(teacher)
    if not layers or list(layers) != sorted(set(layers)) or layers[0] < 0 or layers[-1] >= len(stack):
        raise InputError(
            f"The student's layers must be ascending numbers from 0 to {len(stack) - 1}, the teacher's, "
            f"but got {list(layers)}."
        )
    student = copy.deepcopy(teacher)
    student.requires_grad_(True)
    own = layers_of(student)
    kept = [own[number] for number in layers]
    del own[:]
    own.extend(kept)
    for number, layer in enumerate(kept):
        for module in layer.modules():
            if "layer_idx" in vars(module):
                vars(module)["layer_idx"] = number
    config = student.config
    name = "n_layers" if config.model_type == "distilbert" else "num_hidden_layers"
    setattr(config, name, len(kept))
    if getattr(config, "layer_types", None):
        config.layer_types = [config.layer_types[number] for number in layers]
    if freeze_embeddings:
        embeddings = getattr(student.base_model, "embeddings", None) or student.get_input_embeddings()
        assert isinstance(embeddings, nn.Module)
        embeddings.requires_grad_(False)
    # No dropout anywhere: a short run never sees a sentence often enough to overfit.
    return student.eval()
