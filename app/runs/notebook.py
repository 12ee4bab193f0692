"""One run, or several compared, as cells of a notebook."""

from __future__ import annotations

from collections.abc import Mapping

from app.shared.export_notebook import NotebookCell, code, prose

_READ = (
    "from app.runs.follow import run_data",
    "from fairkd import runs",
)


def run_cells(id: str, text: str | None, step: int | None) -> list[NotebookCell]:
    """The curves of a run, and a watched sentence at a step; None stands for the first one and the last."""
    return [
        prose("The events of the run, read from its folder on this computer."),
        code(
            *_READ,
            "",
            f"run = runs.get({id!r})",
            "history, position = runs.events.read(run)",
            "found = run_data(runs.events.history(history), position)",
            "found.evaluations",
        ),
        prose("The student's predictions in a watched sentence. Choose another sentence or step here."),
        code(
            "from app.charts.titled import titled",
            "from app.components.columns import standalone_columns",
            "from app.runs.watched_sentences import (",
            "    columns_of,",
            "    default_number,",
            "    figure_of,",
            "    first_text,",
            "    measured_groups,",
            "    word_curves,",
            ")",
            "",
            "groups = measured_groups(run)",
            f"text = {'first_text(found, groups)' if text is None else repr(text)}",
            'events = {event["step"]: event for event in found.watched_sentences if event["text"] == text}',
            f"step = {'max(events)' if step is None else step}",
            "columns = columns_of(events[step])",
            "number = default_number(columns)",
            "teacher = found.teacher_watched_sentences.get(text)",
            'names = run.config["teacher"], f"step {step:,}"',
            "standalone_columns(figure_of(columns, text, teacher, events[step], number=number, names=names))",
        ),
        code(
            'index = columns[number - 1]["index"]',
            "titled(word_curves(found, text, index, step=step, groups=groups, dark=False))",
        ),
        prose("Bias, quality and fidelity over the steps, with 95 % bootstrap intervals."),
        code(
            "from app.charts.runs import loss_curves, measure_curve",
            "from app.runs.page import CURVES",
            "from fairkd.measures import MEASURES",
            "",
            "curves = [",
            "    measure_curve(found.evaluations, MEASURES[key], teacher=found.teacher, dark=False)",
            "    for key in CURVES",
            "]",
            "titled(curves[0])",
        ),
        code("titled(curves[1])"),
        code("titled(curves[2])"),
        code("titled(loss_curves(found.training, dark=False))"),
    ]


def comparison_cells(
    names: Mapping[str, str], looks: Mapping[str, int], measure: str, over: str, *, comparable: bool
) -> list[NotebookCell]:
    """Several runs compared: the curves of a measure, and bias against quality.

    `names` are those displayed, by id; `looks` how each is drawn, by name.
    """
    return [
        prose("The events of the runs, read from their folders on this computer."),
        code(
            *_READ,
            "",
            f"names = {dict(names)!r}",
            "compared = [runs.get(id) for id in names]",
            "data = {}",
            "for run in compared:",
            "    history, position = runs.events.read(run)",
            "    data[names[run.id]] = run_data(runs.events.history(history), position)",
        ),
        prose("One measure of all runs."),
        code(
            "from app.charts.titled import titled",
            "from app.runs.comparison import bias_quality_figure, compared_figure",
            "from fairkd.measures import MEASURES",
            "",
            f"looks = {dict(looks)!r}  # how each run is drawn",
            f"comparable = {comparable}",
            f"measure = MEASURES[{measure!r}]",
            f"options = dict(over={over!r}, comparable=comparable, dark=False)",
            "titled(compared_figure(compared, data, looks, measure, **options))",
        ),
        prose("Bias against quality at the last evaluation."),
        code(
            "found = bias_quality_figure(data, looks, comparable=comparable, dark=False)",
            "found and titled(found[0])",
        ),
        prose("The last evaluation of each run."),
        code("from app.runs.compared_tables import last_values", "", "last_values(data)"),
    ]
