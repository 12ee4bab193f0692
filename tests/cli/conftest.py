"""What the command line's tests share: a home of their own for runs, and `fairkd` in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from fairkd.cli import commands
from tests.outcome import Outcome
from tests.runs.conftest import home as home


@pytest.fixture
def fairkd(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Runs `fairkd ARGUMENTS` in this process."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["fairkd", *arguments])
        with pytest.raises(SystemExit) as stopped:
            commands.main()
        return Outcome(stopped.value.code or 0, *capsys.readouterr())

    return run
