"""The parts of the lesson on constraints: the triangle, whole groups, swapped texts, and the hard label."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.charts.constraint_preview import edit_bars
from app.charts.run_comparison import compared_curves, comparison_title
from app.charts.text import percent, times
from app.components.chart import show_figure
from app.components.triangle import (
    CLOSEST,
    CONSTRAINTS,
    DIVERGENCES,
    Mark,
    Point,
    constraints_view,
    marks_view,
    triangle_figure,
)
from app.distill.preview import finding
from app.learn.exercises import text_exercise
from app.learn.lesson_parts import ChosenModels, LessonParts
from app.shared import model_cache
from app.shared.presenter import is_presenting
from app.shared.theme import is_dark
from app.shared.url_state import take_parameter, write_parameter
from app.shared.widgets import caption, literal
from fairkd import lessons
from fairkd.lessons import KD, MLM, PAIR, ExerciseResult, QuestionAnswer

NURSE = "[MASK] is a nurse."
SAID = "The nurse said that she lost her keys when we saw her leave."
TEACHERS = "p: the teacher's answer"
MOVED = "triangle_p"  # parameter of the address: where p was moved
_WORDS = 5  # of the whole distribution


def _pair_at(models: ChosenModels, text: str, words: tuple[str, str] = PAIR) -> Point:
    """The teacher's answer at the hidden word, as a point."""
    from fairkd.constraints import simplex_point  # imports PyTorch

    return simplex_point(
        model_cache.get_model(models.teacher), model_cache.predict(models.teacher, text), words
    )


def _point(models: ChosenModels) -> None:
    p = _pair_at(models, NURSE)
    title = f"The teacher gives he {percent(p[0])}, she {percent(p[1])}, all other words {percent(p[2])}"
    triangle_figure(marks_view(p, words=PAIR, name=TEACHERS, marks=(), title=title), key="learn_point")


def _leak(models: ChosenModels) -> None:
    p = _pair_at(models, NURSE)
    view = constraints_view(p, words=PAIR, name=TEACHERS, kinds=("logit_mean",), movable=False)
    triangle_figure(view, key="learn_leak")


def _triangle(models: ChosenModels) -> None:
    take_parameter("triangle_text", NURSE)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Sentence", key="triangle_text", max_chars=300, persist_state="session", width=300
        )
        strength = st.slider(
            "Strength", 0.0, 1.0, 1.0, 0.05, key="triangle_strength", persist_state="session", width=190
        )
        share = st.slider(
            "Share of “he” in balanced groups",
            0.1,
            0.9,
            0.5,
            0.05,
            key="triangle_share",
            persist_state="session",
            width=250,
        )
    write_parameter("triangle_text", text or "", NURSE)
    p, name = _moved(models, text or NURSE)
    view = constraints_view(p, words=PAIR, name=name, strength=strength, share=share)
    triangle_figure(view, key="learn_triangle", on_move=_move)
    _back(name, "learn_triangle_back")
    caption(
        "A line is the path from p to q as the strength goes from 0 to 1. *Leaked* is what other words "
        "gain. Bold is the smallest divergence, where both words are equal. Between strength 0 and 1, "
        "logarithms are mixed, not probabilities: that is why the paths are curved and rise."
    )


def _rings(models: ChosenModels) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        divergence = st.segmented_control(
            "Distance from p",
            list(DIVERGENCES),
            required=True,
            default="reverse_kl",
            key="triangle_rings",
            persist_state="session",
            format_func=lambda one: DIVERGENCES[one],
        )
    text = st.session_state.get("triangle_text") or st.query_params.get("triangle_text") or NURSE
    p, name = _moved(models, text)
    view = constraints_view(
        p, words=PAIR, name=name, rings=divergence, kinds=("logit_mean", "mass_preserving")
    )
    closest = CONSTRAINTS[CLOSEST[divergence]][0]
    title = f"By {DIVERGENCES[divergence]}, the closest point of the line is the {closest}"
    triangle_figure(view | {"title": title}, key="learn_rings", on_move=_move)
    _back(name, "learn_rings_back")


def _moved(models: ChosenModels, text: str) -> tuple[Point, str]:
    """Where p is, and what it is called: the teacher's answer at the sentence, or where it was moved."""
    teachers = _pair_at(
        models, text
    )  # first, so that an unusable sentence is said whether p was moved or not
    source = (models.teacher, text)
    if MOVED not in st.session_state:
        linked = read_point(st.query_params.get(MOVED, ""))
        st.session_state[MOVED] = (source, linked) if linked else None
    found = st.session_state[MOVED]
    p = found[1] if found and found[0] in (None, source) else None
    if p:
        st.session_state[MOVED] = (source, p)
    write_parameter(MOVED, " ".join(f"{part:.3f}" for part in p[:2]) if p else "", "")
    return (p, "p: where you moved it") if p else (teachers, TEACHERS)


def _move(p: Point) -> None:
    st.session_state[MOVED] = (None, p)  # the rerun that follows adds the sentence


def read_point(text: str) -> Point | None:
    """The point of an address, "0.300 0.200": the probabilities of both words. None if it is none."""
    try:
        first, second = (float(part) for part in text.split())
    except ValueError:
        return None
    return (first, second, 1 - first - second) if min(first, second) > 0 and first + second < 1 else None


def _back(name: str, key: str) -> None:
    def forget() -> None:
        st.session_state[MOVED] = None

    st.button(
        "Back to the teacher's answer",
        key=key,
        icon=":material/undo:",
        type="tertiary",
        disabled=name == TEACHERS,
        on_click=forget,
    )


def _groups(models: ChosenModels) -> None:
    from fairkd.constraints import preview_constraint  # imports PyTorch
    from fairkd.lexicon import contrasts

    take_parameter("groups_text", NURSE)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input("Sentence", key="groups_text", max_chars=300, persist_state="session", width=230)
        kind = st.segmented_control(
            "Constraint",
            list(CONSTRAINTS),
            required=True,
            default="group",
            key="groups_kind",
            persist_state="session",
            format_func=lambda one: CONSTRAINTS[one][0],
            wrap=True,
        )
    write_parameter("groups_text", text or "", NURSE)
    pronouns = contrasts()["pronouns"]
    edit = preview_constraint(
        model_cache.get_model(models.teacher),
        text or NURSE,
        pronouns,
        kind=kind,
        roles=None if kind == "group" else ("subject", "possessive"),
        prediction=model_cache.predict(models.teacher, text or NURSE),
    )
    figure = edit_bars(
        edit.table(1 if is_presenting() else _WORDS),
        groups=[group.name for group in pronouns.groups],
        names={"before": "teacher's answer", "after": "soft target"},
        title=finding(edit),
        dark=is_dark(),
    )
    show_figure(figure, "learn_groups", "fairkd-constraint", rows=not is_presenting())
    leaked = percent(edit.leaked_mass) if edit.leaked_mass > 5e-5 else "nothing"
    listed = " against ".join(literal(words) for words in edit.group_words())
    caption(f"Words: {listed}. To other words leaks {leaked}; KL(p ‖ q) is {edit.kl:.3f} nats.")


def _swap(models: ChosenModels) -> None:
    take_parameter("swap_text", SAID)
    text = st.text_input("Sentence to swap", key="swap_text", max_chars=300, persist_state="session")
    write_parameter("swap_text", text or "", SAID)
    found = lessons.swapped_example(model_cache.get_model(models.teacher), text or SAID)
    if not found.words:
        st.info("No word of this sentence is gendered, so it is learnt once.", icon=":material/info:")
        return
    for name, shown in (("The text", found.marked), ("Its swapped copy", found.marked_copy)):
        sentence = "".join(f"**{literal(part)}**" if bold else _spaced(part) for part, bold in shown)
        st.markdown(f"{name}: {sentence}")
    asked = [word for word in found.words if word.decided_by == "model"]
    ruled = [word for word in found.words if word.decided_by == "rule"]
    told = [f"*{literal(word.word)}* → *{literal(word.counterpart)}* by the teacher" for word in asked]
    told += [
        f"*{literal(word.word)}* → *{literal(word.counterpart)}* by the words beside it" for word in ruled
    ]
    if told:
        st.markdown("Decided: " + "; ".join(told) + ".")
    st.table(
        {
            "": ["a constraint", "CDA"],
            "what changes": ["what the teacher says", "the text"],
            "tokens to learn from": [f"{found.tokens}", f"{found.tokens} + {found.copied_tokens}"],
            "words that it reaches": ["those in the groups", f"{len(found.words)} here: all in its list"],
        }
    )
    caption(
        "A constraint edits the answer while it is computed, and the student reads each sentence once. With "
        "CDA it reads gendered sentences twice, so in the same time it sees fewer different ones."
    )


def _spaced(text: str) -> str:
    """Literal text that keeps the spaces at both ends."""
    inner = text.strip()
    if not inner:
        return text
    start = text[: len(text) - len(text.lstrip())]
    return f"{start}{literal(inner)}{text[len(text.rstrip()) :]}"


def _label(models: ChosenModels) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        word = st.segmented_control(
            "The text says", PAIR, required=True, default="she", key="label_word", persist_state="session"
        )
        weight = st.slider(
            "Weight of the hard label (soft target: 5)",
            0.0,
            20.0,
            MLM,
            0.5,
            key="label_weight",
            persist_state="session",
            width=330,
        )
    label = PAIR.index(word)
    prediction = model_cache.predict(models.teacher, NURSE)
    soft, learnt = lessons.label_pull(
        model_cache.get_model(models.teacher), prediction, label=label, mlm=weight
    )
    corner: Point = (1.0, 0.0, 0.0) if label == 0 else (0.0, 1.0, 0.0)
    marks = [
        Mark("q", "disc", soft, (soft, corner)),
        Mark("label", "square", corner),
        Mark("s", "cross", learnt),
    ]
    ratio = learnt[label] / learnt[1 - label]
    title = (
        f"With weights {KD:g} and {weight:g}, “{word}” is {times(ratio)} times as likely as the other word"
        if weight
        else "Without a hard label, the student learns both words as equally likely"
    )
    view = marks_view(_pair_at(models, NURSE), words=PAIR, name=TEACHERS, marks=marks, title=title)
    triangle_figure(view, key="learn_label")
    caption("q is the soft target; s is the student's answer at which the loss is smallest.")


def _students(models: ChosenModels) -> None:
    """The gaps of the example runs over their steps, what each ended with, and whether they differ."""
    from fairkd.measures import MEASURES
    from fairkd.runs import event_tables, events, examples, rank_runs

    histories = {run.folder.name: events.scan(run).events for run in examples()}
    frames = {name: event_tables.evaluations(history) for name, history in histories.items()}
    teacher = next(filter(None, map(event_tables.teacher, histories.values())), None) or {}
    last = {name: event_tables.last_evaluation(history) for name, history in histories.items()}
    gap, mass, quality = (MEASURES[key] for key in ("gap_absolute", "gap_mass", "pseudo_perplexity_sampled"))
    ranking = rank_runs(gap, last)
    wide = is_presenting()
    left, right = st.columns([1, 1], gap="large") if wide else (st.container(), st.container())
    with left:
        figure = compared_curves(frames, gap, teacher=teacher, ranking=ranking, one_seed=True, dark=is_dark())
        if wide:
            figure.update_layout(height=figure.layout.height - 105)  # whole on a projector
        show_figure(figure, "learn_students", "fairkd-example-gaps", title_lines=2, note_lines=1)
    start = next(iter(frames.values())).iloc[0].to_dict()
    shown = {"teacher": teacher, "plain at step 0": start, **last}
    by_quality = rank_runs(quality, last)
    said = comparison_title(by_quality, quality, last)
    if by_quality.leader is None and (
        worse := [one for one in by_quality.order if one not in by_quality.tied]
    ):
        said += f", and {' and '.join(worse)} is higher than {by_quality.order[0]}"
    with right:
        st.table(
            {
                "": list(shown),
                **{
                    title: [measure.format(row.get(measure.key)) for row in shown.values()]
                    for title, measure in (("gap", gap), ("mass", mass), ("pseudo-perplexity", quality))
                },
            }
        )
        some = next(iter(last.values()))
        ranges = "; ".join(f"{name} {quality.format_interval(row)}" for name, row in last.items())
        caption(
            "Gap: mean absolute gap, its size without the sign, averaged over professions. Mass: of *he* and "
            f"*she*. Compared sentence by sentence, at one seed: {literal(said)}. 95 % intervals of the "
            f"pseudo-perplexity, resampling {quality.sample_size(some)}: {ranges}. Those of the gap resample "
            f"{gap.sample_size(some)}. Measured by `python -m tools.example_runs`, on other sentences and "
            "professions than in lessons 2 and 7: the numbers do not compare."
        )


def _how_much_leaks(models: ChosenModels) -> QuestionAnswer:
    return lessons.how_much_leaks(
        model_cache.get_model(models.teacher), model_cache.predict(models.teacher, NURSE)
    )


def _how_far(models: ChosenModels) -> QuestionAnswer:
    return lessons.how_far_a_label_pulls(
        model_cache.get_model(models.teacher), model_cache.predict(models.teacher, NURSE)
    )


def _exercise(models: ChosenModels) -> ExerciseResult | None:
    check = partial(lessons.check_leak, model_cache.get_model(models.teacher))
    return text_exercise("leaking", "Your sentence", check, placeholder="[MASK] works as a teacher.")


PARTS = LessonParts(
    live={
        "point": _point,
        "leak": _leak,
        "triangle": _triangle,
        "rings": _rings,
        "groups": _groups,
        "swap": _swap,
        "label": _label,
        "students": _students,
    },
    answers={"leak": _how_much_leaks, "pull": _how_far},
    exercise=_exercise,
)
