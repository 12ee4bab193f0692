#!/usr/bin/env bash
# minicons 0.3.39 with transformers 5.23.0: `MaskedLMScorer.cloze` takes (sentence, word) pairs and returns one score a
# pair. A word that stands twice in its sentence makes two entries in the list of places but not in the list of
# sentences, so every later sentence is scored at a wrong place. "he said he ..." is such a sentence.
#
# Seen: the second and third scores differ from those of the same pairs alone (-6.77 for -7.86, and -2.11 for -3.05).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 transformers==5.23.0 minicons==0.3.39
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from pathlib import Path

import torch
from minicons.scorer import MaskedLMScorer
from transformers import BertConfig, BertForMaskedLM, BertTokenizer

words = "[PAD] [UNK] [CLS] [SEP] [MASK] he she is was a the nurse doctor . said".split()
Path("vocab.txt").write_text("\n".join(words))
torch.manual_seed(0)
sizes = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
model = BertForMaskedLM(BertConfig(vocab_size=len(words), initializer_range=0.5, **sizes)).eval()
scorer = MaskedLMScorer(model, "cpu", tokenizer=BertTokenizer("vocab.txt"))

pairs = [
    ("he said he was a nurse .", "he"),
    ("she is a doctor .", "she"),
    ("the nurse is a doctor .", "nurse"),
]
together = scorer.cloze(pairs)
alone = [scorer.cloze([pair])[0] for pair in pairs]
print("together:", together)
print("alone:   ", alone)
assert len(together) == len(pairs)
assert abs(together[1] - alone[1]) > 0.1 and abs(together[2] - alone[2]) > 0.1
harmless = scorer.cloze(pairs[1:])
assert max(abs(one - other) for one, other in zip(harmless, alone[1:])) < 1e-4
PYTHON
