"""Runs that are sent away: followed, cancelled, resumed; lost and given up jobs, killed runners."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from fairkd import runs
from fairkd.runs import store
from fairkd.runs.launchers import job_files
from fairkd.runs.launchers.job_files import Job
from tests.runs import stand_in
from tests.runs.conftest import runner_process, steps_of, stored, until, wait_for_state, worked_once


def job_process(run: runs.Run) -> psutil.Process:
    """The process that trains."""
    return psutil.Process(steps_of(run)[-1][0])


def test_runs_sent_away_are_followed_and_take_no_slot_of_this_machine(shell_cluster: Path) -> None:
    go = shell_cluster / "go"  # all work at the same time, however slowly some of them start
    away = [runs.submit(stand_in.config(25, waits=str(go)), on="command") for _ in range(2)]
    here = runs.submit(stand_in.config(500))
    until(lambda: all(stored(run.id).step > 0 for run in (*away, here)))
    assert [stored(run.id).state for run in (*away, here)] == ["running"] * 3
    go.touch()
    runs.cancel(here.id)
    for run in away:
        ended = wait_for_state(run.id, "finished")
        assert (ended.launcher, ended.step, ended.progress, ended.sentence) == ("command", 25, 1.0, None)
        worked_once(run, 25)
        assert runs.events.read(run)[0][-1]["type"] == "end"
    wait_for_state(here.id, "cancelled")
    until(lambda: not any((run.folder / job_files.JOB).exists() for run in away))


def test_a_lost_job_is_queued_again_and_continues_from_its_checkpoint(shell_cluster: Path) -> None:
    run = runs.submit(stand_in.config(60, pause=0.05), on="command")
    until(lambda: stored(run.id).step > 3)
    job_process(run).kill()
    until(lambda: "was lost (sh no longer lists it): it was queued again" in (stored(run.id).sentence or ""))
    assert "for the first time of at most 3, and continues from step" in stored(run.id).sentence
    ended = wait_for_state(run.id, "finished")
    worked_once(run, 60)
    assert ended.sentence == "1 job was lost on sh, and replaced."
    assert "was lost" in (run.folder / "log.txt").read_text()


def test_a_job_that_is_lost_again_and_again_fails(
    shell_cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRKD_COMMAND", "sh -c 'echo job 1; : {command}'")
    monkeypatch.setenv("FAIRKD_COMMAND_STATUS", "sh -c 'test {job} = 2 && echo it works; true'")
    run = runs.submit(stand_in.config(5), on="command")
    sentence = wait_for_state(run.id, "failed").sentence
    assert sentence.startswith("The job on sh was lost 4 times in a row (sh no longer lists it).")


def test_an_error_of_the_run_is_no_loss(shell_cluster: Path) -> None:
    run = runs.submit(stand_in.config(4, error="Nothing to learn from."), on="command")
    assert wait_for_state(run.id, "failed").sentence == "Nothing to learn from."


def test_after_the_runner_was_killed_the_next_one_follows_the_same_job(shell_cluster: Path) -> None:
    run = runs.submit(stand_in.config(80, pause=0.05), on="command")
    until(lambda: stored(run.id).step > 2)
    runner_process().kill()
    until(lambda: runner_process() is None)
    until(lambda: runs.get(run.id).state == "finished")  # whoever reads the runs starts another runner
    worked_once(run, 80)
    assert len({pid for pid, _ in steps_of(run)}) == 1


def test_a_cancelled_job_finishes_its_step_and_is_resumed(shell_cluster: Path) -> None:
    run = runs.submit(stand_in.config(80, pause=0.05), on="command")
    until(lambda: stored(run.id).step > 2)
    assert runs.cancel(run.id).state == "cancelling"
    ended = wait_for_state(run.id, "cancelled")
    assert runs.events.read(run)[0][-1]["step"] == ended.step < 80
    runs.resume(run.id)
    assert wait_for_state(run.id, "finished").launcher == "command"
    worked_once(run, 80)


def test_a_job_that_ignores_the_cancelling_is_ended_by_the_launcher(shell_cluster: Path) -> None:
    run = runs.submit(stand_in.config(5000, stubborn=True), on="command")
    until(lambda: stored(run.id).step > 2)
    process = job_process(run)
    runs.cancel(run.id)
    sentence = wait_for_state(run.id, "cancelled").sentence
    assert sentence.startswith("Cancelled before its current step was saved; the last checkpoint is that of")
    until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def test_a_job_that_was_given_up_ends_without_touching_the_run(
    shell_cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a network was cut: the lost job comes back while another works."""
    monkeypatch.delenv("FAIRKD_COMMAND_CANCEL")
    run = runs.submit(stand_in.config(5000), on="command")
    until(lambda: stored(run.id).step > 2)
    process = job_process(run)
    job = job_files.current(run.folder)
    runner_process().kill()
    Job("another", job.attempt).write(run.folder)
    until(lambda: not process.is_running())
    assert store.entry(run.id).run.active and job_files.outcome(run.folder, job.key) is None
    worker = (sys.executable, "-m", stand_in.JOB_MODULE, str(run.folder), job.key)
    late = subprocess.run(worker, capture_output=True, text=True, env=os.environ)
    assert late.returncode == 3 and "does not belong to the job" in late.stderr
    runs.cancel(run.id)
    wait_for_state(run.id, "cancelled")
