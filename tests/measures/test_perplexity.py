import math

import pytest
import torch

from fairkd.errors import InputError
from fairkd.measures.perplexity import pseudo_perplexity

SENTENCES = ["he is a doctor", "milk is a liquid", "she"]


def slowly(lm, sentences):
    """One sentence, one token, one pass of the whole model at a time."""
    logs = []
    for sentence in sentences:
        ids = lm.tokenizer(sentence, return_tensors="pt")["input_ids"]
        for position in range(ids.shape[1]):
            token = int(ids[0, position])
            if token in lm.tokenizer.all_special_ids:
                continue
            masked = ids.clone()
            masked[0, position] = lm.mask_id
            with torch.no_grad():
                logs.append(lm.model(masked).logits[0, position].log_softmax(0)[token].item())
    return math.exp(-sum(logs) / len(logs)), len(logs)


def test_pseudo_perplexity_equals_a_plain_loop(any_family):
    lm = any_family
    value, tokens = slowly(lm, SENTENCES)
    result = pseudo_perplexity(lm, SENTENCES)
    assert result.tokens == tokens
    assert result.value == pytest.approx(value, rel=1e-4)


def test_the_order_of_sentences_does_not_matter(any_family):
    lm = any_family
    assert pseudo_perplexity(lm, SENTENCES[::-1]).value == pytest.approx(
        pseudo_perplexity(lm, SENTENCES).value, rel=1e-6
    )


def test_nothing_to_score_is_said(any_family):
    with pytest.raises(InputError, match="at least one word"):
        pseudo_perplexity(any_family, [""])
