"""What each view of the Gaps page says of itself for its export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from app.gaps.link import MARKED
from app.gaps.notebook import gap_cells, model_cells, sentence_cells
from app.gaps.reproduction import about
from app.gaps.results import GapQuestion, Results
from app.gaps.summary import one_sentence, warnings
from app.gaps.views import ALL, ROWS
from app.shared.export_control import Export
from app.shared.model_options import model_label


def gap_export(results: Results, question: GapQuestion, view: str) -> Export:
    """The export of a view on teacher and student."""
    every, marked = st.query_params.get(ROWS) == ALL, st.query_params.get(MARKED)
    a, b = question.shown_groups
    return Export(
        f"Gaps between “{a}” and “{b}”: {view.lower()}",
        "fairkd-gaps",
        lambda: gap_cells(results.models, question, view, every=every, marked=marked),
        sentences=[one_sentence(results, question), *warnings(results, question)],
        settings={**results.models, **_settings(question)},
    )


def models_export(references: Sequence[str], question: GapQuestion, roles: Sequence[str | None]) -> Export:
    """The export of the view “Models”."""
    a, b = question.shown_groups
    return Export(
        f"Gaps between “{a}” and “{b}” of {len(references)} models",
        "fairkd-gaps-models",
        lambda: model_cells({one: model_label(one) for one in references}, question, roles),
        settings={"models": list(references), **_settings(question)},
    )


def sentences_export(models: Mapping[str, str], shown: str, sentences: tuple[str, str]) -> Export:
    """The export of the view “Two sentences”, whose first figure shows one of the models."""
    return Export(
        f"Words expected in “{sentences[0]}” and in “{sentences[1]}”",
        "fairkd-preferences",
        lambda: sentence_cells(models, shown, sentences),
        settings={**models, "sentence A": sentences[0], "sentence B": sentences[1]},
    )


def _settings(question: GapQuestion) -> dict[str, object]:
    return {**about({}, question)(), "templates": [template.text for template in question.templates]}
