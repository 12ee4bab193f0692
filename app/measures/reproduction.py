"""The command that measures the same again, and what to cite."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from app.measures.notebook import measurement_cells
from app.measures.scores import score_figures
from app.measures.stored import measured
from app.shared.export_control import Export
from app.shared.reproduce import command_line, reproduce
from app.shared.widgets import literal
from fairkd.benchmarks import BENCHMARKS, about, html_report
from fairkd.runs import Run


def reproduce_measurement(run: Run) -> None:
    """The element “Reproduce and cite”; nothing where the settings cannot be read."""
    if run.config_error is not None:
        return
    reproduce_config(run.config, f"reproduce_{run.id}", export=_export(run))


def _export(run: Run) -> Export | None:
    """The export of a measurement; None without a result. Its web page is the report of `fairkd measure`."""
    found = measured(run)
    if not found.results:
        return None
    line = command_line(command(run.config))
    return Export(
        run.name,
        f"fairkd-measures-{run.id}",
        lambda: measurement_cells(run.id, len(score_figures(found, dark=False))),
        html=lambda: html_report(found.results, refusals=found.refusals, command=line),
    )


def reproduce_config(config: Mapping[str, Any], key: str, *, export: Export | None = None) -> None:
    """The same for settings that nothing was measured with yet."""
    sources = [about(name).source.rstrip(".") for name in config["benchmarks"] if name in BENCHMARKS]
    files = "It reads your own files from the current folder. " if config.get("data") else ""
    reproduce(
        command(config),
        key,
        models=list(config["models"]),
        note=f"{files}The measures: {literal('; '.join(dict.fromkeys(sources)))}.",
        export=export,
    )


def command(config: Mapping[str, Any]) -> list[str]:
    """The arguments of `fairkd measure`, the program first.

    >>> command({"models": ["a"], "benchmarks": ["aul"], "quick": True, "data": {"aul": "/tmp/mine.csv"}})
    ['fairkd', 'measure', 'aul', '--model', 'a', '--quick', '--data', 'aul=mine.csv']
    """
    arguments = ["fairkd", "measure", *config["benchmarks"]]
    for model in config["models"]:
        arguments += ["--model", model]
    arguments += ["--quick"] if config.get("quick") else []
    for name in ("limit", "precision", "seed"):
        standard = {"limit": None, "precision": "strict", "seed": 0}[name]
        if config.get(name, standard) != standard:
            arguments += [f"--{name}", str(config[name])]
    for name, file in (config.get("data") or {}).items():
        arguments += ["--data", f"{name}={PurePath(file).name}"]
    for key in dict.fromkeys((config.get("data_sets") or {}).values()):
        arguments += ["--data-set", key]
    return arguments
