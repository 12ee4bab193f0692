"""Fuzz everything that reads what others wrote, with hypothesis, and print the smallest input of each find.

    python -m benchmarks.fuzz [--minutes 10] [--only READER] [--seed 0]

Readers take turns: settings, YAML, links, tables, texts, events and run descriptions, model folders. A reader
may raise a FairKDError and nothing else. The exit code is 1 if one raised anything else.
"""

from __future__ import annotations

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before huggingface_hub reads it: nothing waits for a network

import argparse
import itertools
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, given, seed, settings, strategies as some

from app.gaps.link import restored
from app.gaps.validation import clean_professions, clean_templates
from app.shared import url_state
from fairkd import corpora, measures, models, predictions
from fairkd.distill.config import all_settings, make_config, read_config, stored_config
from fairkd.errors import FairKDError
from fairkd.lexicon import shipped_professions, typed_contrast
from fairkd.runs import description, event_tables, events
from tests.tiny import tiny

EXAMPLES = 60  # of a reader in a turn
KEYS = [setting.key for setting in all_settings()]
ENDINGS = (".txt", ".csv", ".tsv", ".jsonl", ".parquet", ".txt.gz", ".csv.xz")

TEXT = some.text(max_size=40)
NUMBER = some.one_of(some.integers(), some.floats(), some.sampled_from([10**400, -(10**20), 2**63]))
VALUE: some.SearchStrategy[Any] = some.recursive(
    some.one_of(some.none(), some.booleans(), NUMBER, TEXT),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)
# Bytes that readers know something about, in any order.
PIECES = some.lists(
    some.one_of(
        some.binary(max_size=12),
        TEXT.map(lambda text: text.encode("utf-8", "replace")),
        some.sampled_from(
            [b"\n", b"\r", b",", b"\t", b'"', b"text", b"profession,women_share\n", b"role", b"[MASK]", b"{"]
            + [b'{"text": "', b'"}', b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b"nurse", b"\x1f\x8b\x08", b"PAR1"]
            + [b"The nurse said that she was tired.\n"] * 3
        ),
    ),
    max_size=40,
).map(b"".join)
EVENT = some.dictionaries(
    some.sampled_from(["type", "time", "step", "tokens", "seconds", "progress", "loss", "text", "positions"])
    | TEXT,
    some.one_of(
        some.sampled_from(["train", "evaluation", "start", "end", "phase", "watched_sentence"]), VALUE
    ),
    max_size=6,
)


class Readers:
    """What is fuzzed: each method takes one generated input."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.model = tiny("bert", folder / "model")

    def read_settings(self, values: dict[str, Any]) -> None:
        nested: dict[str, Any] = {}
        for key, value in values.items():
            section, _, name = key.rpartition(".")
            (nested.setdefault(section, {}) if section else nested)[name] = value
        make_config(nested)

    def read_changes(self, changes: list[str]) -> None:
        read_config(None, changes)

    def read_yaml(self, text: str) -> None:
        path = self.folder / "settings.yaml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        read_config(path)

    def read_stored(self, value: Any) -> None:
        path = self.folder / "run"
        path.mkdir(exist_ok=True)
        (path / "config.json").write_text(_json(value))
        stored_config(path)

    def read_link(self, value: Any) -> None:
        url_state.st.query_params = {"edits": _json(value)}  # type: ignore[assignment]
        shipped = shipped_professions()[["profession", "women_share"]]
        if (rows := restored("professions", shipped)) is not None:
            clean_professions(rows)
        templates = pd.DataFrame([("[MASK] is {a profession}.", "subject")], columns=["text", "role"])
        if (rows := restored("templates", templates)) is not None:
            clean_templates(rows, ["subject"])

    def read_words(self, words: tuple[str, str]) -> None:
        typed_contrast(*words)

    def read_professions(self, data: bytes) -> None:
        clean_professions(measures.read_professions(data))

    def read_templates(self, data: bytes) -> None:
        measures.read_templates(data)

    def read_corpus(self, file: tuple[str, bytes]) -> None:
        path = self.folder / f"corpus{file[0]}"
        path.write_bytes(file[1])
        corpora.columns(path)
        corpora.read(path)

    def read_events(self, lines: list[Any]) -> None:
        path = self.folder / "run"
        path.mkdir(exist_ok=True)
        content = "\n".join(line if isinstance(line, str) else _json(line) for line in lines)
        (path / "events.jsonl").write_bytes(content.encode("utf-8", "surrogatepass"))
        (path / "description.json").write_text(_json(lines))
        description.read(path)
        found, _ = events.read(path)
        for event in events.history(found):
            events.as_line(event)
        event_tables.training(found)
        event_tables.evaluations(found)

    def read_model(self, change: tuple[str, int, Any]) -> None:
        file, place, value = change
        folder = self.folder / "damaged"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.model, folder)
        path = folder / file
        if file.endswith(".json"):
            path.write_text(_json(_replaced(json.loads(path.read_text()), place, value)))
        else:  # within the header of the weights
            content = bytearray(path.read_bytes())
            content[place % min(len(content), 2000)] = place % 256
            path.write_bytes(content)
        lm = models.load(str(folder))
        models.describe(lm)
        predictions.predict(lm, "he is a [MASK] nurse.")


def _json(value: Any) -> str:
    return json.dumps(value)


def _replaced(value: Any, place: int, new: Any) -> Any:
    """The value with one part of it replaced, which `place` chooses."""
    chooser = random.Random(place)
    if not isinstance(value, dict | list) or not value or chooser.random() < 0.15:
        return new
    key = chooser.choice(sorted(value) if isinstance(value, dict) else range(len(value)))
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[key] = _replaced(value[key], chooser.randrange(2**32), new)
    return copied


FILES = some.sampled_from(["config.json", "tokenizer_config.json", "tokenizer.json", "model.safetensors"])
INPUTS: dict[str, some.SearchStrategy[Any]] = {
    "read_settings": some.dictionaries(some.sampled_from(KEYS), VALUE, min_size=1, max_size=4),
    "read_changes": some.lists(
        some.tuples(some.sampled_from([*KEYS, "budget", "student"]), VALUE | TEXT).map(
            lambda pair: f"{pair[0]}={pair[1] if isinstance(pair[1], str) else _json(pair[1])}"
        ),
        max_size=4,
    ),
    "read_yaml": some.lists(
        some.sampled_from(
            [*KEYS[:9], ": ", "\n", "  ", "[", "]", "{", "}", "- ", "&a ", "*a", "!!int ", "|", ">"]
        )
        | TEXT,
        max_size=20,
    ).map("".join),
    "read_stored": VALUE,
    "read_link": some.dictionaries(
        some.sampled_from(["professions", "templates", "patterns"]),
        some.dictionaries(some.sampled_from(["only", "add", "drop"]), some.lists(VALUE, max_size=4)) | VALUE,
    ),
    "read_words": some.tuples(TEXT, TEXT),
    "read_professions": PIECES,
    "read_templates": PIECES,
    "read_corpus": some.tuples(some.sampled_from(ENDINGS), PIECES),
    "read_events": some.lists(EVENT | VALUE | TEXT, max_size=6),
    "read_model": some.tuples(FILES, some.integers(0, 2**32 - 1), VALUE),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--only", choices=list(INPUTS))
    parser.add_argument("--seed", type=int, default=0, help="another one tries other inputs")
    options = parser.parse_args()
    until = time.monotonic() + 60 * options.minutes
    names = [options.only] if options.only else list(INPUTS)
    counts, finds = dict.fromkeys(names, 0), {}
    with tempfile.TemporaryDirectory() as name:
        os.environ["FAIRKD_HOME"] = f"{name}/home"
        readers = Readers(Path(name))
        for turn, reader in enumerate(itertools.cycle(names)):
            if time.monotonic() > until:
                break
            find = _turn(getattr(readers, reader), INPUTS[reader], options.seed * 10**6 + turn, counts)
            if find and find not in finds:
                finds[find] = reader
                print(f"{reader}: {find}", flush=True)
    print(", ".join(f"{name} {count:,}" for name, count in counts.items()))
    print(f"{sum(counts.values()):,} inputs, {len(finds)} finds")
    sys.exit(int(bool(finds)))


def _turn(
    read: Callable[[Any], None], inputs: some.SearchStrategy[Any], turn: int, counts: dict[str, int]
) -> str:
    """Give a reader some inputs; what it raised, with the smallest input that makes it do so."""
    shown = ""

    @seed(turn)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(inputs)
    def try_it(value: Any) -> None:
        nonlocal shown
        counts[read.__name__] += 1
        try:
            read(value)
        except FairKDError as error:
            assert "\n" not in str(error), f"several lines: {error}"
            assert len(str(error)) < 1000, f"{len(str(error))} characters"
        except Exception:
            shown = repr(value)[:600]
            raise

    try:
        try_it()
    except Exception as error:
        trace = error.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
        return f"{type(error).__name__}: {str(error)[:200]} ({place})\n    {shown}"
    return ""


if __name__ == "__main__":
    main()
