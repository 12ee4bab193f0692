#!/usr/bin/env bash
# transformers 5.23.0: a tokenizer that is published as a SentencePiece model alone, as DeBERTa v3's (spm.model), is read
# without the model's own normalisation: "ﬁne" (with the ligature) and "Ａ" become unknown, where SentencePiece itself and
# transformers 4 read "fine" and "A". RemBERT's (sentencepiece.model) gets no [CLS] and [SEP] around a text, and unknown
# letters become [CLS]. There is no warning.
#
# Seen: "deberta-v2: ▁ [UNK] n e SentencePiece: ▁ f i n e", and in rembert's tokens [CLS] at the end alone, for "z".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  transformers==5.23.0 tokenizers==0.23.3 sentencepiece==0.2.3 protobuf==7.36.2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import io
import json
from pathlib import Path

import sentencepiece
from transformers import AutoTokenizer

TEXT = ["The nurse said that he is fine and old.", "A man said that she is a nurse.", "He is a good man."] * 20


def published(model_type: str, file: str, **special: object) -> tuple[object, sentencepiece.SentencePieceProcessor]:
    """The tokenizer in a folder of this type, and SentencePiece's own reader of its only file."""
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT), model_writer=out, vocab_size=60, hard_vocab_limit=False, minloglevel=2, **special
    )
    folder = Path(model_type)
    folder.mkdir()
    (folder / file).write_bytes(out.getvalue())
    (folder / "config.json").write_text(json.dumps({"model_type": model_type}))
    return AutoTokenizer.from_pretrained(folder), sentencepiece.SentencePieceProcessor(model_proto=out.getvalue())


ids = {"pad_id": 0, "bos_id": 1, "eos_id": 2, "unk_id": 3}
pieces = {"pad_piece": "[PAD]", "bos_piece": "[CLS]", "eos_piece": "[SEP]", "unk_piece": "[UNK]"}
deberta, own = published("deberta-v2", "spm.model", **ids, **pieces)
read = deberta.convert_ids_to_tokens(deberta("ﬁne", add_special_tokens=False)["input_ids"])
print("deberta-v2:", *read, "SentencePiece:", *own.encode("ﬁne", out_type=str))
assert deberta.unk_token in read and own.unk_id() not in own.encode("ﬁne")

no_sentence = {"pad_id": 0, "unk_id": 1, "bos_id": -1, "eos_id": -1, "pad_piece": "<pad>"}
rembert, own = published(
    "rembert", "sentencepiece.model", **no_sentence, control_symbols=["[CLS]", "[SEP]", "[MASK]"]
)
tokens = rembert.convert_ids_to_tokens(rembert("he is z")["input_ids"])
print("rembert:", *tokens, "SentencePiece:", *own.encode("he is z", out_type=str))
assert tokens[0] != "[CLS]" and tokens[-1] == "[CLS]" and own.encode("he is z")[-1] == own.unk_id()
PYTHON
