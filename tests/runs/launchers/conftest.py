"""A cluster that is no more than a shell: its jobs are processes of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairkd.runs.launchers import cluster_check
from tests.runs.conftest import home, quiet

__all__ = ["home", "quiet"]
SUBMIT = 'sh -c "{command} & echo job $!"'


@pytest.fixture
def shell_cluster(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of the launcher `command` for that cluster, without a check. Returns the home folder."""
    monkeypatch.setenv("FAIRKD_COMMAND", SUBMIT)
    monkeypatch.setenv("FAIRKD_COMMAND_CANCEL", "kill -9 {job}")
    monkeypatch.setenv("FAIRKD_COMMAND_STATUS", 'sh -c "ps -p {job} -o pid= || true"')
    monkeypatch.setenv(cluster_check.SECONDS, "0")
    return home
