"""The command that measures the same again."""

from __future__ import annotations

import json
from functools import partial

from app.shared.reproduce import reproduce
from fairkd.runs import Run, with_kind


def reproduce_measurement(run: Run) -> None:
    """The element “Reproduce and cite”; nothing where the settings cannot be read."""
    if run.config_error is not None:
        return
    file = f"fairkd-{run.id}.json"
    reproduce(
        ["fairkd", "runs", "submit", file, "--name", run.name],
        f"reproduce_{run.id}",
        models=list(run.config.get("models") or ()),
        files={file: partial(_settings, run)},
    )


def _settings(run: Run) -> str:
    return json.dumps(with_kind(run.kind, dict(run.config)), indent=2) + "\n"
