"""In which number format a run computes."""

import pytest
import torch

from fairkd.distill import precision
from fairkd.distill.precision import resolve_precision

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("able", "speed", "expected"),
    [
        ({}, 4.0, "fp32"),
        ({"avx512_bf16": True}, 4.0, "bf16"),
        ({"avx512_bf16": True}, 0.6, "fp32"),
        ({"avx512_bf16": True, "amx_bf16": True}, 4.0, "bf16"),
        ({"amx_bf16": True}, 1.1, "fp32"),
    ],
)
def test_auto_chooses_bf16_on_a_cpu_only_if_it_is_clearly_faster(monkeypatch, able, speed, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    monkeypatch.setattr(precision, "bf16_speedup", lambda: speed)
    assert resolve_precision("auto", CPU) == expected


@pytest.mark.parametrize("wish", ["fp32", "bf16"])
def test_an_explicit_precision_is_used(monkeypatch, wish):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    monkeypatch.setattr(precision, "bf16_speedup", lambda: 4.0 if wish == "fp32" else 0.5)
    assert resolve_precision(wish, CPU) == wish


@pytest.mark.parametrize("slow", [torch.float32, torch.bfloat16])
def test_the_speedup_of_bf16_is_that_of_its_matrix_products(monkeypatch, slow):
    now = [0.0]

    def multiply(states, weight):
        now[0] += 4.0 if states.dtype == slow else 1.0

    monkeypatch.setattr(torch, "mm", multiply)
    monkeypatch.setattr(precision.time, "perf_counter", lambda: now[0])
    assert precision.bf16_speedup.__wrapped__() == (4.0 if slow == torch.float32 else 0.25)


@pytest.mark.parametrize("chosen", ["fp32", "bf16"])
def test_attention_needs_no_plan_for_each_length_of_a_batch(chosen):
    before = torch.backends.cuda.cudnn_sdp_enabled()
    with precision.autocast(CPU, chosen):
        assert not torch.backends.cuda.cudnn_sdp_enabled()
        assert torch.backends.cuda.mem_efficient_sdp_enabled()
    assert torch.backends.cuda.cudnn_sdp_enabled() == before
