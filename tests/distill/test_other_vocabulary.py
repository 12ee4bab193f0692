"""Runs of students with a part of their teacher's vocabulary, or with another one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from fairkd.corpora import Corpus
from fairkd.distill import train
from fairkd.distill.config.student_section import StudentConfig
from fairkd.distill.precision import make_accelerator
from fairkd.distill.setup import set_up
from fairkd.distill.student import make_student
from fairkd.errors import InputError
from fairkd.models.loading import MaskedLM, load
from tests.distill.parts import config, equal, weights
from tests.tiny import SENTENCES

CORPUS = Corpus("toy", None, SENTENCES[:300], SENTENCES[300:400])
FAIR: dict[str, Any] = {"constraint": {"kind": "group"}, "objective": {"group": 3.0, "label": "soft"}}
FRESH: dict[str, Any] = {"kind": "fresh", "hidden_layers": 1, "width": 12, "heads": 2}


def run(lm: MaskedLM, folder: Path, **sections: Any) -> tuple[list[float], str, MaskedLM, list[dict]]:
    """The KL of each evaluation, the model card, the stored student, and the events."""
    events: list[dict] = []
    settings = config(budget={"steps": 12}, **sections)
    outcome = train(settings, folder, teacher=lm, corpus=CORPUS, emit=events.append)
    assert outcome.model is not None
    card = (outcome.model / "README.md").read_text(encoding="utf-8")
    kl = [event["kl"] for event in events if event["type"] == "evaluation"]
    return kl, card, load(str(outcome.model)), events


@pytest.mark.parametrize("family", ["bert", "albert"])
def test_a_student_with_the_words_of_the_text_learns_and_says_what_is_left_out(
    tiny_model: Callable[[str], MaskedLM], tmp_path: Path, family: str
) -> None:
    lm = tiny_model(family)
    student = FRESH if family == "albert" else {"layers": [0]}
    student = {**student, "vocabulary": "text"}
    kl, card, stored, events = run(
        lm, tmp_path / "run", student=student, corpus={"cda": family == "bert"}, **FAIR
    )
    assert kl[-1] < kl[0]
    assert stored.vocabulary_size < lm.vocabulary_size
    said = f"keeps {stored.vocabulary_size:,} of the teacher's {lm.vocabulary_size:,} tokens"
    assert said in card and any(said in event.get("text", "") for event in events)
    assert "of its probability to tokens that are left out" in card
    errors = [event["calibration_error"] for event in events if event["type"] == "evaluation"]
    assert all(0 < error < 1 for error in errors) and "| calibration error |" in card


def test_pairs_of_tokens_are_balanced_in_a_trimmed_student_and_refused_with_another_tokenizer(
    tiny_bert: MaskedLM, tmp_path: Path, tiny_folder: Callable[[str], Path]
) -> None:
    names = ("nurse", "doctor", "milk", "she")
    one, two, three, four = tiny_bert.tokenizer.convert_tokens_to_ids(list(names))
    constraint = {"kind": "mass_preserving", "token_pairs": [[one, two], [three, four]]}
    student = {"layers": [0], "vocabulary": "text"}
    _, card, stored, events = run(
        tiny_bert, tmp_path / "run", student=student, constraint=constraint, masking={"group_rate": 0.9}
    )
    assert "on the pairs of tokens nurse / doctor, milk / she (strength" in card
    assert set(names) <= set(stored.vocabulary)
    said = "Pairs of tokens: nurse / doctor, milk / she. The gap is measured on the words of the evaluation"
    assert any(event.get("text", "").startswith(said) for event in events)
    (start,) = [event for event in events if event["type"] == "start"]
    assert list(start["group_words"]) == ["nurse", "doctor"]
    other = {"kind": "existing", "reference": str(tiny_folder("bert-cased"))}
    with pytest.raises(InputError, match="token ids of the teacher, and the student has another tokenizer"):
        run(tiny_bert, tmp_path / "other", student=other, constraint=constraint)


def test_a_trimmed_students_first_loss_is_that_of_its_teacher_given_the_kept_tokens(
    tiny_bert: MaskedLM,
) -> None:
    """A student with all layers gives the teacher's distribution given the kept tokens: KL is 0."""
    settings = config(
        student={"layers": [0, 1], "vocabulary": "text"}, constraint={"kind": "none"}, corpus={"cda": False}
    )
    known = Corpus("toy", None, CORPUS.training, CORPUS.training[:40])  # no word is split otherwise
    setup = set_up(settings, accelerator=make_accelerator(), teacher=tiny_bert, corpus=known)
    (batch,) = setup.trainer.prepare(setup.loader.take(1))
    losses = setup.trainer.step([batch], batch.counts, 0.0)
    assert losses["kd"].item() == pytest.approx(0, abs=1e-5)
    assert losses["hidden"].item() == pytest.approx(0, abs=1e-5)
    assert setup.evaluator().evaluate_student().measures["kl"] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(
    ("teacher", "student", "kind"),
    [("bert", "roberta", "existing"), ("xlm-roberta", "bert-cased", "fresh")],
)
def test_a_student_with_another_tokenizer_learns_its_teachers_distributions(
    tiny_model: Callable[[str], MaskedLM],
    tiny_folder: Callable[[str], Path],
    tmp_path: Path,
    teacher: str,
    student: str,
    kind: str,
) -> None:
    lm, folder = tiny_model(teacher), str(tiny_folder(student))
    settings = (
        {**FRESH, "tokenizer": folder}
        if kind == "fresh"
        else {"kind": "existing", "reference": folder, "freeze_embeddings": False}
    )
    kl, card, stored, events = run(lm, tmp_path / "run", student=settings, **FAIR)
    assert kl[-1] < 0.95 * kl[0]
    assert stored.vocabulary == load(folder).vocabulary
    assert "different vocabularies" in card and "tokens that the student lacks" in card
    assert {event["hidden"] for event in events if event["type"] == "train"} == {None}


def test_a_resumed_run_of_a_trimmed_student_ends_with_the_same_weights(
    tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    student = {"layers": [0], "vocabulary": "text"}
    settings = config(student=student, budget={"steps": 6}, checkpoint={"every_steps": 3})
    whole = train(settings, tmp_path / "whole", teacher=tiny_bert, corpus=CORPUS)
    saved: list[dict] = []
    stopped = train(
        settings,
        tmp_path / "part",
        teacher=tiny_bert,
        corpus=CORPUS,
        emit=lambda event: saved.append(event) if event["type"] == "checkpoint" else None,
        stop=lambda: bool(saved),
    )
    assert stopped.state == "cancelled" and stopped.steps == 3
    resumed = train(settings, tmp_path / "part", teacher=tiny_bert, corpus=CORPUS)
    assert whole.model is not None and resumed.model is not None
    assert equal(weights(whole.model), weights(resumed.model))


def test_only_a_part_of_the_teachers_vocabulary_can_be_kept(
    tiny_bert: MaskedLM, tiny_folder: Callable[[str], Path]
) -> None:
    settings = StudentConfig(kind="existing", reference=str(tiny_folder("roberta")), vocabulary="text")
    with pytest.raises(InputError, match="leave the setting at teacher"):
        make_student(tiny_bert, settings, seed=0)
    with pytest.raises(ValueError, match="not of another"):
        StudentConfig(kind="fresh", tokenizer=str(tiny_folder("roberta")), vocabulary="text")


def test_a_loss_on_hidden_states_alone_is_refused(
    tiny_bert: MaskedLM, tiny_folder: Callable[[str], Path]
) -> None:
    settings = config(
        student={"kind": "existing", "reference": str(tiny_folder("roberta"))}, objective={"kd": 0, "mlm": 0}
    )
    with pytest.raises(InputError, match="hidden states are not compared"):
        set_up(settings, accelerator=make_accelerator(), teacher=tiny_bert, corpus=CORPUS)
    assert torch.is_grad_enabled()
