"""The editable tables of the Gaps page: templates and professions, with an upload, a reset and a download.

Edits survive reruns, other word groups and other pages, and are kept for each language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd
import streamlit as st

from app.gaps.link import EDITS, keep, restored
from app.gaps.validation import (
    LONGEST_NAME,
    LONGEST_TEMPLATE,
    clean_professions,
    clean_templates,
    uploaded_professions,
)
from app.shared.table_download import table_download
from app.shared.visitor import hosting
from app.shared.widgets import caption, literal
from fairkd.errors import FairKDError
from fairkd.lexicon import ENGLISH, Template, shipped_professions, templates_of

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


@dataclass(frozen=True)
class Tables:
    """Which templates and professions are shipped: their language, the grammatical roles, and the verbs.

    With `plural` the verbs fit "they" as well.
    """

    language: str
    roles: tuple[str, ...]
    plural: bool

    @property
    def templates_name(self) -> str:
        """The name of the table of templates."""
        name = f"templates_{'_'.join(self.roles)}{'_any_number' if self.plural else ''}"
        return name if self.language == ENGLISH else f"{name}_{self.language}"

    @property
    def professions_name(self) -> str:
        """The name of the table of professions."""
        return "professions" if self.language == ENGLISH else f"professions_{self.language}"

    def templates(self) -> pd.DataFrame:
        """The shipped templates: text, role."""
        shipped = templates_of(self.roles, plural=self.plural, language=self.language)
        return _frame(shipped)

    def professions(self) -> pd.DataFrame:
        """The shipped professions: profession, women_share and, if the language has two forms, feminine."""
        table = shipped_professions(self.language)
        columns = ["profession", "women_share"]
        return table[[*columns, "feminine"] if (table["feminine"] != "").any() else columns]


def share_source(language: str) -> str:
    """Where the shipped shares of women come from; for languages without shares, what to do."""
    table = shipped_professions(language)
    if table["women_share"].isna().all():
        return "FairKD has no shares of women in this language; fill them in from a source that you name."
    return SOURCE.format(year=" and ".join(sorted({str(year) for year in table["year"]})))


def restore(tables: Tables) -> None:
    """Fill the tables from the address, whenever it has other edits than this page wrote last."""
    state = st.session_state
    linked = st.query_params.get(EDITS)
    if _READ not in state or (linked is not None and linked != state[_READ]):
        for table, (name, shipped) in _shipped_tables(tables).items():
            if (found := restored(table, shipped)) is not None:
                _replace(name, found)
    state[_READ] = linked


def keep_edits(chosen: tuple[Template, ...], rows: pd.DataFrame, tables: Tables) -> None:
    """Write the edits to the address, and name the tables with too many edits for it."""
    templates, professions = cleaned(tables)
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


def _shipped_tables(tables: Tables) -> dict[str, tuple[str, pd.DataFrame]]:
    """Both editable tables: the name of each, and its shipped rows."""
    return {
        "templates": (tables.templates_name, tables.templates()),
        "professions": (tables.professions_name, tables.professions()),
    }


@cache
def cleaned(tables: Tables) -> tuple[tuple[Template, ...], pd.DataFrame]:
    """The shipped templates and professions, as they are measured."""
    templates = clean_templates(tables.templates(), tables.roles, tables.language)
    return templates, clean_professions(tables.professions())


def template_editor(tables: Tables) -> pd.DataFrame:
    """The templates for these grammatical roles, editable."""
    _heading("Templates", tables.templates_name)
    edited = _editor(
        tables.templates_name,
        tables.templates(),
        {
            "text": st.column_config.TextColumn("Template", width="large", max_chars=LONGEST_TEMPLATE),
            "role": st.column_config.SelectboxColumn("Role", options=list(tables.roles), width="small"),
        },
    )
    forms = ""
    if "feminine" in tables.professions():
        forms = " Write both forms of a word that agrees with the person: `{der|die}`, `{cansado|cansada}`."
    caption(
        "Write `[MASK]` for the words of the groups, and `{profession}`, `{a profession}` or "
        f"`{{the profession}}` for the profession.{forms}"
    )
    return edited


def profession_editor(tables: Tables) -> pd.DataFrame:
    """The professions, editable, with an upload and a download."""
    _heading("Professions", tables.professions_name)
    name: dict[str, Any] = {"width": "medium", "max_chars": LONGEST_NAME}
    edited = _editor(
        tables.professions_name,
        tables.professions(),
        {
            "profession": st.column_config.TextColumn("Profession", **name),
            "feminine": st.column_config.TextColumn(
                "Form for a woman", help="Empty where it is the same word", **name
            ),
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
    caption(f"{share_source(tables.language)} A share may be empty.")
    if hosting().mode != "demo":
        st.file_uploader(
            "Upload professions: a CSV file with the column `profession` and, optionally, `women_share` "
            "(0 to 1) and `feminine` (the form for a woman)",
            type=["csv", "tsv", "txt"],
            key=UPLOAD,
            on_change=_take_upload,
            args=(tables.professions_name,),
            max_upload_size=1,
        )
    if sentence := st.session_state.get(UPLOAD_ERROR):
        st.error(literal(sentence), icon=":material/error:")
    table_download(edited, "fairkd-professions", "gaps_professions_csv")
    return edited


def _take_upload(name: str) -> None:
    """Replace the professions with those of an uploaded file. An invalid file only shows a message."""
    st.session_state[UPLOAD_ERROR] = None
    upload = st.session_state[UPLOAD]
    if upload is None:
        return
    try:
        _replace(name, uploaded_professions(upload.getvalue()))
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


def kept_rows(name: str) -> pd.DataFrame | None:
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
        kept = kept_rows(name)
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
    if name.startswith("professions"):
        state[UPLOAD_ERROR] = None
    state[f"gaps_{name}_version"] = state.get(f"gaps_{name}_version", 0) + 1
