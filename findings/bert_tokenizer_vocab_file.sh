#!/usr/bin/env bash
# transformers 5.23.0: the argument `vocab_file` of BertTokenizer and BertTokenizerFast, which versions 2 to 4 required,
# is accepted and ignored. The tokenizer knows its five special tokens alone, so that every word becomes [UNK].
# There is neither an error nor a warning. The argument is now called `vocab`.
#
# Seen: "vocab_file: 5 tokens, [UNK] [UNK] [UNK] [MASK]" and "vocab: 9 tokens, milk is a [MASK]".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check transformers==5.23.0 tokenizers==0.23.3
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import warnings
from pathlib import Path

from transformers import BertTokenizer, BertTokenizerFast

Path("vocab.txt").write_text("\n".join("[PAD] [UNK] [CLS] [SEP] [MASK] milk is a .".split()))
with warnings.catch_warnings():
    warnings.simplefilter("error")
    for kind in (BertTokenizer, BertTokenizerFast):
        ignored, read = kind(vocab_file="vocab.txt"), kind(vocab="vocab.txt")
        for name, tokenizer in (("vocab_file", ignored), ("vocab", read)):
            tokens = " ".join(tokenizer.tokenize("milk is a [MASK]"))
            print(f"{name}: {len(tokenizer)} tokens, {tokens}")
        assert ignored.tokenize("milk is a") == ["[UNK]"] * 3 and len(ignored) == 5
        assert read.tokenize("milk is a") == ["milk", "is", "a"] and len(read) == 9
PYTHON
