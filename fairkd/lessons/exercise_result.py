"""What the lessons' questions and exercises come to; computed on live models, never stored."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ExerciseResult:
    """Whether an exercise is solved by what the learner did, and a sentence or two that say why."""

    solved: bool
    message: str


@dataclass(frozen=True)
class QuestionAnswer:
    """Which choice of a question is right for these models, counted from 0, and a sentence that says why.

    `right` is None where the models do not decide the question.
    """

    right: int | None
    message: str
