"""Export what a page shows, as its control does, and run the notebook's code."""

from __future__ import annotations

import ast
import base64
import json
import logging
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.components.standalone import Standalone
from app.shared import export_control
from app.shared.export_control import Export
from app.shared.export_notebook import notebook_text


class Exported:
    """What the last drawn page of a test says of itself for its export."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.last: tuple[Export, Mapping[str, Any]] | None = None
        monkeypatch.setattr("app.shared.reproduce.export_button", self._keep)
        monkeypatch.setattr("app.gaps.sentences.export_button", self._keep)

    def _keep(self, export: Export, key: str, **about: Any) -> None:
        self.last = export, about
        export_control.export_button(export, key, **about)

    def notebook(self) -> str:
        assert self.last is not None, "the page has no export"
        export, _ = self.last
        return notebook_text(export.title, export.sentences, export.cells())


def figures_of(app: AppTest) -> list[Any]:
    """The data of the figures that the page shows: plotly's as JSON, ours as they are."""
    shown = app.session_state["export_view"].values()
    return [as_data(one.figure) for one in shown if hasattr(one, "figure")]


def as_data(figure: Any) -> Any:
    """What a figure draws, without its height and title: a notebook's has the title inside.

    Numbers are equal if they are close: in other batches than the page's, the last digits differ.
    """
    if isinstance(figure, Standalone):
        return json.loads(json.dumps(figure.data), parse_float=_Near)
    drawn = json.loads(figure.to_json(), parse_float=_Near, object_hook=_plain)
    layout = {
        name: value
        for name, value in drawn["layout"].items()
        if name not in ("height", "title", "margin", "legend")
    }
    return {"data": drawn["data"], "layout": layout}


def _plain(value: dict[str, Any]) -> Any:
    """The numbers of an array that plotly wrote as base64, whose text differs with their last digit."""
    if value.keys() - {"shape"} != {"dtype", "bdata"}:
        return value
    numbers = np.frombuffer(base64.b64decode(value["bdata"]), dtype=value["dtype"]).tolist()
    return [_Near(one) if isinstance(one, float) else one for one in numbers]


class _Near(float):
    """A number that is equal to those close to it."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int | float) and math.isclose(self, other, rel_tol=1e-4, abs_tol=1e-5)

    __hash__ = float.__hash__


def run_notebook(text: str) -> list[Any]:
    """The value of each code cell that ends with an expression, in this process."""
    try:
        return _run(text)
    finally:
        logging.disable(logging.NOTSET)  # which the notebook has changed


def _run(text: str) -> list[Any]:
    namespace: dict[str, Any] = {}
    values = []
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "cell", "exec"), namespace)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), namespace)
            values += [] if value is None else [value]
    return values
