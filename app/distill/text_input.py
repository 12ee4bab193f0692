"""A text that a visitor names or uploads, for training or for evaluation: its widgets, column and preview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import streamlit as st

from app.distill.variants import ALL_VARIANTS, change, current, standard
from app.shared.model_cache import friendly_errors, rerun_if_changed
from app.shared.visitor import visitor
from app.shared.widgets import caption, literal
from fairkd import corpora
from fairkd.corpora import ROW_AS_HEADER, UNDECODABLE, HeldOutText
from fairkd.errors import FairKDError, InputError
from fairkd.runs import Visitor

UPLOAD, NAMED = "Upload a file", "File or folder on the server, or Hugging Face data set"
TYPES = [ending.removeprefix(".") for ending in corpora.ENDINGS]
PREVIEW = 2000  # sentences that are read for the preview of a file
MOST_STAMPED = 1000  # files of a folder that are looked at for changes
Stamp = tuple[int, int, int]


# The settings are changed in callbacks, because these run before the callback of a start button.
@dataclass(frozen=True)
class TextInput:
    """The widgets of one text, which set the settings `source` and `column` of all variants.

    `name` begins the keys of the widgets. The last source of each kind of text is kept when they are gone.
    `whole` says that no part of the text is held out.
    """

    name: str
    source: str
    column: str
    whole: bool = False

    @property
    def kind_key(self) -> str:
        return f"{self.name}_text"

    def kinds(self, me: Visitor, first: Sequence[str]) -> list[str]:
        """The kinds of text that the visitor may choose. A text that a link names has its kind, too."""
        kinds = list(first)
        if me.upload_refusal() is None:
            kinds.append(UPLOAD)
        named = self.sources().get(NAMED) or st.session_state.get(self.kind_key) == NAMED
        if me.hosting.access.text != () or named:
            kinds.append(NAMED)
        return kinds

    def sources(self) -> dict[str, str]:
        """The last source of each kind of text, mutable."""
        return st.session_state.setdefault(f"{self.name}_given", {})

    def widgets(self, kind: str, me: Visitor) -> None:
        """The uploader, or the box for a path or data set."""
        if kind == UPLOAD:
            st.file_uploader(
                "File",
                type=TYPES,
                key=f"{self.name}_upload",
                on_change=self._take_upload,
                max_upload_size=me.upload_megabytes,
            )
            if sentence := st.session_state.get(f"{self.name}_upload_problem"):
                st.error(literal(sentence), icon=":material/error:")
        elif kind == NAMED:
            st.text_input(
                "Path or data set",
                key=f"{self.name}_named",
                on_change=self._take_named,
                persist_state="session",
                max_chars=1000,
                placeholder="/data/letters.csv.gz or hub:org/name",
                help=None
                if me.access.text is None
                else "Only texts that whoever hosts this server has listed.",
            )

    def chosen(self, kind: str, me: Visitor) -> bool:
        """Show the column and the first sentences of the chosen text; False if none is chosen yet."""
        source = self.sources().get(kind)
        if not source:
            return False
        with friendly_errors():
            allowed = me.access.source(source)
            self._column(allowed)
            self._preview(allowed)
        return True

    def enter(self, source: str) -> None:
        """Enter a path or a data set from the address into the widgets."""
        self.sources()[NAMED] = source
        st.session_state[self.kind_key], st.session_state[f"{self.name}_named"] = NAMED, source

    def take(self) -> None:
        """Make the chosen text the source. Its column has to be chosen again."""
        source = self.sources().get(st.session_state[self.kind_key])
        change(ALL_VARIANTS, self.source, source or standard(ALL_VARIANTS)[self.source])
        change(ALL_VARIANTS, self.column, None)

    def _take_named(self) -> None:
        self.sources()[NAMED] = (st.session_state[f"{self.name}_named"] or "").strip()
        self.take()

    def _take_upload(self) -> None:
        """Replace the last upload; it is also gone if the file was removed or cannot be stored."""
        upload = st.session_state[f"{self.name}_upload"]
        self.sources().pop(UPLOAD, None)
        st.session_state[f"{self.name}_upload_problem"] = None
        if upload is not None:
            try:
                self.sources()[UPLOAD] = visitor().upload(upload.name, upload.getvalue())
            except FairKDError as error:
                st.session_state[f"{self.name}_upload_problem"] = str(error)
        self.take()

    def _column(self, source: str) -> None:
        """The column of a table that holds the text. It is asked only if there are several."""
        found = _columns(source, _stamp(source))
        if isinstance(found, InputError):
            raise InputError(self._as_uploaded(str(found), source))
        if not found:
            return
        column, key = current(ALL_VARIANTS, self.column), f"{self.name}_column"
        chosen = st.selectbox(
            "Column with the text",
            found,
            index=found.index(column) if column in found else 0,
            key=key,
            on_change=lambda: change(ALL_VARIANTS, self.column, st.session_state[key]),
        )
        change(ALL_VARIANTS, self.column, chosen)  # a new file has no chosen column yet

    def _as_uploaded(self, text: str, source: str) -> str:
        """A text with the visitor's own name for an uploaded file, which is stored under another one."""
        upload, stored = st.session_state.get(f"{self.name}_upload"), self.sources().get(UPLOAD)
        return text.replace(Path(source).name, upload.name) if upload and stored == source else text

    def _preview(self, source: str) -> None:
        """The number of sentences, and the first three."""
        if source.startswith("hub:"):
            caption("The data set is streamed from Hugging Face when the run starts.")
            return
        found = _first(source, _stamp(source), current(ALL_VARIANTS, self.column), self.whole)
        if isinstance(found, InputError):
            raise InputError(self._as_uploaded(str(found), source))
        count = len(found.training) + len(found.held_out)
        if ROW_AS_HEADER in found.skipped:
            st.warning(
                "The first line of this table looks like a row, but it should name the columns. So its text "
                "is not used. Put a line with names, such as `text`, above it.",
                icon=":material/table_rows:",
            )
        if lines := found.skipped.get(UNDECODABLE):
            st.warning(
                f"{lines:,} {'line is' if lines == 1 else 'lines are'} not UTF-8 text, and not used. Save "
                "the file as UTF-8 to use all of it.",
                icon=":material/warning:",
            )
        if found.read_part:
            st.info(f"This preview covers {found.read_part}. A run reads more.", icon=":material/info:")
        more = "at least " if count >= PREVIEW or found.read_part else ""
        skipped = "".join(f" · {number:,} {literal(reason)}" for reason, number in found.skipped.items())
        sentences = "distinct sentence" if count == 1 else "distinct sentences"
        sentences += skipped if count < PREVIEW else ""
        name = literal(self._as_uploaded(found.name, source))
        caption(f"{name}: {more}{count:,} {sentences}. The first:")
        for sentence in (*found.training, *found.held_out)[:3]:
            caption(f"“{literal(sentence[:160])}”")


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
def _first(source: str, stamp: Stamp, column: str | None, whole: bool = False) -> corpora.Corpus | InputError:
    """The first sentences; with `whole` none of them is held out."""
    try:
        return corpora.read(
            source,
            column=column,
            most=PREVIEW,
            count_rest=False,
            limits=corpora.PREVIEW_LIMITS,
            progress=_stop_if_changed,
            held_out=HeldOutText("", None, ()) if whole else None,
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
