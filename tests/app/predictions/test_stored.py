"""Stored views: they are what the models predict, and shown only where and while that is sure."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.predictions import stored
from app.predictions.inputs import PRESETS
from app.predictions.position import Role
from tests import ROOT
from tools import stored_views

CHOSEN: dict[Role, str] = {"teacher": "embedded/teacher", "student": "embedded/student-fair"}
NUMBER = re.compile(r"\d[\d,]*\.?\d*")


@pytest.fixture
def not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """No model is loaded, whatever other tests have done."""
    monkeypatch.setattr(stored, "is_loaded", lambda reference: False)
    stored._stored_views.clear()


def assert_alike(one: Any, other: Any) -> None:
    """Equal, except for the last digits, which differ between processors."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        one, other = list(one.values()), list(other.values())
    if isinstance(one, list | tuple):
        assert len(one) == len(other)
        for mine, yours in zip(one, other, strict=True):
            assert_alike(mine, yours)
    elif isinstance(one, str):
        assert NUMBER.sub("0", one) == NUMBER.sub("0", other)
        numbers = [[float(found.replace(",", "")) for found in NUMBER.findall(text)] for text in (one, other)]
        assert numbers[0] == pytest.approx(numbers[1], rel=0.1, abs=0.011)
    elif isinstance(one, float):
        assert one == pytest.approx(other, abs=2e-3)
    else:
        assert one == other


def test_the_stored_views_are_what_the_models_predict() -> None:
    kept = json.loads(stored.FILE.read_text(encoding="utf-8"))
    again = json.loads(json.dumps(stored_views.stored_views()))
    assert kept["hashes"] == again["hashes"], "run python -m tools.stored_views"
    assert_alike(kept, again)


@pytest.mark.usefixtures("not_loaded")
def test_every_example_has_a_view_with_the_chosen_column() -> None:
    for text in PRESETS:
        view = stored.stored_view(CHOSEN, text)
        assert view and view["sentence"] == text and view["selected"] == view["default"]
        assert None not in view["positions"], "so that any column can be chosen"
    one, other = stored.stored_view(CHOSEN, PRESETS[0], 2), stored.stored_view(CHOSEN, PRESETS[0], 99)
    assert one and other and (one["selected"], other["selected"]) == (2, other["default"])


@pytest.mark.usefixtures("not_loaded")
@pytest.mark.parametrize(
    "chosen",
    [
        {**CHOSEN, "student": "embedded/student-plain"},
        {**CHOSEN, "teacher": "org/name"},
        {**CHOSEN, "student2": "embedded/student-plain"},
    ],
)
def test_other_models_have_no_stored_view(chosen: dict[Role, str]) -> None:
    assert stored.stored_view(chosen, PRESETS[0]) is None


@pytest.mark.usefixtures("not_loaded")
def test_another_sentence_has_no_stored_view() -> None:
    assert stored.stored_view(CHOSEN, "Milk is a [MASK]!") is None


@pytest.mark.usefixtures("not_loaded")
def test_views_of_other_files_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fairkd.models.references.EMBEDDED", Path(ROOT / "fairkd" / "assets" / "embedded"))
    monkeypatch.setattr(stored.models, "embedded_hash", lambda reference: "0" * 64)
    assert stored.stored_view(CHOSEN, PRESETS[0]) is None
    stored._stored_views.clear()


def test_loaded_models_predict_for_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "is_loaded", lambda reference: True)
    assert stored.stored_view(CHOSEN, PRESETS[0]) is None


PAGE = """
import sys
from streamlit.testing.v1 import AppTest
at = AppTest.from_file("dashboard.py", default_timeout=60).run()
assert not at.exception, at.exception
assert len(at.get("bidi_component")) >= 1 and at.get("download_button")
found = {"torch", "pandas", "transformers", "scipy", "pydantic", "psutil"} & sys.modules.keys()
sys.exit(f"imported {found}" if found else 0)
"""


def test_the_first_page_is_drawn_before_anything_heavy_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", PAGE], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
