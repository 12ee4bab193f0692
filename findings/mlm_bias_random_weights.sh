#!/usr/bin/env bash
# mlm-bias 0.1.7: BiasMLM builds its model from the configuration and never loads the weights. It measures CSPS, SSS and
# the rest on random numbers, so that its scores of a published model are those of an untrained one, and differ between
# two calls. transformers prints no message, since nothing was asked to be loaded.
#
# Seen: "same weights as the folder: False", and two different scores for one sentence pair.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 transformers==5.23.0 pandas==3.1.1 regex
# Its limit numpy<2 does not go with these versions, and does not matter here.
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps mlm-bias==0.1.7
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from pathlib import Path

import torch
from mlm_bias import BiasDataset, BiasMLM
from transformers import BertConfig, BertForMaskedLM, BertTokenizer

words = "[PAD] [UNK] [CLS] [SEP] [MASK] he she is a nurse doctor .".split()
Path("vocab.txt").write_text("\n".join(words))
sizes = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
model = BertForMaskedLM(BertConfig(vocab_size=len(words), **sizes)).eval()
model.save_pretrained("model")
BertTokenizer("vocab.txt").save_pretrained("model")

loaded = BertForMaskedLM.from_pretrained("model").state_dict()
assert all(torch.equal(tensor, loaded[name]) for name, tensor in model.state_dict().items())
scores = []
for _ in range(2):
    bias = BiasMLM("model", BiasDataset(["gender"], ["he is a doctor ."], ["she is a doctor ."]))
    found = bias.model.state_dict()
    same = all(torch.equal(tensor, found[name]) for name, tensor in loaded.items())
    bias.evaluate(["csps"], attention=False)
    scores.append(bias.eval_results["S1"]["csps"][0])
    print("\nsame weights as the folder:", same, "CSPS of the first sentence:", scores[-1])
    assert not same
assert scores[0] != scores[1]
PYTHON
