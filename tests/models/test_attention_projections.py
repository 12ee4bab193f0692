"""Queries, keys and values of every family that has them are those of its own modules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from fairkd.models import attention_shape, recorded_attention
from fairkd.models.loading import MaskedLM, load
from fairkd.models.mlm_head import rows_of
from tests.tiny import FAMILIES
from tests.zoo import make


@pytest.mark.parametrize("family", FAMILIES)
def test_a_wanted_position_reads_the_states_of_the_whole_model(
    family: str, tiny_model: Callable[[str], MaskedLM]
) -> None:
    """The faster passes, such as BERT's, give what the model's own gives; at real positions."""
    model = tiny_model(family).model
    shape = attention_shape(model)
    assert shape is not None and shape.layers == model.config.num_hidden_layers
    ids, real = torch.arange(5, 15).view(2, 5), torch.ones(2, 5, dtype=torch.bool)
    real[1, 3:] = False
    with torch.no_grad():
        with recorded_attention(model, ids) as whole:
            model(input_ids=ids, attention_mask=real.long())
        with recorded_attention(model, ids, {shape.layers - 1}) as fast:
            rows_of(model, ids, real, torch.tensor([1, 6]))
    assert list(fast.by_layer) == [shape.layers - 1] and len(whole.by_layer) == shape.layers
    for one, other in zip(whole.of(shape.layers - 1), fast.of(shape.layers - 1), strict=True):
        assert one.shape == (2, 5, *one.shape[2:]) and torch.allclose(one[real], other[real], atol=1e-5)


def test_bert_has_the_outputs_of_its_linear_layers_and_albert_those_of_each_pass(
    tiny_model: Callable[[str], MaskedLM],
) -> None:
    ids = torch.arange(5, 11)[None]
    bert: Any = tiny_model("bert").model
    with torch.no_grad(), recorded_attention(bert, ids) as found:
        states = bert(input_ids=ids, output_hidden_states=True).hidden_states
    for layer, module in enumerate(bert.bert.encoder.layer):
        own = module.attention.self
        for part, got in zip((own.query, own.key, own.value), found.of(layer), strict=True):
            assert torch.equal(part(states[layer]), got)
    albert: Any = tiny_model("albert").model
    query = albert.albert.encoder.albert_layer_groups[0].albert_layers[0].attention.query
    with torch.no_grad(), recorded_attention(albert, ids) as found:
        states = albert(input_ids=ids, output_hidden_states=True).hidden_states
    assert all(torch.equal(query(states[n]), found.of(n)[0]) for n in range(albert.config.num_hidden_layers))


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("deberta-v2", True),
        ("mpnet", True),
        ("nomic_bert", True),
        ("eurobert", True),
        ("fnet", False),
        ("funnel", False),
    ],
)
def test_other_families_are_known_by_their_structure_or_not(name: str, known: bool, tmp_path: Path) -> None:
    model = load(str(make(name, tmp_path / name))).model
    shape = attention_shape(model)
    assert (shape is not None) == known
    assert not any(module._forward_hooks for module in model.modules()), "no hook stays"
