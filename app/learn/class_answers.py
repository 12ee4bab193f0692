"""The answers of all visitors to the lessons' questions, in memory: forgotten when the server stops.

Nothing says whose an answer is but a hash, which itself is kept only to count everybody once.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict

import streamlit as st

MOST_VISITORS = 5_000  # of one question; the earliest are forgotten first

Question = tuple[str, str]  # of a lesson: the lesson's name and its own


class ClassAnswers:
    """Each visitor's answer to each question: the number of a choice. Safe for threads."""

    def __init__(self) -> None:
        self._given: dict[Question, OrderedDict[str, int]] = {}
        self._revealed: set[Question] = set()
        self._lock = threading.Lock()

    def give(self, question: Question, visitor: str, choice: int) -> None:
        """Keep a visitor's answer. The first one counts, because the reveal follows it."""
        with self._lock:
            given = self._given.setdefault(question, OrderedDict())
            given.setdefault(visitor, choice)
            while len(given) > MOST_VISITORS:
                given.popitem(last=False)

    def of(self, question: Question, visitor: str) -> int | None:
        """A visitor's answer; None without one."""
        with self._lock:
            return self._given.get(question, OrderedDict()).get(visitor)

    def counts(self, question: Question, choices: int) -> list[int]:
        """How many visitors gave each of the `choices` answers."""
        with self._lock:
            found = Counter(self._given.get(question, {}).values())
        return [found[number] for number in range(choices)]

    def clear(self, question: Question) -> None:
        """Forget all answers to a question, so that another class can answer it."""
        with self._lock:
            self._given.pop(question, None)
            self._revealed.discard(question)

    def reveal(self, question: Question, revealed: bool) -> None:
        """Say that the right answer is shown in front of the class, or hidden again."""
        with self._lock:
            (self._revealed.add if revealed else self._revealed.discard)(question)

    def is_revealed(self, question: Question) -> bool:
        """Whether the right answer is shown in front of the class."""
        with self._lock:
            return question in self._revealed


@st.cache_resource(show_spinner=False)
def class_answers() -> ClassAnswers:
    """The answers on this server."""
    return ClassAnswers()
