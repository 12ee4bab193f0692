"""The parts of the fourth lesson: a student that is trained for a minute before one's eyes."""

from __future__ import annotations

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
from app.shared.run_texts import UNFINISHED, status
from app.shared.theme import is_dark
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
_START, _LOSSES, _PROBLEM = "lesson_start", "lesson_losses", "lesson_run_problem"


def _config(models: ChosenModels) -> Config:
    """The settings that the visitor has chosen in this lesson."""
    state = st.session_state
    losses = state.get(_LOSSES)
    return lessons.training_config(
        models.teacher, state.get(_START) or "half", list(LOSSES) if losses is None else losses
    )


def _start(models: ChosenModels) -> None:
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
    first, *others = loss_terms(config)  # apart, so that the formula wraps on a phone
    st.markdown(" ".join([f"$L = {first}$", *(f"$+\\;{term}$" for term in others)]), text_alignment="center")
    st.markdown("\n".join(f"* {text}" for text in loss_symbols(config)))


def _training(models: ChosenModels) -> None:
    """The button, why it waits, and the newest run of this lesson or else an example."""
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
    if own:
        _run(own[-1], row)
    elif refusal or busy:
        why = refusal or "This machine is training another run. Start yours when that has ended."
        st.info(f"{literal(why)} This is an example that comes with FairKD.", icon=":material/info:")
        _results(next(run for run in runs.examples() if run.folder.name == "plain"), live=False)


def _own_runs() -> list[Run]:
    """The runs of this lesson that the visitor has started, the newest last."""
    me = visitor()
    found = [run for run in runs.all_runs() if run.kind == "distill" and run.name == RUN_NAME]
    shared = me.hosting.mode == "class"
    return sorted((run for run in found if not shared or me.owns(run)), key=lambda run: run.created)


def _submit(models: ChosenModels) -> None:
    """Add a run to the queue, unless one is there already: two clicks come fast."""
    st.session_state[_PROBLEM] = None
    try:
        if not any(run.state in UNFINISHED for run in _own_runs()):
            visitor().submit([(RUN_NAME, _config(models))], note="Started in the lesson “Making a student”.")
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
    figure = measure_curve(found.evaluations, MEASURES["kl"], teacher=found.teacher, dark=is_dark())
    show_figure(figure, f"lesson_kl_{run.id}", f"fairkd-{run.id}-kl", view=(found.offset, is_dark()))


def _same_first_word(models: ChosenModels) -> QuestionAnswer:
    for run in reversed(_own_runs()):
        if run.state == "finished":
            return _answer_of(follow(run))
    return QuestionAnswer(None, "Train a student in the next part: its last step decides.")


def _answer_of(found: RunData) -> QuestionAnswer:
    event = found.watched_sentences[-1]
    return lessons.same_first_word(found.teacher_watched_sentences[event["text"]], event)


def _exercise(models: ChosenModels) -> ExerciseResult | None:
    finished = [run for run in _own_runs() if run.state == "finished" and (run.folder / "model").is_dir()]
    teacher, student = models.teacher, models.student
    if finished:
        teacher, student = str(finished[-1].config["teacher"]), f"run/{finished[-1].id}"
    check = partial(lessons.check_not_learnt, model_cache.get_model(teacher), model_cache.get_model(student))
    return text_exercise("not_learnt", "Your sentence", check, placeholder="The [MASK] barked all night.")


PARTS = LessonParts(
    live={"start": _start, "losses": _losses, "training": _training},
    answers={"same_first_word": _same_first_word},
    exercise=_exercise,
)
