"""What an experiment found, as one JSON document that says how it was made.

    result = stored_experiment("labels")
    result.values("100-soft", "kl")                           # one value a seed
    compare_cells(result, "400-hard", "100-soft", "kl").kind  # "smaller"

Loads neither torch nor pandas.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from fairkd.benchmarks import BENCHMARKS
from fairkd.errors import InputError
from fairkd.lessons.experiment_cells import Experiment, experiment
from fairkd.measures import (
    FEWEST_ITEMS,
    MEASURES,
    Direction,
    Interval,
    Verdict,
    bootstrap_interval,
    compare,
)
from fairkd.utils import Section, in_our_words, shortened

FOLDER = "lesson_experiments"
TOKEN_TOLERANCE = 0.2  # by which the cells' numbers of tokens may differ

# The values of each run, with the direction in which they are better.
VALUES: dict[str, Direction] = {
    "top1_accuracy": "higher",
    "pseudo_perplexity_sampled": "lower",
    "kl": "lower",
    "ece": "lower",
    "gap_absolute": "lower",
    "gap_mass": "none",
}


class Machine(Section):
    """Where an experiment ran. `precision` is the number format of matrix products."""

    processor: str
    cores: int
    threads: int
    precision: str
    torch: str


class TextUsed(Section):
    """The text of an experiment: its source, its sentences, and the SHA-256 of all of them.

    `tokens_a_sentence` is the mean over all training sentences, as they are cut for training.
    """

    source: str
    name: str
    training: int
    held_out: int
    tokens_a_sentence: float = Field(gt=0)
    digest: str = Field(pattern="^[0-9a-f]{64}$")


class CellRecord(Section):
    """A cell of `experiment_cells` as it ran, with the size of its students.

    `bytes` is what their weights take in 32-bit numbers, `milliseconds` the median time for one sentence.
    """

    key: str
    factors: dict[str, str | float]
    sentences: int
    objective: dict[str, float]
    parameters: int
    bytes: int
    milliseconds: float


class RunRecord(Section):
    """One run: its cell, seed, steps, tokens, seconds of training, and its values at the end."""

    cell: str
    seed: int
    steps: int
    tokens: int
    seconds: float
    values: dict[str, float]


class TeacherRecord(Section):
    """The teacher with the SHA-256 of its weights; otherwise as a cell and a run."""

    reference: str
    weights: str = Field(pattern="^[0-9a-f]{64}$")
    parameters: int
    bytes: int
    milliseconds: float
    values: dict[str, float]


class ExperimentResult(Section):
    """What was measured, on what, with which command.

    Attributes
    ----------
    start : dict of str to float
        The values of the student before training.
    """

    experiment: str
    question: str
    command: str
    version: str
    date: str
    machine: Machine
    text: TextUsed
    teacher: TeacherRecord
    start: dict[str, float]
    settings: dict[str, Any]
    seeds: int
    cells: tuple[CellRecord, ...]
    runs: tuple[RunRecord, ...]

    def cell(self, **factors: str | float) -> str:
        """The key of the cell with just these factors. InputError where there is none."""
        for one in self.cells:
            if one.factors == factors:
                return one.key
        raise InputError(f"The experiment {self.experiment} has no cell with {shortened(factors)}.")

    def values(self, cell: str, name: str) -> list[float]:
        """A value of a cell's runs, in the order of the seeds."""
        runs = sorted((run for run in self.runs if run.cell == cell), key=lambda run: run.seed)
        return [run.values[name] for run in runs]

    def mean(self, cell: str, name: str) -> float:
        """The mean over seeds."""
        values = self.values(cell, name)
        return sum(values) / len(values)

    def passes(self, cell: str) -> float:
        """How often the students of a cell read their training sentences: below 1, they read only a part."""
        sentences = next(one.sentences for one in self.cells if one.key == cell)
        runs = [run.tokens for run in self.runs if run.cell == cell]
        return sum(runs) / len(runs) / (sentences * self.text.tokens_a_sentence)

    def interval(self, cell: str, name: str) -> Interval | None:
        """The 95 % bootstrap interval of the mean over seeds; None with fewer than `FEWEST_ITEMS` seeds."""
        values = self.values(cell, name)
        return bootstrap_interval(values) if len(values) >= FEWEST_ITEMS else None


def compare_cells(result: ExperimentResult, first: str, second: str, name: str) -> Verdict:
    """Whether the second of two cells has smaller values than the first, paired by seed."""
    return compare(result.values(first, name), result.values(second, name), direction=VALUES[name])


def value_label(name: str) -> str:
    """What a value of `VALUES` is called for people."""
    return BENCHMARKS["calibration"].value("ece").label if name == "ece" else MEASURES[name].label


def value_heading(name: str) -> str:
    """`value_label` at the beginning of a title.

    >>> value_heading("kl"), value_heading("top1_accuracy")
    ('KL to the teacher', 'Top-1 accuracy')
    """
    label = value_label(name)
    return label[:1].upper() + label[1:]


def format_value(name: str, value: float | None) -> str:
    """A value of `VALUES` for people.

    >>> format_value("kl", 0.8114), format_value("ece", 0.0512)
    ('0.811 nats', '5.1 %')
    """
    if name == "ece":
        return BENCHMARKS["calibration"].value("ece").format(value)
    return MEASURES[name].format(value)


def value_text(result: ExperimentResult, cell: str, name: str) -> str:
    """The mean of a cell's value over seeds, with its interval where there are enough seeds."""
    mean, ends = format_value(name, result.mean(cell, name)), result.interval(cell, name)
    if ends is None:
        return mean
    low, high = (format_value(name, end).removesuffix(" nats") for end in (ends.low, ends.high))
    return f"{mean} ({low} to {high})"


Standing = Literal["better", "worse", "no clear difference", "too few"]


def standing(result: ExperimentResult, first: str, second: str, name: str) -> Standing:
    """`compare_cells` from the second cell's point of view: whether it is better than the first."""
    kind = compare_cells(result, first, second, name).kind
    if kind == "smaller" or kind == "larger":
        return "better" if (kind == "smaller") == (VALUES[name] == "lower") else "worse"
    return kind


def check_budgets(result: ExperimentResult) -> None:
    """Whether all runs had the same number of steps, and nearly the same number of tokens.

    Raises
    ------
    InputError
        They had not, so that the comparison would be unfair.
    """
    by_steps = sorted(result.runs, key=lambda run: run.steps)
    if by_steps[0].steps != by_steps[-1].steps:
        raise InputError(
            f"The budgets are unequal: {by_steps[0].cell} made {by_steps[0].steps} steps, "
            f"{by_steps[-1].cell} {by_steps[-1].steps}."
        )
    by_tokens = sorted(result.runs, key=lambda run: run.tokens)
    if by_tokens[0].tokens < (1 - TOKEN_TOLERANCE) * by_tokens[-1].tokens:
        raise InputError(
            f"The budgets are unequal: {by_tokens[0].cell} trained on {by_tokens[0].tokens:,} tokens, "
            f"{by_tokens[-1].cell} on {by_tokens[-1].tokens:,}; at most {100 * TOKEN_TOLERANCE:.0f} % may "
            "lie between them."
        )


def stored_experiment(name: str) -> ExperimentResult:
    """The result that ships with FairKD. InputError for an unknown name."""
    one = experiment(name)
    text = (files("fairkd") / "resources" / FOLDER / f"{one.name}.json").read_text(encoding="utf-8")
    return ExperimentResult.model_validate_json(text)


def read_result(path: Path) -> ExperimentResult:
    """The result in a file. InputError where there is none, or it is damaged."""
    try:
        return ExperimentResult.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): check the path.") from None
    except ValidationError as error:
        raise InputError(
            f"{path} is not the result of an experiment: {in_our_words(error.errors()[0])}."
        ) from None


def as_text(result: ExperimentResult) -> str:
    """The result as JSON for a file: one line a run, so that a change is seen run by run."""
    document = result.model_dump(mode="json")
    rows = {name: document.pop(name) for name in ("cells", "runs")}
    head = json.dumps(document, indent=1)[:-2]
    parts = [
        f' "{name}": [\n' + ",\n".join(f"  {json.dumps(row)}" for row in table) + "\n ]"
        for name, table in rows.items()
    ]
    return head + ",\n" + ",\n".join(parts) + "\n}\n"


def command_of(one: Experiment) -> str:
    """The command that measures an experiment anew."""
    return f"fairkd learn experiment {one.name} --seeds {one.seeds}"
