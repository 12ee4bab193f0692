"""`fairkd distill`: in a folder of one's own, or as a run that all can see."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from typer.testing import CliRunner, Result

from fairkd import runs
from fairkd.cli.commands import app
from fairkd.cli.foreground import interruptible
from fairkd.distill.config.presets import PRESETS
from fairkd.errors import FairKDError, InputError
from fairkd.models.loading import load
from fairkd.runs import events
from tests.distill.parts import config
from tests.tiny import SENTENCES


@pytest.fixture
def file(tiny_folder: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration file for two steps on a text file, and a home folder of the test's own."""
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text("\n".join(SENTENCES))
    settings = config(budget={"steps": 2}).model_dump(mode="json")
    settings |= {"teacher": str(tiny_folder("bert")), "corpus": {"source": "text.txt"}}
    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


def fairkd(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["distill", *map(str, arguments)])


def test_the_output_folder_becomes_a_run_folder(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine"
    result = fairkd(file, "--set", "budget.steps=3", "--output", target, "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert (document["state"], document["steps"], document["model"]) == ("finished", 3, str(target / "model"))
    names = {path.name for path in target.iterdir()}
    assert names == {"config.json", "events.jsonl", "log.txt", "checkpoints", "model"}
    kinds = {event["type"] for event in events.read(target)[0]}
    assert {"start", "teacher", "evaluation", "watched_sentence", "checkpoint", "end"} <= kinds
    assert load(document["model"]).vocabulary_size > 100
    assert "finished after step 3" in (target / "log.txt").read_text()


def test_the_same_command_resumes_its_run_and_another_one_is_refused(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine"
    for _ in range(2):
        assert fairkd(file, "--output", target).exit_code == 0
    starts = [event for event in events.read(target)[0] if event["type"] == "start"]
    assert [event["resumed_from"] for event in starts] == [None, 2]
    with pytest.raises(InputError, match="other settings"):
        result = fairkd(file, "--set", "seed=9", "--output", target)
        raise result.exception or AssertionError


def test_without_a_folder_the_run_is_listed(file: Path) -> None:
    result = fairkd(file)
    assert result.exit_code == 0, result.output
    (run,) = runs.all_runs()
    assert (run.state, run.step) == ("finished", 2)
    assert (run.folder / "model" / "model.safetensors").is_file()
    assert Path(run.config["corpus"]["source"]).is_absolute()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preset", "fairest"], f"Did you mean fair? Presets: {', '.join(PRESETS)}."),
        (["run.yaml", "--preset", "fair"], "not both"),
        (["run.yaml", "--output", "full"], "other files but no run"),
        (["run.yaml", "--set", "budget.step=3"], "no setting budget.step. Did you mean budget.steps?"),
    ],
)
def test_wrong_calls_are_refused_with_advice(
    file: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    result = fairkd(*arguments)
    assert isinstance(result.exception, InputError) and message in str(result.exception)


def test_a_full_disk_is_reported_in_one_sentence(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(events.Writer, "write", full)
    for arguments in ((file,), (file, "--output", tmp_path / "mine")):
        error = fairkd(*arguments).exception
        assert isinstance(error, FairKDError) and "is full: free some space" in str(error)
    assert runs.all_runs()[0].state == "failed"
    assert "Traceback" in (tmp_path / "mine" / "log.txt").read_text(), "the details"


@pytest.mark.parametrize("own", [True, False])
def test_an_unexpected_error_is_one_sentence_with_its_traceback_in_the_log(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: bool
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise IndexError("a cog is loose")

    monkeypatch.setattr("fairkd.distill.training.set_up", broken)
    target = tmp_path / "mine"
    error = fairkd(file, *(("--output", target) if own else ())).exception
    assert isinstance(error, FairKDError) and "IndexError: a cog is loose" in str(error)
    folder = target if own else runs.all_runs()[0].folder
    assert "Traceback" in (folder / "log.txt").read_text()


@pytest.mark.parametrize("content", [b'{"architectures": ["BertForMaskedLM"]}', b"[1]", b"\xff", b"{"])
def test_a_folder_with_something_else_is_left_alone(file: Path, tmp_path: Path, content: bytes) -> None:
    target = tmp_path / "model"
    target.mkdir()
    (target / "config.json").write_bytes(content)
    error = fairkd(file, "--output", target).exception
    assert isinstance(error, InputError) and "not that of a run" in str(error)
    assert [path.name for path in target.iterdir()] == ["config.json"]


def test_a_folder_with_a_half_written_configuration_is_used(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine"
    target.mkdir()
    (target / "config.writing").write_text("{")
    assert fairkd(file, "--output", target).exit_code == 0


def test_the_shortest_budget_takes_one_step(file: Path, tmp_path: Path) -> None:
    result = fairkd(file, "--set", "budget.minutes=1e-9", "--output", tmp_path / "mine", "--json")
    assert json.loads(result.stdout)["steps"] == 1


def test_skipped_lines_of_a_text_are_reported(file: Path, tmp_path: Path) -> None:
    with (tmp_path / "text.txt").open("ab") as text:
        text.write(b"caf\xe9\nWord\n")
    assert fairkd(file, "--output", tmp_path / "mine").exit_code == 0
    said = [event["text"] for event in events.read(tmp_path / "mine")[0] if event["type"] == "message"]
    assert any("Skipped: " in text and "1 not UTF-8 text" in text for text in said), said


def test_a_log_that_cannot_be_written_does_not_end_the_run(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "mine"
    target.mkdir()
    (target / "log.txt").symlink_to("/dev/full")
    result = fairkd(file, "--output", target)
    assert result.exit_code == 0, result.output


def test_other_processes_get_folder_and_settings_from_the_first(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be on a machine that has neither the run's folder nor the same file of settings."""
    first = tmp_path / "on another machine", config(budget={"steps": 7})
    told: list[object] = []

    def broadcast(shared: list[object]) -> None:
        shared[:] = [first]

    def train(settings: object, folder: Path, **_: object) -> None:
        told[:] = folder, settings

    other = SimpleNamespace(is_main_process=False, num_processes=2)
    monkeypatch.setattr("fairkd.distill.make_accelerator", lambda: other)
    monkeypatch.setattr("accelerate.utils.broadcast_object_list", broadcast)
    monkeypatch.setattr("fairkd.distill.train", train)
    assert fairkd(file).exit_code == 0
    assert tuple(told) == first


def test_the_second_sigterm_ends_the_process() -> None:
    ended: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    try:
        with interruptible() as asked:
            os.kill(os.getpid(), signal.SIGTERM)
            assert asked() and not ended
            os.kill(os.getpid(), signal.SIGTERM)
            assert ended == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_the_second_ctrl_c_ends_the_process() -> None:
    # A shell starts what it puts in the background with the signal ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with interruptible() as pressed:
            assert not pressed()
            os.kill(os.getpid(), signal.SIGINT)
            assert pressed()
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(5)
    finally:
        signal.signal(signal.SIGINT, before)
