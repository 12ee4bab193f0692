"""The attention that tokens receive: against the plain mean, without changing the shared model."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from fairkd.errors import InputError
from fairkd.models import MaskedLM
from fairkd.predictions import received_attention
from tests.benchmarks.references.aul import attention

SENTENCES = ("The nurse said that she is a doctor.", "He is bad.", "They like milk and water, said Mary.")


def ids_of(lm: MaskedLM) -> list[list[int]]:
    return [list(lm.tokenizer(sentence)["input_ids"]) for sentence in SENTENCES]


def test_it_equals_the_mean_over_layers_heads_and_positions(any_family: MaskedLM) -> None:
    inputs = ids_of(any_family)
    fractions: list[float] = []
    found = received_attention(any_family, inputs, report=fractions.append)
    for ids, received in zip(inputs, found, strict=True):
        np.testing.assert_allclose(received, attention(any_family, ids).numpy(), atol=1e-6)
        assert received.sum() == pytest.approx(1, abs=1e-5)
    assert fractions[-1] == 1


def test_fast_is_close_to_strict(any_family: MaskedLM) -> None:
    inputs = ids_of(any_family)
    strict, fast = (received_attention(any_family, inputs, precision=one) for one in ("strict", "fast"))
    for one, other in zip(strict, fast, strict=True):
        assert not np.array_equal(one, other)
        np.testing.assert_allclose(other, one, rtol=0.02, atol=1e-3)


def test_the_model_that_others_share_stays_as_it_is(tiny_bert: MaskedLM) -> None:
    model = tiny_bert.model
    before = (model.config._attn_implementation, [id(one) for one in model.parameters()])
    received_attention(tiny_bert, ids_of(tiny_bert))
    assert before == (model.config._attn_implementation, [id(one) for one in model.parameters()])
    assert before[0] == "sdpa" and not any(parameter.grad is not None for parameter in model.parameters())


def test_a_model_that_returns_no_weights_is_refused(
    tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = type(tiny_bert.model.base_model)
    monkeypatch.setattr(encoder, "forward", lambda self, **_: SimpleNamespace(attentions=(None, None)))
    with pytest.raises(InputError, match="gives no attention weights"):
        received_attention(tiny_bert, ids_of(tiny_bert))
