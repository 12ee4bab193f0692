"""The controls of a variant's constraint: kind, strength, scope, and the words to balance and to measure."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from app.distill.fields import field, lines, pair_lines
from app.distill.variants import (
    ALL_VARIANTS,
    balanced,
    change,
    current,
    standard,
    usable_roles,
    widget_key,
    words_of,
)
from app.shared.measured_words import gap_groups, gap_names, measures_other_words
from app.shared.model_cache import get_model
from app.shared.model_language import language_of_model
from app.shared.widgets import caption, literal
from fairkd.constraints import CORRECTIONS, KINDS, SCOPES, TokenPairs
from fairkd.errors import FairKDError
from fairkd.lexicon import (
    ENGLISH,
    OWN,
    Contrast,
    WordGroup,
    all_contrasts,
    contrasts,
    fitting,
    language_of,
    professions_of,
    shipped_professions,
)

TOKENS = "tokens"
_OTHER_WORDS = {OWN: "your own words", TOKENS: "pairs of token ids"}


def constraint_controls(variant: str, teacher: str) -> None:
    """Kind, strength, scope and words of the variant's constraint.

    Words of the teacher's language come first.
    """
    kinds = list(KINDS)
    key = widget_key("kind", variant)
    kind = current(variant, "constraint.kind")
    st.selectbox(
        "Constraint",
        kinds,
        index=kinds.index(kind),
        key=key,
        format_func=lambda one: KINDS[one].label.capitalize(),
        on_change=_change_kind,
        args=(variant, key),
    )
    if kind == "none":
        # Without a distillation loss there is no distribution to learn from.
        correction = current(variant, "correction.kind")
        if current(variant, "objective.kd"):
            caption(KINDS[kind].explain() if correction == "none" else CORRECTIONS[correction].explanation)
        return
    full = "" if current(variant, "constraint.strength") == 1 else " This is so at strength 1."
    caption(KINDS[kind].explain(current(variant, "constraint.shares")) + full)
    strength = widget_key("strength", variant)
    st.slider(
        "Strength",
        0.0,
        1.0,
        float(current(variant, "constraint.strength")),
        0.05,
        key=strength,
        on_change=lambda: change(variant, "constraint.strength", st.session_state[strength]),
        help="0 does not change the teacher's answer. 1 applies the constraint in full.",
    )
    scopes = list(SCOPES)
    scope = widget_key("scope", variant)
    st.selectbox(
        "Where it applies",
        scopes,
        index=scopes.index(current(variant, "constraint.scope")),
        key=scope,
        format_func=lambda one: SCOPES[one].capitalize(),
        on_change=lambda: change(variant, "constraint.scope", st.session_state[scope]),
        help="The published method applies it everywhere. “All but visible group words” leaves out the group "
        "words in the text, so that the student still recognises a visible “he”.",
    )
    chosen_words = _chosen_words(variant)
    spoken = language_of_model(teacher)
    known = all_contrasts()
    names = [*sorted(known, key=lambda name: known[name].language != spoken), *_OTHER_WORDS]
    chosen = widget_key("contrast", variant)
    st.selectbox(
        "Words to balance",
        names,
        index=names.index(chosen_words),
        key=chosen,
        format_func=lambda name: f"{name}: {_OTHER_WORDS.get(name) or known[name].title}",
        on_change=_change_contrast,
        args=(variant, chosen, teacher),
    )
    if chosen_words == OWN:
        field(variant, "constraint.words", label="Word groups, one per line")
    elif chosen_words == TOKENS:
        field(variant, "constraint.token_pairs", label="Two token ids per line")
        _tokens_as_words(variant, teacher)
    else:
        _other_language(variant, spoken)
        _role_pills(variant, words_of(variant))
    _measured_words(variant)
    more = ["constraint.shares"] if KINDS[kind].takes_shares else []
    more += ["constraint.skip_unspellable"] if chosen_words != TOKENS else []
    if more:
        with st.popover("More settings", icon=":material/tune:"):
            for setting in more:
                field(variant, setting)


def _chosen_words(variant: str) -> str:
    """The name of the shipped words to balance, or OWN or TOKENS."""
    if current(variant, "constraint.token_pairs") is not None:
        return TOKENS
    if current(variant, "constraint.words") is not None:
        return OWN
    return str(current(variant, "constraint.contrast"))


def _tokens_as_words(variant: str, teacher: str) -> None:
    """The pairs of tokens as the teacher's tokenizer spells them. The preview reports ids that do not fit."""
    with suppress(FairKDError):
        pairs = balanced(variant)
        lm = get_model(teacher)
        from fairkd import constraints, models  # imports PyTorch

        constraints.resolve(lm, pairs, kind="group")
        if isinstance(pairs, TokenPairs):
            caption(f"Tokens of this teacher: {literal(pairs.words(models.readable(lm)))}.")


def _other_language(variant: str, spoken: str) -> None:
    """If the words are of another language than the teacher: a note, and a button that takes words of it."""
    if spoken == ENGLISH or words_of(variant).language == spoken:
        return
    name = language_of(spoken).name
    caption(f"The teacher's card says that its language is {name}. These words are of another language.")
    st.button(
        f"Use {name} words",
        key=widget_key("language", variant),
        on_click=_take_language,
        args=(variant, spoken),
        icon=":material/translate:",
        type="tertiary",
        help="Balances and measures the pronouns of this language.",
    )


def _take_language(variant: str, spoken: str) -> None:
    """Balance and measure the first word groups of a language, and preview them in one of its sentences."""
    contrast = next(iter(contrasts(spoken).values()))
    st.session_state[widget_key("contrast", variant)] = contrast.name
    _change_contrast(variant, widget_key("contrast", variant), "")
    _measure(variant)
    template, profession = fitting(contrast)[0], professions_of(shipped_professions(spoken))[0]
    st.session_state["preview_text"] = template.render(profession).text
    st.session_state["preview_word"] = contrast.groups[1].for_role(template.role)[0]


def _measured_words(variant: str) -> None:
    """If runs measure the gap of other words than the balanced ones: a note, and a button to change it."""
    names = ("kind", "contrast", "words", "token_pairs")
    sections = {
        "constraint": {name: current(variant, f"constraint.{name}") for name in names},
        "evaluation": {name: current(ALL_VARIANTS, f"evaluation.{name}") for name in names[1:3]},
    }
    if not measures_other_words(sections) or not all(map(gap_groups, sections.values())):
        return
    a, b = map(literal, gap_names(sections))
    caption(f"The runs measure the gap between *{a}* and *{b}*.")
    if sections["constraint"]["token_pairs"] is not None:  # a gap is measured between words
        return
    st.button(
        "Measure the gap of the balanced words",
        key=widget_key("measure", variant),
        on_click=_measure,
        args=(variant,),
        icon=":material/straighten:",
        type="tertiary",
        help="This changes all variants, so that their runs can be compared.",
    )


def _measure(variant: str) -> None:
    """Set the measured words to the variant's words, in the settings and in their widgets."""
    for name in ("contrast", "words"):
        value = current(variant, f"constraint.{name}")
        change(ALL_VARIANTS, f"evaluation.{name}", value)
        shown = value if name == "contrast" else lines(value or {})
        st.session_state[widget_key(f"set:evaluation.{name}", ALL_VARIANTS)] = shown


def _role_pills(variant: str, contrast: Contrast) -> None:
    """The grammatical roles of the words to balance."""
    if len(contrast.roles) < 2:
        return
    key = _roles_key(variant, contrast)

    def take() -> None:
        if chosen := tuple(st.session_state[key]):
            change(variant, "constraint.roles", None if set(chosen) >= set(contrast.roles) else chosen)
        else:  # a constraint needs at least one role, so all usable roles are selected again
            _reset_roles(variant)

    st.pills(
        "Forms of these words",
        contrast.roles,
        selection_mode="multi",
        default=None
        if key in st.session_state
        else list(current(variant, "constraint.roles") or contrast.roles),
        key=key,
        on_change=take,
        format_func=lambda role: (
            f"{role}: {' / '.join(group.for_role(role)[0] for group in contrast.groups)}"
        ),
        wrap=True,
        help="Constraints with pairs can use each word only once. “Her” is the partner of “him” and of "
        "“his”, so one of the two pairs has to be left out.",
    )


def _change_kind(variant: str, widget: str) -> None:
    change(variant, "constraint.kind", st.session_state[widget])
    _clear_shares(variant)
    _reset_roles(variant)


def _change_contrast(variant: str, widget: str, teacher: str) -> None:
    name = st.session_state[widget]
    if name == OWN:  # start with the words chosen before
        before = {group.name: _all_words(group) for group in words_of(variant).groups}
        change(variant, "constraint.words", before)
        st.session_state[widget_key("set:constraint.words", variant)] = lines(before)
    elif name == TOKENS:
        pairs = _pairs_of_words(variant, teacher)
        st.session_state[widget_key("set:constraint.token_pairs", variant)] = pair_lines(pairs)
        change(variant, "constraint.token_pairs", pairs)
        change(variant, "constraint.words", None)
        change(variant, "constraint.contrast", standard(ALL_VARIANTS)["constraint.contrast"])
    else:
        change(variant, "constraint.words", None)
        change(variant, "constraint.contrast", name)
    if name != TOKENS:
        change(variant, "constraint.token_pairs", None)
    _clear_shares(variant)
    _reset_roles(variant)


def _pairs_of_words(variant: str, teacher: str) -> list[list[int]]:
    """The token ids of the words chosen before, to start with; none if they cannot be paired."""
    try:
        contrast = words_of(variant)
        lm = get_model(teacher)
        from fairkd import constraints  # imports PyTorch

        roles = current(variant, "constraint.roles") or usable_roles(contrast)
        found = constraints.resolve(lm, contrast, kind="logit_mean", roles=roles, skip_unspellable=True)
    except FairKDError:
        return []
    return [list(pair) for pair in zip(*found.groups, strict=True)] if len(found.groups) == 2 else []


def _all_words(group: WordGroup) -> list[str]:
    return list(dict.fromkeys(word for words in group.words.values() for word in words))


def _clear_shares(variant: str) -> None:
    """Clear the shares, which were for the groups before, in the setting and in its widget."""
    change(variant, "constraint.shares", None)
    st.session_state[widget_key("set:constraint.shares", variant)] = ""


def _reset_roles(variant: str) -> None:
    """Select all roles, or all usable roles if the constraint pairs words."""
    if _chosen_words(variant) in _OTHER_WORDS:  # the visitor's own words and token ids have no roles
        change(variant, "constraint.roles", None)
        return
    contrast = words_of(variant)
    roles = usable_roles(contrast) if KINDS[current(variant, "constraint.kind")].paired else None
    change(variant, "constraint.roles", roles)
    st.session_state[_roles_key(variant, contrast)] = list(roles or contrast.roles)


def _roles_key(variant: str, contrast: Contrast) -> str:
    return widget_key(f"roles:{contrast.name}", variant)
