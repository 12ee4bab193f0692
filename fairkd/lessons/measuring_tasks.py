"""The questions and the exercise of the lesson on measuring honestly.

draws = repeated_draws(teacher, student, count=8)     # what twenty classmates would find
sum(one.is_clear for one in draws)
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fairkd.errors import InputError
from fairkd.lessons.exercise_result import ExerciseResult, QuestionAnswer
from fairkd.lessons.experiment_result import (
    VALUES,
    CellRecord,
    ExperimentResult,
    TeacherRecord,
    value_heading,
    value_text,
)
from fairkd.lexicon import Template, contrasts, templates_of
from fairkd.measures import (
    FEWEST_ITEMS,
    SIGNIFICANCE,
    Ranking,
    Score,
    Verdict,
    by_profession,
    cannot_be_told_apart,
    compare,
    holm,
    rank,
    too_few,
)
from fairkd.utils import quoted, signed, signed_interval

if TYPE_CHECKING:
    from fairkd.models import MaskedLM

REPEATS = 20  # draws of professions
QUESTION_DRAW = 8  # professions of each, in the question
MOST_PROFESSIONS = 40  # of the exercise


def lesson_templates() -> tuple[Template, ...]:
    """The templates of the lesson: [MASK] is the subject, "he" or "she"."""
    return tuple(templates_of(["subject"]))


def absolute_gaps(frame: pd.DataFrame) -> pd.Series:
    """The mean absolute gap of each profession, in nats, by profession; `frame` is from `measures.gaps`."""
    return by_profession(frame).set_index("profession")["mean_absolute"]


def repeated_draws(
    teacher: pd.Series, student: pd.Series, *, count: int, seed: int = 0, repeats: int = REPEATS
) -> list[Verdict]:
    """How student and teacher compare on random samples of `count` professions, drawn `repeats` times.

    Parameters
    ----------
    teacher, student : from `absolute_gaps`, with the same professions.

    Raises
    ------
    InputError
        There are fewer professions than that.
    """
    if count > len(teacher):
        raise InputError(f"There are {len(teacher)} professions, so {count} cannot be drawn.")
    random = np.random.default_rng(seed)
    first, second = teacher.to_numpy(), student.reindex(teacher.index).to_numpy()
    drawn = [random.choice(len(first), size=count, replace=False) for _ in range(repeats)]
    return [compare(first[rows], second[rows]) for rows in drawn]


def draws_told_apart(draws: Sequence[Verdict], count: int) -> QuestionAnswer:
    """Whether all, over half, some or none of the draws tell the two models apart."""
    clear = sum(one.is_clear for one in draws)
    n = len(draws)
    right = 0 if clear == n else 1 if clear > n / 2 else 2 if clear else 3
    return QuestionAnswer(right, f"{draws_text(draws, count)}.")


def draws_note(draws: Sequence[Verdict], whole: Verdict) -> str:
    """How many intervals of the draws miss the difference over all professions, and what they are not."""
    missed = sum(whole.difference < one.low or whole.difference > one.high for one in draws)
    return (
        f"{missed} of {len(draws)} intervals miss the dotted line, where about one in 20 should. With few "
        "professions bootstrap intervals are often too narrow, which these draws alone do not prove: they "
        f"overlap and are of one pair of models, so they are not {len(draws)} independent confirmations."
    )


def draws_text(draws: Sequence[Verdict], count: int) -> str:
    """What the draws show: a title."""
    kinds = [one.kind for one in draws]
    found = [
        f"{kinds.count(kind)} show {said}"
        for kind, said in (
            ("smaller", "a smaller gap of the student"),
            ("larger", "a larger gap of the student"),
            ("no clear difference", "nothing"),
            ("too few", "nothing, with too few for a test"),
        )
        if kind in kinds
    ]
    return f"Of {len(draws)} draws of {count} professions, {', '.join(found)}"


def two_measures(frame: pd.DataFrame) -> pd.DataFrame:
    """Gap and prior-corrected gap of each profession, and whether they have opposite signs.

    Returns
    -------
    DataFrame
        profession, gap, corrected_gap (nats), opposite.
    """
    raw, corrected = by_profession(frame), by_profession(frame, value="corrected_gap")
    found = pd.DataFrame(
        {
            "gap": raw.set_index("profession")["mean"],
            "corrected_gap": corrected.set_index("profession")["mean"],
        }
    )
    return found.assign(opposite=np.sign(found["gap"]) * np.sign(found["corrected_gap"]) < 0).reset_index()


def share_of_contradictions(both: pd.DataFrame) -> QuestionAnswer:
    """For how many professions the measures have opposite signs: none, up to a quarter, a half, or more."""
    share = float(both["opposite"].mean())
    right = 0 if share == 0 else 1 if share <= 0.25 else 2 if share <= 0.5 else 3
    return QuestionAnswer(right, f"{contradictions_text(both)}.")


def contradictions_text(both: pd.DataFrame) -> str:
    """How often the two measures contradict each other: a title."""
    return (
        f"For {int(both['opposite'].sum())} of {len(both)} professions, gap and prior-corrected gap have "
        "opposite signs"
    )


def measures_agreement(both: pd.DataFrame) -> str:
    """How closely the two measures order the professions alike, and by how much they differ."""
    shift = both["gap"] - both["corrected_gap"]
    r = both["gap"].corr(both["corrected_gap"])
    return (
        f"Over {len(both)} professions the two correlate with r = {r:.3f}. The prior moves the gap by "
        f"{signed(-shift.max())} to {signed(-shift.min())} nats, {signed(-shift.mean())} on average (dashed)."
    )


# --- the grid of alpha and temperature ---

_SHARES_IN_WORDS = {0.0: "hard labels alone", 0.5: "half of each", 1.0: "soft targets alone"}


def alpha_label(alpha: float) -> str:
    """The share of the soft targets in words.

    >>> alpha_label(0.5), alpha_label(0.9)
    ('half of each', 'α = 0.9')
    """
    return _SHARES_IN_WORDS.get(alpha, f"α = {alpha:g}")


def cell_label(result: ExperimentResult, key: str) -> str:
    """A cell of the grid for people: "half of each (T = 4)"."""
    factors = next(cell.factors for cell in result.cells if cell.key == key)
    alpha = alpha_label(float(factors["alpha"]))
    return f"{alpha} (T = {factors['temperature']:g})" if "temperature" in factors else alpha


def comparisons_note(result: ExperimentResult, name: str) -> str:
    """How many pairs of cells differ by their p values, before and after Holm's adjustment."""
    pairs = list(combinations([cell.key for cell in result.cells], 2))
    found = [
        compare(*(result.values(key, name) for key in pair), direction=VALUES[name]).p_value for pair in pairs
    ]
    plain, adjusted = (int((np.asarray(values) < SIGNIFICANCE).sum()) for values in (found, holm(found)))
    return (
        f"{plain} of the {len(pairs)} pairs of cells have p < .05, {adjusted} after Holm's adjustment for "
        f"{len(pairs)} comparisons. The smallest p possible with {result.seeds} seeds is "
        f"{_smallest_p(result.seeds):.3f}."
    )


def _smallest_p(seeds: int) -> float:
    """The p value of a two-sided signed-rank test where all pairs differ in one direction."""
    return 2.0 ** (1 - seeds)


def rank_cells(result: ExperimentResult, name: str) -> Ranking:
    """The cells in the order of a value, and whether the seeds tell the best from all others."""
    scores = {
        cell_label(result, cell.key): Score(result.mean(cell.key, name), items=result.values(cell.key, name))
        for cell in result.cells
    }
    return rank(scores, direction=VALUES[name])


def grid_finding(result: ExperimentResult, name: str) -> str:
    """Which cell is best, if the seeds show it: a title."""
    ranking, label = rank_cells(result, name), value_heading(name)
    if VALUES[name] == "none":
        return label
    if ranking.leader is not None:
        return f"{label}: {ranking.leader} is better than every other cell"
    if len(result.values(result.cells[0].key, name)) < FEWEST_ITEMS:
        return f"{label}: {too_few('seeds')}"
    tied = ranking.tied
    if len(tied) > 4:
        return f"{label}: {len(tied)} of {len(ranking.order)} cells cannot be told apart at the top"
    return f"{label}: {cannot_be_told_apart(tied)}"


def seeds_finding(result: ExperimentResult, first: str, second: str, name: str, seeds: Sequence[int]) -> str:
    """What the chosen seeds show of two cells: a title."""
    one, other = cell_label(result, first), cell_label(result, second)
    label = value_heading(name)
    if first == second:
        return f"{label}: choose two different trainings"
    if len(seeds) < FEWEST_ITEMS:
        return f"{label}, {one} against {other}: {too_few('seeds')}"
    verdict = _seeds_verdict(result, first, second, name, seeds)
    if not verdict.is_clear:
        return f"{label}: {cannot_be_told_apart([one, other])} with these {len(seeds)} seeds"
    return f"{label} is {verdict.kind} with {other} than with {one}"


def seeds_details(result: ExperimentResult, first: str, second: str, name: str, seeds: Sequence[int]) -> str:
    """The difference over the chosen seeds with its interval and p, and the smallest p that they can give."""
    if first == second or not seeds:
        return ""
    verdict = _seeds_verdict(result, first, second, name, seeds)
    n = len(seeds)
    unit = 100 if name in ("top1_accuracy", "ece", "gap_mass") else 1
    after = " percentage points" if unit == 100 else " nats" if name in ("kl", "gap_absolute") else ""
    middle = signed(unit * verdict.difference)
    said = f"Mean difference over {n} seed{'s' * (n > 1)} (second − first): {middle}{after}"
    if n < FEWEST_ITEMS:
        return (
            f"{said}. Even where all {n} agree in direction, a paired test cannot come out below p = "
            f"{_smallest_p(n):.3f}."
        )
    interval = signed_interval(unit * verdict.low, unit * verdict.high)
    return (
        f"{said}, 95 % interval {interval}, p = {verdict.p_value:.3f}. With {n} seeds p cannot be smaller "
        f"than {_smallest_p(n):.3f}."
    )


def _seeds_verdict(
    result: ExperimentResult, first: str, second: str, name: str, seeds: Sequence[int]
) -> Verdict:
    pair = [[result.values(cell, name)[seed] for seed in seeds] for cell in (first, second)]
    return compare(*pair, direction=VALUES[name])


def size_table(result: ExperimentResult) -> pd.DataFrame:
    """Parameters, size and time of the teacher and of each cell's student.

    Returns
    -------
    DataFrame
        model, parameters, weights in 32 bits (MB), milliseconds a sentence: text, for a table.
    """
    models: list[tuple[str, TeacherRecord | CellRecord]] = [("teacher", result.teacher)]
    models += [(cell_label(result, one.key), one) for one in result.cells]
    return pd.DataFrame(
        [
            {
                "model": label,
                "parameters": f"{one.parameters:,}",
                "weights in 32 bits": f"{one.bytes / 1e6:.1f} MB",
                "time for a sentence": f"{one.milliseconds:.1f} ms",
            }
            for label, one in models
        ]
    )


def best_alpha(result: ExperimentResult, name: str) -> QuestionAnswer:
    """Which alpha, 0, 0.5 or 1, makes the best student at temperature 1; the last choice: not shown."""
    keys = [
        next(
            cell.key
            for cell in result.cells
            if cell.factors["alpha"] == alpha and cell.factors.get("temperature", 1.0) == 1.0
        )
        for alpha in (0.0, 0.5, 1.0)
    ]
    labels = [cell_label(result, key) for key in keys]
    scores = {
        label: Score(result.mean(key, name), items=result.values(key, name))
        for label, key in zip(labels, keys, strict=True)
    }
    ranking = rank(scores, direction=VALUES[name])
    told = ", ".join(
        f"{label} {value_text(result, key, name)}" for label, key in zip(labels, keys, strict=True)
    )
    said = f"{value_heading(name)}: {told}."
    if ranking.leader is not None:
        return QuestionAnswer(labels.index(ranking.leader), said)
    if len(result.values(keys[0], name)) < FEWEST_ITEMS:
        return QuestionAnswer(3, f"{said} There are {too_few('seeds')}.")
    return QuestionAnswer(3, f"{said} {ranking.text[:1].upper()}{ranking.text[1:]}.")


# --- the exercise ---


def check_own_professions(teacher: MaskedLM, student: MaskedLM, text: str) -> ExerciseResult:
    """Whether the absolute gaps of both models, on the learner's own professions, tell the models apart.

    `text` holds the professions, separated by commas or lines. The mean absolute gaps of the professions are
    compared, in pairs, as in `repeated_draws`.

    Raises
    ------
    InputError
        The tokenizer cannot spell a profession.
    """
    from fairkd.measures import gaps  # loads torch

    names = list(dict.fromkeys(one.strip() for one in text.replace("\n", ",").split(",") if one.strip()))
    if len(names) < FEWEST_ITEMS:
        given = f"You named {len(names)}: {too_few()}."
        return ExerciseResult(False, f"{given} Separate them by commas.")
    if len(names) > MOST_PROFESSIONS:
        return ExerciseResult(
            False, f"You named {len(names)} professions. At most {MOST_PROFESSIONS} are measured here."
        )
    first, second = (
        absolute_gaps(
            gaps(
                lm,
                contrast=contrasts()["pronouns"],
                templates=lesson_templates(),
                professions=names,
                prior=False,
            )
        )
        for lm in (teacher, student)
    )
    verdict = compare(first, second.reindex(first.index))
    said = (
        f"Over your {verdict.n} professions the mean absolute gap of {student.reference} is "
        f"{signed(verdict.difference)} nats from the teacher's, 95 % interval "
        f"{signed_interval(verdict.low, verdict.high)}, p = {verdict.p_value:.3f}."
    )
    if not verdict.is_clear:
        return ExerciseResult(
            False,
            f"{said} {_what_failed(verdict)} Name more, or others on which the models differ one way.",
        )
    widest = (second - first).abs().idxmax()
    return ExerciseResult(
        True,
        f"{said} Its gap is {verdict.kind}. They differ most for {quoted(str(widest))}. But you looked for "
        "professions that show it. A study that is to convince others names its professions before it looks.",
    )


def _what_failed(verdict: Verdict) -> str:
    """Which of the two conditions of a verdict does not hold: a sentence."""
    holds_zero = not (verdict.low > 0 or verdict.high < 0)
    if holds_zero and verdict.p_value >= SIGNIFICANCE:
        return f"The interval holds 0, and p is not below {SIGNIFICANCE:g}."
    return (
        "The interval holds 0."
        if holds_zero
        else f"The interval excludes 0, but p is not below {SIGNIFICANCE:g}."
    )
