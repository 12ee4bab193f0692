#!/usr/bin/env bash
# lmppl 0.3.2 with transformers 4.57.3 (it does not run with 5): to mask a token, `MaskedLM.get_perplexity` writes the
# tokens back as text and tokenizes that again. Beside a mask, the rest of a word with several subword tokens is
# read as other tokens ("[MASK] ##ber" as "[MASK] # # ber"), so the context is not the sentence's, and the label may
# stand at another token. Sentences of whole words come out right.
#
# Seen: equal to a plain loop for "he is a nurse ." and different for "he is a plumber .", with plum + ##ber.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 transformers==4.57.3 numpy==2.4.6 \
    accelerate==1.12.0 openai tqdm
# It asks for protobuf<3.20, which no current Python has, and needs for DeBERTa alone.
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps lmppl==0.3.2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON' 2>/dev/null
import math
from pathlib import Path

import torch
from lmppl import MaskedLM
from transformers import BertConfig, BertForMaskedLM, BertTokenizerFast

words = "[PAD] [UNK] [CLS] [SEP] [MASK] he is a nurse plum ##ber # .".split()
Path("vocab.txt").write_text("\n".join(words))
torch.manual_seed(0)
sizes = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
model = BertForMaskedLM(BertConfig(vocab_size=len(words), initializer_range=0.5, **sizes)).eval()
tokenizer = BertTokenizerFast(vocab_file="vocab.txt")
model.save_pretrained("model")
tokenizer.save_pretrained("model")


def plain(text):
    """exp of minus the mean log-probability of each token, masked in turn."""
    ids = tokenizer(text, return_tensors="pt")["input_ids"]
    places = range(1, ids.shape[1] - 1)
    total = 0.0
    for place in places:
        masked = ids.clone()
        masked[0, place] = tokenizer.mask_token_id
        with torch.no_grad():
            total += float(model(masked).logits[0, place].log_softmax(0)[ids[0, place]])
    return math.exp(-total / len(places))


scorer = MaskedLM("model", num_gpus=0)
for text, right in (("he is a nurse .", True), ("he is a plumber .", False)):
    found, expected = scorer.get_perplexity(text), plain(text)
    print(f"{text} lmppl {found:.3f}, plain loop {expected:.3f}", flush=True)
    assert math.isclose(found, expected, rel_tol=1e-4) == right
PYTHON
