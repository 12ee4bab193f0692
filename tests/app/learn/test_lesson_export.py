"""A lesson as a web page and as a notebook."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest

from app.components.standalone import Standalone
from app.learn.lesson_export import lesson_cells, live_figures
from app.learn.lesson_parts import ChosenModels
from app.shared.export_notebook import notebook_text
from app.shared.export_page import view_page
from app.shared.export_view import ShownText
from fairkd.lessons import lesson, lessons
from tests.app.conftest import OpenApp
from tests.app.exported import as_data, figures_of

MODELS = ChosenModels("embedded/teacher", "embedded/student-fair")


def test_the_notebook_draws_what_the_lesson_shows(open_app: OpenApp) -> None:
    app = open_app(teacher=MODELS.teacher, student=MODELS.student)
    app.switch_page("app/pages/learn.py")
    app.query_params["lesson"] = "predictions"
    app.run()
    (shown, *_) = figures_of(app)
    (figure,) = live_figures("predictions", "columns", MODELS)
    assert isinstance(figure, Standalone) and as_data(figure) == shown
    elements = tuple(app.session_state["export_view"].values())
    html = view_page("Lesson", elements, settings={}, models={}, citation="")
    for screen in lesson("predictions").screens:
        assert screen.title in html
    assert not any("[[" in one.text for one in elements if isinstance(one, ShownText))


@pytest.mark.parametrize("name", [one.name for one in lessons()])
def test_every_lesson_is_a_notebook_of_valid_code(name: str) -> None:
    one = lesson(name)
    cells: list[dict[str, Any]] = json.loads(notebook_text(one.title, [], lesson_cells(one, MODELS)))["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    assert all(any(screen.title in text for text in texts) for screen in one.screens)
    assert not any("[[" in text for text in texts)
    for cell in cells:
        if cell["cell_type"] == "code":
            ast.parse("".join(cell["source"]))
