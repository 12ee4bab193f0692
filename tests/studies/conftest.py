"""A home folder whose queue stands still: a test moves the runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairkd.runs import supervision


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(supervision, "ensure_runner", lambda: None)
    monkeypatch.setattr(supervision, "reconcile", lambda: None)
    return tmp_path / "home"
