"""In which number format a run computes."""

import pytest
import torch

from fairkd.distill.devices import chosen_precision

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("able", "expected"),
    [
        ({}, "fp32"),
        ({"avx512_bf16": True, "amx_bf16": False}, "fp32"),
        ({"avx512_bf16": True, "amx_bf16": True}, "bf16"),
    ],
)
def test_a_cpu_computes_in_bf16_by_itself_only_with_matrix_units(monkeypatch, able, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert chosen_precision("auto", CPU) == expected


@pytest.mark.parametrize("wish", ["fp32", "bf16"])
def test_what_is_asked_for_is_done(monkeypatch, wish):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": wish == "fp32"})
    assert chosen_precision(wish, CPU) == wish
