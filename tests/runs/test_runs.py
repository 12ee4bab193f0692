"""Runs are queued, cancelled, resumed and deleted, and failed runs explain why."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fairkd import runs
from fairkd.distill.config.config import make_config
from fairkd.errors import InputError
from fairkd.runs import events, process_identity, store, supervision
from fairkd.runs.process_identity import this_process
from fairkd.runs.runner import Runner, serve, worker_command
from fairkd.runs.worker import REFUSED
from tests.runs import stand_in
from tests.runs.conftest import (
    processes,
    runner_process,
    steps_of,
    stored,
    until,
    wait_for_state,
    worked_once,
    worker_process,
)

# submit


def test_a_submitted_run_has_a_folder_and_is_queued(quiet: Path) -> None:
    run = runs.submit(stand_in.config(7), name="  seven ")
    assert (run.state, run.name, run.step, run.progress, run.started) == ("queued", "seven", 0, 0.0, None)
    assert run.folder == quiet / "runs" / run.id
    assert json.loads((run.folder / "config.json").read_text()) == run.config
    assert make_config(run.config) == stand_in.config(7)
    assert runs.all_runs() == [run] and runs.get(run.id) == run


def test_a_run_without_a_name_gets_that_of_its_preset(quiet: Path) -> None:
    from fairkd.distill.config.flat_settings import on_top
    from fairkd.distill.config.presets import PRESETS

    for name, values in PRESETS.items():
        assert runs.submit(make_config(on_top(values, {"budget": {"steps": 3}}))).name == name
    assert runs.submit(make_config({"constraint": {"kind": "group", "strength": 0.5}})).name == "group"


def test_a_batch_keeps_its_order_and_refuses_two_seeds(quiet: Path) -> None:
    made = runs.submit_all([("b", stand_in.config(1)), ("a", stand_in.config(1))])
    assert [run.name for run in made] == ["b", "a"]
    assert made[0].batch == made[1].batch is not None
    assert store.claim(5).run.id == made[0].id
    with pytest.raises(InputError, match="must share one seed, got 0, 1"):
        runs.submit_all([("a", stand_in.config(1)), ("b", stand_in.config(1, seed=1))])


def test_paths_are_made_absolute_and_names_are_left_alone(
    quiet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("text.txt", "bug", "small", "embedded"):
        (tmp_path / name).mkdir()
    values = {"teacher": "embedded/teacher", "corpus": {"source": "text.txt"}}
    assert runs.submit(make_config(values)).config["corpus"]["source"] == str(tmp_path / "text.txt")
    for name in ("bug", "small"):
        run = runs.submit(make_config({"teacher": "org/name", "corpus": {"source": name}}))
        assert (run.config["teacher"], run.config["corpus"]["source"]) == ("org/name", name)


def test_a_configuration_that_was_changed_unchecked_is_refused(quiet: Path) -> None:
    config = stand_in.config(3)
    wrong = config.model_copy(update={"budget": config.budget.model_copy(update={"steps": -1})})
    with pytest.raises(InputError, match="budget.steps"):
        runs.submit(wrong)
    assert runs.all_runs() == [] and not list((quiet / "runs").glob("*"))


@pytest.mark.parametrize("text", ["0", "-1", "two", "", "²", "٣", "1" * 5000])
def test_invalid_slots_are_an_error_at_submit(
    quiet: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("FAIRKD_SLOTS", text)
    with pytest.raises(InputError, match="FAIRKD_SLOTS"):
        runs.submit(stand_in.config(1))


def test_a_home_that_cannot_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / "file" / "home"))
    assert runs.all_runs() == []
    with pytest.raises(InputError, match="cannot be written"):
        runs.submit(stand_in.config(1))


def test_an_unknown_run_is_an_error(quiet: Path) -> None:
    for action in (runs.get, runs.cancel, runs.resume, runs.delete):
        with pytest.raises(InputError, match="There is no run 'nope'"):
            action("nope")


# slots


def test_runs_train_one_at_a_time_in_order(home: Path) -> None:
    made = [runs.submit(stand_in.config(5)) for _ in range(3)]
    until(lambda: all(stored(run.id).state == "finished" for run in made))
    times = [(stored(run.id).started, stored(run.id).ended) for run in made]
    assert times == sorted(times) and times[0][1] <= times[1][0] and times[1][1] <= times[2][0]
    assert stored(made[0].id).progress == 1 and stored(made[0].id).step == 5


def test_two_slots_train_two_runs_at_a_time(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRKD_SLOTS", "2")
    one, two, three = (runs.submit(stand_in.config(500)) for _ in range(3))
    until(lambda: stored(one.id).step > 0 and stored(two.id).step > 0)
    assert stored(three.id).state == "queued"
    for run in (three, one, two):
        runs.cancel(run.id)
    for run in (one, two):
        wait_for_state(run.id, "cancelled")


# cancel


def test_a_cancelled_run_finishes_its_step_and_stores_it(home: Path) -> None:
    run = runs.submit(stand_in.config(1000))
    until(lambda: stored(run.id).step > 1)
    assert runs.cancel(run.id).state in ("cancelling", "cancelled")
    ended = wait_for_state(run.id, "cancelled")
    last = events.read(run)[0][-1]
    assert (last["type"], last["state"], last["step"]) == ("end", "cancelled", ended.step)
    assert (run.folder / "checkpoints" / str(ended.step)).exists()
    assert runs.cancel(run.id).state == "cancelled", "once more changes nothing"


def test_a_queued_run_leaves_the_queue(quiet: Path) -> None:
    run = runs.submit(stand_in.config(3))
    assert runs.cancel(run.id).state == "cancelled"
    assert store.claim(1) is None
    assert runs.resume(run.id).state == "queued"
    with pytest.raises(InputError, match="is queued: only a cancelled, failed or interrupted run"):
        runs.resume(run.id)


def test_a_claimed_run_without_a_process_is_requeued_or_cancelled(quiet: Path) -> None:
    run = runs.submit(stand_in.config(3))
    for cancelled in (False, True):
        claimed = store.claim(1)
        assert claimed is not None
        if cancelled:
            store.request_cancel(run.id)
        assert store.requeue(run.id, claimed.attempt)
        ended = stored(run.id)
        assert ended.state == ("cancelled" if cancelled else "queued")
        assert (ended.ended is not None) == cancelled
        assert ended.sentence == ("Cancelled before it started." if cancelled else None)


def test_a_process_tree_leaves_out_the_runs_that_the_process_has_started(quiet: Path) -> None:
    """A notebook that submits one run and works on another is the parent of a runner and its runs."""
    marks = (None, "mine:1", "other:1", process_identity.RUNNER)
    started = {}
    for mark in marks:
        environment = {name: value for name, value in os.environ.items() if name != process_identity.MARK}
        environment |= {process_identity.MARK: mark} if mark else {}
        started[mark] = subprocess.Popen(["sleep", "60"], env=environment)
    try:
        found = {process.pid for process in process_identity.tree(this_process(), "mine:1")}
        assert [mark for mark in marks if started[mark].pid in found] == [None, "mine:1"]
    finally:
        for process in started.values():
            process.kill()
            process.wait()


def test_a_runner_does_not_belong_to_the_process_tree_of_its_parent(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(process_identity.MARK, "mine:1")
    run = runs.submit(stand_in.config(1000))
    until(lambda: stored(run.id).step > 0)
    runner, worker = runner_process(), worker_process(run.id)
    assert runner.environ()[process_identity.MARK] == process_identity.RUNNER
    assert worker.environ()[process_identity.MARK] == f"{run.id}:1"
    assert not {runner.pid, worker.pid} & {
        process.pid for process in process_identity.tree(this_process(), "mine:1")
    }


def test_a_finished_run_cannot_be_cancelled_or_resumed(home: Path) -> None:
    run = runs.submit(stand_in.config(1))
    wait_for_state(run.id, "finished")
    with pytest.raises(InputError, match="is finished, so it cannot be cancelled"):
        runs.cancel(run.id)
    with pytest.raises(InputError, match="is finished: only"):
        runs.resume(run.id)


def test_a_run_that_ignores_the_flag_is_killed_with_all_its_children(home: Path) -> None:
    run = runs.submit(stand_in.config(10_000, stubborn=True, children=2))
    until(lambda: stored(run.id).step > 1)
    tree = [worker_process(run.id), *worker_process(run.id).children(recursive=True)]
    assert len(tree) == 3
    runs.cancel(run.id)
    ended = wait_for_state(run.id, "cancelled")
    assert "before its current step was saved; the last checkpoint is that of step" in ended.sentence
    until(lambda: not any(process.is_running() and process.status() != "zombie" for process in tree))


def test_a_second_cancel_terminates_the_run_at_once(quiet: Path) -> None:
    run = runs.submit(stand_in.config(10_000, stubborn=True))
    runner = Runner(command=stand_in.command, slots=1, terminate_after=1000, kill_after=1000)
    runner.tick()
    until(lambda: runner.tick() and stored(run.id).step > 1)
    runs.cancel(run.id)
    for _ in range(5):
        assert runner.tick()
        time.sleep(0.05)
    assert stored(run.id).state == "cancelling"
    runs.cancel(run.id)
    until(lambda: not runner.tick())
    assert stored(run.id).state == "cancelled"


def test_a_run_that_gets_sigterm_saves_its_step_and_can_be_resumed(home: Path) -> None:
    run = runs.submit(stand_in.config(30, pause=0.1))
    until(lambda: stored(run.id).step > 1)
    worker_process(run.id).send_signal(signal.SIGTERM)
    ended = wait_for_state(run.id, "interrupted")
    assert f"Step {ended.step} was saved" in ended.sentence
    runs.resume(run.id)
    wait_for_state(run.id, "finished")
    worked_once(stored(run.id), 30)


# delete


def test_delete_removes_the_folder_but_refuses_an_active_run(home: Path) -> None:
    run = runs.submit(stand_in.config(1000))
    until(lambda: stored(run.id).step > 0)
    with pytest.raises(InputError, match="cancel it before you delete it"):
        runs.delete(run.id)
    runs.cancel(run.id)
    wait_for_state(run.id, "cancelled")
    runs.delete(run.id)
    assert not run.folder.exists() and runs.all_runs() == []


def test_a_run_without_a_folder_cannot_be_resumed(quiet: Path) -> None:
    run = runs.submit(stand_in.config(1))
    runs.cancel(run.id)
    shutil.rmtree(run.folder)
    with pytest.raises(InputError, match="folder of the run"):
        runs.resume(run.id)
    runs.delete(run.id)


# fail


def test_a_failed_run_shows_the_error_message_and_can_be_resumed(home: Path) -> None:
    run = runs.submit(stand_in.config(10, error="The corpus has no sentence that can be used."))
    ended = wait_for_state(run.id, "failed")
    assert ended.sentence == "The corpus has no sentence that can be used."
    last = events.read(run)[0][-1]
    assert (last["state"], last["sentence"]) == ("failed", ended.sentence)
    assert "Error: The corpus" in (run.folder / "log.txt").read_text()
    (run.folder / "config.json").write_text(stand_in.config(10).model_dump_json())
    runs.resume(run.id)
    wait_for_state(run.id, "finished")


def test_an_unexpected_error_is_one_sentence_and_the_log_has_the_traceback(home: Path) -> None:
    run = runs.submit(stand_in.config(4, error="shapes do not fit\nat all", kind="unknown"))
    sentence = wait_for_state(run.id, "failed").sentence
    assert "RuntimeError: shapes do not fit)" in sentence and "\n" not in sentence
    assert "Traceback" in (run.folder / "log.txt").read_text()


def test_a_process_that_exits_without_a_message_has_failed(home: Path) -> None:
    run = runs.submit(stand_in.config(4, exit=7))
    assert "exit code 7" in wait_for_state(run.id, "failed").sentence


def test_the_settings_are_validated_again_before_training(quiet: Path) -> None:
    run = runs.submit(stand_in.config(4))
    values = json.loads((run.folder / "config.json").read_text())
    for content, words in (
        (json.dumps({**values, "budget": {"steps": -5}}), "budget.steps"),
        (json.dumps({**values, "budget": {"steps": 5, "hours": 2}}), "budget.hours"),
        ("{", "config.json is damaged: it is not valid JSON"),
        ("[]", "expected settings by name, got a list"),
    ):
        (run.folder / "config.json").write_text(content)
        serve(command=stand_in.command, slots=1, poll=0.02)
        assert stored(run.id).state == "failed" and words in stored(run.id).sentence
        assert not (run.folder / "steps.txt").exists()
        runs.resume(run.id)


def test_a_run_whose_process_cannot_be_started_has_failed(quiet: Path) -> None:
    run = runs.submit(stand_in.config(1))
    serve(command=lambda id, attempt: ["/no/such/program"], slots=1)
    assert "could not be started" in stored(run.id).sentence


# the foreground


def test_a_foreground_run_is_listed_with_its_progress(quiet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passed = iter((5.0, 70.0, 70.0))  # the time of day may be set back between two events
    monkeypatch.setattr("fairkd.runs.run_session.monotonic", lambda: next(passed))
    with runs.foreground(stand_in.config(9), name="here") as session:
        assert runs.get(session.run.id).state == "running"
        assert store.claim(1) is None, "it takes the slot"
        session.emit({"type": "phase", "phase": "teacher", "time": 1000.0})
        assert (stored(session.run.id).phase, stored(session.run.id).phase_since) == ("teacher", 1000.0)
        session.emit({"type": "message", "step": 0, "text": "Left out: 206 repeated"})
        assert stored(session.run.id).sentence is None, "a message is not a state"
        session.emit({"type": "phase", "phase": "student", "time": 900.0})
        assert stored(session.run.id).phase_seconds == {"teacher": 65.0}
        assert not session.stop()
        session.emit({"type": "train", "step": 4, "progress": 0.5, "seconds_left": 3.0})
        assert (stored(session.run.id).step, stored(session.run.id).progress) == (4, 0.5)
        session.emit({"type": "end", "step": 9, "state": "finished", "sentence": "The gap was small enough."})
    run = stored(session.run.id)
    assert (run.state, run.step, run.sentence) == ("finished", 9, "The gap was small enough.")
    assert run.warning is None and run.phase is None and run.phase_seconds == {"teacher": 65.0}


def test_a_foreground_run_trains_with_the_stored_settings(
    quiet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").touch()
    relative = make_config({"budget": {"steps": 1}, "corpus": {"source": "text.txt"}})
    with runs.foreground(relative) as session:
        assert session.config.corpus.source == str(tmp_path / "text.txt")
        assert session.config == make_config(json.loads((session.folder / "config.json").read_text()))


def test_a_foreground_run_can_be_cancelled_from_elsewhere(quiet: Path) -> None:
    with runs.foreground(stand_in.config(9)) as session:
        runs.cancel(session.run.id)
        until(session.stop)
        session.emit({"type": "end", "step": 3, "state": "cancelled"})
    assert runs.get(session.run.id).state == "cancelled"


@pytest.mark.parametrize(
    ("error", "state"), [(InputError("Wrong."), "failed"), (KeyboardInterrupt(), "interrupted")]
)
def test_an_exception_in_the_foreground_is_recorded_and_raised_again(
    quiet: Path, error: BaseException, state: str
) -> None:
    with pytest.raises(type(error)), runs.foreground(stand_in.config(9)) as session:
        raise error
    assert runs.get(session.run.id).state == state
    assert events.read(session.folder)[0][-1]["state"] == state


def test_only_training_and_tables_import_torch_or_pandas() -> None:
    code = (
        "import sys, fairkd.cli.run_commands, fairkd.runs.runner, fairkd.runs.worker;"
        "import fairkd.distill.config.flat_settings;"
        "print({'torch', 'transformers', 'pandas', 'streamlit'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_no_process_is_left_after_a_run(home: Path) -> None:
    run = runs.submit(stand_in.config(3))
    wait_for_state(run.id, "finished")
    until(lambda: not processes(home))
    assert len({pid for pid, _ in steps_of(stored(run.id))}) == 1


def test_the_runner_exits_when_there_is_nothing_to_do(home: Path) -> None:
    store.make_home()
    place = {"cwd": home, "env": supervision.detached_environment(), "timeout": 60}
    assert subprocess.run([sys.executable, "-m", "fairkd.runs.runner"], **place).returncode == 0
    refused = subprocess.run(worker_command("nope", 1), stderr=subprocess.PIPE, text=True, **place)
    assert refused.returncode == REFUSED and "is not current" in refused.stderr
