"""Tokenizers as they are published: SentencePiece models alone, Python classes, marks at ends of words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import AutoConfig
from transformers.utils import sentencepiece_model_pb2_new as sentencepiece

from fairkd.errors import ModelError
from fairkd.models import MaskedLM, encode, ids_by_word, load, readable, tokenize_word
from fairkd.models.tokenizer_files import read_tokenizer
from fairkd.predictions import predict
from tests.models.folders import refusal
from tests.tiny import WORDS
from tests.zoo import make

_UNKNOWN, _CONTROL, _OWN = 2, 3, 4  # types of SentencePiece's pieces
_BERTS = {"<pad>": _CONTROL, "<unk>": _UNKNOWN, "[CLS]": _CONTROL, "[SEP]": _CONTROL, "[MASK]": _OWN}
_FAIRSEQ = {"<unk>": _UNKNOWN, "<s>": _CONTROL, "</s>": _CONTROL}
_DEBERTA = {"[PAD]": _CONTROL, "[CLS]": _CONTROL, "[SEP]": _CONTROL, "[UNK]": _UNKNOWN}

# Type, file, special pieces, how many ids later a word is than in the file, first and last token, and mask id
# (None: after all others).
PUBLISHED = [
    ("albert", "spiece.model", _BERTS, 0, (2, 3), 4),
    ("fnet", "spiece.model", _BERTS, 0, (2, 3), 4),
    ("big_bird", "spiece.model", _BERTS, 0, (2, 3), 4),
    ("rembert", "sentencepiece.model", _BERTS, 0, (2, 3), 4),
    ("deberta-v2", "spm.model", _DEBERTA, 0, (1, 2), None),
    ("xlm-roberta", "sentencepiece.bpe.model", _FAIRSEQ, 1, (0, 2), None),
    ("camembert", "sentencepiece.bpe.model", _FAIRSEQ, 4, (5, 6), None),
]


def _write(folder: Path, model_type: str, file: str, special: dict[str, int]) -> list[str]:
    """A folder with a SentencePiece model of the tiny words; its pieces in order."""
    proto = sentencepiece.ModelProto()
    for piece, kind in special.items():
        proto.pieces.add(piece=piece, score=0.0, type=kind)
    for i, word in enumerate(("▁", *(f"▁{word}" for word in WORDS), *"abcdefghijklmnopqrstuvwxyz.")):
        proto.pieces.add(piece=word, score=-1.0 - i / 1000, type=1)
    proto.trainer_spec.model_type = 1
    proto.trainer_spec.unk_id = list(special).index("[UNK]" if "[UNK]" in special else "<unk>")
    folder.mkdir()
    (folder / file).write_bytes(proto.SerializeToString())
    (folder / "config.json").write_text(json.dumps({"model_type": model_type}))
    return [piece.piece for piece in proto.pieces]


@pytest.mark.parametrize(("model_type", "file", "special", "later", "frame", "mask"), PUBLISHED)
def test_a_sentencepiece_model_alone_has_the_ids_of_its_family(
    model_type: str,
    file: str,
    special: dict[str, int],
    later: int,
    frame: tuple[int, int],
    mask: int | None,
    tmp_path: Path,
) -> None:
    pieces = _write(tmp_path / "model", model_type, file, special)
    tokenizer = read_tokenizer(tmp_path / "model", AutoConfig.from_pretrained(tmp_path / "model"), "m")
    words = [pieces.index(f"▁{word}") + later for word in ("he", "is", "a", "nurse")]
    assert tokenizer("he is a nurse")["input_ids"] == [frame[0], *words, frame[1]]
    assert tokenizer.mask_token_id == (len(tokenizer) - 1 if mask is None else mask)
    assert tokenizer.unk_token_id in tokenizer("he is 7")["input_ids"]


def test_a_sentencepiece_model_of_no_known_class_is_refused(tmp_path: Path) -> None:
    _write(tmp_path / "model", "modernbert", "spiece.model", _BERTS)
    with pytest.raises(ModelError, match="comes as spiece.model alone, without a class"):
        read_tokenizer(tmp_path / "model", AutoConfig.from_pretrained(tmp_path / "model"), "m")


@pytest.mark.parametrize("name", ["bert-japanese", "flaubert", "roformer"])
def test_a_tokenizer_in_python_is_refused_before_the_weights_are_read(name: str, tmp_path: Path) -> None:
    folder = make(name, tmp_path / "model")
    (folder / "model.safetensors").write_bytes(b"")
    assert "is Python code, which does not say where its tokens lie" in refusal(folder)


def test_a_tokenizer_json_stands_for_a_class_in_python(tmp_path: Path) -> None:
    folder = make("xlm", tmp_path / "model")
    settings = {"tokenizer_class": "XLMTokenizer", "model_max_length": 64}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    lm = load(str(folder))
    assert (lm.mask_token, lm.tokenizer.cls_token) == ("<special1>", "</s>"), "as the class has them"
    assert lm.tokenizer("he is")["input_ids"][0] == lm.tokenizer.cls_token_id


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], MaskedLM]:
    return lambda name: load(str(make(name, tmp_path_factory.mktemp("zoo") / name)))


@pytest.mark.parametrize("name", ["herbert", "xlm"])
def test_marks_at_the_ends_of_words_are_not_shown(name: str, zoo: Callable[[str], MaskedLM]) -> None:
    lm = zoo(name)
    labels = readable(lm)
    assert labels[lm.tokenizer.get_vocab()["nurse</w>"]] == "nurse"
    assert labels[lm.tokenizer.get_vocab()["a"]] == "a##"
    assert len(set(labels)) == len(labels)
    assert lm.tokenizer.get_vocab()["he</w>"] in ids_by_word(labels, False)["he"]
    first, *rest = [token.text for token in predict(lm, "zoologist he [MASK].").tokens if not token.special]
    inside, others = rest[:-3], rest[-3:]
    assert first == "zo"[: len(first)] and inside and all(text.startswith("##") for text in inside)
    assert others == ["he", lm.mask_token, "."]
    assert tokenize_word(lm, "nurse", before="the ").subwords == ("nurse</w>",)


def test_the_first_word_of_gemmas_bpe_is_a_whole_word(zoo: Callable[[str], MaskedLM]) -> None:
    lm = zoo("mmbert")
    prediction = predict(lm, "[MASK] is a Nurse.")
    vocabulary = lm.tokenizer.get_vocab()
    assert prediction.token_string(1, vocabulary["He"]) == "He"
    assert prediction.token_string(1, vocabulary["▁he"]) == "␣he"
    assert prediction.token_string(3, vocabulary["▁he"]) == "he"
    assert predict(lm, "Nurse [MASK]").tokens[1].text == "Nurse"
    assert tokenize_word(lm, "he").subwords == ("He",)
    assert tokenize_word(lm, "he", before="so ", after=".").subwords == ("▁he",)
    assert encode(lm, "Nurse is").ids[1] == vocabulary["Nurse"]
