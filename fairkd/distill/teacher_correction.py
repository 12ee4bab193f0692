"""The correction of a run's teacher that its settings describe."""

from __future__ import annotations

from collections.abc import Callable

from fairkd.constraints import Correction, check_correction, make_correction
from fairkd.distill.config import Config
from fairkd.models import MaskedLM


def configured_correction(
    teacher: MaskedLM, config: Config, *, fit: bool, notify: Callable[[str], object]
) -> Correction | None:
    """The correction; without `fit` None, after a check that this teacher can have it.

    Raises
    ------
    FairKDError
        If it does not fit the teacher.
    """
    settings = config.correction
    if not fit:
        check_correction(teacher, settings.kind, settings.prompt)
        return None
    if settings.kind == "leace":
        notify("Finding the direction of gender in the teacher's states")
    return make_correction(teacher, config.constraint.balanced(), **settings.model_dump())


def longest_input(teacher: MaskedLM, correction: Correction | None) -> int:
    """The most tokens of a text that a teacher takes, beside those that its correction adds."""
    return teacher.max_tokens - (0 if correction is None else correction.added_tokens)
