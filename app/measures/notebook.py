"""A measurement as cells of a notebook."""

from __future__ import annotations

from app.shared.export_notebook import NotebookCell, code, prose


def measurement_cells(id: str, figures: int) -> list[NotebookCell]:
    """The scores of a measurement; it has this number of figures."""
    return [
        prose("The results as they are stored in the run's folder on this computer."),
        code(
            "from app.charts.titled import titled",
            "from app.measures.scores import score_figures, score_table",
            "from app.measures.stored import measured",
            "from fairkd import runs",
            "",
            f"found = measured(runs.get({id!r}))",
            "figures = score_figures(found, dark=False)",
            "score_table(found)",
        ),
        prose("Each mark is a model's score, with its 95 % bootstrap interval."),
        *(code(f"titled(figures[{number}])") for number in range(figures)),
    ]
