"""Masked language models: found, loaded safely, tokenized, and run at chosen positions.

    from fairkd.models import load

    lm = load("embedded/teacher")

* `references`: the models on this machine, and their folders
* `loading`: `load`, `describe`, and `MaskedLM`, a model with its tokenizer
* `card_entries`: what a model card says: licence and languages
* `safe_files`: a model folder read without running code from it and without inventing tensors
* `tensor_names`: stored tensors under other names than the model's class gives them
* `tokenizer_files`: the tokenizer of such a folder, converted if it comes as a SentencePiece model
* `repeatable_output`: the same text gives the same numbers, whatever was read before
* `consistency`: whether the files of such a folder fit together: sizes, finite weights, token ids
* `hub_download`: the files of a Hub repository, with progress
* `fingerprint`: a hash of a model's weights
* `mixed_precision`: a copy that multiplies in bf16
* `packed_linear`: its linear layers and its vocabulary on a processor
* `bert_encoder`: BERT's last layer at chosen positions alone
* `head_structure`: the parts of MLM heads, as families name them
* `mlm_head`: hidden states at chosen positions, and the head that makes logits of them
* `joint_head`: several models at once, with one projection for those whose weights are equal
* `tokenization`: texts with typed masks as tokens, and how a word is spelled in context
* `latency`: how long models take for one sentence
* `fill_mask`: where the fill-mask pipeline of transformers reads a sentence otherwise
* `spellings`: every single token that spells a word, with and without a space and a capital
* `token_batching`: how work is cut into batches of tokens
* `mask_syntax`: masks as people type them, without a tokenizer
* `token_strings`: how tokens are shown to people
* `trimming`, `trimmed_tokenizer`: a model and its tokenizer with fewer tokens
* `attention_projections`: queries, keys and values of the layers, read while a model computes
* `vocabulary_match`: which tokens of two models mean the same word; `split_words`: words that are one token
  of one of them only

The public names are in `__init__.pyi`; they are imported when first used, so torch is loaded only on demand.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
