"""Students: layers of the teacher, fresh ones, existing ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fairkd.distill import train
from fairkd.distill.config.sections import StudentConfig
from fairkd.distill.student import make_student, take_layers
from fairkd.errors import FairKDError, InputError
from fairkd.models.loading import MaskedLM, load
from tests.distill.parts import CORPUS, config, trained


def test_a_student_has_the_chosen_layers_and_the_teachers_head(tiny_bert: MaskedLM) -> None:
    student = take_layers(tiny_bert.model, [1])
    teacher = tiny_bert.model.state_dict()
    for name, tensor in student.state_dict().items():
        assert torch.equal(tensor, teacher[name.replace("layer.0.", "layer.1.")]), name
    assert student.config.num_hidden_layers == 1
    assert tiny_bert.model.config.num_hidden_layers == 2


@pytest.mark.parametrize("layers", [[], [2], [-1], [1, 0], [0, 0]])
def test_layers_that_the_teacher_lacks_are_refused(tiny_bert: MaskedLM, layers: list[int]) -> None:
    with pytest.raises(InputError, match="from 0 to 1"):
        take_layers(tiny_bert.model, layers)


def test_a_student_is_the_same_model_when_it_is_loaded(tiny_folder: Callable[[str], Path]) -> None:
    """ModernBERT's first layer lacks a norm that the others have."""
    lm = load(str(tiny_folder("modernbert")))
    assert take_layers(lm.model, [0]).config.num_hidden_layers == 1
    with pytest.raises(InputError, match="layer 1 cannot take its place: let .* begin with 0"):
        take_layers(lm.model, [1])


def test_shared_layers_cannot_be_taken(tiny_albert: MaskedLM) -> None:
    with pytest.raises(FairKDError, match="AlbertForMaskedLM"):
        make_student(tiny_albert, StudentConfig(), seed=0)


FRESH = {"kind": "fresh", "hidden_layers": 1, "width": 12, "heads": 2}


def test_a_fresh_student_of_every_family_has_its_own_size_and_trains(
    any_family: MaskedLM, tmp_path: Path
) -> None:
    outcome, student = trained(any_family, tmp_path / "run", student=FRESH, budget={"steps": 2})
    assert student.model.config.hidden_size == 12
    assert student.model.config.num_hidden_layers == 1
    assert outcome.held_out["kl"] is not None and outcome.held_out["kl"] > 0


def test_fresh_weights_depend_on_the_seed_and_leave_torchs_randomness_alone(tiny_bert: MaskedLM) -> None:
    state = torch.get_rng_state()
    one, same, other = (
        make_student(tiny_bert, StudentConfig(**FRESH), seed=seed).model.get_input_embeddings().weight
        for seed in (1, 1, 2)
    )
    assert torch.equal(one, same) and not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("projection", [True, False])
def test_hidden_states_of_unequal_size_are_compared_through_a_projection_or_not_at_all(
    tiny_bert: MaskedLM, tmp_path: Path, projection: bool
) -> None:

    settings = config(student={**FRESH, "projection": projection}, budget={"steps": 20})
    events: list[dict] = []
    outcome = train(settings, tmp_path / "run", emit=events.append, teacher=tiny_bert, corpus=CORPUS)
    hidden = [event["hidden"] for event in events if event["type"] == "train"]
    if projection:
        assert hidden[-1] < 0.9 * hidden[0], "student and projection learn to agree with the teacher"
    else:
        assert hidden == [None] * len(hidden)
    stored = load(str(outcome.model)).model.state_dict()
    assert not any("projection." in name for name in stored), "it is no part of the student"


def test_an_existing_student_starts_from_its_weights(
    tiny_bert: MaskedLM, tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    existing = {"kind": "existing", "reference": str(tiny_folder("bert"))}
    outcome, _ = trained(tiny_bert, tmp_path / "run", student=existing, budget={"steps": 1})
    assert outcome.held_out["kl"] is not None and outcome.held_out["kl"] < 0.05


def test_an_existing_student_of_another_vocabulary_is_refused(
    tiny_bert: MaskedLM, tiny_folder: Callable[[str], Path]
) -> None:
    settings = StudentConfig(kind="existing", reference=str(tiny_folder("roberta")))
    with pytest.raises(InputError, match="another vocabulary"):
        make_student(tiny_bert, settings, seed=0)


def test_embeddings_are_trained_unless_they_are_frozen(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    before = tiny_bert.model.get_input_embeddings().weight
    for frozen in (True, False):
        student = {"layers": [0], "freeze_embeddings": frozen}
        _, lm = trained(tiny_bert, tmp_path / str(frozen), student=student, budget={"steps": 2})
        assert torch.equal(lm.model.get_input_embeddings().weight, before) == frozen
