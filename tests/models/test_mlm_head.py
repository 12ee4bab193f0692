"""The head run at chosen positions equals the dense forward pass."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import BertConfig, BertForMaskedLM, XmodConfig, XmodForMaskedLM

from fairkd.errors import ModelError
from fairkd.models import head_structure, mlm_head
from fairkd.models.bert_encoder import _attend, masked_rows
from fairkd.models.head_structure import Head
from fairkd.models.loading import MaskedLM, load
from fairkd.models.mlm_head import head_is_known, log_probabilities_at, logits_at
from fairkd.utils.hardware import is_lack_of_memory
from tests.zoo import make


def batch(lm: MaskedLM) -> tuple[Tensor, Tensor]:
    """Two sentences of different lengths, so that one row is padded."""
    encoded = lm.tokenizer(
        ["He is a nurse.", f"The doctor said that {lm.mask_token} saw the old man with the milk."],
        padding=True,
        return_tensors="pt",
    )
    return encoded["input_ids"], encoded["attention_mask"]


def test_logits_at_chosen_positions_equal_the_dense_logits_for_every_family(any_family: MaskedLM) -> None:
    ids, mask = batch(any_family)
    at = torch.tensor([2, ids.shape[1] + 5, 1, ids.shape[1] + 1])
    with torch.inference_mode():
        dense = any_family.model(input_ids=ids, attention_mask=mask).logits
        got = logits_at(any_family, ids, mask, at)
    expected = torch.stack([dense[0, 2], dense[1, 5], dense[0, 1], dense[1, 1]])
    assert got.dtype == torch.float32
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("count", [4, 7, 15, 16])
def test_logits_of_few_rows_equal_the_dense_logits(tiny_bert: MaskedLM, count: int) -> None:
    ids = torch.arange(10, 10 + count)[None] % tiny_bert.vocabulary_size
    with torch.inference_mode():
        dense = tiny_bert.model(input_ids=ids).logits[0]
        got = logits_at(tiny_bert, ids, torch.ones_like(ids), torch.arange(count))
    assert got.shape == dense.shape
    torch.testing.assert_close(got, dense, rtol=0, atol=1e-5)


def test_every_supported_family_runs_its_head_on_the_chosen_rows_alone(any_family: MaskedLM) -> None:
    assert head_is_known(any_family.model)


@pytest.mark.parametrize("name", ["convbert", "eurobert", "mobilebert", "rembert"])
def test_heads_are_recognised_by_their_parts(name: str, tmp_path: Path) -> None:
    lm = load(str(make(name, tmp_path)))
    ids = torch.arange(5, 11)[None]
    with torch.inference_mode():
        dense = lm.model(input_ids=ids).logits[0]
        got = logits_at(lm, ids, torch.ones_like(ids), torch.arange(6))
    assert head_is_known(lm.model)
    torch.testing.assert_close(got, dense, rtol=1e-5, atol=1e-5)


TAKEN_APART_RIGHTLY = head_structure.KINDS["bert"]


def wrong(model: Any) -> Head:
    """BERT's head without its layer norm."""
    return Head(model.cls.predictions.transform.dense, TAKEN_APART_RIGHTLY(model).projection)


def test_a_wrong_guess_is_found_and_the_models_own_forward_pass_is_used(
    tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlm_head, "KINDS", {"bert": wrong})
    monkeypatch.setattr(head_structure, "KINDS", {"bert": wrong})
    lm = MaskedLM(copy.deepcopy(tiny_bert.model), tiny_bert.tokenizer, "my/bert")
    ids, mask = batch(lm)
    at = torch.tensor([3, 0])
    assert not head_is_known(lm.model)
    with torch.inference_mode():
        dense = lm.model(input_ids=ids, attention_mask=mask).logits.flatten(0, 1)[at]
        torch.testing.assert_close(logits_at(lm, ids, mask, at), dense, rtol=0, atol=1e-5)
        log_p = log_probabilities_at(lm, ids, mask, at, torch.tensor([0, 1]), torch.tensor([7, 9]))
    expected = dense.log_softmax(-1)[[0, 1], [7, 9]]
    torch.testing.assert_close(log_p, expected, rtol=0, atol=1e-5)


def test_gradients_reach_the_embeddings(tiny_bert: MaskedLM) -> None:
    ids, mask = batch(tiny_bert)
    weight = tiny_bert.model.get_input_embeddings().weight
    logits = logits_at(tiny_bert, ids, mask, torch.tensor([1]))
    (gradient,) = torch.autograd.grad(logits.logsumexp(-1).sum(), [weight])
    assert gradient.abs().sum() > 0


@pytest.mark.parametrize("family", ["bert", "distilbert"])
def test_no_position_gives_an_empty_result(tiny_model: Callable[[str], MaskedLM], family: str) -> None:
    lm = tiny_model(family)
    ids, mask = batch(lm)
    with torch.inference_mode():
        logits = logits_at(lm, ids, torch.ones_like(mask), torch.empty(0, dtype=torch.long))
    assert logits.shape == (0, lm.vocabulary_size)


def failing(lm: MaskedLM) -> str:
    ids, mask = batch(lm)
    with pytest.raises(ModelError) as caught, torch.inference_mode():
        logits_at(lm, ids, mask, torch.tensor([1]))
    return str(caught.value)


def test_a_model_that_fails_on_a_text_is_named_with_the_reason(tiny_xlm_roberta: MaskedLM) -> None:
    config = XmodConfig(**{**tiny_xlm_roberta.model.config.to_dict(), "model_type": "xmod"})
    lm = MaskedLM(XmodForMaskedLM(config).eval(), tiny_xlm_roberta.tokenizer, "my/x-mod")
    sentence = failing(lm)
    assert sentence.startswith("my/x-mod loads, but fails on a text (") and sentence.endswith(".")
    assert "Input language unknown" in sentence


def test_a_lack_of_memory_is_named_in_the_error(tiny_bert: MaskedLM, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr("fairkd.models.mlm_head.rows_of", fail)
    sentence = failing(tiny_bert)
    assert "not enough memory" in sentence and tiny_bert.reference in sentence
    assert is_lack_of_memory(ModelError(sentence))


ONE_EACH, TWO_EACH, DIFFERENT = [3, 9, 15], [1, 3, 7, 9, 13, 15], [3, 7, 9, 15]


@pytest.mark.parametrize("rows", [ONE_EACH, TWO_EACH, DIFFERENT, [9, 3, 15], [3], [*range(18)]])
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("layers", [1, 3])
def test_what_inference_leaves_out_changes_no_state(rows: list[int], padded: bool, layers: int) -> None:
    """Copies of one text, as a benchmark scores them: most tokens are equal, and few rows are asked for."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=40, hidden_size=16, num_hidden_layers=layers, num_attention_heads=2, intermediate_size=24
    )
    model = BertForMaskedLM(config).eval()
    ids = torch.arange(5, 11).repeat(3, 1)
    ids[0, 3] = ids[1, 3] = ids[2, 1] = 4
    real = torch.ones_like(ids, dtype=torch.bool)
    real[1, 4:] = not padded
    with torch.inference_mode():
        expected = model.bert(ids, real.long()).last_hidden_state.flatten(0, 1)[rows]
        found = masked_rows(model, ids, real if padded else None, torch.tensor(rows))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("length", "count"), [(3, 5), (8, 9), (16, 2), (17, 3), (27, 2), (43, 2)])
def test_short_texts_in_one_row_do_not_attend_to_each_other(length: int, count: int) -> None:
    torch.manual_seed(0)
    parts = [torch.randn(count, length, 4, 8).to(torch.bfloat16).transpose(1, 2) for _ in range(3)]
    with torch.inference_mode():
        together = _attend(*parts, None, 0.0)
    for text in range(count):
        query, key, value = (part[text].float() for part in parts)
        alone = torch.softmax(query @ key.transpose(-1, -2) / 8**0.5, -1) @ value
        assert torch.allclose(together[text].float(), alone, atol=0.02)
