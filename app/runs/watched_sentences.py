"""The watched sentences of a run: the student's predictions at each evaluation, with a replay."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.charts.text import percent
from app.charts.watched_sentences import watched_sentence_curves
from app.components.chart import show_figure
from app.components.columns import cell, columns_figure, scale
from app.runs.actions import SENTENCE
from app.runs.follow import Event, RunData, follow
from app.shared.activity import track_activity
from app.shared.measured_words import gap_groups
from app.shared.presenter import unseen
from app.shared.provenance import about_run
from app.shared.table_download import table_download
from app.shared.theme import is_dark
from app.shared.url_state import write_parameter
from app.shared.widgets import caption, literal
from fairkd.runs import Run

TICK = "0.9s"  # between two frames of the replay
FRAMES = 24  # of a replay, at most
ROWS = 7
BESIDES = 400  # pixels of a presenter's screen that the page needs beside the figure's cells
NARROW = 2  # columns, up to which the curves stand beside them
WORDS = 3  # curves of each model's most probable words


def watched_sentences(run: Run, *, every: str | None) -> None:
    """The section. It replays and follows the run without redrawing the rest of the page.

    `every` is the time between two updates while it does not replay, None for no updates.
    """
    playing = bool(st.session_state.get(f"playing_{run.id}"))
    st.fragment(_watched_sentences, run_every=TICK if playing else every)(run, playing)


@track_activity()
def _watched_sentences(run: Run, declared: bool) -> None:
    state, id = st.session_state, run.id
    if bool(state.get(f"playing_{id}")) != declared:
        st.rerun()  # the interval of the fragment has to change
    found = follow(run)
    if not found.watched_sentences:
        return
    with unseen("watched_heading"):
        st.subheader("How the predictions change during training")
    groups = measured_groups(run)
    text = _choose_text(id, found.texts, first_text(found, groups))
    events = {int(event["step"]): event for event in found.watched_sentences if event["text"] == text}
    steps = sorted(events)
    if declared:
        _advance(id, steps)
    step = _choose_step(id, steps)
    event, teacher = events[step], found.teacher_watched_sentences.get(text)
    columns = columns_of(event)
    number = min(int(state.get(f"position_{id}_{text}", default_number(columns))), len(columns))

    def choose(chosen: int) -> None:
        state[f"position_{id}_{text}"] = chosen

    data = figure_of(
        columns, text, teacher, event, number=number, names=(_teacher_name(run), f"step {step:,}")
    )
    # A few columns leave space for the curves beside them.
    beside = len(columns) <= NARROW
    widths = [2 + len(columns), 7]
    left, right = st.columns(widths, gap="medium") if beside else (st.container(), st.container())
    with left:
        columns_figure(data, key=f"watched_sentence_columns_{id}", on_choose=choose)
    with right:
        _word_curves(run, found, text, columns[number - 1]["index"], step, steps, groups)
    middle = "the mask" if len(columns) == 1 else "the sentence"
    shown = (
        f"Above {middle} are the teacher's words, below it the student's at the chosen step."
        if len(data["panels"]) > 1
        else "These are the student's words at the chosen step."
    )
    caption(f"{shown} Move the slider or press Play to watch the student learn.")


def _choose_text(id: str, texts: tuple[str, ...], first: str) -> str:
    """The watched sentence, chosen here or by the address; `first` at first."""
    if len(texts) == 1:
        with unseen("watched_text"):  # it is the figure's title, too
            st.markdown(f"**{literal(texts[0])}**")
        return texts[0]
    state, key, written = st.session_state, f"watched_sentence_text_{id}", f"watched_sentence_written_{id}"
    linked = st.query_params.get(SENTENCE, first)
    # An address that the page has not written is a link, or one to which the visitor went back.
    if state.get(key) not in texts or (linked in texts and linked != state.get(written)):
        state[key] = linked if linked in texts else first
    chosen = str(
        st.pills(
            "Sentence",
            texts,
            required=True,
            key=key,
            format_func=literal,
            label_visibility="collapsed",
        )
    )
    write_parameter(SENTENCE, chosen, first)
    state[written] = chosen
    return chosen


def measured_groups(run: Run) -> tuple[frozenset[str], ...]:
    """The words of the two groups whose gap the run measures, in lower case; empty if they are not valid."""
    return tuple(
        frozenset(word.casefold() for words in group.words.values() for word in words)
        for group in gap_groups(run.config.get("evaluation") or {})
    )


def first_text(found: RunData, groups: Sequence[Collection[str]]) -> str:
    """The first sentence at whose mask the teacher expects words of both groups, or else the first of all."""

    for text in found.texts:
        teacher = found.teacher_watched_sentences.get(text)
        for position in teacher["positions"] if teacher else ():
            if position["masked"] and len(pair_words(position["predictions"], groups)) == 2:
                return text
    return found.texts[0]


def pair_words(predictions: Sequence[Mapping[str, Any]], groups: Sequence[Collection[str]]) -> list[str]:
    """The most probable word of each group among the predictions, in the order of the groups.

    >>> pair_words([{"token": "she"}, {"token": "it"}, {"token": "he"}], [{"he", "him"}, {"she", "her"}])
    ['he', 'she']
    """
    tokens = [str(one["token"]) for one in predictions]
    best = (next((token for token in tokens if token.casefold() in group), None) for group in groups)
    return [token for token in best if token is not None]


def shown_sentence(id: str) -> tuple[str | None, int | None]:
    """The watched sentence and the step that the page of a run shows; None for the first and the last one."""
    step = st.session_state.get(f"watched_sentence_step_{id}")
    return st.session_state.get(f"watched_sentence_text_{id}"), None if step == -1 else step


def _choose_step(id: str, steps: list[int]) -> int:
    """The step that is shown: the newest one until the visitor moves the slider."""
    state = st.session_state
    held = state.get(f"watched_sentence_step_{id}")
    step = steps[-1] if held is None else min(steps, key=lambda one: abs(one - held))
    if len(steps) == 1:
        caption(f"Step {step:,}: more evaluations follow.")
        return step
    slider = f"watched_sentence_slider_{id}"
    state[slider] = step  # the options grow while the run trains, so the value is set every time

    def moved() -> None:
        state[f"playing_{id}"] = False
        state[f"watched_sentence_step_{id}"] = None if state[slider] == steps[-1] else state[slider]

    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        playing = bool(state.get(f"playing_{id}"))
        st.button(
            "Pause" if playing else "Play",
            key=f"watched_sentence_play_{id}",
            icon=":material/pause:" if playing else ":material/play_arrow:",
            on_click=_toggle,
            args=(id, steps),
        )
        st.select_slider("Step", steps, key=slider, on_change=moved, format_func=lambda one: f"{one:,}")
    return step


def play(id: str) -> None:
    """Play the run's watched sentence from the first step, as soon as its page is open."""
    st.session_state[f"playing_{id}"] = True
    st.session_state[f"watched_sentence_step_{id}"] = -1  # before the first


def _toggle(id: str, steps: list[int]) -> None:
    """Play from the chosen step, or from the first if the last one is shown. If it plays, pause."""
    state = st.session_state
    if state.get(f"playing_{id}"):
        state[f"playing_{id}"] = False
    elif state.get(f"watched_sentence_step_{id}") in (None, steps[-1]):
        play(id)
    else:
        state[f"playing_{id}"] = True


def _advance(id: str, steps: list[int]) -> None:
    """Show the next frame. At the last one the replay stops."""
    state = st.session_state
    held = state.get(f"watched_sentence_step_{id}")
    place = -1 if held == -1 else steps.index(min(steps, key=lambda one: abs(one - (held or 0))))
    place = min(place + (1 if place < 0 else math.ceil(len(steps) / FRAMES)), len(steps) - 1)
    state[f"watched_sentence_step_{id}"] = steps[place]
    if place == len(steps) - 1:
        state[f"playing_{id}"] = False
        state[f"watched_sentence_step_{id}"] = None
        st.rerun()


def columns_of(event: Event) -> list[dict[str, Any]]:
    """The columns of the figure, one per predicted position; of a sentence with masks, the masks alone.

    `index` is its place in the event's positions.
    """
    return [
        {"text": position["token"], "masked": position["masked"], "unknown": False, "index": index}
        for index, position in enumerate(event["positions"])
    ]


def default_number(columns: list[dict[str, Any]]) -> int:
    """The first masked column, counted from 1; the first one if none is masked."""
    masked = [number for number, column in enumerate(columns, start=1) if column["masked"]]
    return (masked or [1])[0]


def figure_of(
    columns: list[dict[str, Any]],
    text: str,
    teacher: Event | None,
    student: Event,
    *,
    number: int,
    names: tuple[str, str],
) -> dict[str, Any]:
    """The data of the figure with the columns, for one watched sentence at one step."""
    panels = []
    most = 1
    for role, event, name in (("teacher", teacher, names[0]), ("student", student, names[1])):
        if event is None or len(event["positions"]) != len(student["positions"]):
            continue
        cells = []
        for column in columns:
            top = event["positions"][column["index"]]["predictions"][:ROWS]
            most = max(most, len(top))
            cells.append([cell(one["token"], one["probability"]) for one in top])
        panels.append({"role": role, "name": name, "columns": cells})
    shown = [{key: column[key] for key in ("text", "masked", "unknown")} for column in columns]
    return {
        "sentence": text,
        "columns": shown,
        "panels": panels,
        "rows": most,
        "selected": number,
        "scale": scale(),
        "besides": BESIDES,
    }


def words_over_steps(found: RunData, text: str, index: int) -> pd.DataFrame:
    """The words at one position of a watched sentence: step, token, probability, rank."""
    rows = [
        {"step": int(event["step"]), **one}
        for event in found.watched_sentences
        if event["text"] == text and index < len(event["positions"])
        for one in event["positions"][index]["predictions"]
    ]
    return pd.DataFrame(rows, columns=["step", "token", "probability", "rank"])


def probabilities(event: Mapping[str, Any] | None, index: int) -> dict[str, float]:
    """The probabilities of the words at one position, in descending order."""
    if event is None or index >= len(event["positions"]):
        return {}
    return {one["token"]: one["probability"] for one in event["positions"][index]["predictions"]}


def _word_curves(
    run: Run,
    found: RunData,
    text: str,
    index: int,
    step: int,
    steps: list[int],
    groups: Sequence[Collection[str]],
) -> None:
    """The most probable words of both models, and the pair that the gap compares, over the steps."""
    id = run.id
    if len(steps) < 2:
        return
    frame, dark = words_over_steps(found, text, index), is_dark()
    pair = compared_pair(found, text, index, groups)
    figure = word_curves(found, text, index, step=step, groups=groups, dark=dark)
    show_figure(
        figure, f"watched_sentence_words_{id}", f"fairkd-{id}-watched_sentence", view=(text, index, dark)
    )
    compared = f", and the words of the gap: {literal(' and '.join(pair))}" if pair else ""
    if any(trace.mode == "markers" for trace in figure.data):
        drawn = f"The most probable words of student and teacher{compared}"
        bars = "The short bars on the right are the teacher's probabilities."
    else:
        drawn = f"The student's most probable words{compared}"
        bars = "The teacher's most probable words have no curve: they were never among the student's."
    caption(
        f"{drawn}. {bars} A curve has a break where its word was not among the student's most probable words."
    )
    about = about_run(run)
    table_download(frame, f"fairkd-{id}-watched_sentence", f"watched_sentence_{id}_csv", about=about)


def compared_pair(found: RunData, text: str, index: int, groups: Sequence[Collection[str]]) -> list[str]:
    """The words of the gap at a position, at the last step; empty where one of them is not recorded."""
    frame = words_over_steps(found, text, index)
    teacher = probabilities(found.teacher_watched_sentences.get(text), index)
    last = frame[frame["step"] == frame["step"].max()]
    pair = pair_words([{"token": token} for token in (*teacher, *last["token"])], groups)
    return pair if len(pair) == 2 else []


def word_curves(
    found: RunData, text: str, index: int, *, step: int, groups: Sequence[Collection[str]], dark: bool
) -> go.Figure:
    """The probabilities of both models' best words, and of the gap's, over the steps; a line marks `step`."""
    frame = words_over_steps(found, text, index)
    teacher = probabilities(found.teacher_watched_sentences.get(text), index)
    pair = compared_pair(found, text, index, groups)
    steps = sorted({int(event["step"]) for event in found.watched_sentences if event["text"] == text})
    last = frame[frame["step"] == steps[-1]]
    wanted = [*pair, *last["token"][:WORDS], *list(teacher)[:WORDS]]
    order = {token: place for place, token in enumerate(dict.fromkeys(wanted))}
    shown = frame[frame["token"].isin(wanted)]
    shown = shown.sort_values("token", key=lambda tokens: tokens.map(order), kind="stable")
    title = title_at(step, frame[frame["step"] == step], pair)
    return watched_sentence_curves(shown, steps=steps, step=step, teacher=teacher, title=title, dark=dark)


def title_at(step: int, now: pd.DataFrame, pair: Sequence[str]) -> str:
    """What the student says at a step: the words of the pair if both are stored, or else its first word.

    `now` has the columns token and probability, the most probable token first.
    """
    if not len(now):
        return "How do the probabilities of the words change?"
    stored = dict(zip(now["token"], now["probability"], strict=True))
    known = sorted((token for token in pair if token in stored), key=lambda token: -stored[token])
    if len(known) == 2:
        said = ", ".join(f"{token} {percent(float(stored[token]))}" for token in known)
        return f"At step {step:,} the student says {said}"
    best = now.iloc[0]
    return f"At step {step:,} the student says “{best['token']}” ({percent(float(best['probability']))})"


def _teacher_name(run: Run) -> str:
    return str(run.config.get("teacher", "teacher"))
