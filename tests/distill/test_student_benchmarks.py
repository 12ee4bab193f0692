"""Benchmarks of the finished student: stored with the run, said when they fail, left out when it stops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fairkd.benchmarks import Result, stored_results
from fairkd.distill import student_benchmarks, train
from fairkd.errors import InputError
from fairkd.models.loading import MaskedLM
from tests.distill.parts import CORPUS, config

Events = list[dict[str, Any]]


def settings(*names: str) -> Any:
    return config(budget={"steps": 2}, evaluation={"every_steps": 2, "sentences": 8, "benchmarks": names})


def test_a_run_ends_with_its_benchmarks_in_folder_events_and_model_card(
    tiny_bert: MaskedLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / "home"))
    right = student_benchmarks.measure

    def measure(lm: MaskedLM, name: str, **options: Any) -> Result:
        if name == "aul":
            raise InputError("The data are not there.")
        if name == "aula":
            raise RuntimeError("no such kernel")
        assert options["quick"]
        return right(lm, name, **options)

    monkeypatch.setattr(student_benchmarks, "measure", measure)
    events: Events = []
    folder = tmp_path / "run"
    outcome = train(
        settings("aul", "lpbs", "aula"), folder, emit=events.append, teacher=tiny_bert, corpus=CORPUS
    )
    assert outcome.state == "finished"
    (stored,), refusals = stored_results.read(folder)
    assert stored.benchmark == "lpbs"
    assert stored.quick
    assert refusals == []
    (result,) = [event for event in events if event["type"] == "result"]
    assert result["values"] == {key: one.value for key, one in stored.overall.values.items()}
    said = [event["text"] for event in events if event["type"] == "message"]
    assert "AUL could not be measured: The data are not there." in said
    assert "AULA could not be measured: RuntimeError: no such kernel." in said
    assert "## Benchmarks" in (folder / "model" / "README.md").read_text(encoding="utf-8")
    assert [event["phase"] for event in events if event["type"] == "phase"][-1] == "benchmarks"


def test_a_run_that_is_cancelled_there_measures_what_is_missing_when_it_is_resumed(
    tiny_bert: MaskedLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / "home"))
    folder = tmp_path / "run"
    events: Events = []

    def stop() -> bool:
        return any(event.get("phase") == "benchmarks" for event in events)

    kept: dict[str, Any] = {"teacher": tiny_bert, "corpus": CORPUS}
    outcome = train(settings("lpbs"), folder, emit=events.append, stop=stop, **kept)
    assert outcome.state == events[-1]["state"] == "cancelled"
    assert stored_results.read(folder) == ([], [])
    assert train(settings("lpbs"), folder, **kept).state == "finished"
    assert [one.benchmark for one in stored_results.read(folder)[0]] == ["lpbs"]


def test_unknown_benchmarks_are_refused_with_the_settings() -> None:
    with pytest.raises(InputError, match="there is no benchmark 'crows', choose one of crows-pairs"):
        settings("crows")
    with pytest.raises(InputError, match="'aul' stands in it more than once"):
        settings("aul", "aul")
