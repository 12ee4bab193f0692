"""What is said of a cluster that cannot be used, before anything is queued."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fairkd import runs
from fairkd.errors import FairKDError
from fairkd.runs.launchers import cluster_check
from fairkd.runs.launchers.check_job import versions
from tests import ROOT
from tests.runs import stand_in
from tests.runs.conftest import stored


@pytest.fixture
def checked(quiet: Path, shell_cluster: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cluster_check.SECONDS, "30")
    monkeypatch.setattr(cluster_check, "SILENT_SECONDS", 0.3)
    return shell_cluster


def refused(on: str = "command") -> str:
    """The sentence with which a run is refused. Nothing is queued then."""
    with pytest.raises(FairKDError) as raised:
        runs.submit(stand_in.config(1), on=on)
    assert runs.all_runs() == [] and not [*runs.store.runs_folder().glob("*")]
    sentence = str(raised.value)
    assert "\n" not in sentence and sentence.endswith(".")
    return sentence


@pytest.mark.parametrize(
    ("variable", "template", "sentence"),
    [
        (
            "FAIRKD_COMMAND",
            "",
            "needs a template: set FAIRKD_COMMAND, for example to `sbatch --wrap {command}`",
        ),
        ("FAIRKD_COMMAND", "sbatch x", "must say with {command} where the command goes, got 'sbatch x'"),
        ("FAIRKD_COMMAND", "sbatch {command} {cpus}", "may hold {command} and {name}, got {cpus} in"),
        ("FAIRKD_COMMAND", "sbatch '{command}", "is no template of a command (No closing quotation)"),
        ("FAIRKD_COMMAND_CANCEL", "scancel", "must say with {job} where the job goes"),
        (
            "FAIRKD_COMMAND",
            "sbatsch {command}",
            "The command sbatsch of FAIRKD_COMMAND cannot be started (No such",
        ),
        (
            "FAIRKD_COMMAND",
            "sh -c 'echo wait; echo no partition >&2; : {command}; exit 3'",
            "The command sh of FAIRKD_COMMAND failed with exit code 3: no partition.",
        ),
        ("FAIRKD_REMOTE_SLOTS", "0", "FAIRKD_REMOTE_SLOTS must be a whole number from 1 to 9999, got '0'"),
        ("FAIRKD_CHECK_SECONDS", "soon", "FAIRKD_CHECK_SECONDS must be a number of seconds from 0 to 86400"),
    ],
)
def test_a_setting_that_cannot_work_is_said(
    checked: Path, monkeypatch: pytest.MonkeyPatch, variable: str, template: str, sentence: str
) -> None:
    monkeypatch.setenv(variable, template)
    assert sentence in refused()


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({}, "The launcher ray needs the address of Ray's dashboard: set FAIRKD_RAY_ADDRESS"),
        ({"RAY_ADDRESS": "auto"}, "expected one such as http://127.0.0.1:8265, got 'auto'"),
        (
            {"FAIRKD_RAY_ADDRESS": "http://127.0.0.1:1"},
            "No Ray dashboard answers at http://127.0.0.1:1 (Connection",
        ),
        (
            {"RAY_ADDRESS": "http://h:1", "FAIRKD_RAY_CPUS": "-1"},
            "FAIRKD_RAY_CPUS must be a number from 0.001",
        ),
    ],
)
def test_a_cluster_that_cannot_be_reached_is_said(
    checked: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sentence: str
) -> None:
    for name in ("RAY_ADDRESS", "FAIRKD_RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert sentence in refused("ray")


def test_a_home_folder_that_is_not_shared_is_said(checked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRKD_COMMAND", "sh -c 'echo job 1; : {command}'")
    monkeypatch.setenv("FAIRKD_COMMAND_STATUS", "sh -c ': {job}'")
    said = refused()
    assert said.startswith("The check job on sh ended without an answer: expected it to write into ")
    assert "so set FAIRKD_HOME to a folder that all machines share" in said
    monkeypatch.delenv("FAIRKD_COMMAND_STATUS")
    monkeypatch.setenv(cluster_check.SECONDS, "0.2")
    assert "The check job on sh did not answer within 0 s" in refused()


@pytest.mark.parametrize(
    ("name", "there", "sentence"),
    [
        ("FairKD", "0.0.9", f"Expected FairKD {versions()['FairKD']} on sh ("),
        ("torch", "1.0", f"Expected torch {versions()['torch']} on sh ("),
        ("", "", "its log says 'No FairKD here.'. Expected FairKD in the same Python as here"),
    ],
)
def test_other_versions_there_are_said(
    checked: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, there: str, sentence: str
) -> None:
    python = tmp_path / "python"
    code = (
        "import sys; from pathlib import Path; from fairkd.runs.launchers import check_job as job;"
        f" here = job.versions(); job.versions = lambda: here | {{'{name}': '{there}'}};"
        " job.answer(Path(sys.argv[3]))"
    )
    found = f'PYTHONPATH={ROOT} exec {sys.executable} -c "{code}" "$@"' if name else "echo No FairKD here."
    python.write_text(f"#!/bin/sh\n{found}\n")
    python.chmod(0o755)
    monkeypatch.setenv("FAIRKD_REMOTE_PYTHON", str(python))
    said = refused()
    assert sentence in said and "FAIRKD_REMOTE_PYTHON" in said
    assert not there or f", as here, got {there}:" in said


def test_a_check_that_succeeded_is_not_repeated_for_the_next_run(
    checked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = runs.submit(stand_in.config(1), on="command")
    assert stored(first.id).launcher == "command" and [*(checked / "checks").glob("fairkd-*")] == []
    monkeypatch.setattr(cluster_check, "_answer", None)
    assert runs.submit(stand_in.config(1), on="command").state == "queued"
    runs.cancel(first.id)
    assert runs.resume(first.id, on="local").launcher == "local"
