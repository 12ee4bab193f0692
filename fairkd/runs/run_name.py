"""The name of a run that nobody has named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from fairkd.benchmarks import all_texts
from fairkd.distill.config import PRESETS, flat
from fairkd.errors import FairKDError
from fairkd.runs import store
from fairkd.runs.description import LONGEST
from fairkd.runs.run_config import Kind
from fairkd.utils import shortened

MOST_NAMED = 3  # benchmarks, and models, in a name


def default_name(kind: Kind, values: Mapping[str, Any]) -> str:
    """The name of a run with these settings.

    That of a distillation is the preset that covers most of them, or their constraint; that of a measurement
    what it measures: "CrowS-Pairs, StereoSet: teacher, student-fair".
    """
    return _of_measurement(values) if kind == "measure" else _of_distillation(values)


def benchmark_labels(names: Sequence[str]) -> list[str]:
    """The benchmarks' names for people.

    >>> benchmark_labels(["crows-pairs", "of-another-version"])
    ['CrowS-Pairs', 'of-another-version']
    """
    known = all_texts()
    return [known[name].label if name in known else name for name in names]


def model_names(references: Sequence[str]) -> list[str]:
    """Short names of models, each as it stands in a list: of a run its name, else the end of its reference.

    >>> model_names(["embedded/student-fair", "google-bert/bert-base-uncased@main", "/models/mine/"])
    ['student-fair', 'bert-base-uncased', 'mine']
    """
    return [_model_name(reference) for reference in references]


def _of_measurement(values: Mapping[str, Any]) -> str:
    benchmarks, models = benchmark_labels(values["benchmarks"]), model_names(values["models"])
    for most in range(MOST_NAMED, 0, -1):
        name = f"{_listed(benchmarks, most)}: {_listed(models, most)}"
        if len(name) <= LONGEST["name"]:
            return name
    return shortened(name, LONGEST["name"])


def _listed(names: Sequence[str], most: int) -> str:
    more = len(names) - most
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:most])} and {more} more"


def _model_name(reference: str) -> str:
    if reference.startswith("run/"):
        with suppress(FairKDError):
            return store.entry(reference.removeprefix("run/")).run.name
    return reference.rstrip("/\\").replace("\\", "/").rsplit("/", 1)[-1].split("@")[0] or reference


def _of_distillation(values: Mapping[str, Any]) -> str:
    fitting = {name: flat(preset) for name, preset in PRESETS.items()}
    fitting = {
        name: settings for name, settings in fitting.items() if settings.items() <= flat(values).items()
    }
    best = max(fitting, key=lambda name: len(fitting[name]), default="plain")
    constraint = str(values.get("constraint", {}).get("kind", "none"))
    return constraint.replace("_", " ") if best == "plain" and constraint != "none" else best
