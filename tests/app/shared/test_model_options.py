"""The list of models in the pickers, and the names in it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.shared.model_options import model_label, model_options, reference_of
from tests import ROOT
from tests.app.some_runs import add_run, training


@pytest.mark.usefixtures("home")
def test_a_finished_run_is_an_option_with_its_name_and_date() -> None:
    finished = add_run("fair", "finished", events=training(100), model=True)
    add_run("plain", "cancelled", events=training(100))
    assert model_options()[:1] == ("embedded/teacher",)
    assert [one for one in model_options() if one.startswith("run/")] == [f"run/{finished}"]
    label = model_label(f"run/{finished}")
    assert re.fullmatch(rf"fair · \d{{1,2}} \w{{3}}, \d\d:\d\d \(run/{finished}\)", label)
    assert reference_of(label) == f"run/{finished}"


def test_other_models_are_shown_by_their_references() -> None:
    assert [model_label(one) for one in ("embedded/teacher", "org/name")] == ["embedded/teacher", "org/name"]
    assert [reference_of(one) for one in (" org/name@v1 ", "./a/", "/")] == ["org/name@v1", "./a", "/"]


@pytest.mark.usefixtures("home")
def test_a_link_may_hold_the_reference_or_the_label_of_a_run(tiny_folder: Callable[[str], Path]) -> None:
    id = add_run("fair", "finished", events=training(100), model=True)
    for written in (f"run/{id}", model_label(f"run/{id}"), f"its name before · 1 May, 10:00 (run/{id})"):
        app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=60)
        app.query_params["teacher"], app.query_params["student"] = str(tiny_folder("bert")), written
        app.run()
        assert not app.exception and app.session_state["chosen_models"]["student"] == f"run/{id}"


def test_the_list_needs_no_torch() -> None:
    code = (
        "import sys; from app.shared import model_options as m; m.model_options(); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_the_names_of_runs_are_those_of_the_home_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Names are kept for seconds: those of another home must not be taken for them.
    for home in ("first", "second"):
        monkeypatch.setenv("FAIRKD_HOME", str(tmp_path / home))
        reference = f"run/{add_run(home, 'finished', events=training(100), model=True)}"
        assert model_label(reference).startswith(f"{home} · ")
