"""Pseudo-perplexity, over all tokens and sampled, against a plain loop."""

import math

import numpy as np
import pytest
import torch

from fairkd.errors import InputError
from fairkd.measures.perplexity import perplexity_of_loss, pseudo_perplexity, pseudo_perplexity_of_tokens
from fairkd.models.loading import MaskedLM
from fairkd.models.tokenization import token_ids
from tests.tiny import SENTENCES as MANY

SENTENCES = ["he is a doctor", "", "milk is a liquid", "she", "the doctor said that he was not very good"]


def plain_loop(lm: MaskedLM, sentences: list[str], positions: str) -> tuple[float, int]:
    """One sentence, one token, one pass of the whole model at a time."""
    logs = []
    for number, sentence in enumerate(sentences):
        ids = lm.tokenizer(sentence, return_tensors="pt")["input_ids"]
        special = set(lm.tokenizer.all_special_ids) - {lm.tokenizer.unk_token_id}
        scored = [i for i in range(ids.shape[1]) if int(ids[0, i]) not in special]
        if positions == "sampled" and scored:
            scored = [scored[number % len(scored)]]
        for position in scored:
            masked = ids.clone()
            masked[0, position] = lm.mask_id
            with torch.no_grad():
                log_p = lm.model(masked).logits[0, position].log_softmax(0)
            logs.append(log_p[int(ids[0, position])].item())
    return math.exp(-sum(logs) / len(logs)), len(logs)


@pytest.mark.parametrize("positions", ["all", "sampled"])
def test_pseudo_perplexity_equals_a_plain_loop(any_family: MaskedLM, positions: str) -> None:
    value, tokens = plain_loop(any_family, SENTENCES, positions)
    result = pseudo_perplexity(any_family, SENTENCES, positions=positions)
    assert (result.tokens, result.sentences) == (tokens, len(SENTENCES))
    assert result.value == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize("positions", ["all", "sampled"])
def test_batches_of_any_size_give_the_same_value(
    tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch, positions: str
) -> None:
    sentences = list(MANY[::3])
    value, tokens = plain_loop(tiny_bert, sentences, positions)
    for copies, at_once in ((64, 2048), (7, 2048), (64, 16)):
        monkeypatch.setattr("fairkd.models.mlm_head.VOCABULARY_ROWS", copies)
        monkeypatch.setattr("fairkd.models.token_batching.BATCH_TOKENS", at_once)
        result = pseudo_perplexity(tiny_bert, sentences, positions=positions)
        assert result.tokens == tokens and result.value == pytest.approx(value, rel=1e-4)


def test_the_order_of_sentences_does_not_matter_where_all_tokens_count(any_family: MaskedLM) -> None:
    assert pseudo_perplexity(any_family, SENTENCES[::-1]).value == pytest.approx(
        pseudo_perplexity(any_family, SENTENCES).value, rel=1e-6
    )


def test_sentences_are_cut_at_the_given_length(tiny_bert: MaskedLM) -> None:
    short = pseudo_perplexity(tiny_bert, [SENTENCES[-1]], max_tokens=5)
    assert short.tokens == 3
    assert short == pseudo_perplexity(tiny_bert, [" ".join(SENTENCES[-1].split()[:3])])


def test_token_ids_are_scored_like_their_text(tiny_bert: MaskedLM) -> None:
    ids = [np.array(one, dtype=np.int32) for one in token_ids(tiny_bert.tokenizer, SENTENCES, max_tokens=64)]
    assert pseudo_perplexity_of_tokens(tiny_bert, ids) == pseudo_perplexity(tiny_bert, SENTENCES)


@pytest.mark.parametrize("positions", ["all", "sampled"])
def test_sentences_without_a_token_to_score_are_refused(any_family: MaskedLM, positions: str) -> None:
    with pytest.raises(InputError, match="at least one word"):
        pseudo_perplexity(any_family, ["", ""], positions=positions)


def test_a_loss_beyond_the_range_of_exp_is_an_infinite_perplexity() -> None:
    assert (perplexity_of_loss(0.0), perplexity_of_loss(710.0)) == (1.0, math.inf)
    assert math.isnan(perplexity_of_loss(math.nan))
