"""Studies on a real Ray cluster of a head and two workers on this machine, which the tests start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from fairkd import runs, studies
from fairkd.distill.config.config import make_config
from fairkd.runs.launchers import cluster_check
from fairkd.studies import StudyRecord
from tests import ROOT
from tests.runs.conftest import runner_process, steps_of, stored, until, worked_once
from tests.runs.launchers.ray_cluster import RayCluster, counting

PATIENCE = 180.0  # seconds, on a machine with other work to do
pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="needs the package ray: fairkd[ray]")


@pytest.fixture(scope="module")
def ray_cluster() -> Iterator[RayCluster]:
    cluster = RayCluster()
    yield cluster
    cluster.stop()


@pytest.fixture
def cluster(home: Path, ray_cluster: RayCluster, monkeypatch: pytest.MonkeyPatch) -> RayCluster:
    monkeypatch.setenv("FAIRKD_RAY_ADDRESS", ray_cluster.address)
    monkeypatch.setenv("FAIRKD_LAUNCHER", "ray")
    return ray_cluster


def cells(record: StudyRecord) -> list[runs.Run]:
    return [stored(cell.run.id) for cell in record.cells if cell.run]


def at_work(record: StudyRecord) -> list[runs.Run]:
    return [run for run in cells(record) if run.active and run.step > 2]


def has_ended(record: StudyRecord, state: str) -> bool:
    """Whether all cells are in this state; an AssertionError once one cannot be any more."""
    runs.reconcile()
    found = cells(record)
    assert not [run.sentence for run in found if run.state == "failed"]
    return all(run.state == state for run in found)


def test_a_study_of_six_cells_loses_none_with_a_worker_the_dashboard_and_the_runner(
    cluster: RayCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cluster_check.SECONDS, "0")
    code = (
        "import time; from fairkd import runs, studies; from tests.runs import stand_in;"
        " from tests.runs.launchers.ray_cluster import counting; from fairkd.runs import supervision;"
        " supervision.RUNNER = stand_in.RUNNER; print(studies.create(counting(80, seeds=3)).id, flush=True);"
        " time.sleep(600)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    dashboard = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert dashboard.stdout is not None
    record = studies.get(dashboard.stdout.readline().strip())
    # Two cells at a time, as many as the cluster has CPUs.
    until(lambda: len(at_work(record)) == 2, PATIENCE)
    dashboard.kill()
    dashboard.wait()
    runner = runner_process()
    assert runner is not None
    runner.kill()
    lost = min(at_work(record), key=lambda run: run.step)
    cluster.kill_worker_of(steps_of(lost)[-1][0])
    until(lambda: has_ended(record, "finished"), PATIENCE)
    assert len(cells(record)) == 6
    for run in cells(record):
        worked_once(run, 80)
    # The cells that waited for the killed worker were submitted again, but nothing of them was lost.
    assert stored(lost.id).sentence == "1 job was lost on Ray, and replaced."
    assert sum(run.sentence is not None for run in cells(record)) == 1


def test_a_cancelled_study_leaves_no_job_behind(cluster: RayCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cluster_check.SECONDS, "0")
    from ray.job_submission import JobSubmissionClient

    record = studies.create(counting(5000))
    until(lambda: at_work(record), PATIENCE)
    studies.cancel(record.id)
    until(lambda: has_ended(record, "cancelled"), PATIENCE)
    client = JobSubmissionClient(cluster.address)
    until(lambda: {job.status.value for job in client.list_jobs()} <= {"STOPPED", "SUCCEEDED", "FAILED"})
    assert any(run.step > 0 for run in cells(record)) and len(cells(record)) == 4


def test_a_training_works_on_a_node_after_a_check(cluster: RayCluster, tmp_path: Path) -> None:
    from tests.tiny import tiny  # imports torch

    text = tmp_path / "text.txt"
    text.write_text("\n".join(f"The {word} said that she is a nurse." for word in 12 * ["man", "woman"]))
    values = {
        "teacher": str(tiny("bert", tmp_path / "teacher")),
        "corpus": {"source": str(text)},
        "budget": {"steps": 2},
        "evaluation": {"sentences": 2, "professions": 2},
    }
    run = runs.submit(make_config(values))
    assert [path.suffix for path in (tmp_path / "home" / "checks").iterdir()] == [".passed"]
    until(lambda: runs.get(run.id).state not in ("queued", "running"), PATIENCE)
    assert (stored(run.id).state, stored(run.id).sentence, stored(run.id).launcher) == (
        "finished",
        None,
        "ray",
    )
    assert (run.folder / "model" / "model.safetensors").is_file()
