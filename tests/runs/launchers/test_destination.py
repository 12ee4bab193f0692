"""Which launcher a run is sent away with."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairkd import runs
from fairkd.errors import InputError
from tests.runs import stand_in
from tests.runs.conftest import stored


def test_a_run_works_on_this_machine_unless_something_else_is_said(quiet: Path) -> None:
    assert stored(runs.submit(stand_in.config(1)).id).launcher == "local"
    made = runs.submit_all([("a", stand_in.config(1)), ("b", stand_in.config(1))], on="local")
    assert {stored(run.id).launcher for run in made} == {"local"}


def test_an_unknown_launcher_is_refused_before_anything_is_queued(
    quiet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"There is no launcher 'locale' \(--on\): .* Did you mean local\?"):
        runs.submit(stand_in.config(1), on="locale")
    monkeypatch.setenv("FAIRKD_LAUNCHER", "elsewhere")
    with pytest.raises(InputError, match=r"There is no launcher 'elsewhere' \(FAIRKD_LAUNCHER\)"):
        runs.submit_all([("a", stand_in.config(1)), ("b", stand_in.config(1))])
    assert runs.all_runs() == []
    assert runs.submit(stand_in.config(1), on="local").state == "queued"
