"""The constraint preview: the teacher's distribution in one sentence, before and after the constraint."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from app.charts.constraint_preview import Part, edit_bars, has_last_bar
from app.charts.text import percent, signed
from app.components.chart import show_figure
from app.distill.constraint import constraint_controls
from app.distill.edit import preview_edit
from app.distill.loss_formula import (
    learns_distributions,
    looks_at_teacher,
    loss_symbols,
    loss_terms,
    softened,
)
from app.distill.variants import current
from app.shared import model_cache
from app.shared.table_download import table_download
from app.shared.theme import is_dark
from app.shared.url_state import take_parameter, write_parameter
from app.shared.widgets import caption, literal
from fairkd.errors import InputError, listed
from fairkd.utils import quoted

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from fairkd.constraints import ConstraintPreview
    from fairkd.distill.config import Config
    from fairkd.models import MaskedLM

START = "[MASK] is a nurse."
NOTHING = (
    "This variant learns nothing at this place: it does not look at the teacher's answer, and the text gives "
    "a label for hidden words only."
)
WORDS = 6
POSITION, TEMPERATURE = "preview_position", "preview_temperature"  # parameters of the address
_POSITION_READ = "preview_position_read"
HIDDEN = "she"  # the hidden word until the visitor names another one


@dataclass(frozen=True)
class PreviewChoice:
    """What the preview shows; `word` is the hidden one, where the student has a label."""

    text: str
    position: int
    temperature: float
    word: str | None


def constraint_preview(variant: str, teacher: str, config: Config | None) -> PreviewChoice | None:
    """The constraint's controls on the left, what the student is shown on the right, and the loss below.

    `config` is the variant's configuration, or None where it is not valid. Returns what is shown; None where
    there is an error, or nothing to learn.
    """
    shown = None
    left, right = st.columns([2, 3], gap="large")
    with left:
        take_parameter("preview_text", START)
        text = st.text_input(
            "Example sentence",
            key="preview_text",
            persist_state="session",
            max_chars=1000,
            help="Write `[MASK]` or `_` for the hidden word. The sentence is only for this preview: it "
            "does not change the training.",
        )
        write_parameter("preview_text", text or "", START)
        constraint_controls(variant, teacher)
    with right, model_cache.friendly_errors():
        shown = _show_edit(variant, teacher, text or "", config)
    if config is not None:
        # Terms apart, so that the formula wraps on a phone.
        first, *others = loss_terms(config)
        formula = " ".join([f"$L = {first}$", *(f"$+\\;{term}$" for term in others)])
        st.markdown(formula, text_alignment="center")
        head = f"The loss of {variant}, with the numbers of its settings."
        caption("  \n".join([head, *loss_symbols(config)]))  # a line for each term
    return shown


def _show_edit(variant: str, teacher: str, text: str, config: Config | None) -> PreviewChoice | None:
    """What the student is shown at the chosen position, with the measures of the change."""
    prediction = model_cache.predict(teacher, text)
    places = list(prediction.positions)
    words = [prediction.tokens[i].text for i in places]
    key = f"preview_position:{text}"
    if st.session_state.get(key) not in places:
        st.session_state[key] = _linked_position(places, prediction.default_position)
    chosen = st.pills(
        "Position",
        places,
        required=True,
        key=key,
        persist_state="session",
        wrap=True,
        format_func=lambda i: _place(words, places.index(i)),
        help="The position in the sentence. “Where it applies” decides whether the constraint changes it.",
    )
    position = prediction.default_position if chosen is None else chosen  # for the types: one is required
    write_parameter(POSITION, str(position), str(prediction.default_position))
    lm = model_cache.get_model(teacher)
    edit = preview_edit(variant, teacher, text, prediction, position)
    learns = config is None or learns_distributions(config)
    figure = st.container(gap="small")  # above the controls that it depends on
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        temperature = _temperature(current(variant, "objective.temperature"), learns=learns)
        label = _label(variant, lm, edit)
    shown = edit.at(temperature)
    names = _names(shown, label, learns=learns)
    if not names:
        figure.info(NOTHING, icon=":material/info:")
        return None
    frame = preview_table(edit, config, label, temperature=temperature)
    groups = [group.name for group in edit.groups]
    bars = preview_bars(edit, config, label, frame, groups=groups, temperature=temperature, dark=is_dark())
    with figure:
        show_figure(bars, "preview_bars", "fairkd-constraint", rows=True)
    if learns:
        _numbers(edit)
    caption(reading(names, shown, frame))
    table_download(frame, "fairkd-constraint", "preview_csv")
    word = None if label is None else str(st.session_state["preview_word"])
    return PreviewChoice(text, edit.position, temperature, word)


def preview_table(
    edit: ConstraintPreview,
    config: Config | None,
    label: Mapping[int, float] | None,
    *,
    temperature: float,
) -> pd.DataFrame:
    """The rows of the figure; of a variant that does not learn the teacher's answer, the label's alone."""
    frame = edit.at(temperature).table(WORDS, label=label)
    if config is None or learns_distributions(config):
        return frame
    return frame[frame["label"] > 0].reset_index(drop=True)


def preview_bars(
    edit: ConstraintPreview,
    config: Config | None,
    label: Mapping[int, float] | None,
    frame: pd.DataFrame,
    *,
    groups: Sequence[str],
    temperature: float,
    dark: bool,
) -> go.Figure:
    """The figure of a `preview_table`; `groups` are the names of the word groups."""
    learns, shown = config is None or learns_distributions(config), edit.at(temperature)
    return edit_bars(
        frame,
        groups=groups,
        names=_names(shown, label, learns=learns),
        temperature=temperature,
        title=finding(edit, drawn=temperature) if learns else no_teacher(config),
        notes=temperature_note(edit, shown) if learns else (),
        dark=dark,
    )


def _linked_position(places: list[int], default: int) -> int:
    """The position in the address, for the first sentence of the session alone: it belongs to that one."""
    linked = st.query_params.get(POSITION, "") if not st.session_state.get(_POSITION_READ) else ""
    st.session_state[_POSITION_READ] = True
    return next((place for place in places if str(place) == linked), default)


def _temperature(trained: float, *, learns: bool) -> float:
    """The temperature of the figure: the one of the training, or another to compare with.

    A variant that does not learn the teacher's answer has none: 1, without a control.
    """
    usual = f"{trained:g}"
    if not learns:
        write_parameter(TEMPERATURE, usual, usual)
        return 1.0
    names = {f"{one:g}": one for one in (trained, 1.0, 5.0)}
    key = f"{TEMPERATURE}:{usual}"
    if st.session_state.get(key) not in names:
        linked = st.query_params.get(TEMPERATURE, usual)
        st.session_state[key] = linked if linked in names else usual
    chosen = st.segmented_control(
        "Temperature",
        list(names),
        required=True,
        key=key,
        persist_state="session",
        format_func=lambda name: f"T = {name}" + (" (training)" if names.get(name) == trained else ""),
        help="The student learns the teacher's answer at the temperature of the training, after the "
        "constraint. A higher temperature softens the answer: unlikely words count more. T = 1 is the answer "
        "itself. The other temperatures are only for this figure.",
    )
    name = str(chosen)
    write_parameter(TEMPERATURE, name, usual)
    return names[name]


def _label(variant: str, lm: MaskedLM, edit: ConstraintPreview) -> dict[int, float] | None:
    """What the text teaches at a hidden place, for a word that the visitor names; None without a label."""
    if not current(variant, "objective.mlm") or not edit.prediction.tokens[edit.position].masked:
        return None
    take_parameter("preview_word", HIDDEN)
    word = st.text_input(
        "Hidden word",
        key="preview_word",
        persist_state="session",
        max_chars=60,
        width=160,
        help="The word that stood here before it was hidden: the label of the masked-LM loss. This preview's "
        "sentence has none, so name one.",
    )
    write_parameter("preview_word", word or "", HIDDEN)
    if not (word or "").strip():
        return None
    return edit.label_target(hidden_token(lm, edit, str(word)), current(variant, "objective.label")) or None


def hidden_token(lm: MaskedLM, edit: ConstraintPreview, word: str) -> int:
    """The token of a word at the hidden place. InputError if the tokenizer splits it."""
    from fairkd.models import tokenize_word  # imports PyTorch

    token = edit.prediction.tokens[edit.position]
    found = tokenize_word(lm, word.strip(), before=edit.prediction.text[: token.start])
    if not found.single:
        raise InputError(
            f"The model writes {quoted(word.strip())} in {len(found.ids)} tokens, but a hidden word is one "
            "token here. Name another word."
        )
    return int(found.ids[0])


def _names(edit: ConstraintPreview, label: Mapping[int, float] | None, *, learns: bool) -> dict[Part, str]:
    """What the figure draws, by column, with its name in the legend."""
    names: dict[Part, str] = {}
    if learns:
        at = "" if edit.temperature == 1 else f" at T = {edit.temperature:g}"
        names["before"] = f"teacher's answer{at}"
        if edit.changed:
            names["after"] = f"soft target{at}"
        else:
            names["before"] = f"soft target: the teacher's answer{at}"
    if label is not None:
        names["label"] = "hard label" if len(label) == 1 else "soft label"
    return names


def reading(names: Mapping[Part, str], shown: ConstraintPreview, frame: pd.DataFrame) -> str:
    """How to read the figure, as Markdown. `shown` is at the temperature of the figure, `frame` its table."""
    soft = [part for part in names if part != "label"]
    sentences = []
    if "after" in names:
        sentences.append(
            "Pale bars are the teacher's answer. Full bars are the soft target, which the student learns "
            "instead."
        )
        if shown.temperature != 1:
            sentences.append(
                f"The {edited_by(shown)} changes the answer at T = 1. Then both are "
                f"{softened(shown.temperature)}, where groups of several words need not stay equal."
            )
    elif soft:
        sentences.append("The bars are the teacher's answer, which the student learns.")
    if "label" in names:
        panel = ", on a scale of its own" if soft else ""
        sentences.append(
            f"Grey is the hard label: the hidden word alone{panel}."
            if names["label"] == "hard label"
            else f"Grey is the soft label, which stands for the hidden word{panel}."
        )
    if soft:
        sentences.append("The numbers of one colour add up to 100 %.")
        if not has_last_bar(frame, soft):
            sentences.append("All other words together have numbers alone: their bars would be too long.")
    return " ".join(sentences)


def temperature_note(edit: ConstraintPreview, shown: ConstraintPreview) -> list[str]:
    """What the temperature of the figure does to the teacher's best word; empty at T = 1."""
    if shown.temperature == 1:
        return []
    best = int(edit.before.argmax())
    itself, there = (percent(math.exp(one.before[best])) for one in (edit, shown))
    change = "flatter" if shown.temperature > 1 else "sharper"
    return [
        f"The bars are at T = {shown.temperature:g}, where the teacher's answer is {change}: "
        f"“{edit.prediction.token_string(edit.position, best)}” has {itself} at T = 1 and {there} here."
    ]


def _place(words: list[str], place: int) -> str:
    """A word as a label. A repeated word gets a number, because the widget returns the label."""
    number = f" ({place + 1})" if words.count(words[place]) > 1 else ""
    return literal(words[place]) + number


def no_teacher(config: Config | None) -> str:
    """What a student learns here that does not learn from the teacher's distributions."""
    if config is not None and looks_at_teacher(config):
        return (
            "This variant does not learn the teacher's answer: only what it computes inside, and the text's "
            "words"
        )
    return "This variant does not look at the teacher: it learns the text's own words"


def finding(edit: ConstraintPreview, *, drawn: float = 1.0) -> str:
    """The effect of the edit at this position, in one sentence; `drawn` is the figure's temperature.

    The constraint acts at T = 1, so its effect is stated there.
    """
    if edit.corrected and not edit.groups:
        return f"The correction changes the teacher's answer: KL(before ‖ after) is {edit.kl:.2f} nats"
    if edit.constraint.kind == "none":
        return "No constraint: the student learns the teacher's answer as it is"
    if not edit.changed and edit.constraint.active:
        return "The constraint does not apply here: the teacher's answer stays as it is"
    if not edit.changed:
        return "At strength 0 the teacher's answer stays as it is"
    changes = [
        f"{name} from {percent(group.before)} to {percent(group.after)}"
        for name, group in zip(_group_titles(edit), edit.groups, strict=True)
    ]
    at = "The" if drawn == 1 else "At T = 1 the"
    return f"{at} {edited_by(edit)} changes {listed(changes, most=3)}".replace(" %", "\u00a0%")


def edited_by(edit: ConstraintPreview) -> str:
    """What changes the teacher's answer, in words."""
    if not edit.corrected:
        return "constraint"
    return "correction with the constraint" if edit.constraint.active and edit.applies else "correction"


def _group_titles(edit: ConstraintPreview) -> list[str]:
    """Each group in few characters: its words, such as "he/him/his", or its name if there are too many."""
    return [
        words.replace(", ", "/") if group.size <= 4 else group.name
        for group, words in zip(edit.groups, edit.group_words(), strict=True)
    ]


def _numbers(edit: ConstraintPreview) -> None:
    """The probability lost to other words, the KL divergence, and the probability of each group, at T = 1."""
    if edit.groups:
        caption(f"At T = 1, before → after the {edited_by(edit)}{_gap_change(edit)}:")
    with st.container(horizontal=True, gap="small"):
        st.metric(
            "Probability lost to other words",
            percent(edit.leaked_mass) if edit.leaked_mass > 5e-7 else "none",
            help="The groups' words together are less probable by this much afterwards. All other words of "
            "the vocabulary gain it.",
            width=230,
        )
        st.metric(
            "KL(before ‖ after)",
            f"{edit.kl:.3f} nats",
            help=f"How much the {edited_by(edit)} changes the whole distribution at this position. The "
            f"reverse, KL(after ‖ before), is {edit.reverse_kl:.3f} nats.",
            width=180,
        )
        for group, words in zip(edit.groups[:6], edit.group_words(), strict=False):
            shown = words if "," in words or words == group.name else f"{group.name}: {words}"
            st.metric(
                f"P({literal(shown)})",
                f"{percent(group.before)} → {percent(group.after)}",
                help=f"The probability of the group {literal(group.name)}, the sum over its {group.size} "
                "tokens, before and after.",
                width=215,
            )


def _gap_change(edit: ConstraintPreview) -> str:
    """The gap of the first two groups before and after, in nats; empty without one."""
    if any(math.isnan(gap) for gap in edit.gaps):
        return ""
    a, b = (literal(group.name) for group in edit.groups[:2])
    before, after = (signed(gap) if abs(gap) >= 0.005 else "0" for gap in edit.gaps)
    return f" (gap, log P({a}) − log P({b}): {before} → {after} nats)"
