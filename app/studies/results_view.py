"""What the finished runs of a study show over seeds."""

from __future__ import annotations

from fairkd.studies import StudyRecord

EVERY = "6s"  # between two updates while runs train


def study_results(record: StudyRecord, *, every: str | None) -> None:
    """The results so far."""
