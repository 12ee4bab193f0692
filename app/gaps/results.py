"""What the Gaps page shows, computed once for all visitors: gaps of a model, their comparison, preferences.

Models are named by reference. PyTorch comes with `fairkd.measures.word_gaps`, which is imported on first use,
so that the page's frame stands before it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from app.charts.gaps import Value
from app.gaps.cache import GapStore, Question
from app.gaps.validation import sum_name, words_text
from app.shared.model_cache import Version, get_model, version
from app.shared.torch_threads import all_threads
from fairkd.lexicon import Contrast, Template, WordGroup
from fairkd.measures import Correlation
from fairkd.utils import Throttle

if TYPE_CHECKING:
    from fairkd.measures import PairedTest, Summary
    from fairkd.models import MaskedLM

SLOW = 40  # sentences from which on progress is shown
BETWEEN_DRAWINGS = 0.3  # seconds


@dataclass(frozen=True)
class GapQuestion:
    """What is asked of both models."""

    contrast: Contrast
    groups: tuple[str, str]
    value: Value
    templates: tuple[Template, ...]
    professions: pd.DataFrame  # profession, women_share

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.professions["profession"])

    @property
    def sums(self) -> tuple[str, ...]:
        """What stands for each group in `P(...)`: its word, or the first of several with an ellipsis."""
        return tuple(sum_name(group, self._roles) for group in self._pair)

    @property
    def words(self) -> tuple[str, ...]:
        """The words of each group, as a text."""
        return tuple(words_text(group, self._roles) for group in self._pair)

    @property
    def _pair(self) -> list[WordGroup]:
        by_name = {group.name: group for group in self.contrast.groups}
        return [by_name[name] for name in self.groups]

    @property
    def _roles(self) -> list[str]:
        return list(dict.fromkeys(template.role for template in self.templates))

    @property
    def key(self) -> Question:
        """Everything that decides the numbers, hashable."""
        chosen = [group for group in self.contrast.groups if group.name in self.groups]
        words = tuple((group.name, tuple(sorted(group.words.items()))) for group in chosen)
        return (words, self.groups, self.value == "corrected_gap")


@dataclass(frozen=True, eq=False)
class Results:
    """Both models' gaps, and what follows from them."""

    teacher_rows: pd.DataFrame  # one row a sentence
    student_rows: pd.DataFrame
    teacher: pd.DataFrame  # one row a profession
    student: pd.DataFrame
    teacher_summary: Summary
    student_summary: Summary
    test: PairedTest
    transfer: pd.DataFrame
    labour: pd.DataFrame
    correlations: dict[str, Correlation]  # by model
    split: dict[str, list[str]]  # by model, the words of several subwords with their number


@st.cache_resource(show_spinner=False)
def store() -> GapStore:
    """What has been measured so far, for all visitors."""
    return GapStore()


def measure(
    model: MaskedLM,
    setup: GapQuestion,
    templates: Sequence[Template],
    professions: Sequence[str],
    progress: Callable[[float], None] | None = None,
) -> pd.DataFrame:
    """The gaps that `setup` asks for, of some templates and professions. Raises FairKDError."""
    from fairkd import measures  # PyTorch comes with it

    with all_threads():
        return measures.gaps(
            model,
            contrast=setup.contrast,
            templates=templates,
            professions=professions,
            groups=setup.groups,
            prior=setup.value == "corrected_gap",
            progress=progress,
        )


def measured(reference: str, setup: GapQuestion, who: str) -> pd.DataFrame:
    """The gaps of one model, one row a sentence; with a progress bar where it takes long.

    `who` is what the bar calls the model ("teacher"). Raises FairKDError.
    """
    question = (version(reference), *setup.key)
    sentences = store().missing(question, setup.templates, setup.names)
    model = get_model(reference)
    role = st.empty()
    done, throttle = 0, Throttle(BETWEEN_DRAWINGS, first=0)

    def some(templates: Sequence[Template], professions: Sequence[str]) -> pd.DataFrame:
        nonlocal done

        def progress(part: float) -> None:
            # The browser draws on the same processor that measures.
            if sentences >= SLOW and throttle.due():
                fraction = (done + part * len(templates) * len(professions)) / sentences
                role.progress(
                    min(max(fraction, 0.0), 1.0), text=f"Measuring the {who}: {sentences} sentences"
                )

        progress(0.0)
        frame = measure(model, setup, templates, professions, progress)
        done += len(templates) * len(professions)
        return frame

    try:
        return store().frame(question, setup.templates, setup.names, some)
    finally:
        role.empty()


def results(teacher: str, student: str, setup: GapQuestion) -> Results:
    """Both models measured and compared. Raises FairKDError."""
    rows = measured(teacher, setup, "teacher"), measured(student, setup, "student")
    shares = tuple(setup.professions["women_share"].fillna(-1.0))
    key = (version(teacher), version(student), setup.key, setup.value, setup.templates, setup.names, shares)
    return _compared(repr(key), rows[0], rows[1], setup)


# The key says it all: the tables follow from it, and hashing them would cost more than it saves.
@st.cache_resource(max_entries=64, show_spinner=False)
def _compared(key: str, _teacher: pd.DataFrame, _student: pd.DataFrame, _setup: GapQuestion) -> Results:
    from fairkd import measures

    value = _setup.value
    teacher, student = (
        measures.by_profession(_teacher, value=value),
        measures.by_profession(_student, value=value),
    )
    lean, r_teacher = measures.labour_market(_teacher, value=value, shares=_setup.professions)
    lean_student, r_student = measures.labour_market(_student, value=value, shares=_setup.professions)
    labour = lean[["profession", "women_share", "gap", "mass"]].merge(
        lean_student[["profession", "gap", "mass"]], on="profession", suffixes=("_teacher", "_student")
    )
    names = {f"gap_{model}": model for model in ("teacher", "student")}
    names |= {f"mass_{model}": f"{model}_mass" for model in ("teacher", "student")}
    return Results(
        teacher_rows=_teacher,
        student_rows=_student,
        teacher=teacher,
        student=student,
        teacher_summary=measures.summarise(_teacher, value=value),
        student_summary=measures.summarise(_student, value=value),
        test=measures.paired_test(_teacher, _student, value=value),
        transfer=measures.transfer(_teacher, _student, value=value),
        labour=labour.rename(columns=names),
        correlations={"teacher": r_teacher, "student": r_student},
        split={"teacher": measures.split_words(_teacher), "student": measures.split_words(_student)},
    )


def unread(reference: str, texts: tuple[str, ...]) -> dict[str, str]:
    """What the model behind `reference` cannot read: each part with the first of `texts` that holds it.

    Raises FairKDError.
    """
    get_model(reference)
    return _unread(version(reference), texts)


@st.cache_data(max_entries=64, show_spinner=False)
def _unread(model: Version, texts: tuple[str, ...]) -> dict[str, str]:
    from fairkd import models

    found: dict[str, str] = {}
    for text in texts:
        for part in models.unread(get_model(model[0]), text):
            found.setdefault(part, text)
    return found


def preferences(reference: str, text_a: str, text_b: str) -> pd.DataFrame:
    """`fairkd.measures.word_gaps.prefer` for the model behind `reference`. Raises FairKDError."""
    get_model(reference)  # outside the cached function, which must not draw the progress of a load
    return _preferences(version(reference), text_a, text_b)


@st.cache_data(max_entries=64, show_spinner=False)
def _preferences(model: Version, text_a: str, text_b: str) -> pd.DataFrame:
    from fairkd import measures

    return measures.prefer(get_model(model[0]), text_a, text_b)


def preference_differences(teacher: str, student: str, text_a: str, text_b: str) -> pd.DataFrame:
    """`fairkd.measures.word_gaps.prefer_difference` for both models. Raises FairKDError."""
    for reference in (teacher, student):
        get_model(reference)
    return _differences(version(teacher), version(student), text_a, text_b)


@st.cache_data(max_entries=64, show_spinner=False)
def _differences(teacher: Version, student: Version, text_a: str, text_b: str) -> pd.DataFrame:
    from fairkd import measures

    return measures.prefer_difference(get_model(teacher[0]), get_model(student[0]), text_a, text_b)
