"""The Predictions page as cells of a notebook."""

from __future__ import annotations

from collections.abc import Mapping

from app.predictions.inputs import Settings
from app.predictions.position import Role
from app.shared.export_notebook import NotebookCell, call, code, prose


def prediction_cells(
    chosen: Mapping[Role, str], settings: Settings, number: int, words: tuple[str, str]
) -> list[NotebookCell]:
    """Both models' predictions, the figure at the chosen column, and its table.

    `words` are the two that are compared there; either may be empty.
    """
    view = {
        "k": repr(settings.k),
        "log": repr(settings.log),
        "targets": repr(settings.targets),
        "number": repr(number),
    }
    models = [f"    {role!r}: load({reference!r})," for role, reference in chosen.items()]
    options = f"temperature={settings.temperature!r}, mask_each={settings.mask_each!r}"
    here = f"position_of(found, {number}, {settings.k})"
    imports, comparison = [], []
    if any(words):
        imports = ["from app.predictions.compared import compare_words"]
        comparison = [f'view["compared"] = compare_words({here}, {number}, {words!r})']
    return [
        prose("What each model predicts at every position. Change the sentence and run all cells again."),
        code(
            "from fairkd import load, predict",
            "",
            f"text = {settings.text!r}",
            "models = {",
            *models,
            "}",
            f"options = dict({options})",
            "found = {role: predict(model, text, **options) for role, model in models.items()}",
        ),
        prose(
            "The figure: a column for each token, the teacher's words above it, the student's below. A "
            "darker cell is more probable. Click a column for the numbers there."
        ),
        code(
            "from app.components.columns import standalone_columns",
            "from app.predictions.view import position_of, predictions_view",
            *imports,
            "",
            f"view = {call('predictions_view', view, 'found')}",
            *comparison,
            "standalone_columns(view)",
        ),
        prose("The words at the chosen position, with each model's probability and rank."),
        code(f"{here}.frame()"),
    ]
