"""Why the gap of a run's student on this page differs from the one that its run reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.gaps.results import GapQuestion
from app.shared.widgets import literal
from fairkd.errors import FairKDError
from fairkd.measures import MEASURES


def run_note(reference: str, question: GapQuestion) -> str:
    """A sentence of Markdown for `run/ID`; empty for other models and for runs that are gone."""
    if not reference.startswith("run/"):
        return ""
    # Only here, because these read the database of runs.
    from app.runs.follow import follow
    from fairkd import runs

    try:
        run = runs.get(reference.removeprefix("run/"))
    except FairKDError:
        return ""
    here = f"Run **{literal(run.name)}** ({literal(reference)}), measured on {len(question.professions)} "
    here += f"professions and {len(question.templates)} templates"
    evaluations = follow(run).evaluations
    last = evaluations.iloc[-1].to_dict() if len(evaluations) else {}
    measure = MEASURES["gap_absolute"]
    if last.get(measure.key) is None or question.value != "gap" or not _same_words(run.config, question):
        return f"{here}."
    count = last.get("professions")
    of = f"{int(count)} professions" if count == count and count is not None else "fewer professions"
    return (
        f"{here}. During training the same measure was taken on {of}: "
        f"{literal(measure.format(last[measure.key]))} at step {int(last['step']):,}. The two numbers differ "
        "because the professions do."
    )


def _same_words(config: Mapping[str, Any], question: GapQuestion) -> bool:
    """Whether the run measures the word groups that the page shows."""
    section = config.get("evaluation") or {}
    names = [group.name for group in question.contrast.groups[:2]]
    return (
        section.get("words") is None
        and section.get("contrast", "pronouns") == question.contrast.name
        and list(question.groups) == names
    )
