"""The command that the Gaps page shows measures what the page shows; files say what they are about."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from app.gaps.inputs import default_question
from app.gaps.reproduction import about, command, files
from app.gaps.results import GapQuestion
from app.gaps.run_note import run_note
from app.shared.reproduce import command_line
from fairkd import measures
from fairkd.cli import commands
from fairkd.lexicon import Template, contrasts, typed_contrast
from fairkd.models.loading import MaskedLM
from tests.app.some_runs import add_run, training

FEW = pd.DataFrame({"profession": ["nurse", "actor"], "women_share": [0.9, float("nan")]})
NOUN = Template("The [MASK] is {a profession}.", "noun")
OWN = typed_contrast("milk, tea", "iron")
QUESTIONS = {
    "edited": replace(default_question(), professions=FEW, templates=default_question().templates[:2]),
    "they": GapQuestion(
        contrasts()["pronouns-they"],
        ("she", "they"),
        "corrected_gap",
        (Template("[MASK] worked as {a profession}.", "subject"),),
        FEW,
    ),
    "own": GapQuestion(
        OWN, ("milk", "iron"), "gap", (Template("The [MASK] is {a profession}.", "noun"),), FEW
    ),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=list(QUESTIONS))
def test_the_command_prints_the_numbers_of_the_page(
    question: GapQuestion,
    tiny_bert: MaskedLM,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in files(question).items():
        Path(name).write_text(text(), encoding="utf-8")
    line = command_line(command([tiny_bert.reference, tiny_bert.reference], question))
    program, *arguments = shlex.split(line)
    assert program == "fairkd"
    commands.app([*arguments, "--json"], standalone_mode=False)
    document = json.loads(capsys.readouterr().out)
    frame = measures.gaps(
        tiny_bert,
        contrast=question.contrast,
        templates=question.templates,
        professions=question.names,
        groups=question.groups,
    )
    shown = measures.summarise(frame, value=question.value)
    (model,) = document["models"]
    assert model["summary"]["mean_absolute"] == pytest.approx(shown.mean_absolute, abs=1e-6)
    assert model["summary"]["sentences"] == len(question.names) * len(question.templates)
    assert document["groups"] == list(question.groups) and document["value"] == question.value


def test_the_default_page_needs_no_files_and_its_command_names_the_models() -> None:
    question = default_question()
    assert files(question) == {}
    assert command_line(command(["embedded/teacher", "embedded/student-fair"], question)) == (
        "fairkd gaps --model embedded/teacher --model embedded/student-fair --contrast pronouns "
        "--groups he she"
    )


def test_a_file_names_words_settings_and_models(tiny_folder: Callable[[str], Path]) -> None:
    found = about({"teacher": str(tiny_folder("bert"))}, QUESTIONS["they"])()
    assert (found["word_groups"], found["group_a"], found["words_b"]) == ("pronouns-they", "she", "they")
    assert (found["value"], found["n_templates"], found["n_professions"]) == ("corrected_gap", 1, 2)
    assert len(str(found["teacher_sha256"])) == 64
    by_row = about({}, QUESTIONS["they"], counts=False)()
    assert not {"n_templates", "n_professions"} & by_row.keys(), "each row of the table has its own"


@pytest.mark.usefixtures("home")
def test_a_note_says_why_a_runs_own_number_differs() -> None:
    id = add_run("fair **x**", events=training(gap=0.4))
    note = run_note(f"run/{id}", default_question()).replace("\\", "")
    assert note.startswith("Run **fair **x****") and "measured on 87 professions and 10 templates" in note
    assert "During training the same measure was taken on" in note and "nats at step 400" in note
    assert "During training" not in run_note(f"run/{id}", QUESTIONS["they"]), "other words"
    assert run_note("embedded/teacher", default_question()) == run_note("run/gone", default_question()) == ""
