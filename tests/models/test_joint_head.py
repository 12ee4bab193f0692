"""Several models at once, compared with each alone."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
import torch

from fairkd.models.joint_head import logits_of_each, share_projection
from fairkd.models.loading import MaskedLM
from fairkd.models.mlm_head import logits_at, projection_of

IDS, AT = torch.arange(10, 19), torch.tensor([1, 2, 5])


@pytest.fixture
def two(tiny_bert: MaskedLM) -> tuple[MaskedLM, MaskedLM]:
    """Two models with equal embeddings, and other layers and another bias of the projection."""
    teacher, student = (replace(tiny_bert, model=deepcopy(tiny_bert.model)) for _ in range(2))
    with torch.no_grad():
        student.model.bert.encoder.layer[0].output.dense.weight.mul_(2)
        projection_of(student.model).bias.add_(torch.linspace(0, 1, tiny_bert.vocabulary_size))
    return teacher, student


def alone(lm: MaskedLM) -> torch.Tensor:
    with torch.inference_mode():
        return logits_at(lm, IDS[None], torch.ones_like(IDS)[None], AT)


def test_models_at_once_give_the_logits_of_each_alone(two: tuple[MaskedLM, MaskedLM]) -> None:
    before = [alone(lm) for lm in two]
    assert not torch.allclose(before[0], before[1])
    for _ in ("with weights of their own", "with one weight"):
        found = logits_of_each([(lm, IDS, AT) for lm in two])
        for got, expected in zip(found, before, strict=True):
            torch.testing.assert_close(got, expected, rtol=0, atol=1e-5)
        share_projection(two[1], [two[0]])


def test_models_with_one_weight_need_one_product(
    two: tuple[MaskedLM, MaskedLM], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[int] = []
    from fairkd.models import joint_head

    product = joint_head.product

    def counted(states: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        rows.append(len(states))
        return product(states, weight)

    monkeypatch.setattr(joint_head, "product", counted)
    logits_of_each([(lm, IDS, AT) for lm in two])
    share_projection(two[1], [two[0]])
    logits_of_each([(lm, IDS, AT) for lm in two])
    assert rows == [3, 3, 6]


def test_an_equal_projection_is_shared_with_the_embeddings_tied_to_it(two: tuple[MaskedLM, MaskedLM]) -> None:
    teacher, student = two
    share_projection(student, [student, teacher])
    weight = projection_of(teacher.model).weight
    assert projection_of(student.model).weight is weight
    assert student.model.get_input_embeddings().weight is weight
    assert projection_of(student.model).bias is not projection_of(teacher.model).bias


def test_another_projection_is_not_shared(two: tuple[MaskedLM, MaskedLM]) -> None:
    teacher, student = two
    with torch.no_grad():
        projection_of(student.model).weight[0, 0] += 1
    own = projection_of(student.model).weight
    share_projection(student, [teacher])
    assert projection_of(student.model).weight is own


def test_a_model_whose_head_is_not_known_runs_whole(
    two: tuple[MaskedLM, MaskedLM], monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher, student = two
    expected = alone(student)
    monkeypatch.setattr(student.model.config, "model_type", "somebody-elses")
    share_projection(student, [teacher])
    found = logits_of_each([(lm, IDS, AT) for lm in two])
    torch.testing.assert_close(found[1], expected, rtol=0, atol=1e-5)
