"""Read a model folder safely: only safetensors, no code from the folder, no missing tensors.

transformers initialises missing tensors at random and continues; here that is an error.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from transformers import (
    MODEL_FOR_MASKED_LM_MAPPING,
    AutoConfig,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)
from transformers.utils import logging as transformers_logging

from fairkd.errors import ModelError, listed
from fairkd.models import consistency
from fairkd.models.hub_download import TOKENIZER_FILES, no_safetensors

# An embedded student's configuration names here the sibling folder whose tokenizer and embeddings it shares.
SHARES = "fairkd_shares"
_SHARED_PREFIX = "bert.embeddings."

# transformers keeps verbosity and progress bars in global state, which `_quiet` changes temporarily.
_LOADING = threading.RLock()


def read(folder: Path, *, name: str) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """The model (fp32, CPU, evaluation mode) and the tokenizer in a folder; errors call it `name`."""
    raw = _raw_config(folder, name)
    tensors = _tensors(folder, name)
    tokenizer_folder = folder
    if SHARES in raw:
        tokenizer_folder = _sibling(folder, str(raw[SHARES]), name)
        shared = _tensors(tokenizer_folder, name)
        tensors = {k: v for k, v in shared.items() if k.startswith(_SHARED_PREFIX)} | tensors
    with _LOADING, _quiet():
        model = _model(folder, tensors, name)
        tokenizer = _tokenizer(tokenizer_folder, name)
    consistency.check_token_ids(tokenizer, text_config(model.config).vocab_size, name)
    return model, tokenizer


def text_config(config: PreTrainedConfig) -> PreTrainedConfig:
    """The part of a configuration that describes the text model: all of it, but in models of images, too."""
    return config.get_text_config()


def _raw_config(folder: Path, name: str) -> dict[str, Any]:
    path = folder / "config.json"
    if not path.is_file():
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


def _tensors(folder: Path, name: str) -> dict[str, Tensor]:
    """All tensors of a folder's safetensors, sharded or not."""
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
    tensors: dict[str, Tensor] = {}
    for part in parts:
        path = folder / Path(part).name  # parts lie in the folder itself, whatever the index says
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


def _model(folder: Path, tensors: dict[str, Tensor], name: str) -> PreTrainedModel:
    config = _config(folder, name)
    known: Any = MODEL_FOR_MASKED_LM_MAPPING.get(type(config), None)
    if known is None:
        raise ModelError(
            f"{name} is a {config.model_type!r} model, which has no masked-LM form: choose a BERT, "
            "DistilBERT, RoBERTa, ALBERT, ELECTRA, ModernBERT or XLM-R one."
        )
    if getattr(config, "is_decoder", False):
        raise ModelError(f"{name} is configured as a decoder, which does not see the words after a mask.")
    architecture = known[0] if isinstance(known, tuple | list) else known
    # Said here, because a configuration may name a kernel on the Hub, which is code.
    attention = "sdpa" if architecture._supports_sdpa else "eager"
    consistency.check_sizes(text_config(config), tensors, name)
    try:
        with torch.device("meta"):
            outline = architecture._from_config(copy.deepcopy(config), attn_implementation=attention)
        consistency.check_shapes(outline, tensors, name)
        model, info = architecture.from_pretrained(
            None,
            config=config,
            state_dict=tensors,
            dtype=torch.float32,
            attn_implementation=attention,
            output_loading_info=True,
        )
    except ModelError:
        raise
    except Exception as error:  # a wrong configuration can fail anywhere in the model's constructor
        raise ModelError(f"The weights of {name} do not fit its configuration ({reason(error)}).") from error
    _refuse_missing(model, set(info["missing_keys"]), name)
    return model.eval()


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


def _tokenizer(folder: Path, name: str) -> PreTrainedTokenizerFast:
    # Without such a file transformers would make up a tokenizer of five special tokens.
    if not any((folder / file).is_file() for file in TOKENIZER_FILES):
        raise ModelError(f"{name} has no tokenizer: expected a tokenizer.json beside its config.json.")
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # the tokenizers library raises bare Exceptions on a damaged file
        raise ModelError(f"The tokenizer of {name} cannot be read ({reason(error)}).") from error
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise ModelError(
            f"The tokenizer of {name} ({type(tokenizer).__name__}) does not say where its tokens lie in the "
            "text: expected one with a tokenizer.json."
        )
    if tokenizer.mask_token_id is None:
        raise ModelError(f"The tokenizer of {name} has no mask token, so nothing can be masked.")
    consistency.repair_length_limit(tokenizer)
    return tokenizer


def tokenizer_kind(tokenizer: PreTrainedTokenizerFast) -> Literal["WordPiece", "BPE", "SentencePiece"]:
    """WordPiece, byte-level BPE, or SentencePiece (Unigram, or BPE that marks spaces with `▁`)."""
    backend = json.loads(tokenizer.backend_tokenizer.to_str())
    model = backend["model"].get("type")
    if model in ("WordPiece", "WordLevel"):
        return "WordPiece"
    if model == "BPE" and "▁" not in json.dumps(
        [backend["normalizer"], backend["pre_tokenizer"], backend["decoder"]], ensure_ascii=False
    ):
        return "BPE"
    return "SentencePiece"


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


def reason(error: Exception) -> str:
    """An error of another library as the bracketed part of a sentence."""
    words = " ".join(str(error).split()).rstrip(".:")
    return f"{type(error).__name__}: {words[:200]}" if words else type(error).__name__
