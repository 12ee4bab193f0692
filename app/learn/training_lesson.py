"""The parts of the fourth lesson: a student that is trained for a minute before one's eyes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from app.charts.runs import measure_curve
from app.components.chart import show_figure
from app.distill.loss_formula import loss_symbols, loss_terms
from app.learn.exercises import text_exercise
from app.learn.lesson_parts import ChosenModels, LessonParts
from app.runs.follow import RunData, follow
from app.runs.watched_sentences import watched_sentences
from app.shared import model_cache
from app.shared.presenter import is_presenting
from app.shared.run_texts import UNFINISHED, ago, duration, status
from app.shared.theme import is_dark
from app.shared.url_state import write_parameter
from app.shared.visitor import visitor
from app.shared.widgets import caption, literal
from fairkd import lessons, runs
from fairkd.distill import Config
from fairkd.errors import FairKDError
from fairkd.lessons import ExerciseResult, QuestionAnswer
from fairkd.measures import MEASURES
from fairkd.models import MaskedLM
from fairkd.runs import Run

if TYPE_CHECKING:
    from app.shared.streamlit_internals import DeltaGenerator

RUN_NAME = "Lesson 4"
STATE_EVERY = "1s"  # between two looks at a run that is not done
STARTS = {"half": "half of the layers", "one": "the first layer", "fresh": "fresh layers"}
LOSSES = {"kd": "the teacher's words", "mlm": "the text's word", "hidden": "what both compute inside"}
# What each part makes small, before the formula says it in symbols.
COMPARED = {
    "kd": "how far the student's probabilities are from the teacher's",
    "mlm": "how little probability the student gives to the word that was hidden",
    "hidden": "how much the last hidden states of both differ in direction",
}
WATCHED = "watched"  # parameter of the address: the run that a presenter shows
_START, _LOSSES, _PROBLEM = "lesson_start", "lesson_losses", "lesson_run_problem"
_STARTED = "lesson_started_runs"  # ids of the runs that this open page has started


def _config(models: ChosenModels) -> Config:
    """The settings that the visitor has chosen in this lesson."""
    state = st.session_state
    losses = state.get(_LOSSES)
    return lessons.training_config(
        models.teacher, state.get(_START) or "half", list(LOSSES) if losses is None else losses
    )


def _start(models: ChosenModels) -> None:
    visitor().prepare()
    st.segmented_control(
        "The student starts with",
        list(STARTS),
        default="half",
        required=True,
        key=_START,
        persist_state="session",
        format_func=STARTS.__getitem__,
    )
    lm, teacher = model_cache.get_model(models.teacher), model_cache.description(models.teacher)
    size = _size(models.teacher, st.session_state[_START], lm)
    left, right = st.columns(2)
    left.metric("Teacher", f"{teacher.parameters / 1e6:.1f} M parameters")
    right.metric("Student", f"{size.parameters / 1e6:.1f} M parameters")
    if size.kept:
        numbers = f"layer {_listed(size.kept)}" if len(size.kept) == 1 else f"layers {_listed(size.kept)}"
        caption(
            f"It begins with {numbers} of the teacher's {teacher.layers}. Its table of word vectors is the "
            "teacher's, and is not trained."
        )
    else:
        caption(
            f"Its {size.layers} layers of width {size.width} begin with random numbers, and so does its "
            f"table of word vectors. The teacher has {teacher.layers} layers of width {teacher.width}."
        )


def _listed(layers: tuple[int, ...]) -> str:
    numbers = [str(number + 1) for number in layers]
    return numbers[0] if len(numbers) == 1 else f"{', '.join(numbers[:-1])} and {numbers[-1]}"


@st.cache_data(max_entries=32, show_spinner=False)
def _size(teacher: str, start: str, _lm: MaskedLM) -> lessons.StudentSize:
    return lessons.student_size(_lm, lessons.training_config(teacher, start, list(LOSSES)))


def _losses(models: ChosenModels) -> None:
    chosen = st.pills(
        "The loss compares the student with",
        list(LOSSES),
        selection_mode="multi",
        default=list(LOSSES),
        key=_LOSSES,
        persist_state="session",
        wrap=True,
        format_func=LOSSES.__getitem__,
    )
    if not chosen:
        st.markdown("Choose at least one part: without any there is nothing to learn.")
        return
    config = _config(models)
    st.markdown("\n".join(f"* **{LOSSES[one]}**: {COMPARED[one]}" for one in LOSSES if one in chosen))
    st.markdown("As a formula, each part with its weight:")
    first, *others = loss_terms(config)  # apart, so that the formula wraps on a phone
    st.markdown(" ".join([f"$L = {first}$", *(f"$+\\;{term}$" for term in others)]), text_alignment="center")
    caption("  \n".join(loss_symbols(config)))  # a line for each term


def _training(models: ChosenModels) -> None:
    """The button, why it waits, and the newest run of this lesson, the presenter's, or else an example."""
    own, others = _own_runs(), [run for run in runs.all_runs() if run.state in UNFINISHED]
    going = [run for run in own if run.state in UNFINISHED]
    busy = not going and len(others) >= runs.slots()
    refusal = visitor().start_refusal()
    row = st.container(horizontal=True, vertical_alignment="center")
    row.button(
        f"Train for {lessons.SECONDS} seconds",
        type="primary",
        icon=":material/play_arrow:",
        key="lesson_train",
        disabled=bool(going or busy or refusal) or st.session_state.get(_LOSSES) == [],
        on_click=_submit,
        args=(models,),
    )
    if problem := st.session_state.get(_PROBLEM):
        st.error(literal(problem), icon=":material/error:")
    if busy and not refusal:
        with row:
            st.fragment(_wait, run_every=STATE_EVERY)()
    if own:
        run = own[-1]
        if run.id not in st.session_state.get(_STARTED, ()):
            caption(f"This is an earlier run on this server, of {ago(run.created)}.")
        write_parameter(WATCHED, run.id, "")
        _run(run, row)
    elif presented := _presented():
        st.info(
            f"This is the run of the link that you opened: {literal(presented.name)}.", icon=":material/info:"
        )
        _run(presented, st.container())
    elif refusal or busy:
        why = literal(refusal) + " " if refusal else ""
        st.info(f"{why}This is an example that comes with FairKD.", icon=":material/info:")
        _results(next(run for run in runs.examples() if run.folder.name == "plain"), live=False)


def _wait() -> None:
    """Why the button has to wait, and about how long."""
    going = [run for run in runs.all_runs() if run.state in UNFINISHED]
    if len(going) < runs.slots():
        st.rerun()
    left = [run.seconds_left for run in going if run.seconds_left is not None]
    how_long = f"about {duration(min(left))} left" if left else "how long is not known yet"
    st.markdown(f":material/hourglass_empty: This machine trains another run: {how_long}. Start yours then.")


def _presented() -> Run | None:
    """The run of this lesson that the address names; None if it names none."""
    try:
        run = runs.get(st.query_params[WATCHED])
    except (KeyError, FairKDError):
        return None
    return run if run.kind == "distill" and run.name == RUN_NAME else None


def _own_runs() -> list[Run]:
    """The runs of this lesson that the visitor has started, the newest last.

    Only a class tells visitors apart. Elsewhere these are all runs of the lesson on this server.
    """
    me = visitor()
    found = [run for run in runs.all_runs() if run.kind == "distill" and run.name == RUN_NAME]
    shared = me.hosting.mode == "class"
    return sorted((run for run in found if not shared or me.owns(run)), key=lambda run: run.created)


def _submit(models: ChosenModels) -> None:
    """Add a run to the queue, unless one is there already: two clicks come fast."""
    st.session_state[_PROBLEM] = None
    try:
        if not any(run.state in UNFINISHED for run in _own_runs()):
            started = visitor().submit(
                [(RUN_NAME, _config(models))], note="Started in the lesson “Making a student”."
            )
            st.session_state.setdefault(_STARTED, set()).update(run.id for run in started)
    except FairKDError as error:
        st.session_state[_PROBLEM] = str(error)


def _run(run: Run, row: DeltaGenerator) -> None:
    """A run of this lesson: what it does, in the button's row, and what it has measured so far."""
    live = run.state in UNFINISHED
    with row:
        st.fragment(_state, run_every=STATE_EVERY if live else None)(run.id, run.state)
    _results(run, live=live)


def _state(id: str, drawn: str) -> None:
    """What the run does. Another state redraws the lesson."""
    try:
        run = runs.get(id)
    except FairKDError:  # deleted elsewhere
        st.rerun()
    if run.state != drawn:
        st.rerun()
    if run.state == "failed":
        st.error(literal(run.sentence or "The run has failed."), icon=":material/error:")
    elif run.state in UNFINISHED:
        st.progress(min(1.0, run.progress), text=literal(status(run)))
    else:
        caption(f"This run is {run.state}. {literal(status(run))}")


def _results(run: Run, *, live: bool) -> None:
    every = "2s" if live else None
    # A projector has space for both beside one another.
    words, curve = st.columns([3, 2], gap="large") if is_presenting() else (st.container(), st.container())
    with words:
        watched_sentences(run, every=every)
    with curve:
        st.fragment(_curve, run_every=every)(run)


def _curve(run: Run) -> None:
    found = follow(run)
    if found.evaluations.empty:
        return
    if (run.config.get("student") or {}).get("kind") == "fresh" and run.state == "finished":
        caption(_fresh(found))
    figure = measure_curve(found.evaluations, MEASURES["kl"], teacher=found.teacher, dark=is_dark())
    show_figure(figure, f"lesson_kl_{run.id}", f"fairkd-{run.id}-kl", view=(found.offset, is_dark()))


def _fresh(found: RunData) -> str:
    """How far a student with fresh layers came."""
    first, last, kl = found.evaluations.iloc[0], found.evaluations.iloc[-1], MEASURES["kl"]
    return (
        f"From fresh layers, {int(last['step']):,} steps on {int(last['tokens']):,} tokens have changed "
        f"{kl.label} from {kl.format(first['kl'])} to {kl.format(last['kl'])}. It is 0 where both agree, "
        "so such a student needs far longer than a minute."
    )


def _same_first_word(models: ChosenModels) -> QuestionAnswer:
    """Answered by the last step of the newest run, and by no earlier run while that one trains."""
    own = _own_runs()
    run = own[-1] if own else _presented()
    if run is None:
        return QuestionAnswer(None, "Train a student in the next part: its last step decides.")
    if run.state in UNFINISHED:
        return QuestionAnswer(None, "The training is not finished yet: its last step decides.")
    if run.state != "finished":
        return QuestionAnswer(None, f"The newest run is {run.state}. Train again: the last step decides.")
    answer = _answer_of(follow(run))
    if own and run.id in st.session_state.get(_STARTED, ()):
        return answer
    whose = "an earlier run on this server" if own else "the run of the link that you opened"
    return QuestionAnswer(
        answer.right, f"{answer.message} The student is from {whose}, of {ago(run.created)}."
    )


def _answer_of(found: RunData) -> QuestionAnswer:
    event = found.watched_sentences[-1]
    return lessons.same_first_word(found.teacher_watched_sentences[event["text"]], event)


def _exercise(models: ChosenModels) -> ExerciseResult | None:
    own = _own_runs()
    teacher, student = models.teacher, models.student
    if own and own[-1].state == "finished" and (own[-1].folder / "model").is_dir():
        teacher, student = str(own[-1].config["teacher"]), f"run/{own[-1].id}"
        asked = f"the student of your training, of {ago(own[-1].created)}"
    else:
        why = "you have not trained a student yet"
        if own:
            unfinished = own[-1].state in UNFINISHED
            why = "your training has not finished" if unfinished else f"your training is {own[-1].state}"
        asked = f"{student} ({why})"
    check = partial(lessons.check_not_learnt, model_cache.get_model(teacher), model_cache.get_model(student))
    result = text_exercise("not_learnt", "Your sentence", check, placeholder="The [MASK] barked all night.")
    return result and replace(result, message=f"{result.message} Asked of: {asked}.")


PARTS = LessonParts(
    live={"start": _start, "losses": _losses, "training": _training},
    answers={"same_first_word": _same_first_word},
    exercise=_exercise,
)
