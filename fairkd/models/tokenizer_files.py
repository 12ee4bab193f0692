"""Read the tokenizer of a model folder: a fast one, converted from a SentencePiece model if need be.

No code from the folder is run, and no package is asked for: a tokenizer that only exists as Python code is
refused by its name.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tokenizers import AddedToken
from transformers import AutoTokenizer, PreTrainedConfig, PreTrainedTokenizerFast
from transformers.convert_slow_tokenizer import SLOW_TO_FAST_CONVERTERS, SpmConverter
from transformers.models.auto.tokenization_auto import TOKENIZER_MAPPING_NAMES, tokenizer_class_from_name

from fairkd.errors import ModelError, reason
from fairkd.models import consistency
from fairkd.models.hub_download import SENTENCEPIECE_FILES, TOKENIZER_FILES

TokenizerKind = Literal["WordPiece", "BPE", "end-of-word BPE", "SentencePiece"]

END_OF_WORD = "</w>"  # how HerBERT's and XLM's BPE mark the last token of a word
_SPECIAL = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
# In transformers 5 a class without defaults of its own, which takes those of ALBERT.
_CASED = ("FNetTokenizer",)
_ANY_CLASS = ("PreTrainedTokenizer", "PythonBackend", "TokenizersBackend")
# A fast class, but its words are cut by another package (jieba), which no tokenizer.json can hold.
_CUT_BY_PYTHON = ("RoFormerTokenizer",)


def read_tokenizer(folder: Path, config: PreTrainedConfig, name: str) -> PreTrainedTokenizerFast:
    """The tokenizer in a folder of a model with this configuration; errors call the folder `name`."""
    settings = _json(folder / "tokenizer_config.json")
    stated, made = _class_of(config, settings)
    in_python = stated in _CUT_BY_PYTHON or (
        made is not None and not issubclass(made, PreTrainedTokenizerFast)
    )
    if in_python and (stated in _CUT_BY_PYTHON or not (folder / "tokenizer.json").is_file()):
        raise ModelError(
            f"The tokenizer of {name} ({stated}) is Python code, which does not say where its tokens lie in "
            "the text: expected a model with a tokenizer.json."
        )
    # Without such a file transformers would make up a tokenizer of five special tokens.
    if not any((folder / file).is_file() for file in TOKENIZER_FILES):
        raise ModelError(f"{name} has no tokenizer: expected a tokenizer.json beside its config.json.")
    pieces = [folder / file for file in SENTENCEPIECE_FILES if (folder / file).is_file()]
    try:
        if in_python and made is not None:
            tokenizer = PreTrainedTokenizerFast.from_pretrained(
                folder, **_undefined_special_tokens(made, folder)
            )
        elif pieces and not (folder / "tokenizer.json").is_file():
            tokenizer = _converted(pieces[0], stated, made, settings, name)
        else:
            tokenizer = AutoTokenizer.from_pretrained(folder, config=config, trust_remote_code=False)
    except ModelError:
        raise
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


def _json(path: Path) -> dict[str, Any]:
    """A JSON object, or an empty one: transformers says what is wrong with a damaged file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _class_of(config: PreTrainedConfig, settings: Mapping[str, Any]) -> tuple[str, type | None]:
    """The name of the tokenizer's class and the class, which is None where any fast tokenizer will do."""
    stated = settings.get("tokenizer_class") or getattr(config, "tokenizer_class", None)
    stated = str(stated or TOKENIZER_MAPPING_NAMES.get(config.model_type) or "").removesuffix("Fast")
    if not stated or stated in _ANY_CLASS:
        return stated, None
    return stated, tokenizer_class_from_name(stated)


def _undefined_special_tokens(made: type, folder: Path) -> dict[str, Any]:
    """The special tokens that a tokenizer's class has, and its files leave to the class."""
    given = _json(folder / "special_tokens_map.json") | _json(folder / "tokenizer_config.json")
    return {key: token for key, token in _special_tokens(made).items() if key not in given}


def _special_tokens(made: type) -> dict[str, Any]:
    parameters = inspect.signature(made).parameters
    return {
        key: parameters[key].default
        for key in _SPECIAL
        if key in parameters and isinstance(parameters[key].default, str)
    }


@dataclass
class _Settings:
    """What transformers' converters of SentencePiece models read from the tokenizer they convert."""

    vocab_file: str
    do_lower_case: bool
    keep_accents: bool
    split_by_punct: bool
    ids: dict[str, int] = field(default_factory=dict, init=False)

    def convert_tokens_to_ids(self, token: str) -> int:
        return self.ids[token]


def _converted(
    file: Path, stated: str, made: Any, settings: Mapping[str, Any], name: str
) -> PreTrainedTokenizerFast:
    """A SentencePiece model with the ids, normalisation and special tokens of its tokenizer's class.

    By the converters with which the tokenizer.json files on the Hub were made. `from_pretrained` of these
    classes leaves out the normalisation of most, and the special tokens around the text of some
    (transformers 5.23).
    """
    converter_class = SLOW_TO_FAST_CONVERTERS.get(stated)
    if made is None or not (isinstance(converter_class, type) and issubclass(converter_class, SpmConverter)):
        raise ModelError(
            f"The tokenizer of {name} comes as {file.name} alone, without a class that FairKD knows to say "
            "which ids and special tokens belong to it: expected a tokenizer.json."
        )
    defaults = inspect.signature(made).parameters

    def setting(key: str) -> bool:
        of_class = key in defaults and stated not in _CASED
        return bool(settings.get(key, defaults[key].default if of_class else key == "keep_accents"))

    flags = {key: setting(key) for key in ("do_lower_case", "keep_accents", "split_by_punct")}
    original = _Settings(str(file), **flags)
    converter = converter_class(original)
    original.ids = {token: i for i, (token, *_) in enumerate(converter.vocab(converter.proto))}
    special = _special_tokens(made)
    special |= _json(file.parent / "special_tokens_map.json") | dict(settings)
    tokens = {key: _token(key, special[key]) for key in _SPECIAL if special.get(key)}
    limit = {key: settings[key] for key in ("model_max_length",) if key in settings}
    return PreTrainedTokenizerFast(tokenizer_object=converter.converted(), **tokens, **limit)


def _token(key: str, stated: Any) -> AddedToken:
    """A special token as a string or as a JSON object; a mask takes the space before it along."""
    if isinstance(stated, dict):
        flags = {flag: bool(stated.get(flag)) for flag in ("lstrip", "rstrip", "single_word")}
        return AddedToken(str(stated["content"]), special=True, normalized=False, **flags)
    return AddedToken(str(stated), special=True, normalized=False, lstrip=key == "mask_token")


def tokenizer_kind(tokenizer: PreTrainedTokenizerFast) -> TokenizerKind:
    """WordPiece, BPE (byte-level, or with marks at the ends of words), or SentencePiece.

    SentencePiece stands for Unigram, and for BPE that marks spaces with `▁`.
    """
    backend = json.loads(tokenizer.backend_tokenizer.to_str())
    model = backend["model"].get("type")
    if model in ("WordPiece", "WordLevel"):
        return "WordPiece"
    if model == "BPE" and backend["model"].get("end_of_word_suffix") == END_OF_WORD:
        return "end-of-word BPE"
    if model == "BPE" and "▁" not in json.dumps(
        [backend["normalizer"], backend["pre_tokenizer"], backend["decoder"]], ensure_ascii=False
    ):
        return "BPE"
    return "SentencePiece"
