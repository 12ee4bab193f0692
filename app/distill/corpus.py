"""The text of all variants: the default corpus, an uploaded file, or one named by path or Hub id."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import streamlit as st

from app.distill.variants import ALL_VARIANTS, change, current, standard
from app.shared.model_cache import friendly_errors
from app.shared.widgets import caption, literal
from fairkd import corpora
from fairkd.errors import FairKDError, InputError
from fairkd.utils import home

BUG, UPLOAD, NAMED = "Default", "Upload", "Path or Hub"
TYPES = ["txt", "csv", "tsv", "jsonl", "parquet", "gz"]
MOST_MEGABYTES = 200
PREVIEW = 2000  # sentences that are read to show what a file holds
_KIND, _UPLOAD, _NAMED, _COLUMN = "distill_text", "distill_upload", "distill_named", "distill_column"
_SOURCES, _PROBLEM = "distill_given", "distill_upload_problem"


# The settings are changed in callbacks: those run before the one of a start button that is pressed at once.
def corpus() -> None:
    """The controls; what they say becomes corpus.source and corpus.column of all variants."""
    kind = st.segmented_control(
        "Text",
        [BUG, UPLOAD, NAMED],
        default=BUG,
        required=True,
        key=_KIND,
        on_change=_take_source,
        persist_state="session",
        label_visibility="collapsed",
    )
    if kind == UPLOAD:
        st.file_uploader(
            "File", type=TYPES, key=_UPLOAD, on_change=_take_upload, max_upload_size=MOST_MEGABYTES
        )
        if sentence := st.session_state.get(_PROBLEM):
            st.error(literal(sentence), icon=":material/error:")
    elif kind == NAMED:
        st.text_input(
            "Path or Hub data set",
            key=_NAMED,
            on_change=_take_named,
            persist_state="session",
            max_chars=1000,
            placeholder="/data/letters.csv.gz or hub:org/name",
        )
    source = _sources().get(str(kind))
    if kind == BUG:
        caption(
            "BUG (Levy et al. 2021, MIT licence): about 100,000 real sentences with a profession and a "
            "pronoun. It is fetched once, 43 MB, when a run first needs it."
        )
    elif not source:
        caption(
            "A sentence or paragraph a line, or a table with a column of text: .txt, .csv, .tsv, .jsonl "
            "(each also .gz) or .parquet. Until one is given, the default is used."
        )
    else:
        with friendly_errors():
            _column(source)
            _preview(source, current(ALL_VARIANTS, "corpus.column"))


def _sources() -> dict[str, str]:
    """The source that was given last, by the kind of text; it outlives the widgets."""
    return st.session_state.setdefault(_SOURCES, {})


def choose(source: str) -> None:
    """As if this path or data set had been typed, where its place is still empty."""
    _sources()[NAMED] = source
    st.session_state[_KIND], st.session_state[_NAMED] = NAMED, source


def is_upload(source: object) -> bool:
    """Whether a source is a file that somebody uploaded."""
    return isinstance(source, str) and Path(source).parent == _uploads()


def _uploads() -> Path:
    return home() / "uploads"


def _take_source() -> None:
    """The chosen text becomes the source; its column is asked anew."""
    source = _sources().get(st.session_state[_KIND])
    change(ALL_VARIANTS, "corpus.source", source or standard(ALL_VARIANTS)["corpus.source"])
    change(ALL_VARIANTS, "corpus.column", None)


def _take_named() -> None:
    _sources()[NAMED] = (st.session_state[_NAMED] or "").strip()
    _take_source()


def _take_upload() -> None:
    """A file takes the place of the last one, and so does its absence, or that it cannot be stored."""
    upload = st.session_state[_UPLOAD]
    _sources().pop(UPLOAD, None)
    st.session_state[_PROBLEM] = None
    if upload is not None:
        try:
            _sources()[UPLOAD] = str(store(upload.name, upload.getvalue()))
        except FairKDError as error:
            st.session_state[_PROBLEM] = str(error)
    _take_source()


def store(name: str, content: bytes) -> Path:
    """Keep an uploaded file where a run in the background can read it, under a name made of its content."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(name).name).strip("-.")[-60:] or "text.txt"
    path = _uploads() / f"{hashlib.sha256(content).hexdigest()[:12]}-{safe}"
    if not path.is_file():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{path.name}.part")
            part.write_bytes(content)
            part.replace(path)
        except OSError as error:
            raise InputError(
                f"The file cannot be stored in {path.parent} ({error.strerror}): see that the disk has room."
            ) from error
    return path


def _column(source: str) -> None:
    """Which column of a table is the text; asked only where there is a choice."""
    found = _columns(source)
    if not found:
        return
    column = current(ALL_VARIANTS, "corpus.column")
    chosen = st.selectbox(
        "Column with the text",
        found,
        index=found.index(column) if column in found else 0,
        key=_COLUMN,
        on_change=lambda: change(ALL_VARIANTS, "corpus.column", st.session_state[_COLUMN]),
    )
    change(ALL_VARIANTS, "corpus.column", chosen)  # of a new file nobody has chosen one yet


@st.cache_data(max_entries=16, ttl="5m", show_spinner="Looking into the file")
def _columns(source: str) -> tuple[str, ...]:
    return corpora.columns(source)


@st.cache_data(max_entries=16, ttl="5m", show_spinner="Reading the first sentences")
def _first(source: str, column: str | None) -> corpora.Corpus:
    return corpora.read(source, column=column, most=PREVIEW, count_rest=False)


def _preview(source: str, column: str | None) -> None:
    """How many sentences there are, and the first of them."""
    if source.startswith("hub:"):
        caption("The data set is streamed when the run begins.")
        return
    found = _first(source, column)
    count = len(found.training) + len(found.held_out)
    more = "at least " if count >= PREVIEW else ""
    skipped = "".join(f" · {number:,} {literal(reason)}" for reason, number in found.skipped.items())
    caption(
        f"{literal(found.name)}: {more}{count:,} distinct sentences{skipped if not more else ''}. It begins:"
    )
    for sentence in found.training[:3]:
        caption(f"“{literal(sentence[:160])}”")
