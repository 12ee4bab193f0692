"""The text on which quality and fidelity are measured: held-out sentences of the default corpus, or a file.

The default corpus is BUG. Its held-out sentences are those that no distillation of FairKD trains on; the
sample of them is fixed. A user's file is plain text with one sentence a line, or a table with a column
`sentence`, `text` or `sentence_text`.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fairkd import corpora  # whose names are imported on first use
from fairkd.benchmarks.benchmark import DataSet, Files, Item
from fairkd.benchmarks.data_files import rows, single_text
from fairkd.errors import InputError, listed

if TYPE_CHECKING:
    from fairkd.benchmarks.scorer import Ids, Scorer

SENTENCES = 500
TOKENS_OF_SENTENCE = 3
COLUMNS = ("sentence", "text", "sentence_text")
TABLES = (".csv", ".tsv")
BUG = "full_BUG.csv"

DATA_SETS = (
    DataSet(
        key="bug-held-out",
        label="held-out sentences of BUG",
        language="en",
        licence="MIT",
        where="https://github.com/SLAB-NLP/BUG",
        members=(f"BUG/data/{BUG}",),
    ),
)


def sentences(files: Files) -> list[str]:
    """The distinct sentences of a file with at least two words; of BUG, a fixed held-out sample."""
    name, _ = single_text(files)
    return list(_sentences(name, files[name]))


@lru_cache(maxsize=1)  # three benchmarks read the 105,687 rows of BUG, which takes seconds
def _sentences(name: str, content: bytes) -> tuple[str, ...]:
    files = {name: content}
    given = _cells(files) if name.endswith(TABLES) else single_text(files)[1].splitlines()
    found: dict[str, str] = {}
    for line in given:
        sentence = " ".join(line.split())
        if " " in sentence:
            found.setdefault(corpora.normalise(sentence), sentence)
    if name == BUG:
        held_out = sorted(filter(corpora.is_held_out, found), key=_digest)[:SENTENCES]
        found = {key: found[key] for key in held_out}
    if not found:
        raise InputError(f"{name} has no sentence of at least two words; expected one a line.")
    return tuple(found.values())


def read(files: Files) -> list[Item]:
    """One item a sentence."""
    return [
        Item(id=str(number), category="", texts={"sentence": sentence})
        for number, sentence in enumerate(sentences(files), 1)
    ]


def read_tokens(files: Files) -> list[Item]:
    """`TOKENS_OF_SENTENCE` items a sentence: tokens at equal distances, to be masked one at a time."""
    return [
        Item(
            id=f"{item.id}.{part + 1}",
            category="",
            texts=item.texts,
            details={"part": part, "sentence": item.id},
        )
        for item in read(files)
        for part in range(TOKENS_OF_SENTENCE)
    ]


def masked_token(item: Item, scorer: Scorer) -> tuple[Ids, int]:
    """The ids of the sentence of an item of `read_tokens`, and the position to mask, or InputError."""
    ids = scorer.ids(item.texts["sentence"])
    places, part = scorer.scored(ids), item.details["part"]
    if part >= len(places):
        raise InputError(f"The sentence has only {len(places)} tokens.")
    return ids, places[(2 * part + 1) * len(places) // (2 * TOKENS_OF_SENTENCE)]


def _cells(files: Files) -> Iterator[str]:
    name, text = single_text(files)
    tabs = name.endswith(".tsv")
    names = corpora.csv_table(io.StringIO(text, newline=""), tabs=tabs, name=name).names
    column = next((one for one in COLUMNS if one in names), None)
    if column is None:
        raise InputError(f"{name} has none of the columns {listed(COLUMNS)}: name the one with sentences so.")
    for _, row in rows(files, (column,), tabs=tabs):
        yield row[column]


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
