"""Damage to the stored files of a run, for property tests: arbitrary JSON, and sound files changed somewhere.

More than in the gate, and others:

    FAIRKD_DAMAGE_EXAMPLES=2000 pytest --hypothesis-profile=search tests/app/runs/test_damaged_files.py
"""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("FAIRKD_DAMAGE_EXAMPLES", "10"))
# Of every run. The last are in the home folder.
FILES = ("config.json", "events.jsonl", "description.json", "access.json", "log.txt", "model/config.json")
HOME_FILES = ("runner.json", "runner.starting", "runner.log")
COLUMNS = (
    "place",
    "name",
    "batch",
    "sentence",
    "created",
    "started",
    "ended",
    "step",
    "progress",
    "seconds_left",
    "attempt",
    "force",
    "pid",
    "pid_started",
    "pid_boot",
    "pid_namespace",
    "note",
    "owner",
    "phase",
    "phase_since",
    "phase_seconds",
    "warning",
)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from([-1, 2**31, 2**53, 2**63, 10**30, -(10**30), 10**400]),
    st.floats(),
    st.sampled_from([1e300, -1e300, float("nan"), float("inf"), 1e18]),
    st.text(max_size=8),
    st.sampled_from(["", "\\ud800", "\x00", "../..", "a" * 5000, "1e999", "nan", "[MASK]"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
sql_values = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    st.binary(max_size=5),
    st.sampled_from(["", "\x00", "[1]", '{"loading": "x"}', '{"loading": 1e999}', "a" * 30_000, 2**62]),
)


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values in a document, the document's own included."""
    found = [path]
    if isinstance(document, dict):
        for key, value in document.items():
            found += places(value, (*path, key))
    elif isinstance(document, list):
        for number, value in enumerate(document[:3]):
            found += places(value, (*path, number))
    return found


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of a document with another value at a path."""
    if not path:
        return value
    document = copy.deepcopy(document)
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return document


@st.composite
def damaged_lines(draw: st.DrawFn, sound: bytes) -> bytes:
    """A file of one JSON document a line (or of one document), with one line changed somewhere."""
    kind = draw(st.sampled_from(["place", "place", "place", "value", "bytes", "cut", "deep"]))
    if kind == "bytes":
        return draw(st.binary(max_size=30))
    if kind == "cut":
        return sound[: draw(st.integers(0, len(sound)))]
    if kind == "deep":
        return b"[" * draw(st.sampled_from([50, 900, 5000])) + b"\n"
    try:
        lines, lined = [json.loads(sound)], False
    except ValueError:
        lines, lined = [json.loads(line) for line in sound.splitlines() if line.strip()], True
    number = draw(st.integers(0, len(lines) - 1)) if lines else 0
    if kind == "value" or not lines:
        lines = [draw(values)]
    else:
        lines[number] = changed(lines[number], draw(st.sampled_from(places(lines[number]))), draw(values))
    return "".join(json.dumps(line) + ("\n" if lined else "") for line in lines).encode()


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
