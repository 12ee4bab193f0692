"""`fairkd dashboard`: what it starts, and what it says where it cannot."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fairkd.cli import dashboard_command
from fairkd.cli.commands import app
from fairkd.errors import FairKDError
from tests import ROOT


def test_a_checkout_starts_its_own_dashboard_for_this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(subprocess, "call", lambda command, env: called.append(command) or 0)
    result = CliRunner().invoke(app, ["dashboard", "--port", "8600", "--no-browser"])
    assert result.exit_code == 0
    ((*_, script, address, port, headless),) = called
    assert Path(script) == ROOT / "streamlit_app.py"
    assert (address, port) == ("--server.address=127.0.0.1", "--server.port=8600")
    assert headless == "--server.headless=true"


def test_without_streamlit_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard_command, "find_spec", lambda name: None)
    result = CliRunner().invoke(app, ["dashboard"])
    assert isinstance(result.exception, FairKDError)
    assert "pip install 'fairkd[dashboard]'" in str(result.exception)


def test_the_exit_code_is_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "call", lambda command, env: 3)
    assert CliRunner().invoke(app, ["dashboard"]).exit_code == 3


def test_the_version_is_shown() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0 and result.output.startswith("fairkd ")
