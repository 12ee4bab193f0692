"""The buttons below every table: download it as CSV, or copy it as Markdown or LaTeX.

A file says what its numbers are about in columns with one value in all rows. It has no comment lines, because
a token may begin with "##".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from app.shared.export_view import record_table
from fairkd import __version__

if TYPE_CHECKING:
    import pandas as pd  # takes longer to import than the first page to appear

    from fairkd.utils import Format

About = Callable[[], Mapping[str, object]]  # computed on the download

MOST_COPIED = 200  # rows; a longer table is for a file


def table_download(
    frame: pd.DataFrame | Callable[[], pd.DataFrame],
    name: str,
    key: str,
    *,
    about: About | None = None,
    formats: Mapping[str, Format] | None = None,
    shown: pd.DataFrame | None = None,
) -> None:
    """Buttons that download `frame` as `name`.csv (UTF-8) and copy it as Markdown or LaTeX.

    The file has all digits and further columns, with one value in all rows: those of `about` (as from
    `about_models`), the version of FairKD and the date (UTC). It is written on the click.

    Parameters
    ----------
    frame : the table, or a function that makes it when somebody wants it.
    about : callable, optional
        Models and settings that the numbers depend on, as columns.
    shown : the table as it is copied, if it differs from the file: as the page shows it.
    formats : by column of what is copied, how a number is shown, so that it is rounded as on the page;
        otherwise to three significant digits.
    """
    made = frame if callable(frame) else lambda: frame
    record_table(key, name, lambda: (made() if shown is None else shown, formats or {}))
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "CSV",
            data=lambda: with_provenance(made(), about).to_csv(index=False).encode(),
            file_name=f"{name}.csv",
            mime="text/csv",
            key=key,
            on_click="ignore",
            icon=":material/download:",
            type="tertiary",
            help="Download this table as a CSV file, with models, settings, version and date.",
        )
        copies = st.popover(
            "Copy table",
            key=f"{key}_copy",
            type="tertiary",
            icon=":material/content_copy:",
            on_change="rerun",
        )
        if copies.open:
            with copies:
                found = made()
                _copies(found if shown is None else shown, key, formats or {}, provenance(found, about))


def _copies(frame: pd.DataFrame, key: str, formats: Mapping[str, Format], source: pd.DataFrame) -> None:
    """The table as text with its provenance below; the code element has a button that copies it."""
    from fairkd.utils import latex_table, markdown_table, markdown_text, provenance_line

    kinds = {"Markdown": markdown_table, "LaTeX": latex_table}
    if len(frame) > MOST_COPIED:
        st.caption(f"Tables of more than {MOST_COPIED} rows are not copied as text: download the CSV file.")
        return
    chosen = st.segmented_control(
        "Copy as",
        list(kinds),
        default=next(iter(kinds)),
        required=True,
        key=f"{key}_copy_as",
        label_visibility="collapsed",
    )
    text = kinds.get(str(chosen), markdown_table)(frame, formats)
    line = provenance_line(source)
    text += f"\n% {line}" if chosen == "LaTeX" else f"\n\n{markdown_text(line)}"
    st.code(text, language="latex" if chosen == "LaTeX" else "markdown", height=240, width=560)


def provenance(frame: pd.DataFrame, about: About | None = None) -> pd.DataFrame:
    """The columns of `with_provenance` on where the numbers come from, each row once.

    With those that name the model of each row, where the table has them.
    """
    columns = list(with_provenance(frame.iloc[:, :0], about).columns)
    columns = [name for name in ("reference", "sha256") if name in frame] + columns
    return with_provenance(frame, about)[columns].drop_duplicates(ignore_index=True)


def with_provenance(frame: pd.DataFrame, about: About | None = None) -> pd.DataFrame:
    """The table with its provenance in columns at the end. A column that the table has already is kept."""
    columns = dict(about()) if about else {}
    columns |= {"fairkd_version": __version__, "date": datetime.now(UTC).date().isoformat()}
    return frame.assign(**{name: value for name, value in columns.items() if name not in frame.columns})
