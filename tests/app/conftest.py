"""What several page tests need: a home of their own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, in which nobody looks after processes."""
    monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("fairkd.runs.supervision.look", lambda: None)
    monkeypatch.setattr("fairkd.runs.supervision.wake", lambda: None)
    return tmp_path / "home"
