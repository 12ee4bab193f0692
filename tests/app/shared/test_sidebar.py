"""The sidebar: descriptions of models, and the error for a model that cannot be loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.shared.sidebar import literal_description, megabytes
from fairkd.models import loading
from fairkd.models.loading import MaskedLM
from tests import ROOT


def plain(text: str) -> str:
    return text.replace("\\", "").replace("\u2060", "")


def test_a_description_has_size_and_commit(tiny_bert: MaskedLM) -> None:
    about = loading.describe(tiny_bert)
    text = plain(literal_description(replace(about, size_bytes=90_900_000, revision="0123456789abcdef")))
    assert "Size: 91 MB" in text and "commit 01234567" in text
    assert "Vocabulary: " in text and "Licence: " not in text and "shared" not in text
    assert "commit" not in literal_description(about)


def test_a_student_with_shared_embeddings_names_the_other_model(tiny_bert: MaskedLM) -> None:
    about = replace(loading.describe(tiny_bert), size_bytes=11_030_000, shares="embedded/teacher")
    assert "11 MB, embeddings shared with embedded/teacher" in plain(literal_description(about))


@pytest.mark.parametrize(
    ("size", "text"), [(60_000, "0.1 MB"), (9_960_000, "10.0 MB"), (1_340_000_000, "1,340 MB")]
)
def test_megabytes(size: int, text: str) -> None:
    assert megabytes(size) == text


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("page", ["app/pages/predictions.py", "app/pages/gaps.py"])
def test_every_page_says_why_a_model_cannot_be_loaded(page: str, tiny_folder: Callable[[str], Path]) -> None:
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=120)
    app.query_params["teacher"], app.query_params["student"] = "./nothing", str(tiny_folder("bert"))
    app.run()
    app.switch_page(page).run()
    assert not app.exception
    (message,) = [plain(one.value) for one in app.sidebar.caption if "error" in one.value]
    assert "There is no folder ./nothing" in message


@pytest.mark.usefixtures("home")
def test_embedded_models_are_loaded_for_their_open_data_sheets_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    monkeypatch.setattr("app.shared.sidebar.get_model", loaded.append)
    monkeypatch.setattr("app.shared.sidebar.description", lambda reference: None)
    monkeypatch.setattr("app.shared.sidebar.literal_description", lambda about: "about")
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=120).run()
    app.switch_page("app/pages/distill.py").run()
    assert not loaded
    app.session_state["model_sheets"] = True
    app.run()
    assert loaded == ["embedded/teacher"]
