"""The numbers of the Gaps page, computed once for all visitors: gaps, their comparison, and preferences.

Models are given by reference. `fairkd.measures` imports PyTorch, so it is imported on first use. The page
appears before that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from app.charts.gap_text import Value
from app.gaps.cache import GapStore, QuestionKey
from app.gaps.validation import check_work, sum_name, words_text
from app.shared.model_cache import CacheMiss, Version, get_model, rerun_if_changed, version
from app.shared.model_options import model_label
from app.shared.provenance import content_hash
from app.shared.turns import give_way, threads_for_long_work
from fairkd.lexicon import (
    Contrast,
    Language,
    Profession,
    Template,
    WordGroup,
    language_of,
    misfits,
    professions_of,
)
from fairkd.measures import Correlation
from fairkd.utils import Throttle

if TYPE_CHECKING:
    from fairkd.measures import PairedTest, Ranking, Summary
    from fairkd.models import MaskedLM

PROGRESS_FROM = 40  # sentences; for fewer, no progress is shown
PROGRESS_INTERVAL = 0.3  # seconds between two updates of the progress bar
ROLES = ("teacher", "student")


@dataclass(frozen=True)
class GapQuestion:
    """The inputs of the page: what is measured in both models."""

    contrast: Contrast
    groups: tuple[str, str]
    value: Value
    templates: tuple[Template, ...]
    professions: pd.DataFrame  # profession, women_share and, in languages with two forms, feminine

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(self.professions["profession"])

    @cached_property
    def asked(self) -> tuple[Profession, ...]:
        """The professions in all their forms."""
        return tuple(professions_of(self.professions))

    @property
    def language(self) -> Language:
        return language_of(self.contrast.language)

    def sentences(self, template: Template, profession: Profession | None = None) -> tuple[str, ...]:
        """A template with a profession, or the first one: its sentence for each group; equal ones once."""
        name = profession or self.asked[0]
        return tuple(dict.fromkeys(template.render(name, group.gender).text for group in self.pair))

    @cached_property
    def two_forms(self) -> tuple[str, ...]:
        """The first two sentences that differ by the gender of the groups; empty if all are equal."""
        if len({group.gender for group in self.pair}) == 1:
            return ()
        every = (self.sentences(one, name) for one in self.templates for name in self.asked)
        return next((texts for texts in every if len(texts) > 1), ())

    @property
    def notes(self) -> list[str]:
        """What the numbers need said: words that also mean something else, and forms of a sentence."""
        words = (word for role in self.roles for group in self.pair for word in group.for_role(role))
        found = list(self.language.ambiguities(words))
        if forms := self.two_forms:
            a, b = self.shown_groups
            found.append(
                f"Each group is measured in the sentence that agrees with it: “{a}” in “{forms[0]}”, "
                f"“{b}” in “{forms[1]}”."
            )
        return found

    @property
    def shown_groups(self) -> tuple[str, str]:
        """What the page calls groups A and B: “his” and “her” where only these words are measured.

        Where the templates have one grammatical role and the group one word there, it is this word; otherwise
        it is the group's name.
        """
        if len(self.roles) != 1:
            return self.groups
        words = (group.for_role(self.roles[0]) for group in self.pair)
        a, b = (word[0] if len(word) == 1 else name for word, name in zip(words, self.groups, strict=True))
        return a, b

    @property
    def sums(self) -> tuple[str, ...]:
        """The name of each group in `P(...)`: its word, or the first of several words with an ellipsis."""
        return tuple(sum_name(group, self.roles) for group in self.pair)

    @property
    def words(self) -> tuple[str, ...]:
        """The words of each group, separated by commas."""
        return tuple(words_text(group, self.roles) for group in self.pair)

    @property
    def pair(self) -> list[WordGroup]:
        """Groups A and B."""
        by_name = {group.name: group for group in self.contrast.groups}
        return [by_name[name] for name in self.groups]

    @property
    def roles(self) -> list[str]:
        """The grammatical roles of the templates, in their order."""
        return list(dict.fromkeys(template.role for template in self.templates))

    @property
    def misfits(self) -> list[tuple[str, str]]:
        """Where a group does not agree with a template's verb: the group's name and the template's text."""
        return misfits(self.templates, self.pair)

    @cached_property
    def key(self) -> QuestionKey:
        """Everything that determines the numbers, hashable."""
        chosen = [group for group in self.contrast.groups if group.name in self.groups]
        words = tuple((group.name, tuple(sorted(group.words.items()))) for group in chosen)
        genders = tuple(group.gender for group in chosen)
        return (words, genders, self.groups, self.value == "corrected_gap")


@dataclass(frozen=True, eq=False)
class Results:
    """Both models' gaps, and what is computed from them."""

    models: Mapping[str, str]  # references by role: teacher, student
    teacher_rows: pd.DataFrame  # one row per sentence
    student_rows: pd.DataFrame
    teacher: pd.DataFrame  # one row per profession
    student: pd.DataFrame
    teacher_summary: Summary
    student_summary: Summary
    test: PairedTest
    lost: bool  # the student has less than half of the teacher's mass: its gap says little
    roles: pd.DataFrame  # both models by grammatical role of the templates
    transfer: pd.DataFrame
    labour: pd.DataFrame
    correlations: dict[str, Correlation]  # by model
    split: dict[str, list[str]]  # by model, the words of several subword tokens with their number


@st.cache_resource(show_spinner=False)
def store() -> GapStore:
    """The cache of measured gaps, shared by all visitors."""
    return GapStore()


def measure(
    model: MaskedLM,
    question: GapQuestion,
    templates: Sequence[Template],
    professions: Sequence[Profession],
    progress: Callable[[float], None] | None = None,
) -> pd.DataFrame:
    """The gaps of some templates and professions of `question`. Raises FairKDError."""
    from fairkd import measures  # imports PyTorch

    with threads_for_long_work():
        return measures.gaps(
            model,
            contrast=question.contrast,
            templates=templates,
            professions=professions,
            groups=question.groups,
            prior=question.value == "corrected_gap",
            progress=progress,
        )


def measured(reference: str, question: GapQuestion, who: str) -> pd.DataFrame:
    """The gaps of one model, one row per sentence, with a progress bar if it takes long.

    `who` is the name of the model in the progress bar: "teacher". Raises FairKDError.
    """
    key = (version(reference), *question.key)
    sentences = store().missing(key, question.templates, question.asked)
    model = get_model(reference)
    if not sentences:
        return store().frame(key, question.templates, question.asked, partial(measure, model, question))
    check_work(_tokens(model, question), len(question.templates) * len(question.names))
    bar = st.empty()
    done, throttle = 0, Throttle(PROGRESS_INTERVAL, first=0)

    def some(templates: Sequence[Template], professions: Sequence[Profession]) -> pd.DataFrame:
        nonlocal done

        def progress(part: float) -> None:
            rerun_if_changed()
            give_way()
            # Seldom, because the browser may draw on the same processor that measures.
            if sentences >= PROGRESS_FROM and throttle.due():
                fraction = (done + part * len(templates) * len(professions)) / sentences
                bar.progress(min(max(fraction, 0.0), 1.0), text=f"Measuring the {who}: {sentences} sentences")

        progress(0.0)
        frame = measure(model, question, templates, professions, progress)
        done += len(templates) * len(professions)
        return frame

    try:
        return store().frame(key, question.templates, question.asked, some)
    finally:
        bar.empty()


def _tokens(model: MaskedLM, question: GapQuestion) -> int:
    """About how many tokens a model reads for all of the question. Raises FairKDError."""
    from fairkd import measures

    return measures.gap_tokens(
        model,
        contrast=question.contrast,
        templates=question.templates,
        professions=question.asked,
        groups=question.groups,
        prior=question.value == "corrected_gap",
    )


def results(teacher: str, student: str, question: GapQuestion) -> Results:
    """Both models measured and compared. Raises FairKDError."""
    shares = tuple(question.professions["women_share"].fillna(-1.0))
    key = (
        version(teacher),
        version(student),
        question.key,
        question.value,
        question.templates,
        question.asked,
        shares,
    )
    try:
        return _cached_results(repr(key))
    except CacheMiss:
        pass
    models = {"teacher": teacher, "student": student}
    rows = measured(teacher, question, "teacher"), measured(student, question, "student")
    return _cached_results(repr(key), compared(rows, question, models))


# The key determines the results, so a page that was shown before needs no table of all sentences.
@st.cache_resource(max_entries=64, show_spinner=False)
def _cached_results(key: str, _results: Results | None = None) -> Results:
    if _results is None:
        raise CacheMiss
    return _results


def compared(
    rows: tuple[pd.DataFrame, pd.DataFrame], question: GapQuestion, models: Mapping[str, str]
) -> Results:
    """The gaps of teacher and student, as from `fairkd.measures.gaps`, compared."""
    from fairkd import measures

    value = question.value
    teacher, student = (measures.by_profession(one, value=value) for one in rows)
    (lean, r_teacher), (lean_student, r_student) = (
        measures.labour_market(one, value=value, shares=question.professions) for one in rows
    )
    labour = lean[["profession", "women_share", "gap", "mass"]].merge(
        lean_student[["profession", "gap", "mass"]], on="profession", suffixes=("_teacher", "_student")
    )
    names = {f"gap_{model}": model for model in ROLES}
    names |= {f"mass_{model}": f"{model}_mass" for model in ROLES}
    summaries = [measures.summarise(one, value=value) for one in rows]
    return Results(
        models=models,
        teacher_rows=rows[0],
        student_rows=rows[1],
        teacher=teacher,
        student=student,
        teacher_summary=summaries[0],
        student_summary=summaries[1],
        test=measures.paired_test(*rows, value=value),
        lost=measures.has_lost_mass(summaries[1].mass, summaries[0].mass),
        roles=measures.by_role(dict(zip(ROLES, rows, strict=True)), value=value),
        transfer=measures.transfer(*rows, value=value),
        labour=labour.rename(columns=names),
        correlations={"teacher": r_teacher, "student": r_student},
        split={role: measures.split_words(one) for role, one in zip(ROLES, rows, strict=True)},
    )


@dataclass(frozen=True, eq=False)
class ModelTable:
    """Any number of models, compared with the first."""

    table: pd.DataFrame  # as from `fairkd.measures.compare_models`
    ranking: Ranking


def compared_models(references: Sequence[str], question: GapQuestion) -> ModelTable:
    """Some models measured, and compared with the first. Raises FairKDError."""
    frames = [measured(reference, question, reference) for reference in references]
    # The table has the models' names, and a run can be renamed.
    models = tuple((version(reference), model_label(reference)) for reference in references)
    key = (models, question.key, question.value, question.templates, question.asked)
    return _model_table(repr(key), dict(zip(references, frames, strict=True)), question.value)


@st.cache_resource(max_entries=32, show_spinner=False)
def _model_table(key: str, _frames: Mapping[str, pd.DataFrame], _value: Value) -> ModelTable:
    from fairkd import measures

    named = {model_label(reference): frame for reference, frame in _frames.items()}
    table = measures.compare_models(named, value=_value)
    table.insert(1, "reference", list(_frames))
    table.insert(2, "sha256", [content_hash(reference) for reference in _frames])
    return ModelTable(table, measures.rank_models(named, value=_value))


def unread(reference: str, texts: tuple[str, ...]) -> dict[str, str]:
    """The parts of `texts` that the model cannot read, each with the first text that contains it.

    Raises FairKDError.
    """
    get_model(reference)
    return _unread(version(reference), texts)


@st.cache_data(max_entries=64, show_spinner=False)
def _unread(model: Version, texts: tuple[str, ...]) -> dict[str, str]:
    from fairkd import models

    found: dict[str, str] = {}
    for text in texts:
        for part in models.unknown_parts(get_model(model[0]), text):
            found.setdefault(part, text)
    return found


def preferences(reference: str, text_a: str, text_b: str) -> pd.DataFrame:
    """`fairkd.measures.prefer` for the model behind `reference`. Raises FairKDError."""
    get_model(reference)  # outside the cached function, which must not draw the progress of loading
    return _preferences(version(reference), text_a, text_b)


@st.cache_data(max_entries=64, show_spinner=False)
def _preferences(model: Version, text_a: str, text_b: str) -> pd.DataFrame:
    from fairkd import measures

    return measures.prefer(get_model(model[0]), text_a, text_b)


def preference_differences(teacher: str, student: str, text_a: str, text_b: str) -> pd.DataFrame:
    """`fairkd.measures.prefer_difference` for both models. Raises FairKDError."""
    for reference in (teacher, student):
        get_model(reference)
    return _differences(version(teacher), version(student), text_a, text_b)


@st.cache_data(max_entries=64, show_spinner=False)
def _differences(teacher: Version, student: Version, text_a: str, text_b: str) -> pd.DataFrame:
    from fairkd import measures

    return measures.prefer_difference(get_model(teacher[0]), get_model(student[0]), text_a, text_b)
