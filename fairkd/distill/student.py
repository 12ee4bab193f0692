"""Make a student: from layers of its teacher, as a fresh smaller model, or from an existing model."""

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
from fairkd.utils import shortened


def make_student(teacher: MaskedLM, settings: StudentConfig, *, seed: int) -> MaskedLM:
    """The student that the settings describe, in evaluation mode: a short run needs no dropout.

    Fresh weights depend on `seed` only. The random state of torch does not change.

    Raises
    ------
    InputError
        If the teacher does not have the layers, or an existing student has another vocabulary.
    ModelError
        If the reference cannot be loaded, or the layers of this model family cannot be copied.
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
    """The layers of the teacher that a student keeps: those of the settings, by default half of them."""
    return settings.layers if settings.layers is not None else spread_layers(len(layers_of(teacher.model)))


def take_layers(
    teacher: PreTrainedModel, layers: Sequence[int], *, freeze_embeddings: bool = True
) -> PreTrainedModel:
    """A student with the teacher's embeddings and head, and the listed layers, counted from 0.

    Frozen embeddings stay identical to the teacher's, so a stored student need not hold them. The vocabulary
    projection, which is tied to them, is then frozen as well, except for its bias.

    Raises
    ------
    InputError
        If the layers are not ascending numbers of the teacher's layers, or the first one does not fit there.
    """
    stack = layers_of(teacher)
    if not layers or list(layers) != sorted(set(layers)) or layers[0] < 0 or layers[-1] >= len(stack):
        raise InputError(
            f"Expected ascending layers of the teacher, from 0 to {len(stack) - 1}, but got "
            f"{shortened(list(layers))}."
        )
    student = copy.deepcopy(teacher)
    student.requires_grad_(True)
    student_layers = layers_of(student)
    kept = [student_layers[number] for number in layers]
    del student_layers[:]
    student_layers.extend(kept)
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
        # The first layer of ModernBERT lacks a norm. Another layer in its place would lose its norm on
        # loading.
        raise InputError(
            f"The first layer of {type(student).__name__} differs from the others, so layer {layers[0]} "
            "cannot take its place: let the student's layers begin with 0."
        )
    if freeze_embeddings:
        _freeze_embeddings(student)
    # Evaluation mode: a short run needs no dropout, since it sees no sentence often enough to overfit.
    return student.eval()


def fresh(teacher: PreTrainedModel, settings: StudentConfig) -> PreTrainedModel:
    """An untrained model of the teacher's family and vocabulary, in another size.

    Its feed-forward layers are four times as wide as its hidden states. Everything else is as in the
    teacher's configuration.
    """
    config = teacher.config
    sizes = {
        "hidden_size": settings.width,
        "num_hidden_layers": settings.hidden_layers,
        "num_attention_heads": settings.heads,
    }
    values = config.to_dict()
    for name in ("layer_types", "architectures", "transformers_version", "fairkd_shares"):
        values.pop(name, None)  # layer_types is computed again for the new number of layers
    names = type(config).attribute_map
    values |= {names.get(name, name): value for name, value in sizes.items()}
    values["hidden_dim" if "hidden_dim" in values else "intermediate_size"] = 4 * settings.width
    if "embedding_size" in values:
        values["embedding_size"] = min(values["embedding_size"], settings.width)
    student_config = type(config).from_dict(values)
    check_fits(lambda: type(teacher)(student_config))
    student = type(teacher)(student_config)
    return student.float().eval()


def _existing(teacher: MaskedLM, settings: StudentConfig) -> MaskedLM:
    lm = models.load(settings.reference or "")
    if lm.vocabulary != teacher.vocabulary:
        raise InputError(
            f"The student {lm.reference} ({lm.vocabulary_size} tokens) has another vocabulary than the "
            f"teacher {teacher.reference} ({teacher.vocabulary_size}): choose one with the same tokenizer."
        )
    if settings.freeze_embeddings:
        _freeze_embeddings(lm.model)
    return lm


def _freeze_embeddings(model: PreTrainedModel) -> None:
    embeddings = getattr(model.base_model, "embeddings", None) or model.get_input_embeddings()
    assert isinstance(embeddings, nn.Module)
    embeddings.requires_grad_(False)
