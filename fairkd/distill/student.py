"""Make a student: layers of its teacher, a fresh smaller model of the same family, or one that exists."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import nn
from transformers import PreTrainedModel

from fairkd import models
from fairkd.distill.config import StudentConfig, spread_layers
from fairkd.distill.memory_limits import check_fits
from fairkd.errors import InputError
from fairkd.models import MaskedLM, layers_of


def make_student(teacher: MaskedLM, settings: StudentConfig, *, seed: int) -> MaskedLM:
    """The student that the settings describe, in evaluation mode: a short run needs no dropout.

    Fresh weights are drawn from `seed`; torch's own random state stays as it was.

    Raises
    ------
    InputError
        For layers that the teacher does not have, and for a model of another vocabulary.
    ModelError
        For a reference that cannot be loaded, or a family whose layers cannot be taken.
    """
    if settings.kind == "existing":
        return _existing(teacher, settings)
    if settings.kind == "fresh":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = fresh(teacher.model, settings)
    else:
        model = take_layers(
            teacher.model, kept_layers(teacher, settings), freeze_embeddings=settings.freeze_embeddings
        )
    return MaskedLM(model, teacher.tokenizer, f"student of {teacher.reference}")


def kept_layers(teacher: MaskedLM, settings: StudentConfig) -> tuple[int, ...]:
    """The layers of the teacher that a student keeps: those of the settings, or else half of them, spread."""
    return settings.layers if settings.layers is not None else spread_layers(len(layers_of(teacher.model)))


def take_layers(
    teacher: PreTrainedModel, layers: Sequence[int], *, freeze_embeddings: bool = True
) -> PreTrainedModel:
    """A student with the teacher's embeddings, its head, and those of its layers that are listed (from 0).

    Frozen embeddings stay bit-identical to the teacher's, so that a stored student need not hold them; the
    vocabulary projection, which is tied to them, is then frozen as well, but for its bias.

    Raises
    ------
    InputError
        For layers that the teacher does not have, none, not in ascending order, or of which the first cannot
        stand at the beginning.
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
    config.num_hidden_layers = len(kept)  # DistilBERT, which has n_layers, maps the name
    if getattr(config, "layer_types", None):
        config.layer_types = [config.layer_types[number] for number in layers]
    with torch.device("meta"):
        loaded = type(student)(copy.deepcopy(config))
    if loaded.state_dict().keys() != student.state_dict().keys():
        # ModernBERT's first layer lacks a norm that all others have: another one loses its when it is loaded.
        raise InputError(
            f"The first layer of {type(student).__name__} is made unlike the others, and layer {layers[0]} "
            "cannot stand in its place: begin the student's layers with 0."
        )
    if freeze_embeddings:
        _freeze_embeddings(student)
    # No dropout anywhere: a short run never sees a sentence often enough to overfit.
    return student.eval()


def fresh(teacher: PreTrainedModel, settings: StudentConfig) -> PreTrainedModel:
    """An untrained model of the teacher's family and vocabulary, with a size of its own.

    Its feed-forward layers are four times as wide as its states; all else is as in the teacher's
    configuration.
    """
    config = teacher.config
    sizes = {
        "hidden_size": settings.width,
        "num_hidden_layers": settings.hidden_layers,
        "num_attention_heads": settings.heads,
    }
    values = config.to_dict()
    for name in ("layer_types", "architectures", "transformers_version", "fairkd_shares"):
        values.pop(name, None)  # the first of them is made anew for the new number of layers
    names = type(config).attribute_map
    values |= {names.get(name, name): value for name, value in sizes.items()}
    values["hidden_dim" if "hidden_dim" in values else "intermediate_size"] = 4 * settings.width
    if "embedding_size" in values:
        values["embedding_size"] = min(values["embedding_size"], settings.width)
    own = type(config).from_dict(values)
    check_fits(lambda: type(teacher)(own))
    student = type(teacher)(own)
    return student.float().eval()


def _existing(teacher: MaskedLM, settings: StudentConfig) -> MaskedLM:
    lm = models.load(settings.reference or "")
    if lm.vocabulary != teacher.vocabulary:
        raise InputError(
            f"The student {lm.reference} ({lm.vocabulary_size} tokens) has another vocabulary than its "
            f"teacher {teacher.reference} ({teacher.vocabulary_size}): choose one with the same tokenizer."
        )
    if settings.freeze_embeddings:
        _freeze_embeddings(lm.model)
    return lm


def _freeze_embeddings(model: PreTrainedModel) -> None:
    embeddings = getattr(model.base_model, "embeddings", None) or model.get_input_embeddings()
    assert isinstance(embeddings, nn.Module)
    embeddings.requires_grad_(False)
