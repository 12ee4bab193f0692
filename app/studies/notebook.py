"""The results of a study as cells of a notebook."""

from __future__ import annotations

from app.shared.export_notebook import NotebookCell, code, prose


def study_cells(id: str, column: str) -> list[NotebookCell]:
    """The figures and tables of a study, with this column in the figures over seeds."""
    return [
        prose("The results of the study, from the runs on this computer."),
        code(
            "from app.charts.seed_charts import seed_differences, seed_dots",
            "from app.charts.titled import titled",
            "from app.studies.results_view import bias_quality_of",
            "from fairkd import studies",
            "",
            f"found = studies.results({id!r})",
            "studies.summary_table(found)",
        ),
        prose("Every seed as a dot, and the mean with its intervals. Choose another column here."),
        code(
            f"column = found.column({column!r})",
            "titled(seed_dots(found, column, dark=False))",
        ),
        prose("The differences to the baseline, paired by seed, and what they show."),
        code("titled(seed_differences(found, column, dark=False))"),
        code("[found.of(name, column.key).sentence for name in found.variants]"),
        prose("Bias against quality."),
        code(
            "figure = bias_quality_of(found, dark=False)",
            "figure and titled(figure)",
        ),
        prose("The values of every seed."),
        code("studies.cells_table(found)"),
    ]
