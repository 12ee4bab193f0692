"""Runs for tests of the pages: rows and events as a worker writes them, without any process."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fairkd.benchmarks import (
    BENCHMARKS,
    DataVersion,
    Group,
    Result,
    ValueEstimate,
    make_measure_config,
    stored_results,
)
from fairkd.distill.config.config import make_config
from fairkd.distill.config.presets import PRESETS
from fairkd.runs import State, store
from fairkd.utils.paths import runs_folder

Event = dict[str, Any]
WORDS = ("white", "drink", "liquid", "milk", "food", "good", "bottle")
TEACHER = {
    "pseudo_perplexity_sampled": 9.8,
    "perplexity": 8.1,
    "top1_accuracy": 0.55,
    "gap_mean": 0.9,
    "gap_low": 0.7,
    "gap_high": 1.1,
    "gap_absolute": 1.5,
    "gap_absolute_low": 1.2,
    "gap_absolute_high": 1.8,
    "gap_mass": 0.7,
}


def add_run(
    name: str,
    state: State = "finished",
    *,
    preset: str = "plain",
    events: list[Event] | None = None,
    batch: str | None = None,
    sentence: str | None = None,
    model: bool = False,
    log: str = "",
    **settings: Any,
) -> str:
    """Add a run and return its id."""
    config = make_config({**PRESETS[preset], **settings}).model_dump(mode="json")
    found = events or []
    id = _stored(name, config, found, batch)
    folder = runs_folder() / id
    if log:
        (folder / "log.txt").write_text(log)
    if model:
        (folder / "model").mkdir()
        (folder / "model" / "config.json").write_text("{}")
    trained = [event for event in found if event["type"] == "train"]
    last = trained[-1] if trained else {}
    progress = 1.0 if state == "finished" else float(last.get("progress", 0.0))
    step, left = int(last.get("step", 0)), last.get("seconds_left")
    update_run(id, state, step=step, progress=progress, seconds_left=left, sentence=sentence)
    return id


MEASURED = {
    "models": ["embedded/teacher", "embedded/student-fair"],
    "benchmarks": ["crows-pairs"],
    "quick": True,
}


def add_measurement(
    name: str,
    state: State = "finished",
    *,
    results: Sequence[Result] = (),
    sentence: str | None = None,
    **settings: Any,
) -> str:
    """Add a run that measures, with these results, and return its id."""
    config = make_measure_config({**MEASURED, **settings}).model_dump(mode="json")
    told = [
        {"type": "result", "benchmark": one.benchmark, "model": one.model, "n": one.overall.n}
        for one in results
    ]
    events: list[Event] = [] if state == "queued" else [{"type": "start", "pairs": 2}, *told]
    if state in ("finished", "cancelled"):
        events.append({"type": "end", "state": state, "sentence": sentence})
    id = _stored(name, {"kind": "measure", **config}, events, None)
    for one in results:
        stored_results.store(one, runs_folder() / id)
    progress = 1.0 if state == "finished" else len(results) / len(config["models"])
    phase = "Measuring CrowS-Pairs of student-fair" if state in ("running", "cancelling") else None
    update_run(id, state, progress=progress, seconds_left=40.0, sentence=sentence, phase=phase)
    return id


def result(model: str, *, benchmark: str = "crows-pairs", score: float = 60.476) -> Result:
    """A result of 1,508 items, without these. All of its values are the same."""
    keys = [value.key for value in BENCHMARKS[benchmark].values]
    return Result(
        benchmark=benchmark,
        model=model,
        model_hash="0" * 64,
        data=DataVersion("original", "crows_pairs_anonymized.csv", "0" * 12),
        precision="strict",
        quick=False,
        overall=Group(1508, dict.fromkeys(keys, ValueEstimate(score, score - 2.5, score + 2.5))),
        categories={},
        without_faults=None,
        unscored=(),
        items=pd.DataFrame({"id": []}),
        seconds=1.0,
        version="0.1.0",
        date="2026-11-28",
    )


def _stored(name: str, config: Mapping[str, Any], events: list[Event], batch: str | None) -> str:
    """A queued run with these settings and events."""
    store.make_home()
    id = store.new_id()
    folder = runs_folder() / id
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    store.insert([(id, name)], batch)
    write_events(folder, events)
    return id


def update_run(id: str, state: State, *, seconds_left: float | None, **columns: Any) -> None:
    """The row as it is in that state."""
    now = time.time()
    changes: Mapping[str, Any] = {
        "state": state,
        "seconds_left": seconds_left if state == "running" else None,
        **columns,
        "started": None if state == "queued" else now - 300,
        "ended": None if state in ("queued", "running", "cancelling") else now - 20,
    }
    assignments = ", ".join(f"{column} = ?" for column in changes)
    statement = f"UPDATE runs SET {assignments} WHERE id = ?"
    store.write(lambda database: database.execute(statement, [*changes.values(), id]))


def write_events(folder: Path, events: list[Event]) -> None:
    """Append events to a run's file."""
    with (folder / "events.jsonl").open("a") as handle:
        for event in events:
            handle.write(json.dumps({"time": time.time(), "step": 0, **event}) + "\n")


def training(
    steps: int = 400,
    *,
    every: int = 20,
    evaluated: int = 100,
    gap: float = 0.4,
    quality: float = 14.0,
    mass: float = 0.6,
) -> list[Event]:
    """The events of a run up to `steps`, with measures that fall towards `gap` and `quality`."""
    found: list[Event] = [
        {"type": "start", "resumed_from": None, "steps": steps, "minutes": None, "device": "cpu"},
        {"type": "teacher", **TEACHER},
        *(
            watched_sentence(text, 0, 1.0, model="teacher")
            for text in ("Milk is a [MASK].", "[MASK] is a nurse.")
        ),
        *_measured(0, gap, quality, mass, 0.0),
    ]
    for step in range(every, steps + 1, every):
        part = step / steps
        decay = math.exp(-3 * part)
        found.append(
            {
                "type": "train",
                "step": step,
                "epoch": 0,
                "tokens": 1000 * step,
                "seconds": 0.7 * step,
                "progress": part,
                "seconds_left": 0.7 * (steps - step),
                "learning_rate": 6e-4 * (1 - part),
                "tokens_per_second": 1430.0,
                "loss": 2 + 12 * decay,
                "kd": 0.4 + 4 * decay,
                "mlm": 2 + 3 * decay,
                "hidden": 0.05 + 0.2 * decay,
                "group": 0.0,
            }
        )
        if step % evaluated == 0:
            found += _measured(step, gap, quality, mass, part)
    return found


def _measured(step: int, gap: float, quality: float, mass: float, part: float) -> list[Event]:
    decay = math.exp(-4 * part)
    absolute = gap + 0.8 * decay
    measures = {
        "kl": 0.6 + 3 * decay,
        "kl_constrained": 0.5 + 3 * decay,
        "perplexity": quality + 60 * decay,
        "top1_accuracy": 0.45 - 0.3 * decay,
        "top1_agreement": 0.62 - 0.5 * decay,
        "pseudo_perplexity_sampled": quality + 80 * decay,
        "gap_mean": 0.1,
        "gap_low": -0.1,
        "gap_high": 0.3,
        "gap_absolute": absolute,
        "gap_absolute_low": 0.8 * absolute,
        "gap_absolute_high": 1.25 * absolute,
        "gap_mass": mass,
        "masked_sentences": 100,
        "scored_sentences": 200,
        "professions": 20,
    }
    for key in ("kl", "pseudo_perplexity_sampled", "gap_mass"):
        measures |= {f"{key}_low": 0.98 * measures[key], f"{key}_high": 1.02 * measures[key]}
    times = {"tokens": 1000 * step, "seconds": 0.7 * step}
    return [
        {"type": "evaluation", "step": step, **times, **measures},
        watched_sentence("Milk is a [MASK].", step, part),
        watched_sentence("[MASK] is a nurse.", step, part),
    ]


def watched_sentence(text: str, step: int, part: float, *, model: str = "student") -> Event:
    """A watched sentence: the larger `part`, the more probability the first words have."""
    raw = [math.exp(-place * (0.2 + part)) for place in range(len(WORDS))]
    top = [
        {"token": word, "probability": 0.9 * value / sum(raw), "rank": rank}
        for rank, (word, value) in enumerate(zip(WORDS, raw, strict=True), start=1)
    ]
    position = {"index": 4, "token": "[MASK]", "masked": True, "entropy": 2.0, "predictions": top}
    return {"type": "watched_sentence", "step": step, "text": text, "model": model, "positions": [position]}
