"""A bf16 copy shares what it does not convert, and leaves the model as it was."""

from __future__ import annotations

import torch

from fairkd.models import MaskedLM, bf16_copy, log_probabilities_at


def test_the_copy_converts_the_encoder_and_shares_the_rest(any_family: MaskedLM) -> None:
    before = {name: parameter.dtype for name, parameter in any_family.model.named_parameters()}
    copied = bf16_copy(any_family)
    own = {name: parameter for name, parameter in copied.model.named_parameters()}
    for name, parameter in any_family.model.named_parameters():
        assert parameter.dtype == before[name] == torch.float32
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
