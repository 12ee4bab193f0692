"""Checkpoints whose tensors have other names than the model's class gives them, and numbers that stay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForMaskedLM

from fairkd.distill import take_layers
from fairkd.models import MaskedLM, describe, load, logits_at
from tests.models.folders import edit_json, refusal
from tests.zoo import make

Tensors = dict[str, torch.Tensor]
_QUERY = "bert.encoder.layer.0.attention.self.query.bias"


def _rewrite(folder: Path, change: Callable[[Tensors], Tensors]) -> None:
    changed = change(load_file(folder / "model.safetensors"))
    save_file(changed, folder / "model.safetensors", metadata={"format": "pt"})


def _logits(lm: MaskedLM, length: int = 12) -> torch.Tensor:
    ids = torch.arange(6, 6 + length)[None]
    with torch.inference_mode():
        return logits_at(lm, ids, torch.ones_like(ids), torch.arange(length))


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "_orig_mod.module."])
def test_a_model_saved_from_a_wrapper_is_read_past_the_prefix(
    prefix: str, copy: Callable[..., Path], tiny_bert: MaskedLM
) -> None:
    folder = copy()
    _rewrite(folder, lambda tensors: {prefix + name: tensor for name, tensor in tensors.items()})
    assert torch.equal(_logits(load(str(folder))), _logits(tiny_bert))


def test_an_adapter_is_called_an_adapter(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    save_file({"lora_A": torch.zeros(1)}, tmp_path / "adapter_model.safetensors")
    assert "is an adapter" in refusal(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    assert "is an adapter" in refusal(tmp_path)


@pytest.mark.parametrize("shown", [lambda name: name, lambda name: name.removeprefix("bert.")])
def test_a_shape_that_does_not_fit_is_named_with_both(
    shown: Callable[[str], str], copy: Callable[..., Path]
) -> None:
    """Also where the names in the file are not those of the model."""
    folder = copy()
    _rewrite(folder, lambda tensors: {shown(k): v[:9] if k == _QUERY else v for k, v in tensors.items()})
    assert f"{_QUERY} is 9 in the weights, but 16 after config.json" in refusal(folder)


def test_an_untied_bert_of_transformers_4_has_one_bias(copy: Callable[..., Path]) -> None:
    folder = copy()
    edit_json(folder / "config.json", tie_word_embeddings=False)
    decoder, bias = "cls.predictions.decoder.weight", "cls.predictions.bias"

    def untie(tensors: Tensors) -> Tensors:
        assert "cls.predictions.decoder.bias" not in tensors
        return {**tensors, decoder: tensors["bert.embeddings.word_embeddings.weight"] * 2}

    _rewrite(folder, untie)
    state = load(str(folder)).model.state_dict()
    assert torch.equal(state["cls.predictions.decoder.bias"], load_file(folder / "model.safetensors")[bias])


@pytest.mark.parametrize("name", ["deberta", "deberta-v2"])
def test_debertas_own_head_follows_from_its_tensors(name: str, tmp_path: Path) -> None:
    folder = make(name, tmp_path / "model")
    config = AutoConfig.from_pretrained(folder)
    config.legacy = False
    model = AutoModelForMaskedLM.from_config(config).eval()
    save_file(model.state_dict(), folder / "model.safetensors", metadata={"format": "pt"})
    lm = load(str(folder))
    ids = torch.arange(6, 18)[None]
    with torch.inference_mode():
        assert torch.equal(_logits(lm), model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0])


def test_tensors_of_the_encoder_that_nobody_took_are_said(copy: Callable[..., Path]) -> None:
    """Relative position embeddings, which transformers 5 drops; a pooler is of no use to a masked LM."""
    folder = copy()
    lost = "bert.encoder.layer.0.attention.self.distance_embedding.weight"
    others = {"bert.pooler.dense.bias": torch.ones(16), "cls.seq_relationship.bias": torch.ones(2)}
    _rewrite(folder, lambda tensors: {**tensors, **others})
    assert load(str(folder)).notes == ()
    _rewrite(folder, lambda tensors: {**tensors, lost: torch.ones(3, 8)})
    (note,) = describe(load(str(folder))).notes
    assert f"no place for 1 of the stored tensors of its encoder ({lost})" in note


def test_bigbird_gives_a_long_text_the_same_numbers_after_a_short_one(tmp_path: Path) -> None:
    lm = load(str(make("big_bird", tmp_path / "model")))
    long = _logits(lm, 60)
    assert lm.model.base_model.attention_type == "block_sparse"
    short = _logits(lm, 10)
    assert torch.equal(_logits(lm, 60), long) and torch.equal(_logits(lm, 10), short)
    assert take_layers(lm.model, [1]).config.num_hidden_layers == 1, "in whichever state the teacher is"


def test_reformers_randomness_is_said(tmp_path: Path) -> None:
    assert "at random" in load(str(make("reformer", tmp_path / "model"))).notes[0]
