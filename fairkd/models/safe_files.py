"""Read a model folder safely: only safetensors, no code from the folder, no missing tensors.

transformers initialises missing tensors at random and continues; here that is an error.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from transformers import (
    MODEL_FOR_MASKED_LM_MAPPING,
    AutoConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)
from transformers.utils import logging as transformers_logging

from fairkd.errors import ModelError, listed, reason
from fairkd.models import consistency
from fairkd.models.hub_download import ADAPTER, adapter, no_safetensors
from fairkd.models.repeatable_output import make_repeatable
from fairkd.models.tensor_names import fit_configuration, unused_in_encoder, unwrapped, with_both_biases
from fairkd.models.tokenizer_files import read_tokenizer

# An embedded student's configuration names here the sibling folder whose tokenizer and embeddings it shares.
SHARES = "fairkd_shares"
_SHARED_PREFIX = "bert.embeddings."

# transformers keeps verbosity and progress bars in global state, which `_quiet` changes temporarily.
_LOADING = threading.RLock()


@dataclass(frozen=True)
class Files:
    """What a folder holds: a model in fp32, on the CPU, in evaluation mode, and its tokenizer.

    `notes` are sentences about what a user should know of them.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    notes: tuple[str, ...] = ()


def read(folder: Path, *, name: str) -> Files:
    """The model and the tokenizer in a folder; errors call it `name`."""
    raw = _raw_config(folder, name)
    tokenizer_folder = folder
    if SHARES in raw:
        tokenizer_folder = _sibling(folder, str(raw[SHARES]), name)
    with _LOADING, _quiet():
        config = _config(folder, name)
        architecture = _architecture(config, name)
        parts = _weights(folder, name)
        tokenizer = read_tokenizer(tokenizer_folder, config, name)
        tensors = unwrapped(_tensors(parts, name))
        if SHARES in raw:
            shared = _tensors(_weights(tokenizer_folder, name), name)
            tensors = {k: v for k, v in shared.items() if k.startswith(_SHARED_PREFIX)} | tensors
        model, notes = _model(config, architecture, tensors, name)
    vocabulary = getattr(text_config(model.config), "vocab_size", None)
    if not isinstance(vocabulary, int):
        raise ModelError(f"The config.json of {name} does not say how many tokens it has (vocab_size).")
    consistency.check_token_ids(tokenizer, vocabulary, name)
    return Files(model, tokenizer, notes)


def text_config(config: PreTrainedConfig) -> PreTrainedConfig:
    """The part of a configuration that describes the text model: all of it, but in models of images, too."""
    return config.get_text_config()


def _raw_config(folder: Path, name: str) -> dict[str, Any]:
    path = folder / "config.json"
    if not path.is_file():
        if (folder / ADAPTER).is_file():
            raise ModelError(adapter(name))
        raise ModelError(f"{name} has no config.json: expected a folder as save_pretrained writes it.")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"The config.json of {name} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"The config.json of {name} is not valid JSON: {error}.") from error
    if not isinstance(raw, dict):
        raise ModelError(f"The config.json of {name} is not a JSON object.")
    return raw


def _sibling(folder: Path, shares: str, name: str) -> Path:
    sibling = folder.parent / shares
    if sibling.parent != folder.parent or shares == ".." or not sibling.is_dir():
        raise ModelError(f"{name} shares the tokenizer and embeddings of {shares!r}, which is not beside it.")
    return sibling


def _weights(folder: Path, name: str) -> list[Path]:
    """The safetensors files of a folder, sharded or not."""
    index = folder / "model.safetensors.index.json"
    if (folder / "model.safetensors").is_file():
        parts = ["model.safetensors"]
    elif index.is_file():
        try:
            parts = sorted(
                {str(part) for part in json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()}
            )
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise ModelError(f"The model.safetensors.index.json of {name} is damaged.") from error
    else:
        raise ModelError(no_safetensors(name, [path.name for path in folder.iterdir()]))
    # Parts lie in the folder itself, whatever the index says.
    return [folder / Path(part).name for part in parts]


def _tensors(parts: Iterable[Path], name: str) -> dict[str, Tensor]:
    """All tensors of safetensors files."""
    tensors: dict[str, Tensor] = {}
    for path in parts:
        try:
            tensors |= load_file(path)
        except FileNotFoundError as error:
            raise ModelError(
                f"{name} lacks {path.name}, a part of its weights: fetch or copy it again."
            ) from error
        except (SafetensorError, OSError) as error:
            raise ModelError(
                f"{path.name} of {name} is damaged or cut off ({error}): fetch or copy it again."
            ) from error
    consistency.check_finite(tensors, name)
    return tensors


def _architecture(config: PreTrainedConfig, name: str) -> Any:
    """The class of the masked LM that a configuration describes."""
    known: Any = MODEL_FOR_MASKED_LM_MAPPING.get(type(config), None)
    if known is None:
        raise ModelError(
            f"{name} is a {config.model_type!r} model, which has no masked-LM form: choose a BERT, "
            "DistilBERT, RoBERTa, ALBERT, ELECTRA, ModernBERT or XLM-R one."
        )
    if getattr(config, "is_decoder", False):
        raise ModelError(f"{name} is configured as a decoder, which does not see the words after a mask.")
    return known[0] if isinstance(known, tuple | list) else known


def _model(
    config: PreTrainedConfig, architecture: Any, tensors: dict[str, Tensor], name: str
) -> tuple[PreTrainedModel, tuple[str, ...]]:
    # Said here, because a configuration may name a kernel on the Hub, which is code.
    attention = "sdpa" if architecture._supports_sdpa else "eager"
    fit_configuration(config, tensors)
    consistency.check_sizes(text_config(config), tensors, name)
    try:
        with torch.device("meta"):
            outline = architecture._from_config(copy.deepcopy(config), attn_implementation=attention)
        tensors = with_both_biases(tensors, config, architecture)
        consistency.check_shapes(outline, tensors, name)
        model, info = architecture.from_pretrained(
            None,
            config=config,
            state_dict=tensors,
            dtype=torch.float32,
            attn_implementation=attention,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # refused below, with a name
        )
    except ModelError:
        raise
    except Exception as error:  # a wrong configuration can fail anywhere in the model's constructor
        raise ModelError(f"The weights of {name} do not fit its configuration ({reason(error)}).") from error
    consistency.refuse_mismatched(info["mismatched_keys"], name)
    _refuse_missing(model, set(info["missing_keys"]), name)
    model.eval()
    notes = unused_in_encoder(info["unexpected_keys"], model.base_model_prefix)
    return model, (*notes, *make_repeatable(model))


def _config(folder: Path, name: str) -> PreTrainedConfig:
    try:
        return AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # configurations are checked by many hands, each with errors of its own
        if "trust_remote_code" in str(error) or "custom code" in str(error):
            raise ModelError(
                f"{name} needs code of its own, which FairKD never runs: choose another model."
            ) from error
        raise ModelError(f"transformers cannot read the config.json of {name} ({reason(error)}).") from error


def _refuse_missing(model: PreTrainedModel, missing: set[str], name: str) -> None:
    """`missing` holds tensors that were neither stored nor tied to stored ones: they would be random."""
    if not missing:
        return
    inside = f"{model.base_model_prefix}."
    head = sorted(key for key in missing if not key.startswith(inside))
    every_head_tensor = {key for key in model.state_dict() if not key.startswith(inside)}
    tied = set(model.all_tied_weights_keys)
    if head and every_head_tensor - tied <= missing:
        raise ModelError(
            f"{name} has no masked-LM head (missing {listed(head, 4)}): it is an encoder or was trained for "
            "another task; choose a checkpoint that was saved with its head."
        )
    raise ModelError(
        f"{name} is incomplete: its weights lack {listed(sorted(missing), 4)}, which would be random numbers."
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """No warnings and progress bars from transformers: what matters is raised as an error instead."""
    verbosity, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()
