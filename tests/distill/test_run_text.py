"""The text of a run: what is trained on, and what is held out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fairkd.distill import train
from fairkd.errors import FairKDError
from fairkd.models.loading import MaskedLM
from tests.distill.parts import config
from tests.tiny import SENTENCES


def test_a_held_out_file_is_evaluated_on_and_not_trained_on(tiny_bert: MaskedLM, tmp_path: Path) -> None:
    text, valid = tmp_path / "text.txt", tmp_path / "valid.txt"
    usable = list(dict.fromkeys(sentence for sentence in SENTENCES if " " in sentence))
    text.write_text("\n".join(usable))
    valid.write_text("\n".join([*usable[:7], "a nurse drinks milk ."]))
    settings = config(
        corpus={"source": str(text), "held_out": str(valid)},
        budget={"steps": 2},
        evaluation={"sentences": 99},
    )
    events: list[dict[str, Any]] = []
    outcome = train(settings, tmp_path / "run", emit=events.append, teacher=tiny_bert)
    left = len(usable) - 7
    said = [event["text"] for event in events if event["type"] == "message"]
    assert f"text.txt: {left} training sentences" in said
    assert "Held-out text valid.txt: 8 sentences; 7 of them left out of the training text" in said
    assert outcome.held_out["scored_sentences"] == 8 and [
        event["sentences"] for event in events if event["type"] == "start"
    ] == [left]
    assert "Held-out text: valid.txt" in (tmp_path / "run/model/README.md").read_text()
    valid.write_text("milk is a drink .")
    with pytest.raises(FairKDError, match=r"The text of text\.txt or of valid\.txt has changed"):
        train(settings, tmp_path / "run", teacher=tiny_bert)
