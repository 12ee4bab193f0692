"""The inputs of the Gaps page: word groups, baseline, and the editable tables of templates and professions.

All widgets are drawn before any input is checked, so that an error in one leaves the others usable. Edits
survive reruns, other word groups and other pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING, Any, get_args

import pandas as pd
import streamlit as st

from app.charts.gap_text import Value
from app.gaps.link import EDITS, keep, restored
from app.gaps.results import GapQuestion
from app.gaps.validation import (
    LONGEST_NAME,
    LONGEST_TEMPLATE,
    check_amount,
    clean_professions,
    clean_templates,
    own_contrast,
    uploaded_professions,
    words_text,
)
from app.shared.table_download import table_download
from app.shared.visitor import hosting
from app.shared.widgets import caption, literal
from fairkd.errors import FairKDError
from fairkd.lexicon import (
    OWN,
    ROLES,
    Contrast,
    Template,
    WordGroup,
    contrasts,
    parse_words,
    shipped_professions,
    takes_plural_verb,
    templates_of,
)

if TYPE_CHECKING:
    from app.shared.streamlit_internals import DeltaGenerator

OWN_A, OWN_B = "king, prince", "queen, princess"
BASELINES: dict[Value, str] = {"gap": "Nothing", "corrected_gap": "Sentence without profession"}
TOO_LONG = {
    "templates": "The link does not include the templates, because too many were edited. To reuse them, copy "
    "them from the table.",
    "professions": "The link does not include the professions, because too many were edited. To reuse them, "
    "download them as CSV.",
}
UPLOAD, UPLOAD_ERROR = "gaps_upload", "gaps_upload_error"
_READ = "gaps_link_read"
SOURCE = (
    "Shares of women among workers: US Bureau of Labor Statistics, Current Population Survey, "
    "Annual Averages {year}, Table 11."
)


def read_question(controls: DeltaGenerator) -> GapQuestion:
    """Draw all inputs and return the question they make. Raises InputError after everything is drawn.

    The choices are drawn in `controls`, the words and the tables below.
    """
    shipped = contrasts()
    with controls:
        name = st.selectbox(
            "Word groups",
            [*shipped, OWN],
            key="contrast",
            bind="query-params",
            width=170,
            help="The two groups of words that are compared at the mask.  \n"
            + "  \n".join(f"**{found.name}**: {found.title}" for found in shipped.values())
            + f"  \n**{OWN}**: two lists of your own",
        )
        own = name not in shipped
        roles = [_own_role()] if own else list(shipped[name].roles)
        pair = ("", "") if own else _pair(shipped[name])
        value = _value()
        editing = st.toggle("Edit words and sentences", key="gaps_editors", persist_state="session")
    words = _own_words() if own else ("", "")
    plural = _has_plural(shipped.get(str(name)), pair, words)
    _restore(roles, plural)
    if editing:
        with st.container(border=True):
            if not own:
                _shipped_words(shipped[name], pair)
            one, two = st.columns([3, 2], gap="medium")
            with one:
                template_rows = _template_editor(roles, plural)
            with two:
                profession_rows = _profession_editor()
    else:  # drawing two hidden tables would take the browser longer than everything else
        template_rows = _kept(_shipped_templates(roles, plural)[0])
        profession_rows = _kept(_shipped_professions()[0])

    contrast = own_contrast(*words) if own else shipped[name]
    groups = (contrast.groups[0].name, contrast.groups[1].name) if own else pair
    chosen_templates, chosen_professions = _cleaned(tuple(roles), plural)
    if template_rows is not None:
        chosen_templates = clean_templates(template_rows, roles)
    if profession_rows is not None:
        chosen_professions = clean_professions(profession_rows)
    check_amount(chosen_templates, list(chosen_professions["profession"]))
    _keep(chosen_templates, chosen_professions, roles, plural)
    return GapQuestion(contrast, groups, value, chosen_templates, chosen_professions)


def default_question() -> GapQuestion:
    """The question of the page with all inputs at their defaults."""
    contrast = next(iter(contrasts().values()))
    first, second = (group.name for group in contrast.groups[:2])
    roles = list(contrast.roles)
    return GapQuestion(contrast, (first, second), get_args(Value)[0], *_cleaned(tuple(roles), plural=False))


def _pair(contrast: Contrast) -> tuple[str, str]:
    """The two groups that are compared, with a choice if there are more than two.

    The default is the first pair that no other word groups consist of: he / they, not he / she once more.
    """
    pairs = {f"{a.name} / {b.name}": (a.name, b.name) for a, b in combinations(contrast.groups, 2)}
    first = next(iter(pairs))
    if len(pairs) == 1:
        return pairs[first]
    elsewhere = [tuple(group.name for group in other.groups) for other in contrasts().values()]
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


def _restore(roles: list[str], plural: bool) -> None:
    """Fill the tables from the address, whenever it has other edits than this page wrote last."""
    state = st.session_state
    linked = st.query_params.get(EDITS)
    if _READ not in state or (linked is not None and linked != state[_READ]):
        for table, (name, shipped) in _shipped_tables(roles, plural).items():
            if (found := restored(table, shipped)) is not None:
                _replace(name, found)
    state[_READ] = linked


def _keep(chosen: tuple[Template, ...], rows: pd.DataFrame, roles: list[str], plural: bool) -> None:
    """Write the edits to the address, and name the tables with too many edits for it."""
    templates, professions = _cleaned(tuple(roles), plural)
    edited: dict[str, tuple[pd.DataFrame, pd.DataFrame]] = {}
    if chosen != templates:
        edited["templates"] = (_frame(chosen), _frame(templates))
    if rows is not professions:
        edited["professions"] = (rows, professions)
    too_long = keep(edited)
    st.session_state[_READ] = st.query_params.get(EDITS)
    if too_long:
        caption(f":material/link_off: {' '.join(TOO_LONG[table] for table in too_long)}")


def _frame(templates: Sequence[Template]) -> pd.DataFrame:
    return pd.DataFrame([(one.text, one.role) for one in templates], columns=["text", "role"])


def _shipped_tables(roles: list[str], plural: bool) -> dict[str, tuple[str, pd.DataFrame]]:
    """Both editable tables: the name of each, and its shipped rows."""
    return {"templates": _shipped_templates(roles, plural), "professions": _shipped_professions()}


def _shipped_templates(roles: list[str], plural: bool) -> tuple[str, pd.DataFrame]:
    """The name of the table of templates for these roles, and its shipped rows.

    With `plural` the verbs fit "they" as well.
    """
    name = f"templates_{'_'.join(roles)}{'_any_number' if plural else ''}"
    return name, _frame(templates_of(roles, plural=plural))


def _shipped_professions() -> tuple[str, pd.DataFrame]:
    """The name of the table of professions, and its shipped rows."""
    return "professions", shipped_professions()[["profession", "women_share"]]


@cache
def _cleaned(roles: tuple[str, ...], plural: bool) -> tuple[tuple[Template, ...], pd.DataFrame]:
    """The shipped templates for these roles and the shipped professions, as they are measured."""
    _, template_rows = _shipped_templates(list(roles), plural)
    _, profession_rows = _shipped_professions()
    return clean_templates(template_rows, roles), clean_professions(profession_rows)


def _template_editor(roles: list[str], plural: bool) -> pd.DataFrame:
    """The templates for these grammatical roles, editable."""
    name, default = _shipped_templates(roles, plural)
    _heading("Templates", name)
    edited = _editor(
        name,
        default,
        {
            "text": st.column_config.TextColumn("Template", width="large", max_chars=LONGEST_TEMPLATE),
            "role": st.column_config.SelectboxColumn("Role", options=roles, width="small"),
        },
    )
    caption(
        "Write `[MASK]` for the words of the groups, and `{profession}`, `{a profession}` or "
        "`{the profession}` for the profession."
    )
    return edited


def _profession_editor() -> pd.DataFrame:
    """The professions, editable, with an upload and a download."""
    name, default = _shipped_professions()
    _heading("Professions", name)
    edited = _editor(
        name,
        default,
        {
            "profession": st.column_config.TextColumn("Profession", width="medium", max_chars=LONGEST_NAME),
            "women_share": st.column_config.NumberColumn(
                "Women",
                help="Share of women among the workers, from 0 to 1",
                min_value=0.0,
                max_value=1.0,
                format="%.3f",
                width="small",
            ),
        },
    )
    years = sorted({str(year) for year in shipped_professions()["year"]})
    caption(f"{SOURCE.format(year=' and '.join(years))} A share may be empty.")
    if hosting().mode != "demo":
        st.file_uploader(
            "Upload professions: a CSV file with the column `profession` and, optionally, `women_share` "
            "(0 to 1)",
            type=["csv", "tsv", "txt"],
            key=UPLOAD,
            on_change=_take_upload,
            max_upload_size=1,
        )
    if sentence := st.session_state.get(UPLOAD_ERROR):
        st.error(literal(sentence), icon=":material/error:")
    table_download(edited, "fairkd-professions", "gaps_professions_csv")
    return edited


def _take_upload() -> None:
    """Replace the professions with those of an uploaded file. An invalid file only shows a message."""
    st.session_state[UPLOAD_ERROR] = None
    upload = st.session_state[UPLOAD]
    if upload is None:
        return
    try:
        _replace("professions", uploaded_professions(upload.getvalue()))
    except FairKDError as error:
        st.session_state[UPLOAD_ERROR] = str(error)


def _heading(title: str, name: str) -> None:
    """A table's title, and a button that restores the shipped rows."""
    # On the left, because the table shows its own buttons on the right while the pointer is over it.
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{title}**", width="content")
        st.button(
            "Reset",
            key=f"gaps_{name}_reset",
            on_click=_replace,
            args=(name, None),
            type="tertiary",
            icon=":material/restart_alt:",
            help=f"Restore the default {title.lower()}",
        )


def _kept(name: str) -> pd.DataFrame | None:
    """The rows of the table `name`, whether it is drawn or not; None if they are the shipped ones."""
    state = st.session_state
    for part in ("now", "base"):
        if (kept := state.get(f"gaps_{name}_{part}")) is not None:
            return kept
    return None


def _editor(name: str, default: pd.DataFrame, columns: dict[str, Any]) -> pd.DataFrame:
    """An editor that keeps its rows while it is hidden: a closed panel, other word groups, another page.

    Streamlit discards the state of an editor that is not drawn, so the editor then starts from its last rows.
    """
    state = st.session_state
    base = f"gaps_{name}_base"
    widget = f"gaps_{name}_editor_{state.get(f'gaps_{name}_version', 0)}"
    if base not in state or widget not in state:
        kept = _kept(name)
        state[base] = default.reset_index(drop=True) if kept is None else kept
    edited = st.data_editor(
        state[base], key=widget, num_rows="dynamic", hide_index=True, column_config=columns, height=300
    )
    state[f"gaps_{name}_now"] = edited.reset_index(drop=True)
    return edited


def _replace(name: str, frame: pd.DataFrame | None) -> None:
    """Replace the rows of an editor and discard its edits. None restores the shipped rows."""
    state = st.session_state
    for part in ("base", "now"):
        state.pop(f"gaps_{name}_{part}", None)
    if frame is not None:
        state[f"gaps_{name}_base"] = frame
    if name == "professions":
        state[UPLOAD_ERROR] = None
    state[f"gaps_{name}_version"] = state.get(f"gaps_{name}_version", 0) + 1
