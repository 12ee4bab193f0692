"""Tiny masked language models of every supported family: tokenizer, configuration, weights.

`tiny("bert", folder)` writes a complete `save_pretrained` folder (safetensors) in well under a second. The
weights are random but seeded. The words in `WORDS` are single subwords in every family (byte-level BPE,
trained on `SENTENCES`: with a space before them, or at the start of a sentence); rarer ones
("zoologist") take more.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import torch
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import (
    AlbertConfig,
    AlbertForMaskedLM,
    AlbertTokenizer,
    BertConfig,
    BertForMaskedLM,
    BertTokenizer,
    DistilBertConfig,
    DistilBertForMaskedLM,
    ElectraConfig,
    ElectraForMaskedLM,
    ModernBertConfig,
    ModernBertForMaskedLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaTokenizer,
    XLMRobertaConfig,
    XLMRobertaForMaskedLM,
    XLMRobertaTokenizer,
)
from transformers.utils import logging

FAMILIES = ("bert", "bert-cased", "distilbert", "roberta", "albert", "electra", "modernbert", "xlm-roberta")
MAX_TOKENS = 64  # what every tiny model takes, special tokens included

_ORDINARY = """
he she him her his hers they them their man woman men women boy girl father mother brother sister son daughter
john mary nurse doctor engineer teacher lawyer secretary carpenter pilot farmer milk water liquid bottle drink
is are was a an the of and or to in on at with for as that this said says saw works worked walked likes liked
very good bad old young new not who because from by it i you we my your
"""
WORDS = tuple(_ORDINARY.split())
SENTENCES = tuple(
    sentence
    for word in WORDS
    for sentence in (
        f"The {word} said that {word} is a {word}.",
        f"{word}, {word}",
        word,
        *2 * [word.capitalize()],
    )
)

_BERT_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_SMALL, _CAPITAL, _DIGITS = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
_PUNCTUATION = ".,!?'\"-()<>[]$_*#/:;é"


def tiny(family: str, folder: Path) -> Path:
    """Write a tiny model of `family` (one of FAMILIES) into `folder`, and return the folder."""
    tokenizer_of, model_of = _MAKERS[family]
    logging.disable_progress_bar()  # a test may read stderr meanwhile
    tokenizer = tokenizer_of()
    tokenizer.save_pretrained(folder)
    make_model(model_of, tokenizer).save_pretrained(folder)
    return folder


def make_model(
    model_of: Callable[[dict[str, int]], PreTrainedModel], tokenizer: PreTrainedTokenizerFast
) -> PreTrainedModel:
    """Seeded random weights; no tensor is all zeros or ones, which could hide a fault."""
    torch.manual_seed(0)
    model = model_of({"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id})
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return model.eval()


def wordpiece(*, lower_case: bool) -> PreTrainedTokenizerFast:
    words = [*WORDS, *(() if lower_case else (word.capitalize() for word in WORDS))]
    letters = [*_SMALL, *_DIGITS, *("" if lower_case else _CAPITAL)]
    subwords = [*_BERT_SPECIAL, *letters, *(f"##{c}" for c in letters), *_PUNCTUATION, "##ing", "##s", "##er"]
    vocabulary = {subword: i for i, subword in enumerate(dict.fromkeys([*subwords, *words]))}
    return BertTokenizer(vocab=vocabulary, do_lower_case=lower_case, model_max_length=MAX_TOKENS)


def byte_level_bpe(special_tokens: list[str | AddedToken]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=1000,
        min_frequency=2,
        special_tokens=special_tokens,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    return tokenizer


def roberta_tokenizer() -> PreTrainedTokenizerFast:
    trained = json.loads(byte_level_bpe(["<s>", "<pad>", "</s>", "<unk>", "<mask>"]).to_str())["model"]
    return RobertaTokenizer(
        vocab=trained["vocab"],
        merges=[tuple(pair) for pair in trained["merges"]],
        mask_token=AddedToken("<mask>", lstrip=True, special=True),
        model_max_length=MAX_TOKENS,
    )


def modernbert_tokenizer() -> PreTrainedTokenizerFast:
    # As the published tokenizer has it: the mask includes the space before it.
    mask = AddedToken("[MASK]", lstrip=True, special=True)
    tokenizer = byte_level_bpe([*_BERT_SPECIAL[:-1], mask])
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.decoder = decoders.ByteLevel()
    ids = {token: tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]")}
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=list(ids.items())
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token=mask,
        model_max_length=MAX_TOKENS,
    )


def unigram_subwords(special_tokens: list[str], *, capitals: bool) -> list[tuple[str, float]]:
    """Words cheaper than letters, as in a trained Unigram (its trainer is too erratic on so little text)."""
    words = [*WORDS, *((w.capitalize() for w in WORDS) if capitals else ())]
    letters = ["▁", *_SMALL, *_DIGITS, *(_CAPITAL if capitals else ""), *_PUNCTUATION]
    subwords = [(f"▁{word}", -6.0) for word in words] + [("ing", -7.0), ("s", -8.0), ("er", -8.0)]
    subwords += [(letter, -10.0) for letter in letters]
    seen = dict.fromkeys(special_tokens, 0.0)
    for subword, score in subwords:
        seen.setdefault(subword, score)
    return list(seen.items())


def albert_tokenizer() -> PreTrainedTokenizerFast:
    special = ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"]
    return AlbertTokenizer(
        vocab=unigram_subwords(special, capitals=False),
        mask_token=AddedToken("[MASK]", lstrip=True, special=True),
        model_max_length=MAX_TOKENS,
    )


def xlm_roberta_tokenizer() -> PreTrainedTokenizerFast:
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    subwords = [*unigram_subwords(special, capitals=True), ("<mask>", 0.0)]
    return XLMRobertaTokenizer(
        vocab=subwords,
        mask_token=AddedToken("<mask>", lstrip=True, special=True),
        model_max_length=MAX_TOKENS,
    )


_COMMON = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": MAX_TOKENS,
}
# RoBERTa numbers its positions from pad_token_id + 1 = 2.
_ROBERTA = _COMMON | {"max_position_embeddings": MAX_TOKENS + 2, "type_vocab_size": 1}


def bert(sizes: dict[str, int]) -> PreTrainedModel:
    return BertForMaskedLM(BertConfig(**_COMMON, **sizes))


def _distilbert(sizes: dict[str, int]) -> PreTrainedModel:
    return DistilBertForMaskedLM(
        DistilBertConfig(
            dim=16, n_layers=2, n_heads=2, hidden_dim=32, max_position_embeddings=MAX_TOKENS, **sizes
        )
    )


def _electra(sizes: dict[str, int]) -> PreTrainedModel:
    return ElectraForMaskedLM(ElectraConfig(**_COMMON, embedding_size=8, **sizes))


def _albert(sizes: dict[str, int]) -> PreTrainedModel:
    return AlbertForMaskedLM(AlbertConfig(**_COMMON, embedding_size=8, **sizes))


def _roberta(sizes: dict[str, int]) -> PreTrainedModel:
    return RobertaForMaskedLM(RobertaConfig(**_ROBERTA, bos_token_id=0, eos_token_id=2, **sizes))


def _xlm_roberta(sizes: dict[str, int]) -> PreTrainedModel:
    return XLMRobertaForMaskedLM(XLMRobertaConfig(**_ROBERTA, bos_token_id=0, eos_token_id=2, **sizes))


def _modernbert(sizes: dict[str, int]) -> PreTrainedModel:
    ids = {"bos_token_id": 2, "cls_token_id": 2, "eos_token_id": 3, "sep_token_id": 3}
    return ModernBertForMaskedLM(ModernBertConfig(**_COMMON, local_attention=8, **ids, **sizes))


def _uncased() -> PreTrainedTokenizerFast:
    return wordpiece(lower_case=True)


def _cased() -> PreTrainedTokenizerFast:
    return wordpiece(lower_case=False)


_MAKERS: dict[
    str, tuple[Callable[[], PreTrainedTokenizerFast], Callable[[dict[str, int]], PreTrainedModel]]
] = {
    "bert": (_uncased, bert),
    "bert-cased": (_cased, bert),
    "distilbert": (_uncased, _distilbert),
    "roberta": (roberta_tokenizer, _roberta),
    "albert": (albert_tokenizer, _albert),
    "electra": (_uncased, _electra),
    "modernbert": (modernbert_tokenizer, _modernbert),
    "xlm-roberta": (xlm_roberta_tokenizer, _xlm_roberta),
}
