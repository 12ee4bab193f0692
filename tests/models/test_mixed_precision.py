"""A bf16 copy shares what it does not convert, and leaves the model as it was."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from fairkd.models import MaskedLM, bf16_copy, log_probabilities_at
from fairkd.models.packed_linear import PackedLinear, PackedVocabulary, can_pack


def test_the_copy_converts_the_encoder_and_shares_the_rest(any_family: MaskedLM) -> None:
    before = {name: parameter.dtype for name, parameter in any_family.model.named_parameters()}
    copied = bf16_copy(any_family)
    own = {name: parameter for name, parameter in copied.model.named_parameters()}
    packed = any_family.model.config.model_type == "bert" and can_pack(any_family.model)
    assert own.keys() >= before.keys() or packed  # packed weights are no parameters
    for name, parameter in any_family.model.named_parameters():
        assert parameter.dtype == before[name] == torch.float32
        if name in own:
            assert own[name].dtype == torch.bfloat16 or own[name] is parameter
    assert any(parameter.dtype == torch.bfloat16 for parameter in own.values())
    assert copied.model.get_output_embeddings().weight is any_family.model.get_output_embeddings().weight


def test_its_log_probabilities_are_close(any_family: MaskedLM) -> None:
    ids = torch.tensor([[*any_family.tokenizer("she is a good nurse")["input_ids"]]])
    at = torch.arange(1, ids.shape[1] - 1)
    asked = ids, torch.ones_like(ids), at, torch.arange(len(at)), ids[0, at]
    with torch.inference_mode():
        exact = log_probabilities_at(any_family, *asked)
        with torch.autocast("cpu", torch.bfloat16):
            fast = log_probabilities_at(bf16_copy(any_family), *asked)
    assert fast.dtype == torch.float32 and (fast - exact).abs().max() < 0.1
    assert not torch.equal(fast, exact)


packs = pytest.mark.skipif(not can_pack(nn.Linear(1, 1)), reason="this processor has no products in bf16")


@packs
@pytest.mark.parametrize("gelu", [False, True])
def test_a_packed_layer_gives_what_the_layer_does(gelu: bool) -> None:
    torch.manual_seed(0)
    linear, x, added = nn.Linear(48, 80), torch.randn(70, 48), torch.randn(70, 80)
    packed = PackedLinear(linear.weight, linear.bias, gelu=gelu)
    with torch.inference_mode():
        expected, found = linear(x), packed(x)
        expected = nn.functional.gelu(expected) if gelu else expected
        assert found.dtype == torch.bfloat16
        torch.testing.assert_close(found.float(), expected, rtol=0.02, atol=0.02)
        if not gelu:
            found = packed(x, added.to(torch.bfloat16))
            torch.testing.assert_close(found.float(), expected + added, rtol=0.02, atol=0.02)


@packs
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("scale", [0.2, 1.0])  # flat distributions, and such with one likely token
def test_a_packed_vocabulary_gives_log_probabilities(bias: bool, scale: float) -> None:
    torch.manual_seed(0)
    weight, states = scale * torch.randn(500, 48), torch.randn(40, 48)
    offsets = torch.randn(500) if bias else None
    rows, tokens = torch.arange(40).repeat_interleave(3), torch.randint(500, (120,))
    exact = nn.functional.linear(states, weight, offsets)
    tokens[::3] = exact.argmax(-1)
    with torch.inference_mode():
        found = PackedVocabulary(weight, offsets)(states, rows, tokens)
    assert found.dtype == torch.float32 and (found <= 0).all()
    error = (found - exact.log_softmax(-1)[rows, tokens]).abs()
    assert error.max() < 0.03 and error.mean() < 0.01


def test_a_bert_is_packed_and_its_own_projections_stay(tiny_bert: MaskedLM) -> None:
    [layer, *_] = bf16_copy(tiny_bert).model.bert.encoder.layer
    attention = layer.attention.self
    assert isinstance(attention.query, nn.Linear) and attention.query.weight.dtype == torch.bfloat16
    assert isinstance(layer.output.dense, PackedLinear) == can_pack(tiny_bert.model)
