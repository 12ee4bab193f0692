"""Tiny models whose tokenizers are made of sentences of one language: SentencePiece and byte-level BPE."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Literal

from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, trainers
from transformers import (
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaTokenizer,
    XLMRobertaTokenizer,
)

from fairkd.models.loading import MaskedLM
from tests.tiny import MAX_TOKENS, make_model

_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]


def language_model(kind: Literal["SentencePiece", "BPE"], sentences: Sequence[str]) -> MaskedLM:
    """A model with random weights whose tokenizer knows the words of some sentences.

    In SentencePiece each word is a token with a space before it where the text has one ("▁il", or "il" after
    an apostrophe). Where letters of scripts without spaces touch, each of them is a token, and so is a
    sentence of one word.
    """
    tokenizer = _sentencepiece(sentences) if kind == "SentencePiece" else _byte_level(sentences)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}

    def model_of(vocabulary: dict[str, int]) -> RobertaForMaskedLM:
        config = RobertaConfig(
            **sizes, **vocabulary, max_position_embeddings=MAX_TOKENS + 2, type_vocab_size=1
        )
        return RobertaForMaskedLM(config)

    return MaskedLM(make_model(model_of, tokenizer), tokenizer, "tiny")


def _sentencepiece(sentences: Sequence[str]) -> PreTrainedTokenizerFast:
    words = re.findall(r"(?:^| )?(?:[\u3040-\u9fff]|[^\W\d_]+|[^\w\s])", "\n".join(sentences), re.MULTILINE)
    pieces = {f"▁{word.strip()}" if word[0] == " " else word for word in words}
    pieces |= {sentence for sentence in sentences if sentence.isalpha()}
    starts = {
        f"▁{sentence.split()[0]}" for sentence in sentences if sentence[0].isascii() and " " in sentence
    }
    letters = sorted(
        {letter for sentence in sentences for letter in sentence if letter != " "} | set("and(▁")
    )
    vocabulary = [(piece, 0.0) for piece in _SPECIAL]
    vocabulary += [(piece, -6.0) for piece in sorted(pieces | starts) if len(piece) > 1]
    vocabulary += [(letter, -10.0) for letter in letters]
    return XLMRobertaTokenizer(
        vocab=[*vocabulary, ("<mask>", 0.0)],
        mask_token=AddedToken("<mask>", lstrip=True, special=True),
        model_max_length=MAX_TOKENS,
    )


def _byte_level(sentences: Sequence[str]) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=2000,
        min_frequency=2,
        special_tokens=[*_SPECIAL, "<mask>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(sentences, trainer)
    trained = json.loads(tokenizer.to_str())["model"]
    return RobertaTokenizer(
        vocab=trained["vocab"],
        merges=[tuple(pair) for pair in trained["merges"]],
        mask_token=AddedToken("<mask>", lstrip=True, special=True),
        model_max_length=MAX_TOKENS,
    )
