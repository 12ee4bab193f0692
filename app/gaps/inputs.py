"""The inputs of the Gaps page: word groups, baseline, and the editable tables of templates and professions.

All widgets are drawn before any input is checked, so that an error in one leaves the others usable. Edits
survive reruns, other word groups and other pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, get_args

import streamlit as st

from app.charts.gap_text import Value
from app.gaps.editable_tables import (
    Tables,
    cleaned,
    keep_edits,
    kept_rows,
    profession_editor,
    restore,
    template_editor,
)
from app.gaps.results import GapQuestion
from app.gaps.validation import check_amount, clean_professions, clean_templates, own_contrast, words_text
from app.shared.widgets import caption, literal
from fairkd.lexicon import (
    ENGLISH,
    OWN,
    ROLES,
    Contrast,
    WordGroup,
    contrasts,
    languages,
    parse_words,
    takes_plural_verb,
)

if TYPE_CHECKING:
    from app.shared.streamlit_internals import DeltaGenerator

OWN_A, OWN_B = "king, prince", "queen, princess"
_DEFAULT = "gaps_default_language"
BASELINES: dict[Value, str] = {"gap": "Nothing", "corrected_gap": "Sentence without profession"}


def read_question(controls: DeltaGenerator, language: str = ENGLISH) -> GapQuestion:
    """Draw all inputs and return the question they make. Raises InputError after everything is drawn.

    The choices are drawn in `controls`, the words and the tables below. `language` is that of the teacher.
    """
    with controls:
        spoken = _language(language)
        shipped = contrasts(spoken)
        _forget_other("contrast", [*shipped, OWN])
        name = st.selectbox(
            "Word groups",
            [*shipped, OWN],
            key="contrast",
            bind="query-params",
            width=170,
            help="The groups of words that are compared at the mask.  \n"
            + "  \n".join(f"**{key}**: {found.title}" for key, found in shipped.items())
            + f"  \n**{OWN}**: two lists of your own",
        )
        own = name not in shipped
        roles = [_own_role()] if own else list(shipped[name].roles)
        pair = ("", "") if own else _pair(shipped[name], shipped)
        value = _value()
        editing = st.toggle("Edit words and sentences", key="gaps_editors", persist_state="session")
    words = _own_words() if own else ("", "")
    tables = Tables(spoken, tuple(roles), _has_plural(shipped.get(str(name)), pair, words))
    restore(tables)
    if editing:
        with st.container(border=True):
            if not own:
                _shipped_words(shipped[name], pair)
            one, two = st.columns([3, 2], gap="medium")
            with one:
                template_rows = template_editor(tables)
            with two:
                profession_rows = profession_editor(tables)
    else:  # drawing two hidden tables would take the browser longer than everything else
        template_rows = kept_rows(tables.templates_name)
        profession_rows = kept_rows(tables.professions_name)

    contrast = own_contrast(*words, spoken) if own else shipped[name]
    groups = (contrast.groups[0].name, contrast.groups[1].name) if own else pair
    chosen_templates, chosen_professions = cleaned(tables)
    if template_rows is not None:
        chosen_templates = clean_templates(template_rows, roles, spoken)
    if profession_rows is not None:
        chosen_professions = clean_professions(profession_rows)
    check_amount(chosen_templates, list(chosen_professions["profession"]))
    keep_edits(chosen_templates, chosen_professions, tables)
    return GapQuestion(contrast, groups, value, chosen_templates, chosen_professions)


def default_question() -> GapQuestion:
    """The question of the page with all inputs at their defaults."""
    contrast = next(iter(contrasts().values()))
    first, second = (group.name for group in contrast.groups[:2])
    tables = Tables(ENGLISH, contrast.roles, plural=False)
    return GapQuestion(contrast, (first, second), get_args(Value)[0], *cleaned(tables))


def _language(default: str) -> str:
    """The language of words and sentences. A teacher of another language brings its own."""
    state = st.session_state
    names = {language.name: code for code, language in languages().items()}
    first = list(names.values()).index(default)
    if state.get(_DEFAULT, default) != default:
        state["language"] = list(names)[first]
    state[_DEFAULT] = default
    chosen = st.selectbox(
        "Language",
        list(names),
        index=first,
        key="language",
        bind="query-params",
        width=120,
        help="The language of word groups, templates and professions. At first it is that of the teacher's "
        "model card.",
    )
    return names.get(str(chosen), default)


def _forget_other(key: str, options: Sequence[str]) -> None:
    """Forget what was chosen in a widget where it is no option any more."""
    if st.session_state.get(key, options[0]) not in options:
        del st.session_state[key]


def _pair(contrast: Contrast, shipped: Mapping[str, Contrast]) -> tuple[str, str]:
    """The two groups that are compared, with a choice if there are more than two.

    The default is the first pair that no other word groups consist of: he / they, not he / she once more.
    """
    pairs = {f"{a.name} / {b.name}": (a.name, b.name) for a, b in combinations(contrast.groups, 2)}
    first = next(iter(pairs))
    if len(pairs) == 1:
        return pairs[first]
    elsewhere = [tuple(group.name for group in other.groups) for other in shipped.values()]
    new = next((index for index, pair in enumerate(pairs.values()) if pair not in elsewhere), 0)
    chosen = st.selectbox(
        "Groups compared", list(pairs), index=new, key="groups", bind="query-params", width=130
    )
    return pairs.get(str(chosen), list(pairs.values())[new])


def _has_plural(contrast: Contrast | None, pair: tuple[str, str], words: tuple[str, str]) -> bool:
    """Whether a compared group takes a plural verb ("they are"); `words` are the visitor's own, unchecked."""
    if contrast is None:
        groups = [WordGroup(OWN, {"subject": parse_words(text)}) for text in words]
    else:
        groups = [group for group in contrast.groups if group.name in pair]
    return any(map(takes_plural_verb, groups))


def _own_role() -> str:
    """The grammatical role of the visitor's own words, which decides their templates."""
    chosen = st.selectbox(
        "Grammatical role of your words",
        ROLES,
        index=ROLES.index("noun"),
        key="role",
        bind="query-params",
        width=210,
        help="The role decides which templates fit.  \n**subject**: he  \n**object**: him  \n"
        "**possessive**: his  \n**noun**: man  \n**name**: James",
    )
    return chosen if chosen in ROLES else "noun"


def _value() -> Value:
    """The gap itself, or minus the gap without the profession."""
    names = {BASELINES[value]: value for value in get_args(Value)}
    chosen = st.selectbox(
        "Compare with",
        list(names),
        key="value",
        bind="query-params",
        width=240,
        help="**Nothing**: the gap, log P(A) − log P(B) at the mask.  \n"
        "**Sentence without profession**: the prior-corrected gap. It is the gap minus the gap of "
        "the same sentence with the profession masked too (Kurita et al. 2019), which leaves the effect of "
        "the profession.",
    )
    return names.get(str(chosen), "gap")


def _own_words() -> tuple[str, str]:
    """Two typed word lists, which are part of the link."""
    a, b = st.columns(2)
    kind: dict[str, Any] = {"bind": "query-params", "max_chars": 2000}
    return (
        str(a.text_input("Words of group A, separated by commas", OWN_A, key="words_a", **kind) or ""),
        str(b.text_input("Words of group B, separated by commas", OWN_B, key="words_b", **kind) or ""),
    )


def _shipped_words(contrast: Contrast, pair: tuple[str, str]) -> None:
    """The words that are compared, and a button that copies them for editing."""
    role, *others = contrast.roles
    groups = [group for name in pair for group in contrast.groups if group.name == name]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Words**", width="content")
        st.button(
            "Edit",
            key="gaps_words_edit",
            on_click=_take_words,
            args=(role, *(words_text(group, [role]) for group in groups)),
            type="tertiary",
            icon=":material/edit:",
            help="Copy these words and edit them."
            + (f" Your own groups have one grammatical role, so this copies the {role}s." if others else ""),
        )
    listed = ((group.name, words_text(group, contrast.roles)) for group in groups)
    caption("  \n".join(f"**{literal(name)}**: {literal(words)}" for name, words in listed))


def _take_words(role: str, words_a: str, words_b: str) -> None:
    """Copy the shipped words into the visitor's own groups."""
    st.session_state.update(contrast=OWN, role=role, words_a=words_a, words_b=words_b)
