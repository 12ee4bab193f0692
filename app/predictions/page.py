"""The Predictions page: its inputs, and the figure with everything about the chosen position."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import TYPE_CHECKING

import streamlit as st

from app.charts.text import percent
from app.components.columns import columns_figure
from app.predictions.compared import compare_words
from app.predictions.gap_link import link_to_gaps
from app.predictions.hints import hints, notes
from app.predictions.inputs import (
    INPUTS,
    ON_PHONES,
    POSITION,
    Settings,
    drawn_settings,
    forget_position,
    inputs,
)
from app.predictions.notebook import prediction_cells
from app.predictions.position import Role
from app.predictions.stored import stored_view
from app.predictions.view import position_of, predictions_view
from app.shared import model_cache
from app.shared.activity import track_activity
from app.shared.export_control import Export
from app.shared.export_view import begin_view
from app.shared.presenter import is_presenting
from app.shared.provenance import about_models
from app.shared.reproduce import reproduce
from app.shared.table_download import table_download
from app.shared.widgets import literal

if TYPE_CHECKING:
    from fairkd.predictions import Prediction

# Parameters of the address that belong to no widget, so that the page writes them.
WORD, AGAINST = "word", "against"
_POSITION_OF = "position_of"  # the sentence and position that were chosen last
_RESULTS = "prediction_results"  # the key of the fragment below the inputs


def predictions_of(references: dict[Role, str], settings: Settings) -> dict[Role, Prediction]:
    """The models' predictions by role, without those of a model with an error, which is shown on the page."""
    found: dict[Role, Prediction] = {}
    problems: dict[str, None] = {}
    _predicted(references, settings)
    for role, reference in references.items():
        with model_cache.collect_errors(problems):
            found[role] = model_cache.predict(
                reference,
                settings.text,
                temperature=settings.temperature,
                mask_each=settings.mask_each,
            )
    model_cache.show_errors(problems)
    return found


def _predicted(references: Mapping[Role, str], settings: Settings) -> bool:
    """Predict with all models at once if that is quick; whether `predictions_of` has nothing left to do."""
    if settings.mask_each:  # that takes longer, shows its progress, and uses all threads by itself
        return False
    return model_cache.predict_together(references.values(), settings.text, settings.temperature)


@track_activity()
def _input_changed(references: Mapping[Role, str]) -> None:
    """Predict, then rerun the results alone: the browser has the inputs already.

    A rerun begins with an element, and to draw that takes processor time from the models.
    """
    _predicted(references, drawn_settings())
    st.rerun(_RESULTS)


def _asked_number(text: str) -> int | None:
    """The column in the address, unless it was chosen in another sentence.

    When somebody types, the browser removes the position (`columns.js`), but the server may not know yet.
    """
    asked = str(st.query_params.get(POSITION, ""))
    if not (asked.isascii() and asked.isdigit() and len(asked) < 6):
        return None
    held_text, held = st.session_state.get(_POSITION_OF, (text, asked))
    if held == asked and held_text != text:
        return None
    st.session_state[_POSITION_OF] = text, asked
    return int(asked)


def _asked_words() -> tuple[str, str]:
    """The two words to compare that the address names; either may be empty."""
    one, other = (str(st.query_params.get(name, "")).strip()[:80] for name in (WORD, AGAINST))
    return one, other


def _ask_words(*words: str) -> None:
    for name, word in zip((WORD, AGAINST), words, strict=True):
        if word:
            st.query_params[name] = word
        else:
            st.query_params.pop(name, None)


def body(references: tuple[str, str], second: str | None) -> None:
    """Everything below the title: the inputs, the figure, and what stands below it."""
    chosen: dict[Role, str] = {"teacher": references[0], "student": references[1]}
    if second is not None:
        chosen["student2"] = second
    if not is_presenting():
        st.html(ON_PHONES)
    _inputs(chosen)


@st.fragment(key=INPUTS)
def _inputs(chosen: dict[Role, str]) -> None:
    inputs(partial(_input_changed, chosen))
    _results(chosen)


@st.fragment(key=_RESULTS)
@track_activity()
def _results(chosen: dict[Role, str]) -> None:
    """The figure with the chosen position, and what stands above and below it.

    Progress, errors and hints are above the figure, but drawn after it.
    """
    begin_view()
    settings = drawn_settings()
    text = settings.text
    words = _asked_words()
    found = cache(partial(predictions_of, chosen, settings))
    asked = _asked_number(text)
    default_view = settings == Settings(text) and not any(words)
    view = stored_view(chosen, text, asked) if default_view else None
    stored = view is not None
    above = st.container()
    with above:
        if not stored and found():
            view = predictions_view(
                found(), k=settings.k, log=settings.log, targets=settings.targets, number=asked
            )
    if view is None:
        with above:
            hints(text, {})
        return
    number, default = view["selected"], view["default"]

    def choose(number: int) -> None:
        if number == default:
            forget_position()
        else:
            st.query_params[POSITION] = str(number)
            st.session_state[_POSITION_OF] = text, str(number)

    if any(words):
        view["compared"] = compare_words(position_of(found(), number, settings.k), number, words)
    columns_figure(view, key="columns", on_choose=choose, on_compare=_ask_words, sentence_key="text")
    if not stored:
        with above:
            hints(text, found())
    for reason in view["reasons"]:
        st.info(literal(reason), icon=":material/info:")
    if not stored:
        notes(text, [prediction.reference for prediction in found().values()])
    with st.container(horizontal=True, vertical_alignment="center"):
        if view["columns"][number - 1]["masked"]:
            link_to_gaps(text, [word["text"] for word in view["positions"][number - 1]["words"]])
        table_download(
            lambda: position_of(found(), number, settings.k).frame(),
            "fairkd-position",
            "words_csv",
            about=about_models(dict(chosen.items()), text=text, position=number, **settings.about),
            formats={f"{role}_probability": percent for role in chosen},
        )
    if {"teacher", "student"} <= {panel["role"] for panel in view["panels"]}:
        panel = st.expander("How much do the models differ at each position?", key="along", on_change="rerun")
        if panel.open:
            from app.predictions.along import along_the_sentence  # imports pandas

            with panel:
                along_the_sentence(found(), settings)
    here = view["positions"][number - 1] if view["positions"] else None
    export = Export(
        f"Predictions for “{text}”",
        "fairkd-predictions",
        partial(prediction_cells, chosen, settings, number, words),
        sentences=[literal(f"{here['finding']}.")] if here else [],
        settings={
            **dict(chosen.items()),
            "sentence": text,
            **settings.about,
            "words in a column": settings.k,
        },
    )
    cite(text, chosen, settings, export)


def cite(text: str, chosen: Mapping[Role, str], settings: Settings, export: Export) -> None:
    """The commands that print the same predictions, one for each model, what to cite, and the export."""
    options = ["--top-k", str(settings.k), "--temperature", f"{settings.temperature:g}"]
    options += ["--each"] if settings.mask_each else []
    models = list(dict.fromkeys(chosen.values()))
    first, *others = (["fairkd", "predict", text, "--model", model, *options] for model in models)
    reproduce(first, "cite_predictions", further=others, models=models, export=export)
