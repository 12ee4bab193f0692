"""A lesson's export: its texts and figures as a web page, and as a notebook that draws the live parts.

A notebook draws a live part with the lesson's own inputs: what a learner typed stays on the page.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from app.components.standalone import Standalone
from app.learn.lesson_parts import ChosenModels, parts_of
from app.shared.export_control import Export
from app.shared.export_notebook import NotebookCell, code, prose
from app.shared.export_view import ShownFigure, begin_view, shown_elements
from fairkd.lessons import Lesson

_TERM = re.compile(r"\[\[(?:[^\]|]+\|)?([^\]|]+)\]\]")


def lesson_export(lesson: Lesson, models: ChosenModels) -> Export:
    """What a lesson says of itself for its export."""
    return Export(
        lesson.title,
        f"fairkd-lesson-{lesson.name}",
        partial(lesson_cells, lesson, models),
        sentences=[lesson.summary],
        settings={"teacher": models.teacher, "student": models.student},
    )


def lesson_cells(lesson: Lesson, models: ChosenModels) -> list[NotebookCell]:
    """The texts of all screens, and a cell for each live part; questions come with their answers' texts."""
    cells = [
        code(
            "from app.learn.lesson_export import live_figures",
            "from app.learn.lesson_parts import ChosenModels",
            "",
            f"models = ChosenModels({models.teacher!r}, {models.student!r})",
        )
    ]
    for screen in lesson.screens:
        texts = [screen.text, f"**{screen.question.prompt}**" if screen.question else "", screen.reveal or ""]
        told = "\n\n".join(without_links(text) for text in texts if text)
        cells.append(prose(f"## {screen.title}\n\n{told}".rstrip()))
        if screen.live is not None:
            cells.append(code(f"display(*live_figures({lesson.name!r}, {screen.live!r}, models))"))
    remember = "\n".join(f"* {sentence}" for sentence in lesson.remember)
    sources = "\n".join(f"* [{source.text}]({source.url})" for source in lesson.sources)
    return [*cells, prose(f"## Remember\n\n{remember}\n\n## Sources\n\n{sources}")]


def live_figures(name: str, part: str, models: ChosenModels) -> list[Any]:
    """The figures of a lesson's live part, for a notebook. Call it outside of Streamlit."""
    from app.charts.titled import titled  # imports plotly, which the list of lessons does not need

    begin_view()
    parts_of(name).live[part](models)
    figures = [one.figure for one in shown_elements().values() if isinstance(one, ShownFigure)]
    return [one if isinstance(one, Standalone) else titled(one) for one in figures]


def without_links(text: str) -> str:
    """Markdown without the links to the glossary.

    >>> without_links("A [[student]] learns from [[soft target|soft targets]].")
    'A student learns from soft targets.'
    """
    return _TERM.sub(r"\1", text)
