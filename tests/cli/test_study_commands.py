"""`fairkd study`: what it prints, what programs read, what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fairkd import runs, studies
from fairkd.cli import study_commands, study_watch
from fairkd.runs import store, supervision
from fairkd.studies import study_store
from tests.app.some_studies import add_study
from tests.outcome import Outcome

Run = Callable[..., Outcome]
VARIANTS = ("--variant", "plain", "--variant", "hot=plain,objective.temperature=4,student.layers=[0, 2]")


@pytest.fixture
def fairkd(fairkd: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`fairkd ARGUMENTS` with a queue that stands still, unless a test starts runners."""
    monkeypatch.setattr(supervision, "start_runner", lambda: None)
    monkeypatch.setattr(study_commands, "check_distillations", lambda configs: None)
    return fairkd


def start(fairkd: Run, *more: str) -> str:
    done = fairkd("study", "run", *VARIANTS, "--seeds", "0-1", "--steps", "3", "--detach", "--json", *more)
    assert done.code == 0, done.err
    id: str = json.loads(done.out)["id"]
    return id


def test_a_study_from_options_from_its_first_run_to_its_end(fairkd: Run, tmp_path: Path) -> None:
    id = start(fairkd, "--baseline", "hot", "--set", "corpus.source=small", "--name", "Temperature")
    record = studies.get(id)
    assert record.study.base == {"budget": {"steps": 3}, "corpus": {"source": "small"}}
    assert record.study.variants["hot"].set == {
        "objective": {"temperature": 4},
        "student": {"layers": [0, 2]},
    }
    assert record.study.baseline == "hot"
    assert "4 runs" not in fairkd("study", "list").out
    assert "0 of 4" in fairkd("study", "list").out
    (listed,) = json.loads(fairkd("study", "list", "--json").out)
    assert [cell["state"] for cell in listed["cells"]] == ["queued"] * 4
    shown = fairkd("study", "show", "Temperature").out
    assert "hot (baseline)" in shown
    assert "equal tokens up to padding" in shown
    assert json.loads(fairkd("study", "add-seeds", id[:5], "7", "--json").out)["seeds"] == [0, 1, 7]
    assert "6 cancelled" in fairkd("study", "cancel", id).out
    assert f"`fairkd study resume {id}`" in fairkd("study", "show", id).out
    assert "6 queued" in fairkd("study", "resume", id).out
    assert "study.yaml" in fairkd("study", "export", id, str(tmp_path / "out")).out
    again = fairkd("study", "run", str(tmp_path / "out" / "study.yaml"), "--seeds", "3", "--detach", "--json")
    assert [cell["seed"] for cell in json.loads(again.out)["cells"]] == [3, 3]
    assert "study.yaml, study.json already" in fairkd("study", "export", id, str(tmp_path / "out")).err
    assert "was deleted" in fairkd("study", "delete", id, "--yes").out
    assert len(runs.all_runs()) == 2


def test_a_finished_study_is_shown_exported_and_reported_with_its_verdicts(
    fairkd: Run, tmp_path: Path
) -> None:
    id = add_study().id
    finding = studies.results(id).finding
    shown = fairkd("study", "show", id).out
    assert f"{finding}." in shown
    assert "with 95 % t intervals over seeds" in shown
    found = json.loads(fairkd("study", "show", id, "--json").out)["results"]
    assert found["finding"] == finding
    assert len(found["runs"]) == 6
    assert fairkd("study", "export", id, str(tmp_path / "out")).code == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"study.yaml", "study.json", "cells.csv", "variants.csv", "results.md", "results.tex"}
    html = tmp_path / "study.html"
    assert fairkd("report", "A study", "--html", str(html)).code == 0
    assert "<h1>A study</h1>" in html.read_text(encoding="utf-8")


def test_watching_ends_with_the_last_run_and_says_what_failed(
    fairkd: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = start(fairkd)
    polls = 0

    def work(wanted: str) -> studies.StudyRecord:
        """Each look, the next run of the queue ends; the second one fails."""
        nonlocal polls
        if (entry := store.claim(1)) is not None:
            polls += 1
            store.close(entry.run.id, entry.attempt, "failed" if polls == 2 else "finished", "No memory.")
        return studies.get(wanted)

    monkeypatch.setattr(study_watch, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(study_watch, "get", work)
    done = fairkd("study", "watch", id)
    assert done.code == 1
    assert "plain, seed 1: finished" in done.err
    assert "hot, seed 0: failed (No memory.)" in done.out
    assert f"`fairkd study resume {id}` queues what is missing." in done.out


def test_ctrl_c_leaves_the_study_in_the_background(fairkd: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def pressed() -> Iterator[Callable[[], bool]]:
        yield lambda: True

    monkeypatch.setattr(study_watch, "interruptible", pressed)
    done = fairkd("study", "run", *VARIANTS, "--minutes", "1", "--seeds", "0")
    assert done.code == study_watch.STOPPED
    assert "goes on in the background" in done.err
    assert "equal time, but not equal tokens" in done.err
    assert len([run for run in runs.all_runs() if run.state == "queued"]) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("run",), "Give either a file or at least one --variant"),
        (("run", *VARIANTS, "--steps", "3", "--minutes", "1"), "Give either --steps or --minutes"),
        (("run", "--variant", "plain", "--variant", "plain"), "There are two variants 'plain'"),
        (("run", "--variant", "hot"), "The variant 'hot' needs a preset"),
        (("run", "--variant", "hot="), "A variant is NAME, NAME=PRESET"),
        (("run", "--variant", "plain,budget.steps=3"), "The variant 'plain' changes budget.steps"),
        (("run", "--variant", "plain", "--seeds", "x"), "Seeds are whole numbers or ranges"),
        (("show", "nothing"), "There is no study 'nothing'"),
        (("add-seeds", "nothing", "3"), "There is no study 'nothing'"),
    ],
)
def test_one_sentence_says_what_is_wrong(fairkd: Run, arguments: tuple[str, ...], sentence: str) -> None:
    done = fairkd("study", *arguments)
    assert done.code == 2
    assert sentence in done.err
    assert runs.all_runs() == []


def test_a_damaged_study_is_named_and_can_be_deleted(fairkd: Run) -> None:
    id = start(fairkd)
    (studies.get(id).folder / study_store.FILE).write_text("{")
    assert "cannot be read" in fairkd("study", "list").err
    assert "Its runs are still among all runs" in fairkd("study", "show", id).err
    assert fairkd("study", "delete", id, "--yes").code == 0
    assert runs.all_runs() == []
