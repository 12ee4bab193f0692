"""The training text of all variants: BUG, the small text, an uploaded file, or a path or Hub data set."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import streamlit as st

from app.distill.variants import ALL_VARIANTS, change, current, standard
from app.shared.model_cache import friendly_errors, rerun_if_changed
from app.shared.visitor import visitor
from app.shared.widgets import caption, literal
from fairkd import corpora
from fairkd.corpora import ROW_AS_HEADER, UNDECODABLE
from fairkd.errors import FairKDError, InputError
from fairkd.runs import Visitor
from fairkd.utils import SMALL

BUG, SMALL_TEXT, UPLOAD, NAMED = (
    "Sentences on professions (BUG)",
    "Small, offline",
    "Upload a file",
    "File or folder on the server, or Hugging Face data set",
)
WORDNET_LICENCE = "https://wordnet.princeton.edu/license-and-commercial-use"
TYPES = [ending.removeprefix(".") for ending in corpora.ENDINGS]
PREVIEW = 2000  # sentences that are read for the preview of a file
MOST_STAMPED = 1000  # files of a folder that are looked at for changes
Stamp = tuple[int, int, int]

_KIND, _UPLOAD, _NAMED, _COLUMN = "distill_text", "distill_upload", "distill_named", "distill_column"
_SOURCES, _PROBLEM = "distill_given", "distill_upload_problem"


# The settings are changed in callbacks, because these run before the callback of a start button.
def corpus_controls() -> None:
    """The controls of the training text: they set corpus.source and corpus.column of all variants."""
    me = visitor()
    kind = st.radio(
        "Text",
        _kinds(me),
        key=_KIND,
        on_change=_take_source,
        persist_state="session",
        label_visibility="collapsed",
    )
    if kind == UPLOAD:
        st.file_uploader(
            "File", type=TYPES, key=_UPLOAD, on_change=_take_upload, max_upload_size=me.upload_megabytes
        )
        if sentence := st.session_state.get(_PROBLEM):
            st.error(literal(sentence), icon=":material/error:")
    elif kind == NAMED:
        st.text_input(
            "Path or data set",
            key=_NAMED,
            on_change=_take_named,
            persist_state="session",
            max_chars=1000,
            placeholder="/data/letters.csv.gz or hub:org/name",
            help=None if me.access.text is None else "Only texts that whoever hosts this server has listed.",
        )
    source = _sources().get(str(kind))
    if kind == BUG:
        caption(
            "BUG (Levy et al. 2021, MIT licence) has 105,481 distinct real sentences with a profession and a "
            "pronoun. The first run downloads it once (43 MB)."
        )
    elif kind == SMALL_TEXT:
        caption(
            "31,364 short English sentences that come with FairKD, so a run needs no network: WordNet's "
            f"examples and definitions ([WordNet licence]({WORDNET_LICENCE})), and 387 sentences written for "
            "FairKD (Apache-2.0), most of them on professions. A quarter of all has a he or a she; in BUG "
            "every sentence has a pronoun."
        )
    elif not source:
        caption(
            "Text with a sentence or a paragraph per line, or a table with a column of text: "
            f"{corpora.NAMED_FORMATS} (all but .parquet also packed, as {corpora.NAMED_PACKED}). Until you "
            "choose a file, BUG is used."
        )
    else:
        with friendly_errors():
            allowed = me.access.source(source)
            _column(allowed)
            _preview(allowed, current(ALL_VARIANTS, "corpus.column"))


def _kinds(me: Visitor) -> list[str]:
    """The kinds of text that the visitor may choose. A text that a link names has its kind, too."""
    kinds = [BUG, SMALL_TEXT]
    if me.upload_refusal() is None:
        kinds.append(UPLOAD)
    if me.hosting.access.text != () or _sources().get(NAMED) or st.session_state.get(_KIND) == NAMED:
        kinds.append(NAMED)
    return kinds


def _sources() -> dict[str, str]:
    """The last source of each kind of text. It is kept when the widgets are gone."""
    return st.session_state.setdefault(_SOURCES, {SMALL_TEXT: SMALL})


def enter_source(source: str) -> None:
    """Enter the small text, a path or a data set from the address into the widgets."""
    if source == SMALL:
        st.session_state[_KIND] = SMALL_TEXT
        return
    _sources()[NAMED] = source
    st.session_state[_KIND], st.session_state[_NAMED] = NAMED, source


def _take_source() -> None:
    """Make the chosen text the source. Its column has to be chosen again."""
    source = _sources().get(st.session_state[_KIND])
    change(ALL_VARIANTS, "corpus.source", source or standard(ALL_VARIANTS)["corpus.source"])
    change(ALL_VARIANTS, "corpus.column", None)


def _take_named() -> None:
    _sources()[NAMED] = (st.session_state[_NAMED] or "").strip()
    _take_source()


def _take_upload() -> None:
    """Replace the last upload; it is also gone if the file was removed or cannot be stored."""
    upload = st.session_state[_UPLOAD]
    _sources().pop(UPLOAD, None)
    st.session_state[_PROBLEM] = None
    if upload is not None:
        try:
            _sources()[UPLOAD] = visitor().upload(upload.name, upload.getvalue())
        except FairKDError as error:
            st.session_state[_PROBLEM] = str(error)
    _take_source()


def _column(source: str) -> None:
    """The column of a table that holds the text. It is asked only if there are several."""
    found = _columns(source, _stamp(source))
    if isinstance(found, InputError):
        raise InputError(_as_uploaded(str(found), source))
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
    change(ALL_VARIANTS, "corpus.column", chosen)  # a new file has no chosen column yet


# Errors are cached too, because an unreadable file can take seconds to refuse. `stamp` changes with the file.
@st.cache_data(max_entries=16, ttl="5m", show_spinner="Reading the column names")
def _columns(source: str, stamp: Stamp) -> tuple[str, ...] | InputError:
    try:
        return corpora.columns(source, limits=corpora.PREVIEW_LIMITS, progress=_stop_if_changed)
    except InputError as error:
        if source.startswith("hub:"):  # the network may be back at any time
            raise
        return error


@st.cache_data(max_entries=16, ttl="5m", show_spinner="Reading the first sentences")
def _first(source: str, stamp: Stamp, column: str | None) -> corpora.Corpus | InputError:
    try:
        return corpora.read(
            source,
            column=column,
            most=PREVIEW,
            count_rest=False,
            limits=corpora.PREVIEW_LIMITS,
            progress=_stop_if_changed,
        )
    except InputError as error:
        return error


def _stop_if_changed(message: str, fraction: float | None) -> None:
    rerun_if_changed()


def _stamp(source: str) -> Stamp:
    """When a file, or the last one in a folder, was written and made readable (ns), and the size in bytes.

    Zeros for what is neither.
    """
    try:
        path = Path(source).expanduser()
        files = islice(path.iterdir(), MOST_STAMPED) if path.is_dir() else ()
        stats = [one.stat() for one in (path, *files)]
    except (OSError, RuntimeError, ValueError):  # no such file, unknown home folder, not a path
        return 0, 0, 0
    return (
        max(one.st_mtime_ns for one in stats),
        max(one.st_ctime_ns for one in stats),
        sum(one.st_size for one in stats),
    )


def _as_uploaded(text: str, source: str) -> str:
    """A text with the visitor's own name for an uploaded file, which is stored under another one."""
    upload, stored = st.session_state.get(_UPLOAD), _sources().get(UPLOAD)
    return text.replace(Path(source).name, upload.name) if upload and stored == source else text


def _preview(source: str, column: str | None) -> None:
    """The number of sentences, and the first three."""
    if source.startswith("hub:"):
        caption("The data set is streamed from Hugging Face when the run starts.")
        return
    found = _first(source, _stamp(source), column)
    if isinstance(found, InputError):
        raise InputError(_as_uploaded(str(found), source))
    count = len(found.training) + len(found.held_out)
    if ROW_AS_HEADER in found.skipped:
        st.warning(
            "The first line of this table looks like a row, but it should name the columns. So its text is "
            "not used. Put a line with names, such as `text`, above it.",
            icon=":material/table_rows:",
        )
    if lines := found.skipped.get(UNDECODABLE):
        st.warning(
            f"{lines:,} {'line is' if lines == 1 else 'lines are'} not UTF-8 text, and not used. Save the "
            "file as UTF-8 to use all of it.",
            icon=":material/warning:",
        )
    if found.read_part:
        st.info(f"This preview covers {found.read_part}. A run reads more.", icon=":material/info:")
    more = "at least " if count >= PREVIEW or found.read_part else ""
    skipped = "".join(f" · {number:,} {literal(reason)}" for reason, number in found.skipped.items())
    sentences = "distinct sentence" if count == 1 else "distinct sentences"
    sentences += skipped if count < PREVIEW else ""
    caption(f"{literal(_as_uploaded(found.name, source))}: {more}{count:,} {sentences}. The first:")
    for sentence in found.training[:3]:
        caption(f"“{literal(sentence[:160])}”")
