"""A student whose copied layers are fitted to the teacher's states before the first step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from fairkd.distill import settle, take_layers, train
from fairkd.distill.config import PRESETS, StudentConfig
from fairkd.distill.data import Batch
from fairkd.distill.layer_regression import RIDGE, can_fit, fit_layers
from fairkd.models import MaskedLM
from tests.distill.parts import CORPUS, config


def batches(lm: MaskedLM, count: int = 3) -> list[Batch]:
    torch.manual_seed(0)
    real = torch.ones(4, 12, dtype=torch.bool)
    real[1, 7:] = False
    rows = real.flatten().nonzero().flatten()[::3]
    return [
        Batch(torch.randint(5, lm.vocabulary_size, (4, 12)), real, rows, torch.zeros(len(rows)))
        for _ in range(count)
    ]


def last_layer_norm_inputs(model: Any, number: int, batch: Batch) -> torch.Tensor:
    """What the norm at the end of a layer takes, by the plain forward pass of transformers."""
    found: list[torch.Tensor] = []
    norm = model.base_model.encoder.layer[number].output.LayerNorm
    handle = norm.register_forward_pre_hook(lambda _, given: found.append(given[0]))
    with torch.no_grad():
        model(input_ids=batch.ids, attention_mask=batch.attention_mask.long())
    handle.remove()
    return found[0].flatten(0, 1)[batch.rows]


def test_the_fit_is_the_least_squares_solution_for_the_states_before_the_head(tiny_bert: MaskedLM) -> None:
    teacher, texts = tiny_bert.model, batches(tiny_bert)
    count = len(teacher.base_model.encoder.layer)
    before, student = take_layers(teacher, [0]), take_layers(teacher, [0])
    fit_layers(teacher, student, [0], texts)
    features: list[torch.Tensor] = []
    dense = before.base_model.encoder.layer[0].output.dense
    handle = dense.register_forward_pre_hook(lambda _, given: features.append(given[0]))
    missing = torch.cat(
        [
            last_layer_norm_inputs(teacher, count - 1, one) - last_layer_norm_inputs(before, 0, one)
            for one in texts
        ]
    )
    handle.remove()
    g = torch.cat([one.flatten(0, 1)[text.rows] for one, text in zip(features, texts, strict=True)]).double()
    g = torch.cat([g, torch.ones(len(g), 1)], 1)
    ridge = RIDGE * (g**2).sum(0).mean()
    # Ridge regression is least squares with one more row for each unknown.
    more = torch.cat([g, ridge.sqrt() * torch.eye(g.shape[1])])
    wanted = torch.linalg.lstsq(
        more, torch.cat([missing.double(), torch.zeros(g.shape[1], missing.shape[1])])
    )
    fitted = student.base_model.encoder.layer[0].output
    assert torch.allclose((fitted.dense.weight - dense.weight).T.double(), wanted.solution[:-1], atol=1e-4)
    assert torch.allclose((fitted.dense.bias - dense.bias).double(), wanted.solution[-1], atol=1e-4)
    assert torch.equal(fitted.LayerNorm.weight, teacher.base_model.encoder.layer[-1].output.LayerNorm.weight)


def test_a_student_with_all_layers_stays_as_it_is(tiny_bert: MaskedLM) -> None:
    everything = range(len(tiny_bert.model.base_model.encoder.layer))
    student = take_layers(tiny_bert.model, list(everything))
    fit_layers(tiny_bert.model, student, list(everything), batches(tiny_bert))
    for one, other in zip(student.parameters(), tiny_bert.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_fitted_layers_start_closer_to_the_teacher_and_count_as_training(
    tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    starts = []
    for fit in (False, True):
        events: list[Any] = []
        settings = config(student={"fit_layers": fit}, budget={"steps": 1})
        train(settings, tmp_path / str(fit), emit=events.append, teacher=tiny_bert, corpus=CORPUS)
        starts.append(next(event for event in events if event["type"] == "evaluation"))
    assert starts[1]["kl"] < 0.7 * starts[0]["kl"]
    assert starts[0]["seconds"] == 0 and starts[1]["seconds"] > 0


def test_training_without_the_teacher_copies_the_same_layers_and_does_not_fit_them(
    tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    starts = []
    for changes in (PRESETS["mlm-only"], {"student": {"fit_layers": False}}):
        events: list[Any] = []
        settings = config(budget={"steps": 1}, **changes)
        folder = tmp_path / str(len(starts))
        train(settings, folder, emit=events.append, teacher=tiny_bert, corpus=CORPUS)
        starts.append(next(event for event in events if event["type"] == "evaluation"))
    assert "student" not in PRESETS["mlm-only"]  # so its layers are those of the other presets
    assert starts[0]["seconds"] == 0
    assert starts[0]["kl"] == pytest.approx(starts[1]["kl"])


@pytest.mark.parametrize(("fit", "layers"), [(True, (0, 1, 2)), (False, (0, 2, 5))])
def test_by_default_the_first_half_is_copied_where_it_is_fitted(
    teacher: MaskedLM, fit: bool, layers: tuple[int, ...]
) -> None:
    assert can_fit(teacher.model)
    assert settle(teacher, StudentConfig(fit_layers=fit))[0].layers == layers
