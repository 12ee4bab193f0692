"""Make a student: from layers of its teacher, as a fresh smaller model, or from an existing model."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerFast

from fairkd import models
from fairkd.distill.config import StudentConfig, first_layers, spread_layers
from fairkd.distill.layer_regression import can_fit
from fairkd.distill.memory_limits import check_fits
from fairkd.errors import FairKDError, InputError, ModelError
from fairkd.models import MaskedLM, layers_of
from fairkd.utils import is_lack_of_memory, quoted, shortened

# What two tokenizers with one vocabulary may read differently.
_CAPITALS = "The Nurse met a DOCTOR in Paris."
_TEXTS = (_CAPITALS.lower(), _CAPITALS, "Zoë's café, 3 km² – naïve  (so?) 東京")

# Entries of configurations that have a value for each layer.
_LISTS = ("layer_types", "attention_window")


def settle(teacher: MaskedLM, settings: StudentConfig) -> tuple[StudentConfig, str | None]:
    """The settings with what they leave open, and a sentence about it where it is not what they name.

    By default the student keeps half of the teacher's layers: the first ones where they are fitted, else
    evenly spaced ones. From a teacher that has no list of layers none can be taken: then it is a fresh model
    of the size in the settings.
    """
    if settings.kind != "layers":
        return settings, None
    model = teacher.model
    if settings.layers is not None:
        return settings, None
    try:
        count = _layer_count(model)
    except ModelError as error:
        size = f"{settings.hidden_layers} layers of {width_in_words(settings)}"
        sentence = f"{error} The student is a fresh one: {size}."
        return settings.model_copy(update={"kind": "fresh"}), sentence
    kept = (first_layers if fits(teacher, settings) else spread_layers)(count)
    if _groups(model) is None:
        return settings.model_copy(update={"layers": kept}), None
    sentence = (
        f"The layers of {type(model).__name__} share their weights: a text passes {count} of them in the "
        f"teacher, {len(kept)} in the student."
    )
    return settings.model_copy(update={"layers": kept}), sentence


def fits(teacher: MaskedLM, settings: StudentConfig) -> bool:
    """Whether the layers that the student copies are fitted to the teacher's states before the first step."""
    return settings.kind == "layers" and settings.fit_layers and can_fit(teacher.model)


def make_student(teacher: MaskedLM, settings: StudentConfig, *, seed: int) -> MaskedLM:
    """The student that the settings describe, in evaluation mode.

    A short run needs no dropout, since it sees no sentence often enough to overfit.

    Fresh weights depend on `seed` only. The random state of torch does not change.

    Raises
    ------
    InputError
        If the teacher does not have the layers, a fresh model cannot have this size, or an existing student
        has the same vocabulary and reads texts differently, or another one and is to be trimmed.
    ModelError
        If the reference cannot be loaded, or the layers of this model family cannot be copied.
    """
    settings, _ = settle(teacher, settings)
    if settings.kind == "existing":
        return _existing(teacher, settings)
    if settings.kind == "fresh":
        tokenizer = (
            teacher.tokenizer if settings.tokenizer is None else models.load(settings.tokenizer).tokenizer
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = fresh(teacher.model, settings, None if settings.tokenizer is None else tokenizer)
        return MaskedLM(model, tokenizer, f"student of {teacher.reference}")
    model = take_layers(teacher.model, settings.layers or (), freeze_embeddings=settings.freeze_embeddings)
    return MaskedLM(model, teacher.tokenizer, f"student of {teacher.reference}")


def _layer_count(model: PreTrainedModel) -> int:
    """How many layers a text passes; ModelError for a model without a list of them."""
    if _groups(model) is not None:
        return int(model.config.num_hidden_layers)
    return len(layers_of(model))


def _groups(model: PreTrainedModel) -> int | None:
    """The number of groups of layers that share their weights, as ALBERT's do; None for other families."""
    encoder: Any = getattr(model.base_model, "encoder", None)
    return len(encoder.albert_layer_groups) if hasattr(encoder, "albert_layer_groups") else None


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
    count = _layer_count(teacher)
    if not layers or list(layers) != sorted(set(layers)) or layers[0] < 0 or layers[-1] >= count:
        raise InputError(
            f"Expected ascending layers of the teacher, from 0 to {count - 1}, but got "
            f"{shortened(list(layers))}."
        )
    student = copy.deepcopy(teacher)
    student.requires_grad_(True)
    config = student.config.get_text_config()
    if (groups := _groups(teacher)) is not None:
        kept = [number * groups // count for number in layers]
        if kept != [number * groups // len(layers) for number in range(len(layers))]:
            raise InputError(
                f"The layers of {type(student).__name__} come in {groups} groups that share their weights: "
                "take equally many layers from each group."
            )
        config.num_hidden_layers = len(layers)
    else:
        _keep(student, layers)
        config.num_hidden_layers = len(layers)  # DistilBERT, which has n_layers, maps the name
        for name in _LISTS:
            if isinstance(listed := getattr(config, name, None), list):
                setattr(config, name, [listed[number] for number in layers])
        what = f"A {type(student).__name__} with the layers {', '.join(map(str, layers))} of its teacher"
        with _explained(what), torch.device("meta"):
            loaded = type(student)(copy.deepcopy(student.config))
        if loaded.state_dict().keys() != student.state_dict().keys():
            # ModernBERT's first layer lacks a norm: another one in its place would lose its own on loading.
            raise InputError(
                f"The first layer of {type(student).__name__} differs from the others, so layer {layers[0]} "
                "cannot take its place: let the student's layers begin with 0."
            )
        take_numbers(student, loaded)
    if freeze_embeddings:
        _freeze_embeddings(student)
    return student.eval()


def _keep(student: PreTrainedModel, layers: Sequence[int]) -> None:
    """Leave only these layers in the model's list."""
    stack = layers_of(student)
    kept = [stack[number] for number in layers]
    del stack[:]
    stack.extend(kept)


def take_numbers(student: nn.Module, loaded: nn.Module) -> None:
    """Give each module the numbers that a loaded student has, such as its dropout.

    ESM-C's depend on how many layers there are, BigBird's on the length of the text that it read last.
    """
    modules = dict(student.named_modules())
    for name, module in loaded.named_modules():
        for key, value in vars(module).items() if name in modules else ():
            if isinstance(value, int | float) and key != "training" and not key.startswith("_"):
                setattr(modules[name], key, value)


def fresh(
    teacher: PreTrainedModel, settings: StudentConfig, tokenizer: PreTrainedTokenizerFast | None = None
) -> PreTrainedModel:
    """An untrained model of the teacher's family, in another size, for its vocabulary or another tokenizer.

    Its feed-forward layers are four times as wide as its hidden states. Everything else is as in the
    teacher's configuration, and without a width all but the number of layers is.

    Raises
    ------
    InputError
        If the family has no model of this size, or there is too little memory for it.
    """
    size = f"{settings.hidden_layers} layers of {width_in_words(settings)}"
    if settings.width is not None:
        size += f" and {settings.heads} heads"
    with _explained(f"A fresh {type(teacher).__name__} with {size}"):
        config = _resized(teacher.config, settings, tokenizer)
        check_fits(lambda: type(teacher)(copy.deepcopy(config)))
        student = type(teacher)(config)
    models.make_repeatable(student)
    return student.float().eval()


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """What the constructors of a family raise becomes an InputError that begins with `what`."""
    try:
        yield
    except FairKDError:
        raise
    except Exception as error:  # whatever the code of a family raises
        if is_lack_of_memory(error):
            raise
        raise InputError(
            f"{what} cannot be made ({models.reason(error)}): choose other settings for the student."
        ) from error


def _resized(
    config: PreTrainedConfig, settings: StudentConfig, tokenizer: PreTrainedTokenizerFast | None
) -> PreTrainedConfig:
    """The configuration of a fresh student: the teacher's with other sizes, those of its text model."""
    text = config.get_text_config()
    values, names = text.to_dict(), type(text).attribute_map

    def given(name: str) -> str:
        return names.get(name, name)

    if isinstance(window := values.get("attention_window"), list):
        values["attention_window"] = max(window)  # Longformer makes a list of it
    for name in ("layer_types", "architectures", "transformers_version", "fairkd_shares"):
        values.pop(name, None)  # layer_types is computed again for the new number of layers
    sizes: dict[str, Any] = {"num_hidden_layers": settings.hidden_layers}
    if settings.width is not None:
        sizes |= _widths(values, settings.width, settings.heads, old_width=text.hidden_size)
    values |= {given(name): value for name, value in sizes.items()}
    if tokenizer is not None:
        values["vocab_size"] = len(tokenizer)
        for name in [name for name in values if name.endswith("_token_id")]:
            values[name] = getattr(tokenizer, name, None)
    if blocks := values.get("block_sizes"):  # Funnel halves the text's length after each
        del values["num_hidden_layers"], values["block_repeats"]
        values["block_sizes"] = [
            len(part) for part in np.array_split(range(settings.hidden_layers), len(blocks))
        ]
        values["block_sizes"] = [size for size in values["block_sizes"] if size]
    resized = type(text).from_dict(values)
    if text is config:
        return resized
    whole = copy.deepcopy(config)
    whole.text_config = resized
    return whole


def _widths(values: Mapping[str, Any], width: int, heads: int, *, old_width: int) -> dict[str, Any]:
    """The entries of a configuration that depend on its width and heads, for others than in `values`."""
    feed_forward = "hidden_dim" if "hidden_dim" in values else "intermediate_size"
    sizes = {"hidden_size": width, "num_attention_heads": heads, feed_forward: 4 * width}
    if (embedded := values.get("embedding_size")) is not None:
        sizes["embedding_size"] = width if embedded == old_width else min(embedded, width)
    # Entries of some families that must agree with the others.
    narrow = width // 4 if width // 4 % heads == 0 else width  # inside MobileBERT's layers
    agreeing: dict[str, Any] = {
        **{"head_dim": width // heads, "d_head": width // heads, "num_key_value_heads": heads},
        **{"intra_bottleneck_size": narrow, "true_hidden_size": narrow, "d_inner": 4 * width},
    }
    return sizes | {name: value for name, value in agreeing.items() if values.get(name) is not None}


def width_in_words(settings: StudentConfig) -> str:
    """The size of a fresh student's layers: "width 192", or "the teacher's width"."""
    return "the teacher's width" if settings.width is None else f"width {settings.width}"


def _existing(teacher: MaskedLM, settings: StudentConfig) -> MaskedLM:
    lm = models.load(settings.reference or "")
    if settings.vocabulary == "text" and lm.vocabulary != teacher.vocabulary:
        raise InputError(
            f"student.vocabulary text keeps a part of the teacher's vocabulary, but {lm.reference} has "
            f"another one than {teacher.reference}: leave the setting at teacher."
        )
    if lm.vocabulary == teacher.vocabulary:
        _check_same_reading(teacher, lm)
    if settings.freeze_embeddings:
        _freeze_embeddings(lm.model)
    return lm


def _check_same_reading(teacher: MaskedLM, student: MaskedLM) -> None:
    """Raise InputError if the tokenizers make different tokens of a text, though the vocabulary is the same.

    The student would train on the teacher's tokens, and be used with its own.
    """
    for text in _TEXTS:
        theirs, own = (lm.tokenizer(text)["input_ids"] for lm in (teacher, student))
        if theirs == own:
            continue
        what = "capital letters" if text == _CAPITALS else quoted(text)
        tokens = " ".join(student.tokenizer.convert_ids_to_tokens(own))
        raise InputError(
            f"The student {student.reference} has the vocabulary of the teacher {teacher.reference}, but its "
            f"tokenizer reads {what} differently (as {tokens}): give it the teacher's tokenizer files, or "
            "choose another student."
        )


def _freeze_embeddings(model: PreTrainedModel) -> None:
    embeddings = getattr(model.base_model, "embeddings", None) or model.get_input_embeddings()
    assert isinstance(embeddings, nn.Module)
    embeddings.requires_grad_(False)
