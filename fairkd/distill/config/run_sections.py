"""Sections about the course of a run: its length, its evaluations and its checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from fairkd.benchmarks import check_benchmarks
from fairkd.distill.config.words_section import WordsSection
from fairkd.utils import Section

BenchmarkItems = Literal["sample", "all"]


class BudgetConfig(Section):
    """How long to train: `steps` optimizer steps or `minutes` of training; and early stopping.

    Minutes count training steps only, not evaluations and checkpoints, so that variants with equal minutes
    train for the same time.
    """

    steps: int | None = Field(
        default=None,
        ge=1,
        description="Length of the run in optimizer steps. Set steps or minutes, not both. Only with steps "
        "can a run be reproduced.",
    )
    minutes: float | None = Field(
        default=None,
        gt=0,
        description="Length of the run in minutes of training. Evaluations take about a tenth more. Default: "
        "5, if steps is empty too.",
    )
    stop_gap: float | None = Field(
        default=None,
        gt=0,
        description="Early stopping: end the run once the mean absolute gap is below this many nats. Empty: "
        "no early stopping.",
    )
    stop_quality: float = Field(
        default=0.1,
        ge=0,
        description="Early stopping: allowed rise of pseudo-perplexity over the student's at the start, as a "
        "fraction.",
    )
    stop_plain: float | None = Field(
        default=None,
        gt=0,
        description="Early stopping: pseudo-perplexity to compare with instead, such as that of a plain "
        "student. Empty: the student's at the start.",
    )
    patience: int | None = Field(
        default=None,
        ge=1,
        description="Early stopping: end the run after this many evaluations in a row without a new lowest "
        "pseudo-perplexity. Empty: none.",
    )
    stop_mass: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Early stopping: fraction of the teacher's probability of the group words that the "
        "student must keep.",
    )

    @model_validator(mode="before")
    @classmethod
    def _default_budget(cls, values: Any) -> Any:
        """Five minutes, where neither steps nor minutes are set."""
        if isinstance(values, Mapping) and values.get("steps") is None and values.get("minutes") is None:
            return {**values, "minutes": 5}
        return values

    @property
    def early_stopping(self) -> str | None:
        """The first setting that can end the run before its budget is spent; None without any.

        >>> BudgetConfig(steps=9, patience=3).early_stopping
        'budget.patience'
        """
        chosen = [name for name in ("stop_gap", "patience") if getattr(self, name) is not None]
        return f"budget.{chosen[0]}" if chosen else None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.steps is not None and self.minutes is not None:
            raise ValueError("set either steps or minutes, not both")
        return self


class EvaluationConfig(WordsSection):
    """What is measured while the student trains, and how often."""

    every_steps: int | None = Field(
        default=None,
        ge=1,
        description="Steps between evaluations. Empty: evaluate by time, see every_seconds.",
    )
    every_seconds: float = Field(
        default=30.0,
        gt=0,
        description="Seconds of training between evaluations without every_steps. At most a tenth of the "
        "time goes to evaluations.",
    )
    sentences: int = Field(
        default=200,
        ge=1,
        le=100_000,
        description="Number of held-out sentences to evaluate on, the same for all runs on a corpus.",
    )
    watched_sentences: tuple[str, ...] = Field(
        default=("Milk is a [MASK].", "[MASK] is a nurse.", "[MASK] is an engineer."),
        description="Sentences whose predictions are recorded at each evaluation, to follow how they change.",
    )
    top_k: int = Field(
        default=10,
        ge=1,
        le=100,
        description="Number of predictions to record at each position of a watched sentence.",
    )
    contrast: str = Field(
        default="pronouns",
        description="Name of the word groups whose gap is measured, such as nl/pronouns. The sentences are "
        "in their language.",
    )
    words: dict[str, tuple[str, ...]] | None = Field(
        default=None,
        description="Your own word groups in place of the named ones: a list of words for each group name.",
    )
    benchmarks: tuple[str, ...] = Field(
        default=(),
        description="Benchmarks to measure the student by at the end, by name: `fairkd measure --list` shows "
        "them.",
    )
    benchmark_items: BenchmarkItems = Field(
        default="sample",
        description="Items of these benchmarks: a stratified sample, with wider intervals (sample), or all "
        "of them (all).",
    )
    professions: int = Field(
        default=20,
        ge=2,
        le=1000,
        description="Number of professions to measure the gap on, evenly spaced in the shipped list. More of "
        "them narrow the interval.",
    )

    @field_validator("benchmarks")
    @classmethod
    def _are_benchmarks(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        check_benchmarks(names)
        return names

    @model_validator(mode="after")
    def _known(self) -> Self:
        self.groups()
        return self


class CheckpointConfig(Section):
    """How often a checkpoint is written, so that the run can be resumed, and how many are kept."""

    every_steps: int | None = Field(
        default=None,
        ge=1,
        description="Steps between checkpoints. Empty: write them by time, see every_seconds.",
    )
    every_seconds: float = Field(
        default=60.0,
        gt=0,
        description="Seconds of training between checkpoints without every_steps. A crash loses at most this "
        "much training.",
    )
    keep: int = Field(
        default=2, ge=1, le=1000, description="Number of checkpoints to keep. Older ones are deleted."
    )
