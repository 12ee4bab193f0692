"""`fairkd promoted`: what it prints and refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.outcome import Outcome

Run = Callable[..., Outcome]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("She is a very good doctor.\nHe likes milk.\n")
    return path


def test_words_are_printed_with_an_example(
    fairkd: Run, tiny_folder: Callable[[str], Path], text: Path
) -> None:
    models = str(tiny_folder("distilbert")), "--teacher", str(tiny_folder("bert"))
    printed = fairkd("promoted", *models, "--data", str(text), "--top-k", "3")
    assert printed.code == 0, printed.err
    assert "2 sentences of text.txt" in printed.out and "Promoted by the student" in printed.out
    told = json.loads(fairkd("promoted", *models, "--data", str(text), "--top-k", "3", "--json").out)
    assert len(told["promoted"]) == len(told["demoted"]) == 3 and told["sentences"] == 2
    assert told["promoted"][0]["shift"] > 0 > told["demoted"][0]["shift"]


def test_models_of_different_vocabularies_are_refused(
    fairkd: Run, tiny_folder: Callable[[str], Path], text: Path
) -> None:
    refused = fairkd(
        "promoted", str(tiny_folder("roberta")), "--teacher", str(tiny_folder("bert")), "--data", str(text)
    )
    assert refused.code == 2 and "need two models of one vocabulary" in refused.err
