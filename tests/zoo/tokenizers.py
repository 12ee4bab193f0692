"""Tiny tokenizers of every kind that masked language models are published with, trained in memory.

Each function returns a tokenizer, or for `from_files` one that only files describe. All know the words of
`tests.tiny.WORDS`, as one token each where the kind of tokenizer allows it.
"""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    BigBirdTokenizer,
    CamembertTokenizer,
    DebertaTokenizer,
    DebertaV2Tokenizer,
    EsmcTokenizer,
    FNetTokenizer,
    FunnelTokenizer,
    HerbertTokenizer,
    LukeTokenizer,
    MBartTokenizer,
    MPNetTokenizer,
    PreTrainedTokenizerFast,
    ReformerTokenizer,
    RemBertTokenizer,
)

from tests.tiny import MAX_TOKENS, SENTENCES, byte_level_bpe, roberta_tokenizer, unigram_subwords, wordpiece

_LIMIT = {"model_max_length": MAX_TOKENS}


class Writable:
    """Anything with `save_pretrained`: a tokenizer, or the files of one."""

    def save_pretrained(self, folder: Path) -> None:
        raise NotImplementedError


class Files(Writable):
    """The files of a tokenizer that is published without a tokenizer.json."""

    def __init__(self, tokenizer_class: str, files: dict[str, str]) -> None:
        self.files = files | {"tokenizer_config.json": json.dumps({"tokenizer_class": tokenizer_class})}

    def save_pretrained(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in self.files.items():
            (folder / name).write_text(text, encoding="utf-8")


# --- WordPiece ---


def uncased() -> PreTrainedTokenizerFast:
    return wordpiece(lower_case=True)


def cased() -> PreTrainedTokenizerFast:
    return wordpiece(lower_case=False)


def _words_with(special: list[str]) -> dict[str, int]:
    """The vocabulary of the uncased WordPiece, with other special tokens in front."""
    ordinary = [token for token in wordpiece(lower_case=True).get_vocab() if not token.startswith("[")]
    return {token: i for i, token in enumerate([*special, *ordinary, "["])}


def funnel() -> PreTrainedTokenizerFast:
    vocabulary = _words_with(["<pad>", "<unk>", "<cls>", "<sep>", "<mask>", "<s>", "</s>"])
    return FunnelTokenizer(vocab=vocabulary, **_LIMIT)


def mpnet() -> PreTrainedTokenizerFast:
    return MPNetTokenizer(vocab=_words_with(["<s>", "<pad>", "</s>", "[UNK]", "<mask>"]), **_LIMIT)


# --- byte-level BPE ---


def _vocabulary_and_merges(tokenizer: Tokenizer) -> dict[str, Any]:
    trained = json.loads(tokenizer.to_str())["model"]
    return {"vocab": trained["vocab"], "merges": [tuple(pair) for pair in trained["merges"]]}


def roberta() -> PreTrainedTokenizerFast:
    return roberta_tokenizer()


def luke() -> PreTrainedTokenizerFast:
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<ent>", "<ent2>"]
    entities = {"[MASK]": 0, "[UNK]": 1, "[PAD]": 2, "[MASK2]": 3}
    return LukeTokenizer(**_vocabulary_and_merges(byte_level_bpe(special)), entity_vocab=entities, **_LIMIT)


def deberta() -> PreTrainedTokenizerFast:
    trained = byte_level_bpe(["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"])
    return DebertaTokenizer(**_vocabulary_and_merges(trained), **_LIMIT)


def eurobert() -> PreTrainedTokenizerFast:
    """Llama's byte-level BPE with a mask, which does not take the space before it along."""
    special = ["<|begin_of_text|>", "<|end_of_text|>", "<|mask|>", "<|pad|>", "<|unk|>"]
    tokenizer = byte_level_bpe(special)
    tokenizer.decoder = decoders.ByteLevel()
    _framed(tokenizer, "<|begin_of_text|>", "<|end_of_text|>")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=special[0],
        eos_token=special[1],
        mask_token=special[2],
        pad_token=special[3],
        unk_token=special[4],
        **_LIMIT,
    )


def _framed(tokenizer: Tokenizer, first: str, last: str) -> None:
    ids = [(token, tokenizer.token_to_id(token)) for token in (first, last)]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", pair=f"{first} $A {last} $B {last}", special_tokens=ids
    )


# --- BPE that marks ends of words, or spaces ---


def herbert() -> PreTrainedTokenizerFast:
    return HerbertTokenizer(
        **_vocabulary_and_merges(_end_of_word_bpe(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])), **_LIMIT
    )


def xlm() -> PreTrainedTokenizerFast:
    special = ["<s>", "</s>", "<pad>", "<unk>", "<special0>", "<special1>"]
    tokenizer = _end_of_word_bpe(special)
    _framed(tokenizer, "</s>", "</s>")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        cls_token="</s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<special1>",
        **_LIMIT,
    )


def _end_of_word_bpe(special: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>", fuse_unk=True))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
    trainer = trainers.BpeTrainer(
        vocab_size=1000,
        min_frequency=2,
        special_tokens=special,
        end_of_word_suffix="</w>",
        initial_alphabet=[*string.ascii_letters, *string.digits, *string.punctuation],
        show_progress=False,
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    return tokenizer


def gemma() -> PreTrainedTokenizerFast:
    """mmBERT's: "▁" is a space, and there is none before the first word of a text."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    trainer = trainers.BpeTrainer(
        vocab_size=1300, min_frequency=2, special_tokens=special + bytes_, show_progress=False
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    document = json.loads(tokenizer.to_str())
    document["pre_tokenizer"] = {
        "type": "Split",
        "pattern": {"String": " "},
        "behavior": "MergedWithPrevious",
        "invert": False,
    }
    document["added_tokens"] = [
        token | {"lstrip": token["content"] == "<mask>"}
        for token in document["added_tokens"]
        if not token["content"].startswith("<0x")
    ]
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    _framed(tokenizer, "<bos>", "<eos>")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token=AddedToken("<mask>", lstrip=True, special=True),
        **_LIMIT,
    )


# --- SentencePiece ---


def _unigram(
    tokenizer_class: Callable[..., PreTrainedTokenizerFast], special: list[str], **options: Any
) -> PreTrainedTokenizerFast:
    return tokenizer_class(vocab=unigram_subwords(special, capitals=True), **options, **_LIMIT)


def big_bird() -> PreTrainedTokenizerFast:
    return _unigram(BigBirdTokenizer, ["<pad>", "</s>", "<s>", "<unk>", "[CLS]", "[SEP]", "[MASK]"])


def camembert() -> PreTrainedTokenizerFast:
    special = ["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED", "<s>", "</s>", "<mask>"]
    return _unigram(CamembertTokenizer, special)


def deberta_v2() -> PreTrainedTokenizerFast:
    return _unigram(DebertaV2Tokenizer, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], unk_id=1)


def fnet() -> PreTrainedTokenizerFast:
    return _unigram(FNetTokenizer, ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"])


def mbart() -> PreTrainedTokenizerFast:
    return _unigram(MBartTokenizer, ["<s>", "<pad>", "</s>", "<unk>"], src_lang="en_XX", tgt_lang="en_XX")


def rembert() -> PreTrainedTokenizerFast:
    return _unigram(RemBertTokenizer, ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"])


def reformer() -> PreTrainedTokenizerFast:
    """SentencePiece with BPE; the published one has no mask, which whoever trains a masked LM adds."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(
        vocab_size=600, min_frequency=2, special_tokens=["<pad>", "<unk>", "</s>"], show_progress=False
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    made = ReformerTokenizer(**_vocabulary_and_merges(tokenizer), pad_token="<pad>", **_LIMIT)
    made.add_special_tokens({"mask_token": AddedToken("<mask>", lstrip=True, special=True)})
    return made


# --- letters of proteins ---


def esmc() -> PreTrainedTokenizerFast:
    return EsmcTokenizer(model_max_length=4 * MAX_TOKENS)  # a token is a letter


# --- tokenizers in Python, without a tokenizer.json ---


def esm() -> Writable:
    letters = [*"LAGVSERTIDPKQNFYMHWCXBUZO", ".", "-"]
    lines = ["<cls>", "<pad>", "<eos>", "<unk>", *letters, "<null_1>", "<mask>"]
    return Files("EsmTokenizer", {"vocab.txt": "\n".join(lines)})


def flaubert() -> Writable:
    return _python_bpe("FlaubertTokenizer")


def _python_bpe(tokenizer_class: str) -> Writable:
    parts = _vocabulary_and_merges(_end_of_word_bpe(["<s>", "</s>", "<pad>", "<unk>", "<special1>"]))
    merges = "\n".join(" ".join(pair) for pair in parts["merges"])
    return Files(tokenizer_class, {"vocab.json": json.dumps(parts["vocab"]), "merges.txt": merges})


def _vocab_txt() -> str:
    return "\n".join(wordpiece(lower_case=True).get_vocab())


def perceiver() -> Writable:
    return Files("PerceiverTokenizer", {})  # its tokens are the 256 bytes


def roc_bert() -> Writable:
    words = list(wordpiece(lower_case=True).get_vocab())
    same = json.dumps({word: 0 for word in words})
    files = {"vocab.txt": "\n".join(words), "word_shape.json": same, "word_pronunciation.json": same}
    return Files("RoCBertTokenizer", files)


def roformer() -> Writable:
    return Files("RoFormerTokenizer", {"vocab.txt": _vocab_txt()})


def tapas() -> Writable:
    return Files("TapasTokenizer", {"vocab.txt": _vocab_txt()})


def bert_japanese() -> Writable:
    return Files("BertJapaneseTokenizer", {"vocab.txt": _vocab_txt()})


def phobert() -> Writable:
    parts = _vocabulary_and_merges(_end_of_word_bpe(["<s>", "<pad>", "</s>", "<unk>", "<mask>"]))
    vocabulary = "\n".join(f"{token} 1" for token in parts["vocab"])
    merges = "\n".join(" ".join(pair) + " 1" for pair in parts["merges"])
    return Files("PhobertTokenizer", {"vocab.txt": vocabulary, "bpe.codes": merges})
