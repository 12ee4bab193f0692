"""What a lesson's own module, `app/learn/NAME_lesson.py`, gives the page: its `PARTS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from fairkd.lessons import ExerciseResult, QuestionAnswer


@dataclass(frozen=True)
class ChosenModels:
    """The references of the models that a lesson shows."""

    teacher: str
    student: str


@dataclass(frozen=True)
class LessonParts:
    """The parts of a lesson that are not text.

    Attributes
    ----------
    live : by name in the lesson's file: draws a live part.
    answers : by name of the question: which choice is right for these models.
    exercise : draws the exercise's inputs, and returns the result once the learner has given some.
    """

    exercise: Callable[[ChosenModels], ExerciseResult | None]
    live: Mapping[str, Callable[[ChosenModels], None]] = field(default_factory=dict)
    answers: Mapping[str, Callable[[ChosenModels], QuestionAnswer]] = field(default_factory=dict)


def parts_of(name: str) -> LessonParts:
    """The parts of the lesson `name`. Its module is imported when the lesson is first opened."""
    return cast(LessonParts, import_module(f"app.learn.{name}_lesson").PARTS)
