"""The constraint preview: the teacher's distribution in one sentence, before and after the constraint."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from app.charts.constraint_preview import CUT, Part, edit_bars
from app.charts.text import percent, signed
from app.components.chart import show_figure
from app.distill.constraint import constraint_controls
from app.distill.loss_formula import (
    learns_distributions,
    looks_at_teacher,
    loss_symbols,
    loss_terms,
    softened,
)
from app.distill.variants import current, words_of
from app.shared import model_cache
from app.shared.table_download import table_download
from app.shared.theme import is_dark
from app.shared.url_state import take_parameter, write_parameter
from app.shared.widgets import caption, literal
from fairkd.errors import InputError
from fairkd.utils import quoted

if TYPE_CHECKING:
    from fairkd.constraints import ConstraintPreview
    from fairkd.distill.config import Config
    from fairkd.models import MaskedLM

START = "[MASK] is a nurse."
NOTHING = (
    "This variant learns nothing at this place: it does not look at the teacher's answer, and the text gives "
    "a label for hidden words only."
)
WORDS = 6
HIDDEN = "she"  # the hidden word until the visitor names another one


def constraint_preview(variant: str, teacher: str, config: Config | None) -> None:
    """The constraint's controls on the left, what the student is shown on the right, and the loss below.

    `config` is the variant's configuration, or None where it is not valid.
    """
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
        constraint_controls(variant)
    with right, model_cache.friendly_errors():
        _show_edit(variant, teacher, text or "", config)
    if config is not None:
        # Terms apart, so that the formula wraps on a phone.
        first, *others = loss_terms(config)
        formula = " ".join([f"$L = {first}$", *(f"$+\\;{term}$" for term in others)])
        st.markdown(formula, text_alignment="center")
        head = f"The loss of {variant}, with the numbers of its settings."
        caption("  \n".join([head, *loss_symbols(config)]))  # a line for each term


def _show_edit(variant: str, teacher: str, text: str, config: Config | None) -> None:
    """What the student is shown at the chosen position, with the measures of the change."""
    prediction = model_cache.predict(teacher, text)
    places = list(prediction.positions)
    words = [prediction.tokens[i].text for i in places]
    key = f"preview_position:{text}"
    position = st.pills(
        "Position",
        places,
        default=prediction.default_position,
        required=True,
        key=key,
        wrap=True,
        format_func=lambda i: _place(words, places.index(i)),
        help="The position in the sentence. “Where it applies” decides whether the constraint changes it.",
    )
    position = position if position in places else prediction.default_position
    from fairkd import constraints  # imports PyTorch

    contrast = words_of(variant)
    lm = model_cache.get_model(teacher)
    edit = constraints.preview_constraint(
        lm,
        text,
        contrast,
        kind=current(variant, "constraint.kind"),
        strength=current(variant, "constraint.strength"),
        scope=current(variant, "constraint.scope"),
        shares=current(variant, "constraint.shares"),
        roles=current(variant, "constraint.roles"),
        skip_unspellable=bool(current(variant, "constraint.skip_unspellable")),
        position=position,
        prediction=prediction,
    )
    learns = config is None or learns_distributions(config)
    figure = st.container(gap="small")  # above the controls that it depends on
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        temperature = _temperature(current(variant, "objective.temperature")) if learns else 1.0
        label = _label(variant, lm, edit)
    shown = edit.at(temperature)
    names = _names(shown, label, learns=learns)
    if not names:
        figure.info(NOTHING, icon=":material/info:")
        return
    frame = shown.table(WORDS, label=label)
    if not learns:
        frame = frame[frame["label"] > 0].reset_index(drop=True)
    groups = [group.name for group in contrast.groups]
    title = finding(edit, drawn=temperature) if learns else no_teacher(config)
    bars = edit_bars(frame, groups=groups, names=names, temperature=temperature, title=title, dark=is_dark())
    with figure:
        show_figure(bars, "preview_bars", "fairkd-constraint")
    if learns:
        _numbers(edit)
    caption(reading(names, edit, shown))
    table_download(frame, "fairkd-constraint", "preview_csv")


def _temperature(trained: float) -> float:
    """The temperature of the figure: the one of the training, or another to compare with."""
    offered = list(dict.fromkeys((trained, 1.0, 5.0)))
    names = {f"{one:g}": one for one in offered}
    chosen = st.segmented_control(
        "Temperature",
        list(names),
        default=f"{trained:g}",
        required=True,
        key=f"preview_temperature:{trained:g}",
        persist_state="session",
        format_func=lambda name: f"T = {name}" + (" (training)" if names.get(name) == trained else ""),
        help="The student learns the teacher's answer at this temperature, after the constraint. A higher "
        "one softens it: unlikely words count more. T = 1 is the answer itself. The other temperatures are "
        "only for this figure.",
    )
    return names.get(str(chosen), trained)


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
        if edit.constraint.active and edit.applies:
            names["after"] = f"soft target{at}"
        else:
            names["before"] = f"soft target: the teacher's answer{at}"
    if label is not None:
        names["label"] = "hard label" if len(label) == 1 else "soft label"
    return names


def reading(names: Mapping[Part, str], edit: ConstraintPreview, shown: ConstraintPreview) -> str:
    """How to read the figure, as Markdown. `edit` is at T = 1, `shown` at the temperature of the figure."""
    at = softened(shown.temperature)
    sentences = []
    if "after" in names:
        sentences.append(
            "Pale bars are the teacher's answer. Full bars are the soft target, which the student learns "
            "instead."
        )
    elif "before" in names:
        sentences.append("The bars are the teacher's answer, which the student learns.")
    if "before" in names and shown.temperature != 1:
        if "after" in names:
            sentences.append(
                f"The constraint changes the answer at T = 1. Then both are {at}, where groups of "
                "several words need not stay equal."
            )
        best = edit.before.topk(2).indices.tolist()
        words = [literal(edit.prediction.token_string(edit.position, i)) for i in best]
        itself, soft = ([percent(math.exp(one.before[i])) for i in best] for one in (edit, shown))
        sentences.append(
            f"The teacher's own answer gives {words[0]} {itself[0]} and {words[1]} {itself[1]}; {at}, "
            f"these are {soft[0]} and {soft[1]}."
        )
    if "label" in names:
        sentences.append(
            "Grey is the hard label: the hidden word alone."
            if names["label"] == "hard label"
            else "Grey is the soft label, which stands for the hidden word."
        )
    return " ".join([*sentences, f"Bars of one colour add up to 100 %; one with {CUT} is longer than drawn."])


def _place(words: list[str], place: int) -> str:
    """A word as a label. A repeated word gets a number, because the widget returns the label."""
    number = f" ({place + 1})" if words.count(words[place]) > 1 else ""
    return literal(words[place]) + number


def no_teacher(config: Config | None) -> str:
    """What a student learns here that does not learn from the teacher's distributions."""
    if config is not None and looks_at_teacher(config):
        return (
            "This variant does not learn the teacher's answer: only its hidden states, and the text's words"
        )
    return "This variant does not look at the teacher: it learns the text's own words"


def finding(edit: ConstraintPreview, *, drawn: float = 1.0) -> str:
    """The effect of the edit at this position, in one sentence; `drawn` is the figure's temperature.

    The constraint acts at T = 1, so its effect is stated there.
    """
    if edit.constraint.kind == "none":
        return "No constraint: the student learns the teacher's answer as it is"
    if not edit.constraint.active:
        return "At strength 0 the teacher's answer stays as it is"
    if not edit.applies:
        return "The constraint does not apply here: the teacher's answer stays as it is"
    before, after = edit.gaps
    if math.isnan(before) or math.isnan(after):
        return "The teacher's answer before and after the constraint"
    a, b = edit.groups[0].name, edit.groups[1].name
    shown = [signed(gap) if abs(gap) >= 0.005 else "0" for gap in (before, after)]
    change = f"gap between {a} and {b} changes from {shown[0]} to {shown[1]} nats"
    return f"The {change}" if drawn == 1 else f"At T = 1 the {change}; drawn at T = {drawn:g}"


def _numbers(edit: ConstraintPreview) -> None:
    """The probability lost to other words, the KL divergence, and the probability of each group, at T = 1."""
    if edit.groups:
        caption("At T = 1, before → after the constraint:")
    with st.container(horizontal=True, gap="small"):
        st.metric(
            "Probability lost to other words",
            percent(edit.leaked_mass) if edit.leaked_mass > 5e-7 else "none",
            help="The groups' words together are less probable by this much after the constraint. All other "
            "words of the vocabulary gain it.",
            width=230,
        )
        st.metric(
            "KL(before ‖ after)",
            f"{edit.kl:.3f} nats",
            help="How much the constraint changes the whole distribution at this position. The reverse, "
            f"KL(after ‖ before), is {edit.reverse_kl:.3f} nats.",
            width=180,
        )
        for group, words in zip(edit.groups[:6], edit.group_words(), strict=False):
            shown = words if "," in words or words == group.name else f"{group.name}: {words}"
            st.metric(
                f"P({literal(shown)})",
                f"{percent(group.before)} → {percent(group.after)}",
                help=f"The probability of the group {literal(group.name)}, the sum over its {group.size} "
                "tokens, before and after the constraint.",
                width=215,
            )
