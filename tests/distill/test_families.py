"""Distillation of models that differ from BERT: heads that are not known, shared layers."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch

from fairkd.distill import check, train
from fairkd.distill.config.student_section import StudentConfig
from fairkd.distill.student import make_student
from fairkd.errors import InputError, ModelError
from fairkd.models import mlm_head
from fairkd.models.loading import MaskedLM, load
from fairkd.models.mlm_head import head_is_known
from tests.distill.parts import config, trained
from tests.zoo import make


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


def test_a_stored_student_is_the_model_that_was_trained(tmp_path: Path) -> None:
    """The layers of ESM-C have a factor that depends on how many of them there are."""
    teacher = load(str(make("esmc", tmp_path / "teacher")))
    student = make_student(teacher, StudentConfig(layers=(1,)), seed=0)
    student.model.save_pretrained(tmp_path / "student")
    student.tokenizer.save_pretrained(tmp_path / "student")
    stored = load(str(tmp_path / "student"))
    ids = torch.arange(4, 12)[None]
    with torch.inference_mode():
        assert torch.equal(student.model(input_ids=ids).logits, stored.model(input_ids=ids).logits)


def test_what_cannot_work_is_said_before_any_text_is_read(tmp_path: Path) -> None:
    """The text of these settings does not exist."""
    folder = str(make("mbart", tmp_path / "mbart"))
    settings = config(teacher=folder, corpus={"source": str(tmp_path / "missing.txt")})
    with pytest.raises(ModelError, match="is an encoder-decoder, and only encoders can be distilled"):
        train(settings, tmp_path / "run")
    with pytest.raises(ModelError, match="is an encoder-decoder"):
        check(settings)
    proteins = str(make("esmc", tmp_path / "esmc"))
    with pytest.raises(InputError, match="budget.stop_gap needs a gap, which cannot be measured here"):
        check(config(teacher=proteins, budget={"stop_gap": 0.2}, evaluation={"watched_sentences": []}))
