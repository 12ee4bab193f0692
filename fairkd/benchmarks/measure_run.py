"""Measure several models by several benchmarks, in a folder that keeps what is done.

`fairkd.runs` calls this for a run of kind "measure", and `fairkd measure` for one in the foreground. A pair
of model and benchmark that has a result is not measured again, and single scores are cached, so a stopped
measurement continues where it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fairkd.benchmarks import measured_students, stored_results
from fairkd.benchmarks.benchmark_registry import chosen
from fairkd.benchmarks.measure_config import MeasureConfig
from fairkd.benchmarks.measuring import TEXT, measure
from fairkd.benchmarks.results import Result
from fairkd.benchmarks.stored_results import Refusal
from fairkd.benchmarks.word_shifts import promoted_words
from fairkd.errors import InputError
from fairkd.models import MaskedLM, load
from fairkd.utils import Throttle

WORDS_OF = "fidelity"  # the benchmark on whose text the words that a student promotes are counted

Emit = Callable[[Mapping[str, Any]], None]


class _Stop(Exception):
    """The measurement was asked to stop."""


def measure_models(
    config: MeasureConfig,
    folder: Path,
    *,
    emit: Emit,
    stop: Callable[[], bool] = lambda: False,
    may_change: Callable[[str], bool] = lambda _: True,
) -> tuple[list[Result], list[Refusal]]:
    """Measure every model by every benchmark. Returns the results, and what could not be measured.

    Emits the events `start`, `progress` (phase, model, done, total, progress, seconds_left), `result` for
    each pair and `end`. With "fidelity" among the benchmarks, the words that each further model promotes over
    the first are stored, too. `stop` is asked several times a second. A result about the student of a run is
    also kept in the folder of that run, if `may_change` says so for the run's id.

    Raises
    ------
    FairKDError
        For an unknown benchmark, a model that cannot be loaded, and where nothing could be measured at all.
    """
    benchmarks = chosen(config.benchmarks)
    pairs = [(model, benchmark.key) for model in config.models for benchmark in benchmarks]
    progress = _Reporter(emit, stop, total=len(pairs))
    emit({"type": "start", "step": 0, "pairs": len(pairs)})
    loaded: dict[str, MaskedLM] = {}
    refusals = []
    try:
        for step, (model, name) in enumerate(pairs):
            progress.enter(step, model, name)
            found = stored_results.read_one(stored_results.path_of(folder, model, name))
            if isinstance(found, Result):
                progress.keep()
            else:
                found = _measured(config, model, name, loaded, progress)
                stored_results.store(found, folder)
                of_run, id = model.startswith("run/"), model.removeprefix("run/")
                if isinstance(found, Result) and of_run and may_change(id):
                    measured_students.keep(found)
            if isinstance(found, Refusal):
                refusals.append(found)
            elif name == WORDS_OF and model != config.models[0]:
                _store_words(found, config.models[0], folder, loaded, progress)
            emit({"type": "result", "step": step + 1, **_told(found)})
    except _Stop:
        emit({"type": "end", "state": "cancelled", "sentence": None})
        return stored_results.read(folder)
    if len(refusals) == len(pairs):
        raise InputError(f"Nothing could be measured. {refusals[0].reason}")
    emit({"type": "end", "step": len(pairs), "state": "finished", "sentence": _summed_up(refusals)})
    return stored_results.read(folder)


def _store_words(
    found: Result, reference: str, folder: Path, loaded: dict[str, MaskedLM], progress: _Reporter
) -> None:
    """The words that the model promotes over the reference in the text of `found`, unless they are stored."""
    if stored_results.read_words(folder, found.model) is not None:
        return
    sentences = list(dict.fromkeys(found.items[f"{TEXT}sentence"]))
    teacher, student = (_loaded(one, loaded, progress) for one in (reference, found.model))
    words = promoted_words(teacher, student, sentences, report=progress.report)
    stored_results.store_words(words, folder, found.model)


def _loaded(reference: str, loaded: dict[str, MaskedLM], progress: _Reporter) -> MaskedLM:
    if reference not in loaded:
        loaded[reference] = load(reference, progress=progress.say)
    return loaded[reference]


def _measured(
    config: MeasureConfig, model: str, name: str, loaded: dict[str, MaskedLM], progress: _Reporter
) -> Result | Refusal:
    reference = config.models[0]
    for one in (reference, model):
        _loaded(one, loaded, progress)
    for one in [one for one in loaded if one not in (reference, model)]:
        del loaded[one]  # two models are in memory at most
    try:
        return measure(
            loaded[model],
            name,
            reference=loaded[reference],
            data=config.data.get(name),
            data_set=config.data_sets.get(name),
            quick=config.quick,
            limit=config.limit,
            precision=config.precision,
            seed=config.seed,
            progress=progress.say,
            report=progress.report,
        )
    except InputError as error:
        return Refusal(name, model, str(error))


class _Reporter:
    """Progress over all pairs, and the question whether to stop."""

    def __init__(self, emit: Emit, stop: Callable[[], bool], *, total: int) -> None:
        self._emit, self._stop, self._total = emit, stop, total
        self._throttle = Throttle(0.5, first=0)
        self._done, self._kept, self._pair = 0, 0, ("", "")
        self._began = time.monotonic()

    def enter(self, done: int, model: str, name: str) -> None:
        self._done, self._pair = done, (model, name)
        self.report(0.0)

    def keep(self) -> None:
        """Count a pair that was measured before: it says nothing about the time that the others take."""
        self._kept += 1

    def report(self, fraction: float) -> None:
        """Emit the progress, now and then; ends the measurement if it was asked to stop."""
        if self._stop():
            raise _Stop
        if not self._throttle.due():
            return
        share = (self._done + fraction) / self._total
        measured = (self._done - self._kept + fraction) / max(self._total - self._kept, 1)
        spent = time.monotonic() - self._began
        model, name = self._pair
        self._emit(
            {
                "type": "progress",
                "step": self._done,
                "phase": name,
                "model": model,
                "done": self._done,
                "total": self._total,
                "progress": round(share, 4),
                "seconds_left": round(spent * (1 - measured) / measured, 1) if measured > 0.02 else None,
            }
        )

    def say(self, text: str, _fraction: float | None) -> None:
        """Progress of what comes before the first score: a download, a model that is loaded."""
        if self._stop():
            raise _Stop
        if self._throttle.due():
            self._emit({"type": "message", "step": self._done, "text": text})


def _told(found: Result | Refusal) -> dict[str, Any]:
    told: dict[str, Any] = {"benchmark": found.benchmark, "model": found.model}
    if isinstance(found, Refusal):
        return {**told, "reason": found.reason}
    values = {key: one.value for key, one in found.overall.values.items()}
    return {**told, "n": found.overall.n, "values": values, "unscored": len(found.unscored)}


def _summed_up(refusals: list[Refusal]) -> str | None:
    if not refusals:
        return None
    return f"{len(refusals)} could not be measured; the first ({refusals[0].benchmark}): {refusals[0].reason}"
