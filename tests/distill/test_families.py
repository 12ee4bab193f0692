"""Distillation of models that differ from BERT: heads that are not known, shared layers."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from fairkd.models import mlm_head
from fairkd.models.loading import MaskedLM
from fairkd.models.mlm_head import head_is_known
from tests.distill.parts import trained


def test_a_model_whose_head_is_not_known_trains_alike(
    tiny_bert: MaskedLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its own forward pass, with whatever loss terms; only hidden states cannot be compared."""
    settings: dict[str, Any] = {
        "constraint": {"kind": "group", "roles": ["subject"]},
        "objective": {"hidden": 0.0, "label": "soft", "group": 8.0, "positions": "sample"},
        "optimizer": {"learning_rate": 1e-3},
    }
    known, _ = trained(tiny_bert, tmp_path / "known", **settings)
    unknown = MaskedLM(copy.deepcopy(tiny_bert.model), tiny_bert.tokenizer, "my/bert")
    monkeypatch.setattr(mlm_head, "KINDS", {})
    whole, _ = trained(unknown, tmp_path / "whole", **settings)
    assert not head_is_known(unknown.model)
    for name in ("kl", "kl_constrained", "perplexity", "gap_absolute"):
        assert whole.held_out[name] == pytest.approx(known.held_out[name], rel=1e-3), name
    settings["objective"]["hidden"] = 1.0
    assert trained(unknown, tmp_path / "hidden", **settings)[0].held_out["kl"] == whole.held_out["kl"]
