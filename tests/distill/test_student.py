"""Students: layers of the teacher, fresh ones, existing ones."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AlbertConfig, AlbertForMaskedLM

from fairkd.distill import train
from fairkd.distill.config.student_section import StudentConfig
from fairkd.distill.student import make_student, settle, take_layers
from fairkd.errors import InputError, ModelError
from fairkd.models.loading import MaskedLM, load
from tests.distill.parts import CORPUS, config, trained
from tests.models.folders import edit_json
from tests.zoo import make


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


def test_shared_layers_are_repeated_less_often(tiny_albert: MaskedLM, tmp_path: Path) -> None:
    teacher = MaskedLM(copy.deepcopy(tiny_albert.model), tiny_albert.tokenizer, "my/albert")
    teacher.model.config.num_hidden_layers = 4
    events: list[dict] = []
    settings = config(student={"layers": None}, budget={"steps": 1})
    outcome = train(settings, tmp_path, emit=events.append, teacher=teacher, corpus=CORPUS)
    assert load(str(outcome.model)).model.config.num_hidden_layers == 2
    (said,) = [event["text"] for event in events if "share their weights" in event.get("text", "")]
    assert said.endswith("a text passes 4 of them in the teacher, 2 in the student.")


def test_groups_of_shared_layers_keep_their_order(tiny_albert: MaskedLM) -> None:
    two = AlbertForMaskedLM(AlbertConfig(**{**tiny_albert.model.config.to_dict(), "num_hidden_groups": 2}))
    two.config.num_hidden_layers = 4
    assert take_layers(two, [1, 2]).config.num_hidden_layers == 2
    with pytest.raises(InputError, match="equally many layers from each group"):
        take_layers(two, [2, 3])


def test_a_teacher_without_a_list_of_layers_gets_a_fresh_student(tmp_path: Path) -> None:
    xlm = load(str(make("xlm", tmp_path / "xlm")))
    settings, sentence = settle(xlm, StudentConfig())
    assert settings.kind == "fresh" and sentence is not None
    assert sentence.startswith("Layers cannot be taken from XLMWithLMHeadModel, which keeps no list")
    assert sentence.endswith("The student is a fresh one: 3 layers of width 192.")
    assert make_student(xlm, StudentConfig(), seed=0).model.config.hidden_size == 192
    with pytest.raises(ModelError, match="keeps no list"):
        make_student(xlm, StudentConfig(layers=(0,)), seed=0)


FRESH = {"kind": "fresh", "hidden_layers": 1, "width": 12, "heads": 2}


def test_a_fresh_student_of_every_family_has_its_own_size_and_trains(
    any_family: MaskedLM, tmp_path: Path
) -> None:
    outcome, student = trained(any_family, tmp_path / "run", student=FRESH, budget={"steps": 2})
    assert student.model.config.hidden_size == 12
    assert student.model.config.num_hidden_layers == 1
    assert outcome.held_out["kl"] is not None and outcome.held_out["kl"] > 0


def test_without_a_width_only_the_number_of_layers_differs_from_the_teacher(any_family: MaskedLM) -> None:
    settings = StudentConfig(kind="fresh", hidden_layers=3, width=None, heads=7)
    student, teacher = make_student(any_family, settings, seed=0).model, any_family.model
    assert student.config.num_hidden_layers == 3
    sizes = ("hidden_size", "num_attention_heads", "intermediate_size", "embedding_size", "hidden_dim")
    for name in sizes:
        assert getattr(student.config, name, None) == getattr(teacher.config, name, None), name
    own, theirs = (dict(model.named_parameters()) for model in (student, teacher))
    assert all(own[name].shape == theirs[name].shape for name in own.keys() & theirs.keys())


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


def test_an_existing_student_that_reads_capitals_differently_is_refused(
    tiny_bert: MaskedLM, tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_folder("bert"), tmp_path / "cased"))
    edit_json(folder / "tokenizer_config.json", do_lower_case=False)
    settings = StudentConfig(kind="existing", reference=str(folder))
    with pytest.raises(InputError, match="its tokenizer reads capital letters differently"):
        make_student(tiny_bert, settings, seed=0)


def test_embeddings_are_trained_unless_they_are_frozen(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    before = tiny_bert.model.get_input_embeddings().weight
    for frozen in (True, False):
        student = {"layers": [0], "freeze_embeddings": frozen}
        _, lm = trained(tiny_bert, tmp_path / str(frozen), student=student, budget={"steps": 2})
        assert torch.equal(lm.model.get_input_embeddings().weight, before) == frozen
