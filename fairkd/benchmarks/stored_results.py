"""Results on disk: one JSON file a model and benchmark, below a folder `results`.

store(result, folder)            # folder/results/embedded-teacher-3f2a91c0/crows-pairs.json
results, refusals = read(folder)
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fairkd.benchmarks.benchmark_registry import BENCHMARKS
from fairkd.benchmarks.data_files import DataVersion
from fairkd.benchmarks.results import Group, Result, Unscored, ValueEstimate
from fairkd.utils import parse_json, write_private

FOLDER, WORDS = "results", "words"

PromotedWords = tuple[pd.DataFrame, pd.DataFrame]  # promoted and demoted, as `promoted_words` returns them
WORD_COLUMNS = {
    "word": "str",
    "teacher": "float",
    "student": "float",
    "shift": "float",
    "example": "str",
    "at_teacher": "float",
    "at_student": "float",
}


@dataclass(frozen=True)
class Refusal:
    """A benchmark that could not measure a model, and why."""

    benchmark: str
    model: str
    reason: str


def path_of(folder: Path, model: str, benchmark: str) -> Path:
    """Where the result of a model and benchmark lies."""
    name = Path(model).name if Path(model).is_absolute() else model  # exports name no path
    readable = re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.")[-60:]
    digest = hashlib.sha256(model.encode()).hexdigest()[:8]
    return folder / FOLDER / f"{readable}-{digest}" / f"{benchmark}.json"


def store(result: Result | Refusal, folder: Path) -> Path:
    """Write a result, or why there is none; the file is complete or not there."""
    path = path_of(folder, result.model, result.benchmark)
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(result, Refusal):
        document: dict[str, Any] = {**vars(result)}
    else:
        table = result.items.to_dict("split", index=False)
        document = {**result.as_json(), "items": {"columns": table["columns"], "rows": table["data"]}}
    beside = path.with_suffix(".tmp")
    write_private(beside, json.dumps(document, ensure_ascii=False, default=_plain))
    os.replace(beside, path)
    return path


def store_words(words: PromotedWords, folder: Path, model: str) -> None:
    """Write the words that a model promotes and demotes; the file is complete or not there."""
    path = _words_path(folder, model)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".tmp")
    tables = [table.to_dict("records") for table in words]
    write_private(beside, json.dumps(tables, ensure_ascii=False, default=_plain))
    os.replace(beside, path)


def read_words(folder: Path, model: str) -> PromotedWords | None:
    """The words that a model promotes and demotes; None where they are not stored, or the file is damaged."""
    try:
        promoted, demoted = parse_json(_words_path(folder, model).read_text(encoding="utf-8"))
        return tuple(
            pd.DataFrame(rows, columns=[*WORD_COLUMNS]).astype(WORD_COLUMNS) for rows in (promoted, demoted)
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _words_path(folder: Path, model: str) -> Path:
    return folder / WORDS / f"{path_of(folder, model, '').parent.name}.json"


def read(folder: Path) -> tuple[list[Result], list[Refusal]]:
    """The results below a folder, and the benchmarks that could not measure a model.

    A file that is damaged, or lacks what this version measures, is passed over: its benchmark counts as not
    measured.
    """
    results, refusals = [], []
    for path in sorted((folder / FOLDER).glob("*/*.json")):
        found = read_one(path)
        if isinstance(found, Refusal):
            refusals.append(found)
        elif found is not None:
            results.append(found)
    return results, refusals


def read_one(path: Path) -> Result | Refusal | None:
    """What is stored in a file; None where there is none, or it is damaged."""
    try:
        document = parse_json(path.read_text(encoding="utf-8"))
        if "reason" in document:
            return Refusal(**{key: str(document[key]) for key in ("benchmark", "model", "reason")})
        return _result(document)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _result(document: Mapping[str, Any]) -> Result:
    """The result of a document. KeyError where it has not all that pages and reports take from it."""
    items = document["items"]
    benchmark = BENCHMARKS[document["benchmark"]]
    groups = [document["overall"], *document["categories"].values(), document["without_faults"]]
    for value in benchmark.values:
        _ = [group["values"][value.key] for group in groups if group is not None]
    table = pd.DataFrame(items["rows"], columns=items["columns"])
    read = ("id", benchmark.unit, benchmark.choice, benchmark.score, *benchmark.paired.values())
    for column in read:  # what comparisons read
        _ = table[column] if column and len(table) else None
    given = {
        key: document[key] for key in ("benchmark", "model", "model_hash", "precision", "version", "date")
    }
    faultless = document["without_faults"]
    return Result(
        **{key: str(value) for key, value in given.items()},
        reference=document["reference"],
        data=DataVersion(**document["data"]),
        quick=bool(document["quick"]),
        overall=_group(document["overall"]),
        categories={name: _group(group) for name, group in document["categories"].items()},
        without_faults=None if faultless is None else _group(faultless),
        unscored=tuple(Unscored(**one) for one in document["unscored"]),
        items=table,
        seconds=float(document["seconds"]),
    )


def _group(document: Mapping[str, Any]) -> Group:
    values = {
        key: ValueEstimate(*(math.nan if value[end] is None else float(value[end]) for end in _ENDS))
        for key, value in document["values"].items()
    }
    return Group(int(document["n"]), values)


_ENDS = ("value", "low", "high")


def _plain(value: Any) -> Any:
    """A number of numpy as one of Python."""
    return value.item()
