"""The lessons as data: texts, questions and exercises, in the order in which they are taught.

Each is a file `resources/lessons/N-NAME.yaml`. In its Markdown, `[[term]]` is a term of the glossary, and
`[[term|other words]]` shows other words for it. Loads no torch.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Literal

from pydantic import Field

from fairkd.errors import InputError
from fairkd.utils import Section, did_you_mean, nearest, quoted, read_yaml


class LessonQuestion(Section):
    """A question to answer before the reveal.

    Attributes
    ----------
    name : str
        What it is called in code and in the address; unique within the lesson.
    prompt : str
        The question, in Markdown.
    choices : tuple of str
        Two to six answers. Which of them is right depends on the models, so it is computed.
    """

    name: str = Field(pattern="^[a-z_]+$")
    prompt: str
    choices: tuple[str, ...] = Field(min_length=2, max_length=6)


class Exercise(Section):
    """An exercise that the learner solves with input of their own, which is checked on the live models."""

    prompt: str
    hint: str


class Screen(Section):
    """One idea: a title, a short text in Markdown, and at most one live part, question and exercise.

    `live` is the name of what the page draws: after the text or, if there is a question, after its answer.
    On a projector it stands beside the text, or needs the whole `width`. `reveal` is a text that follows the
    answer. `note` is for teachers.
    """

    title: str
    text: str = ""
    live: str | None = None
    width: Literal["beside", "whole"] = "beside"
    question: LessonQuestion | None = None
    reveal: str = ""
    exercise: Exercise | None = None
    note: str = ""


class Source(Section):
    """What a lesson rests on: a reference, and where to read it."""

    text: str
    url: str = Field(pattern="^https://")


class TeacherNotes(Section):
    """For whoever gives the lesson: its aim, questions for the class, and what usually goes wrong."""

    aim: str
    ask: tuple[str, ...] = Field(min_length=1)
    goes_wrong: tuple[str, ...] = Field(min_length=1)


class Lesson(Section):
    """One lesson of five to ten minutes.

    Attributes
    ----------
    number : int
        Its place in the course, from 1.
    name : str
        What it is called in the address.
    summary : str
        One sentence for the list of lessons.
    remember : tuple of two str
        What to take away.
    """

    number: int = Field(ge=1)
    name: str = Field(pattern="^[a-z]+$")
    title: str
    minutes: int = Field(ge=5, le=10)
    summary: str
    screens: tuple[Screen, ...] = Field(min_length=2)
    remember: tuple[str, str]
    sources: tuple[Source, ...] = Field(min_length=1)
    teacher: TeacherNotes


@lru_cache(maxsize=1)
def lessons() -> tuple[Lesson, ...]:
    """All lessons, in order."""
    folder = files("fairkd") / "resources" / "lessons"
    texts = [file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".yaml")]
    return tuple(sorted((Lesson(**read_yaml(text)) for text in texts), key=lambda one: one.number))


def lesson(name: str) -> Lesson:
    """The lesson of this name. InputError with the nearest names for an unknown one.

    >>> lesson("predictions").number
    1
    """
    by_name = {one.name: one for one in lessons()}
    if name not in by_name:
        hint = did_you_mean(nearest(name, by_name))
        raise InputError(f"There is no lesson {quoted(name)}.{hint} Lessons: {', '.join(by_name)}.")
    return by_name[name]
