"""Runs with a corrected teacher: every way to train, and what a correction must not change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fairkd.constraints import erasure
from fairkd.distill import make_config, train
from fairkd.errors import InputError
from fairkd.models import MaskedLM
from tests.distill.parts import CORPUS, config, equal, trained, weights

LEACE: dict[str, Any] = {"kind": "leace"}
SELF_DEBIAS: dict[str, Any] = {"kind": "self_debias", "prompt": "milk is", "decay": 100}


@pytest.fixture(autouse=True)
def few_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fit that takes no time: 32 of the sentences, of which half are about a woman."""
    sentences, female = erasure.erasure_sentences()
    few = sentences[:16] + sentences[32:48], female[:16] + female[32:48]
    monkeypatch.setattr(erasure, "erasure_sentences", lambda: few)


@pytest.mark.parametrize("correction", [LEACE, SELF_DEBIAS])
@pytest.mark.parametrize("student", ["layers", "trimmed", "other"])
def test_students_of_every_kind_learn_from_a_corrected_teacher(
    tiny_bert: MaskedLM,
    tiny_folder: Callable[[str], Path],
    tmp_path: Path,
    correction: dict[str, Any],
    student: str,
) -> None:
    students: dict[str, Any] = {
        "layers": {"layers": [0]},
        "trimmed": {"layers": [0], "vocabulary": "text"},
        "other": {"kind": "existing", "reference": str(tiny_folder("roberta"))},
    }
    settings = config(
        student=students[student],
        correction=correction,
        budget={"steps": 12},
        log_every=4,
        constraint={"kind": "group", "contrast": "pronouns"},
    )
    events: list[dict[str, Any]] = []
    outcome = train(settings, tmp_path, emit=events.append, teacher=tiny_bert, corpus=CORPUS)
    first, *_, last = [event["kd"] for event in events if event["type"] == "train"]
    assert last < first
    assert outcome.model is not None
    card = (outcome.model / "README.md").read_text(encoding="utf-8")
    assert "The teacher was corrected before, at the scope masked: " in card and correction["kind"] in card


def test_self_debiasing_without_decay_changes_no_bit_and_with_it_does(
    tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    found = {}
    for name, correction in (
        ("none", {}),
        ("zero", {**SELF_DEBIAS, "decay": 0}),
        ("self_debias", SELF_DEBIAS),
        ("leace", LEACE),
    ):
        trained(tiny_bert, tmp_path / name, correction=correction, budget={"steps": 3})
        found[name] = weights(tmp_path / name / "model")
    assert equal(found["none"], found["zero"])
    assert not equal(found["none"], found["self_debias"]) and not equal(found["none"], found["leace"])


def test_a_correction_that_nothing_learns_from_is_refused() -> None:
    with pytest.raises(InputError, match="it learns from the text alone; set objective.kd"):
        make_config({"correction": LEACE, "objective": {"kd": 0, "hidden": 0}})
