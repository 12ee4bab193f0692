"""Benchmarks of the finished student, at the end of a run: `evaluation.benchmarks`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fairkd.benchmarks import BENCHMARKS, keep_with_run, measure
from fairkd.distill.config import Config
from fairkd.errors import FairKDError, reason
from fairkd.models import MaskedLM, load
from fairkd.utils import Throttle, runs_folder

Emit = Callable[..., None]  # the type of an event, and its values


class _Stopped(Exception):
    """The run was asked to stop."""


def measure_benchmarks(config: Config, folder: Path, emit: Emit, stop: Callable[[], bool]) -> bool:
    """Measure the student in `folder`/model by the benchmarks that the settings name; False if stopped.

    Each result is stored in the folder and told in the model card, as after `fairkd measure`, and emitted as
    a `result` event. A benchmark that cannot be measured is said in a `message`, and the others go on. Scores
    are cached, so what is measured again after a stop is quick.
    """
    student: MaskedLM | None = None
    teacher: MaskedLM | None = None
    throttle = Throttle(1.0, first=0)

    def check(_: object = None) -> None:
        if stop():
            raise _Stopped

    def say(text: str, _fraction: float | None) -> None:
        check()
        if throttle.due():
            emit("message", text=text)

    for name in config.evaluation.benchmarks:
        benchmark = BENCHMARKS[name]
        try:
            check()
            student = student or load(reference_of(folder), progress=say)
            if benchmark.needs_reference and teacher is None:
                teacher = load(config.teacher, progress=say)
            result = measure(
                student,
                name,
                reference=teacher if benchmark.needs_reference else None,
                quick=config.evaluation.benchmark_items == "sample",
                alone=True,  # the other processes have ended their work
                progress=say,
                report=check,
            )
            keep_with_run(result, folder)
        except _Stopped:
            return False
        except Exception as error:  # the student is trained and saved: this must not make the run fail
            why = str(error) if isinstance(error, FairKDError) else f"{reason(error)}."
            emit("message", text=f"{benchmark.label} could not be measured: {why}")
            continue
        values: dict[str, Any] = {key: one.value for key, one in result.overall.values.items()}
        emit(
            "result",
            benchmark=name,
            model=result.model,
            n=result.overall.n,
            values=values,
            unscored=len(result.unscored),
        )
    return True


def reference_of(folder: Path) -> str:
    """The student of a run folder as a reference: run/ID for a run in the home folder, else its path."""
    whole = folder.absolute()
    return f"run/{whole.name}" if whole.parent == runs_folder() else str(whole / "model")
