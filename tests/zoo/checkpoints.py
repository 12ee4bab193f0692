"""Tiny checkpoints: which configuration and which tokenizer each masked-LM type has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import MODEL_FOR_MASKED_LM_MAPPING, PreTrainedModel, PreTrainedTokenizerFast
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

from tests.tiny import MAX_TOKENS, modernbert_tokenizer, xlm_roberta_tokenizer
from tests.zoo import tokenizers

# What a configuration is given of this, if it has an entry of that name.
_SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "intermediate_size": 48,
    "embedding_size": 16,
    "max_position_embeddings": MAX_TOKENS,
    # DistilBERT, XLM, and encoder-decoders have other names for the same.
    **{"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 48, "emb_dim": 32},
    **{"d_model": 32, "encoder_layers": 2, "encoder_attention_heads": 2, "encoder_ffn_dim": 48},
    **{"decoder_layers": 2, "decoder_attention_heads": 2, "decoder_ffn_dim": 48},
}
_MOST_TOKENS = 1000  # what no tokenizer that is only described by files exceeds
_TWO_MORE = {"max_position_embeddings": MAX_TOKENS + 2}  # positions are numbered from pad_token_id + 1 = 2
_ROBERTA = {**_TWO_MORE, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "type_vocab_size": 1}
_VISION = {
    "model_type": "siglip_vision_model",
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "image_size": 32,
    "patch_size": 8,
}
_MODERNBERT = {
    "local_attention": 8,
    "pad_token_id": 0,
    **{"bos_token_id": 2, "cls_token_id": 2, "eos_token_id": 3, "sep_token_id": 3},
}
_LLAMA = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 3}


@dataclass(frozen=True)
class _Recipe:
    """A checkpoint's tokenizer and what its configuration has beside `_SMALL`; `type` is a model type."""

    tokenizer: Callable[[], Any]
    config: dict[str, Any] = field(default_factory=dict)
    type: str = ""


def _text_model(model_type: str, **config: Any) -> dict[str, Any]:
    """A configuration with one of a text model and one of a vision model inside."""
    text = {"model_type": model_type, **_given(CONFIG_MAPPING[model_type]), **config}
    return {"text_config": text, "vision_config": _VISION, "image_token_id": 5, "pixel_shuffle_factor": 2}


def _given(config_class: Any) -> dict[str, Any]:
    default = config_class()
    return {
        key: value
        for key, value in _SMALL.items()
        if key not in getattr(config_class, "attribute_map", {}) and hasattr(default, key)
    }


_T = tokenizers
_RECIPES: dict[str, _Recipe] = {
    "albert": _Recipe(_T.fnet, {"pad_token_id": 0}),
    "bart": _Recipe(_T.roberta, {"pad_token_id": 1}),
    "bert": _Recipe(_T.uncased),
    "big_bird": _Recipe(
        _T.big_bird,
        {"attention_type": "block_sparse", "block_size": 4, "num_random_blocks": 1, "pad_token_id": 0},
    ),
    "camembert": _Recipe(_T.camembert, {**_ROBERTA, "bos_token_id": 5, "eos_token_id": 6}),
    "convbert": _Recipe(_T.uncased),
    "data2vec-text": _Recipe(_T.roberta, _ROBERTA),
    "deberta": _Recipe(_T.deberta, {"relative_attention": True, "pos_att_type": ["c2p", "p2c"]}),
    "deberta-v2": _Recipe(
        _T.deberta_v2,
        {
            "relative_attention": True,
            "pos_att_type": ["p2c", "c2p"],
            "position_biased_input": False,
            "position_buckets": 16,
            "norm_rel_ebd": "layer_norm",
            "share_att_key": True,
        },
    ),
    "distilbert": _Recipe(_T.uncased),
    "electra": _Recipe(_T.uncased),
    "ernie": _Recipe(_T.uncased, {"use_task_id": True}),
    "esm": _Recipe(
        _T.esm,
        {
            **_TWO_MORE,
            "vocab_size": 33,
            "pad_token_id": 1,
            "mask_token_id": 32,
            "position_embedding_type": "rotary",
            "token_dropout": True,
        },
    ),
    "esmc": _Recipe(_T.esmc, {"max_position_embeddings": 4 * MAX_TOKENS}),
    "eurobert": _Recipe(_T.eurobert, {**_LLAMA, "mask_token_id": 2}),
    "flaubert": _Recipe(_T.flaubert),
    "fnet": _Recipe(_T.fnet),
    "funnel": _Recipe(
        _T.funnel,
        {"num_hidden_layers": None, "block_sizes": [1, 1], "n_head": 2, "d_head": 16, "d_inner": 48},
    ),
    "gte": _Recipe(xlm_roberta_tokenizer),
    "ibert": _Recipe(_T.roberta, _ROBERTA),
    "jina_embeddings_v3": _Recipe(xlm_roberta_tokenizer, _ROBERTA),
    "layoutlm": _Recipe(_T.uncased),
    "longformer": _Recipe(_T.roberta, {**_ROBERTA, "attention_window": [8, 8]}),
    "luke": _Recipe(_T.luke, {**_ROBERTA, "entity_vocab_size": 4, "entity_emb_size": 16}),
    "mbart": _Recipe(_T.mbart, {"pad_token_id": 1}),
    "megatron-bert": _Recipe(_T.uncased),
    "mobilebert": _Recipe(_T.uncased, {"intra_bottleneck_size": 16}),
    "modernbert": _Recipe(modernbert_tokenizer, _MODERNBERT),
    "modernvbert": _Recipe(modernbert_tokenizer, _text_model("modernbert", **_MODERNBERT)),
    "mpnet": _Recipe(_T.mpnet, {**_TWO_MORE, "pad_token_id": 1}),
    "mra": _Recipe(_T.roberta, {**_ROBERTA, "max_position_embeddings": MAX_TOKENS}),
    "mvp": _Recipe(_T.roberta, {"pad_token_id": 1}),
    "neomme": _Recipe(_T.eurobert, {"embedding_rank": 8, "patch_size": 8, "embedding_dim": 16}),
    "nomic_bert": _Recipe(_T.uncased),
    "nystromformer": _Recipe(_T.fnet, {"num_landmarks": MAX_TOKENS, "segment_means_seq_len": MAX_TOKENS}),
    "perceiver": _Recipe(
        _T.perceiver,
        {
            "d_latents": 32,
            "num_latents": 8,
            "num_self_attends_per_block": 2,
            "num_self_attention_heads": 2,
            "num_cross_attention_heads": 2,
            "qk_channels": 16,
            "v_channels": 32,
            "vocab_size": 262,
        },
    ),
    "reformer": _Recipe(
        _T.reformer,
        {
            "attention_head_size": 16,
            "attn_layers": ["local", "lsh"],
            "axial_pos_shape": [8, 8],
            "axial_pos_embds_dim": [16, 16],
            "feed_forward_size": 48,
            "local_attn_chunk_length": 8,
            "lsh_attn_chunk_length": 8,
            "is_decoder": False,
        },
    ),
    "rembert": _Recipe(_T.rembert, {"input_embedding_size": 16, "output_embedding_size": 24}),
    "roberta": _Recipe(_T.roberta, _ROBERTA),
    "roberta-prelayernorm": _Recipe(_T.roberta, _ROBERTA),
    "roc_bert": _Recipe(
        _T.roc_bert,
        {
            "pronunciation_embed_dim": 8,
            "pronunciation_vocab_size": 8,
            "shape_embed_dim": 8,
            "shape_vocab_size": 8,
        },
    ),
    "roformer": _Recipe(_T.roformer),
    "squeezebert": _Recipe(_T.uncased, {"embedding_size": 32}),
    "tapas": _Recipe(_T.tapas),
    "ultrabert": _Recipe(_T.eurobert, {**_LLAMA, "prediction_head_size": 24, "sliding_window": 8}),
    "ultravbert": _Recipe(
        _T.eurobert, _text_model("ultrabert", **_LLAMA, prediction_head_size=24, sliding_window=8)
    ),
    "xlm": _Recipe(_T.xlm),
    "xlm-roberta": _Recipe(xlm_roberta_tokenizer, _ROBERTA),
    "xlm-roberta-xl": _Recipe(xlm_roberta_tokenizer, _ROBERTA),
    "xmod": _Recipe(xlm_roberta_tokenizer, {**_ROBERTA, "languages": ["en_XX"], "default_language": "en_XX"}),
    "yoso": _Recipe(_T.roberta, {**_ROBERTA, "max_position_embeddings": MAX_TOKENS}),
    # Beside the types: the same models with other tokenizers.
    "bert-cased": _Recipe(_T.cased, type="bert"),
    "bert-japanese": _Recipe(_T.bert_japanese, type="bert"),
    "herbert": _Recipe(_T.herbert, {"pad_token_id": 1}, type="bert"),
    "mmbert": _Recipe(
        _T.gemma,
        {**_MODERNBERT, "cls_token_id": 1, "eos_token_id": 1, "sep_token_id": 1},
        type="modernbert",
    ),
    "phobert": _Recipe(_T.phobert, _ROBERTA, type="roberta"),
}

NAMES = tuple(_RECIPES)
# One of each kind of head, of tokenizer, and of refusal.
QUICK = (
    "big_bird",
    "deberta-v2",
    "esmc",
    "eurobert",
    "herbert",
    "ibert",
    "mbart",
    "mmbert",
    "modernvbert",
    "mpnet",
    "phobert",
    "xlm",
)

assert set(MODEL_FOR_MASKED_LM_MAPPING_NAMES) <= set(NAMES), "transformers has a type that the zoo lacks"


def make(name: str, folder: Path) -> Path:
    """Write the checkpoint `name` (one of NAMES) into `folder` as save_pretrained does; return the folder."""
    recipe = _RECIPES[name]
    tokenizer = recipe.tokenizer()
    tokenizer.save_pretrained(folder)
    tokens = len(tokenizer) if isinstance(tokenizer, PreTrainedTokenizerFast) else _MOST_TOKENS
    _model(name, recipe, tokens).save_pretrained(folder)
    return folder


def _model(name: str, recipe: _Recipe, vocabulary: int) -> PreTrainedModel:
    """Seeded random weights, apart from each other and from those that a new model would get."""
    config_class = CONFIG_MAPPING[recipe.type or name]
    merged = {"vocab_size": vocabulary, **_given(config_class), **recipe.config}
    config = {key: value for key, value in merged.items() if value is not None}
    if "text_config" in config:
        del config["vocab_size"]
        config["text_config"] = {**config["text_config"], "vocab_size": vocabulary}
    architecture: Any = MODEL_FOR_MASKED_LM_MAPPING[config_class]
    torch.manual_seed(0)
    model = architecture(config_class(**config))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return model.eval()
