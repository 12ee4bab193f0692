"""`fairkd runs`: what it prints, what programs read, what it refuses."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer.main

from fairkd import runs
from fairkd.benchmarks import make_measure_config, stored_results
from fairkd.cli import commands
from fairkd.cli.run_commands import runs_app
from fairkd.runs import store, supervision
from tests import ROOT
from tests.app.some_runs import result
from tests.outcome import Outcome
from tests.runs import stand_in
from tests.runs.conftest import stored, until

COMMANDS = ("submit", "list", "show", "watch", "cancel", "resume", "export", "edit", "delete")


MEASURED = {"models": ["embedded/teacher"], "benchmarks": ["crows-pairs", "aul"]}

Run = Callable[..., Outcome]


@pytest.fixture
def fairkd(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `fairkd runs ARGUMENTS` in this process."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["fairkd", "runs", *arguments])
        with pytest.raises(SystemExit) as stopped:
            commands.main()
        return Outcome(stopped.value.code or 0, *capsys.readouterr())

    return run


@pytest.fixture
def queued(fairkd: Run, monkeypatch: pytest.MonkeyPatch) -> runs.Run:
    """A run that stays in the queue."""
    monkeypatch.setattr(supervision, "start_runner", lambda: None)
    return runs.submit(stand_in.config(4), name="four")


def test_every_command_has_help() -> None:
    known = typer.main.get_command(runs_app).commands
    assert tuple(known) == COMMANDS
    for command in known.values():
        assert command.help
        assert all(parameter.help for parameter in command.params if parameter.name != "help"), command.name


def test_submit_prints_the_id(fairkd: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(supervision, "start_runner", lambda: None)
    (tmp_path / "run.yaml").write_text("seed: 3\nbudget: {steps: 4}\n")
    document = fairkd("submit", str(tmp_path / "run.yaml"), "--set", "budget.steps=6", "--json").document
    assert list(document) == ["id"]
    config = stored(document["id"]).config
    assert (config["seed"], config["budget"]["steps"]) == (3, 6)
    named = fairkd("submit", "--preset", "fair", "--name", "my own").out
    assert "my own is queued" in named and [run.name for run in runs.all_runs()][0] == "my own"


def test_a_distillation_that_cannot_work_is_refused_before_it_is_queued(fairkd: Run) -> None:
    said = fairkd("submit", "--preset", "plain", "--set", "student.layers=[99]")
    assert said.code == 2 and "Expected ascending layers of the teacher, from 0 to 5" in said.err
    assert not runs.all_runs()


def test_several_presets_are_a_batch(fairkd: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "start_runner", lambda: None)
    document = fairkd("submit", "--preset", "plain", "--preset", "fair", "--set", "seed=5", "--json").document
    made = [stored(entry["id"]) for entry in document["runs"]]
    assert [run.name for run in made] == ["plain", "fair"]
    assert {run.config["seed"] for run in made} == {5}
    assert {run.batch for run in made} == {document["batch"]}


def test_show_prints_the_run_as_json(fairkd: Run, queued: runs.Run) -> None:
    document = fairkd("show", queued.id, "--json").document
    assert (document["id"], document["state"], document["step"]) == (queued.id, "queued", 0)
    assert document["config"] == queued.config and document["folder"] == str(queued.folder)
    out = fairkd("show", queued.id[:5]).out
    assert "queued" in out and "budget.steps" in out


def test_show_prints_the_last_evaluation_with_its_sample_size(
    fairkd: Run, queued: runs.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"kl": 0.5, "kl_low": 0.4, "kl_high": 0.6, "masked_sentences": 100, "gap_absolute": 0.25}
    with runs.Writer(queued.folder) as writer:
        writer.write({"type": "teacher", "gap_absolute": 1.39})
        writer.write({"type": "evaluation", "step": 4, **values})
        writer.write({"type": "costs", "step": 4, "parameters": 1000, "bytes": 4200})
    out = " ".join(fairkd("show", queued.id).out.split())
    assert "At step 4, with 95 % intervals" in out and "0.500 nats (0.400 to 0.600)" in out
    assert "The student has 1,000 parameters, 4.2 kB on disk." in out
    assert "100 held-out sentences" in out and "0.25 nats │ 1.39 nats │ not stored" in out


def test_damage_is_said_by_list_and_show(fairkd: Run, queued: runs.Run) -> None:
    (queued.folder / "events.jsonl").write_text('{"type": "train", "time": 1, "step": "one"}\n')
    values = json.loads((queued.folder / "config.json").read_text())
    (queued.folder / "config.json").write_text(json.dumps(values | {"budget": 5}))
    said = "In events.jsonl, 1 line is damaged and left out: its step should be a whole number."
    assert said in fairkd("show", queued.id).out
    assert fairkd("show", queued.id, "--json").document["events_error"] == said
    assert "section budget is invalid" in " ".join(fairkd("list").out.split())
    assert fairkd("delete", queued.id, "--yes").code == 0


def test_list_shows_every_run(fairkd: Run, queued: runs.Run) -> None:
    assert [entry["id"] for entry in fairkd("list", "--json").document] == [queued.id]
    out = fairkd("list").out
    assert queued.id in out and "four" in out and "1 run, 1 at the same time" in out


def test_a_measurement_is_submitted_from_a_file_and_listed_by_its_kind(
    fairkd: Run, queued: runs.Run, tmp_path: Path
) -> None:
    assert "kind" not in fairkd("list").out.partition("created")[0]
    path = tmp_path / "measure.json"
    path.write_text(json.dumps({"kind": "measure", **MEASURED}))
    said = fairkd("submit", str(path), "--set", "quick=true").out
    assert "CrowS-Pairs, AUL: teacher is queued" in said
    table = fairkd("list").out
    assert "kind" in table and "measure" in table and "distill" in table
    (found, _) = fairkd("list", "--json").document
    assert (found["kind"], found["config"]["quick"], found["step"]) == ("measure", True, 0)
    assert "There is no setting budget of a measurement" in (
        fairkd("submit", str(path), "--set", "budget.minutes=3").err
    )
    path.write_text(json.dumps({"kind": "measure", "models": ["embedded/teacher"]}))
    assert fairkd("submit", str(path)).err == "Error: The setting benchmarks of the measurement is missing.\n"


def test_show_prints_the_results_of_a_measurement(fairkd: Run, queued: runs.Run) -> None:
    run = runs.submit(make_measure_config(MEASURED))
    assert "Results" not in fairkd("show", run.id).out
    stored_results.store(result("embedded/teacher"), run.folder)
    stored_results.store(
        stored_results.Refusal("aul", "embedded/teacher", "It gives no attention weights."), run.folder
    )
    said = " ".join(fairkd("show", run.id).out.split())
    assert "Results, with 95 % intervals" in said and "benchmarks │ ('crows-pairs', 'aul')" in said
    assert "CrowS-Pairs │ teacher │ stereotype preferred │ 60.48 (57.98 to 62.98) │ 1,508" in said
    assert "AUL │ teacher │ │ It gives no attention weights." in said
    assert "│ step │" not in said and "At step" not in said


def test_watch_follows_a_measurement(fairkd: Run) -> None:
    run = runs.submit(stand_in.measure_config(3))
    outcome = fairkd("watch", run.id)
    assert outcome.code == 0 and "aul of embedded/teacher: score 60.48" in outcome.out
    assert "step" not in outcome.out and f"{run.id} is finished." in outcome.out


def test_no_run_is_an_empty_list(fairkd: Run, home: Path) -> None:
    assert fairkd("list", "--json").document == []
    assert not home.exists()


def test_cancel_resume_and_delete(fairkd: Run, queued: runs.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fairkd("cancel", queued.id, "--json").document["state"] == "cancelled"
    assert "is queued" in fairkd("resume", queued.id).out
    assert "is cancelled" in fairkd("cancel", queued.id).out
    for answer in ("n\n", ""):  # no, and nobody there to say yes
        monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
        assert fairkd("delete", queued.id).code == 1
        assert queued.folder.exists()
    assert fairkd("delete", queued.id, "--yes").code == 0
    assert not queued.folder.exists()


def test_export_writes_a_zip(fairkd: Run, queued: runs.Run, tmp_path: Path) -> None:
    assert f"{queued.id}.zip" in fairkd("export", queued.id, str(tmp_path)).out
    assert (tmp_path / f"{queued.id}.zip").is_file()


def test_watch_follows_a_run_to_its_end(fairkd: Run) -> None:
    run = runs.submit(stand_in.config(5))
    outcome = fairkd("watch", run.id)
    assert outcome.code == 0
    assert "started" in outcome.out and "step 5: loss 0.200" in outcome.out
    said = f"{run.id} is finished: 5 steps are too few to learn from: at least 50 are needed."
    assert said in outcome.out
    failing = runs.submit(stand_in.config(4, error="Nothing to learn from."))
    outcome = fairkd("watch", failing.id)
    assert outcome.code == 1 and "is failed: Nothing to learn from." in outcome.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "nope"), "There is no run 'nope'"),
        (("submit", "--preset", "none-such"), "There is no preset 'none-such'"),
        (("submit", "x.yaml", "--preset", "plain"), "Give either"),
        (("submit", "--set", "budget.hours=1"), "budget.hours"),
        (("submit", "--preset", "plain", "--preset", "fair", "--name", "x"), "named after their presets"),
    ],
)
def test_wrong_input_is_one_sentence(fairkd: Run, arguments: tuple[str, ...], words: str) -> None:
    outcome = fairkd(*arguments)
    assert outcome.code == 2 and words in outcome.err and outcome.out == ""


def test_an_ambiguous_beginning_of_an_id_is_refused(fairkd: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "start_runner", lambda: None)
    ids = iter(("aa11", "aa22"))
    monkeypatch.setattr(store, "new_id", lambda: next(ids))
    for _ in range(2):
        runs.submit(stand_in.config(1))
    assert "2 runs begin with 'aa': aa22 (plain), aa11 (plain)." in fairkd("show", "aa").err
    assert fairkd("show", "aa2", "--json").document["id"] == "aa22"


def test_a_wrong_id_or_a_name_names_the_nearest_runs(fairkd: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "start_runner", lambda: None)
    ids = iter(("3f9a0c11", "b81d77e2", "05c3d4f6"))
    monkeypatch.setattr(store, "new_id", lambda: next(ids))
    for name in ("my baseline", "fair", "Fair"):
        runs.submit(stand_in.config(1), name=name)
    expected = {
        "3f9a0c1l": " Did you mean 3f9a0c11 (my baseline)?",
        "3F9A0C11": " Did you mean 3f9a0c11 (my baseline)?",
        "my-baseline": " Did you mean 3f9a0c11 (my baseline)?",
        "fair": " Did you mean 05c3d4f6 (Fair) or b81d77e2 (fair)?",
        "zzzz": "",
    }
    for wrong, question in expected.items():
        for command in ("show", "cancel", "delete"):
            outcome = fairkd(command, wrong)
            sentence = f"There is no run {wrong!r}: `fairkd runs list` shows all runs.{question}"
            assert (outcome.code, outcome.err.strip()) == (2, f"Error: {sentence}")


def test_one_process_shows_and_cancels_the_run_of_another(home: Path) -> None:
    run = runs.submit(stand_in.config(1000))
    until(lambda: stored(run.id).step > 0)
    command = [sys.executable, "-m", "fairkd", "runs"]
    place = {"cwd": ROOT, "env": {**os.environ}, "text": True}
    shown = subprocess.run([*command, "show", run.id, "--json"], capture_output=True, **place)
    assert json.loads(shown.stdout)["state"] == "running"
    assert subprocess.run([*command, "cancel", run.id], capture_output=True, **place).returncode == 0
    until(lambda: stored(run.id).state == "cancelled")
