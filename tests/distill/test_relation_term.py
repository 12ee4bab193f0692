"""Runs with the relation loss: what they learn, what is refused, and that nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from fairkd.distill import train
from fairkd.distill.precision import make_accelerator
from fairkd.distill.setup import check, prepare_models
from fairkd.errors import InputError
from fairkd.models.loading import MaskedLM, load
from tests.distill.parts import CORPUS, config
from tests.zoo import make


def losses(lm: MaskedLM, folder: Path, **sections: Any) -> tuple[list[dict], list[str]]:
    """The train events, and all messages."""
    events: list[dict] = []
    train(config(**sections), folder, emit=events.append, teacher=lm, corpus=CORPUS)
    said = [event["text"] for event in events if event["type"] == "message"]
    return [event for event in events if event["type"] == "train"], said


@pytest.mark.parametrize("family", ["bert", "modernbert"])
def test_a_student_of_another_width_learns_its_teachers_relations(
    family: str, tiny_model: Callable[[str], MaskedLM], tmp_path: Path
) -> None:
    student = {"kind": "fresh", "hidden_layers": 2, "width": 24, "heads": 3}
    objective = {"relations": 1.0, "kd": 0, "hidden": 0, "mlm": 0, "relation_layers": [[0, 1], [1, 0]]}
    found, said = losses(tiny_model(family), tmp_path, student=student, objective=objective)
    assert found[-1]["relations"] < 0.7 * found[0]["relations"]
    assert found[0]["loss"] == pytest.approx(found[0]["relations"]) and found[0]["kd"] is None
    heads = "2 relation heads" if family == "bert" else "relation head"
    pairs = "layer 0 of the teacher with 1 of the student, layer 1 of the teacher with 0 of the student"
    assert any(one.startswith(f"Relations: {pairs}, in ") and heads in one for one in said)
    assert any("states are not kept" in one for one in said)


def test_a_student_with_all_layers_has_no_loss_at_first_and_none_is_reported_without_a_weight(
    tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    settings = config(student={"layers": [0, 1]}, objective={"relations": 2.0})
    trainer = prepare_models(settings, accelerator=make_accelerator(), teacher=tiny_bert).trainer
    (batch,) = trainer.prepare([trainer._tiny_batch()])
    assert trainer._loss(batch, batch.counts)[1]["relations"] < 1e-6
    found, said = losses(tiny_bert, tmp_path)
    assert all(event["relations"] is None for event in found)
    assert not any("elation" in one for one in said)


@pytest.mark.parametrize(
    ("objective", "said"),
    [
        ({"relation_heads": 5}, r"divide the widths .*\(16\), which 5 does not: choose a divisor of 16"),
        ({"relation_layers": [[2, 0]]}, "names layer 2 of the teacher, which has the layers 0 to 1"),
        ({"relation_layers": [[0, 1]]}, "names layer 1 of the student, which has the layers 0 to 0"),
    ],
)
def test_settings_that_do_not_fit_the_models_are_refused(
    objective: dict[str, Any], said: str, tiny_bert: MaskedLM
) -> None:
    with pytest.raises(InputError, match=said):
        check(config(objective={"relations": 1.0, **objective}), teacher=tiny_bert)


def test_a_family_without_queries_and_another_vocabulary_are_refused(
    tiny_bert: MaskedLM, tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    settings = config(objective={"relations": 1.0})
    with pytest.raises(InputError, match="does not know where .*FNetForMaskedLM.* has them: set it to 0"):
        check(settings, teacher=load(str(make("fnet", tmp_path / "fnet"))))
    other = {"kind": "existing", "reference": str(tiny_folder("bert-cased"))}
    with pytest.raises(InputError, match="different numbers of tokens.*set objective.relations to 0"):
        check(config(objective={"relations": 1.0}, student=other), teacher=tiny_bert)


def test_batches_of_a_step_count_by_their_tokens(tiny_bert: MaskedLM) -> None:
    """One step over a batch gives the gradient of one over its halves, which have unequal lengths."""
    settings = config(objective={"relations": 1.0, "kd": 0, "hidden": 0, "mlm": 0})
    trainer = prepare_models(settings, accelerator=make_accelerator(), teacher=tiny_bert).trainer
    whole = trainer._tiny_batch()
    ids = torch.randint(10, 60, (2, 6), generator=torch.Generator().manual_seed(1))
    real = torch.tensor([[True] * 6, [True] * 3 + [False] * 3])
    joint = type(whole)(ids, real, torch.tensor([1, 7]), ids.flatten()[[1, 7]])
    halves = [
        type(whole)(ids[:1], None, torch.tensor([1]), ids[0, 1:2]),
        type(whole)(ids[1:, :3], None, torch.tensor([1]), ids[1, 1:2]),
    ]
    values = []
    for batches in ([joint], halves):
        prepared = trainer.prepare(batches)
        totals = sum((one.counts for one in prepared[1:]), prepared[0].counts)
        values.append(sum(float(trainer._loss(one, totals)[0].detach()) for one in prepared))
    assert values[0] == pytest.approx(values[1], rel=1e-5)
