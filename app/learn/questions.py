"""A question of a lesson: asked before the reveal, and how the class answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from app.charts.word_bars import answer_bars
from app.components.chart import show_figure
from app.learn.class_answers import Question, class_answers
from app.learn.class_link import is_in_class
from app.shared.presenter import is_presenting
from app.shared.theme import is_dark
from app.shared.visitor import hosting, is_presenter, visitor_key
from app.shared.widgets import caption, literal
from fairkd.lessons import Lesson, LessonQuestion, QuestionAnswer

LIVE_EVERY = 1.0  # seconds between two looks at what the class answers


def ask(lesson: Lesson, question: LessonQuestion, answer: Callable[[], QuestionAnswer]) -> bool:
    """Ask the question, and draw what follows the visitor's answer. Whether the answer is revealed.

    `answer` is called for the reveal: it may take as long as a prediction.
    """
    st.markdown(f"**{question.prompt}**")
    asked = (lesson.name, question.name)
    if is_presenting():
        return _presented(asked, question, answer)
    given = class_answers().of(asked, visitor_key())
    skipped = is_revealed(asked)
    if given is None and not skipped:
        _choices(asked, question.choices)
        return False
    if is_in_class() and not skipped and not class_answers().is_revealed(asked):
        _wait(asked)
        return False
    _reveal(question, given, answer())
    counts = class_answers().counts(asked, len(question.choices))
    if sum(counts) > 1:
        _distribution(asked, question.choices, counts, right=answer().right)
    return True


def _choices(asked: Question, choices: Sequence[str]) -> None:
    key = f"choice:{'/'.join(asked)}"
    chosen = st.radio(
        "Your answer",
        range(len(choices)),
        index=None,
        key=key,
        format_func=lambda number: choices[number],
        label_visibility="collapsed",
    )
    with st.container(horizontal=True):
        st.button(
            "Answer",
            type="primary",
            disabled=chosen is None,
            key=f"give:{key}",
            on_click=_give,
            args=(asked, chosen),
        )
        st.button(
            "Show it without an answer",
            type="tertiary",
            key=f"skip:{key}",
            on_click=_set_revealed,
            args=(asked, True),
        )


def _wait(asked: Question) -> None:
    """In a class, the answer appears when whoever presents reveals it."""

    @st.fragment(run_every=LIVE_EVERY)
    def revealed_yet() -> None:
        if class_answers().is_revealed(asked):
            st.rerun()

    st.info(
        "Your answer is counted. The right one appears here when it is revealed in front.",
        icon=":material/hourglass_top:",
    )
    revealed_yet()
    st.button(
        "Show it now",
        type="tertiary",
        key=f"now:{'/'.join(asked)}",
        on_click=_set_revealed,
        args=(asked, True),
    )


def _give(asked: Question, chosen: int | None) -> None:
    if chosen is not None:
        class_answers().give(asked, visitor_key(), chosen)


def _reveal(question: LessonQuestion, given: int | None, found: QuestionAnswer) -> None:
    """Whether the visitor was right, and what the models say."""
    said = f"You said: {literal(question.choices[given])}. " if given is not None else ""
    if found.right is None or given is None:
        right = f"The answer: {literal(question.choices[found.right])}. " if found.right is not None else ""
        st.info(f"{said}{right}{literal(found.message)}", icon=":material/lightbulb:")
    elif given == found.right:
        st.success(f"{said}That is right. {literal(found.message)}", icon=":material/check_circle:")
    else:
        right = literal(question.choices[found.right])
        st.info(f"{said}The answer: {right}. {literal(found.message)}", icon=":material/lightbulb:")


def _presented(asked: Question, question: LessonQuestion, answer: Callable[[], QuestionAnswer]) -> bool:
    """For an audience: the answers of the class as they come, and a button for the reveal."""
    shown = is_revealed(asked)
    right = answer() if shown else None

    @st.fragment(run_every=None if shown else LIVE_EVERY)
    def live() -> None:
        counts = class_answers().counts(asked, len(question.choices))
        if right is None:
            _distribution(asked, question.choices, counts, right=None)
        else:  # in few lines, because the figure that is revealed needs the space
            lines = zip(question.choices, counts, strict=True)
            st.markdown(
                "  \n".join(
                    f"{'✓' if number == right.right else '·'} {literal(choice)}: **{count}**"
                    for number, (choice, count) in enumerate(lines)
                )
            )

    live()
    with st.container(horizontal=True):
        st.button(
            "Hide the answer" if shown else "Reveal the answer",
            type="primary",
            key=f"reveal:{'/'.join(asked)}",
            on_click=_reveal_to_all,
            args=(asked, not shown),
        )
        if is_presenter() or not hosting().shared:
            st.button(
                "Clear the answers",
                type="tertiary",
                key=f"clear:{'/'.join(asked)}",
                on_click=class_answers().clear,
                args=(asked,),
                help="For another class. Answers are kept until the server stops.",
            )
    if right is not None:
        st.markdown(literal(right.message))
    return shown


def _distribution(
    asked: Question, choices: Sequence[str], counts: Sequence[int], *, right: int | None
) -> None:
    answers = sum(counts)
    title = f"{answers} answers" if answers != 1 else "1 answer"
    figure = answer_bars(choices, counts, right=right, title=title, dark=is_dark())
    show_figure(figure, f"class_{'_'.join(asked)}", f"fairkd-answers-{asked[1]}", rows=True)
    if answers and not is_presenting():
        caption("What everybody on this server answered. The answers carry no names.")


def is_revealed(asked: Question) -> bool:
    """Whether the visitor has asked for the answer without giving one, or reveals it to an audience."""
    return asked in st.session_state.setdefault("revealed_answers", set())


def _reveal_to_all(asked: Question, revealed: bool) -> None:
    """Reveal or hide the answer here, and in the browsers of the class."""
    _set_revealed(asked, revealed)
    class_answers().reveal(asked, revealed)


def _set_revealed(asked: Question, revealed: bool) -> None:
    shown: set[Question] = st.session_state.setdefault("revealed_answers", set())
    (shown.add if revealed else shown.discard)(asked)
