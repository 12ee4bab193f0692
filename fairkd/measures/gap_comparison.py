"""Gaps of several models compared: a paired test, transfer to the student, a table of any number of models.

All functions take data frames as `fairkd.measures.gaps` returns them. The units of intervals and tests are
professions, as in `fairkd.measures.gap_summaries`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from fairkd.errors import InputError
from fairkd.measures.gap_summaries import (
    SENTENCE,
    VALUE_NAMES,
    Value,
    means_by_profession,
    sentences_of,
    summarise,
)
from fairkd.measures.registry import has_lost_mass
from fairkd.measures.verdicts import Ranking, Score, Verdict, compare, rank
from fairkd.utils import agreeing_digits, signed_correlation, signed_interval

TransferKind = Literal["inherited", "reduced", "amplified", "flipped", "none"]
TOLERANCE = 0.25  # nats; a gap of this size makes one group 1.3 times as likely as the other


@dataclass(frozen=True)
class PairedTest(Verdict):
    """Whether a student's absolute gaps differ from its teacher's: a verdict over professions, in nats.

    `teacher` and `student` are the mean absolute gaps. `smaller` and `larger` count the professions whose
    mean absolute gap over the templates, the number that is tested, is smaller or larger in the student.
    `sentence` says all of it in English.
    """

    teacher: float
    student: float
    smaller: int
    larger: int
    sentence: str


def paired_test(
    teacher_frame: pd.DataFrame, student_frame: pd.DataFrame, *, value: Value = "gap", seed: int = 0
) -> PairedTest:
    """Compare the absolute gaps of two models, profession by profession.

    The value of a profession is its mean of |gap| over the templates. Only sentences in both frames count.

    Raises InputError if the frames have no sentence in common.

    Examples
    --------
    >>> teacher = pd.DataFrame(
    ...     {
    ...         "template": "[MASK] is {a profession}.",
    ...         "role": "subject",
    ...         "profession": [f"job {i}" for i in range(8)],
    ...         "gap": [-2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0],
    ...         "mass": 0.8,
    ...     }
    ... )
    >>> found = paired_test(teacher, teacher.assign(gap=teacher.gap / 2))
    >>> found.difference, found.effect_size, found.smaller, found.kind
    (-0.625, -1.0, 8, 'smaller')
    >>> found.sentence[:78]
    "The student's mean absolute gap is 0.625 nats, the teacher's 1.250: 0.625 smal"
    """
    pairs = _both(teacher_frame, student_frame, value)
    each = means_by_profession(pairs.assign(t=pairs.teacher.abs(), s=pairs.student.abs()), ["t", "s"])
    verdict = compare(each.t, each.s, seed=seed)
    means = float(each.t.mean()), float(each.s.mean())
    return PairedTest(
        **vars(verdict),
        teacher=means[0],
        student=means[1],
        smaller=int((each.s < each.t).sum()),
        larger=int((each.s > each.t).sum()),
        sentence=_sentence(*means, verdict, value),
    )


def _sentence(teacher: float, student: float, verdict: Verdict, value: Value) -> str:
    digits = agreeing_digits((student, teacher, verdict.difference))
    size = (
        f"The student's mean absolute {VALUE_NAMES[value]} is {student:.{digits}f} nats, the teacher's "
        f"{teacher:.{digits}f}"
    )
    if verdict.kind == "too few":
        return f"{size}; {verdict.phrase()}."
    p = "p < 0.001" if verdict.p_value < 0.001 else f"p = {verdict.p_value:.3f}"
    evidence = (
        f"(95 % interval of the difference {signed_interval(verdict.low, verdict.high)}, "
        f"Wilcoxon signed-rank {p}, rank-biserial {signed_correlation(verdict.effect_size)}, "
        f"{verdict.n} professions)"
    )
    if not verdict.is_clear:
        return f"{size}; no clear difference {evidence}."
    by = f"{abs(verdict.difference):.{digits}f}" if round(verdict.difference, digits) else "less than 0.01"
    return f"{size}: {by} {verdict.kind} {evidence}."


def compare_models(
    frames: Mapping[str, pd.DataFrame], *, value: Value = "gap", seed: int = 0
) -> pd.DataFrame:
    """Any number of models in one table, each compared with the first.

    Returns
    -------
    DataFrame
        One row a model: model, mean_absolute, absolute_low, absolute_high, mean, low, high (nats), mass,
        professions, templates, sentences. Then, against the first model: difference (of the mean absolute
        gaps, in nats), difference_low, difference_high, p_value, effect_size, and `verdict`: "smaller",
        "larger", "no clear difference", "too few", or "mass lost", where the model has less than half of the
        first one's probability mass, so that its gap says little. NaN and "reference" for the first model.

    Examples
    --------
    >>> teacher = pd.DataFrame(
    ...     {
    ...         "template": "[MASK] is {a profession}.",
    ...         "role": "subject",
    ...         "profession": [f"job {i}" for i in range(8)],
    ...         "gap": [-2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0],
    ...         "mass": 0.8,
    ...     }
    ... )
    >>> models = {"teacher": teacher, "half": teacher.assign(gap=teacher.gap / 2)}
    >>> compare_models(models)[["model", "mean_absolute", "difference", "verdict"]]
         model  mean_absolute  difference    verdict
    0  teacher          1.250         NaN  reference
    1     half          0.625      -0.625    smaller
    """
    rows: list[dict[str, object]] = []
    first: pd.DataFrame | None = None
    reference_mass = np.nan
    for name, frame in frames.items():
        found = summarise(frame, value=value, seed=seed)
        row = {"model": name} | {part: getattr(found, part) for part in _SUMMARY}
        row["templates"] = len(frame[["template", "role"]].drop_duplicates())
        row["sentences"] = found.sentences
        if first is None:
            first, reference_mass = frame, found.mass
            row |= dict.fromkeys(_DIFFERENCE, np.nan) | {"verdict": "reference"}
        else:
            test = paired_test(first, frame, value=value, seed=seed)
            numbers = (test.difference, test.low, test.high, test.p_value, test.effect_size)
            row |= dict(zip(_DIFFERENCE, numbers, strict=True))
            row["verdict"] = "mass lost" if has_lost_mass(found.mass, reference_mass) else test.kind
        rows.append(row)
    return pd.DataFrame(rows)


def rank_models(frames: Mapping[str, pd.DataFrame], *, value: Value = "gap", seed: int = 0) -> Ranking:
    """The models by their mean absolute gap, paired by profession; see `fairkd.measures.rank`.

    Models that have lost the probability mass of the first one are left out.
    """
    scores: dict[str, Score] = {}
    mass: float | None = None
    for name, frame in frames.items():
        rows = sentences_of(frame, value)
        each = means_by_profession(rows.assign(absolute=rows[value].abs()), ["absolute", "mass"])
        mass = float(each["mass"].mean()) if mass is None else mass
        if not has_lost_mass(float(each["mass"].mean()), mass):
            scores[name] = Score(float(each["absolute"].mean()), items=each["absolute"].to_numpy())
    return rank(scores, seed=seed)


_SUMMARY = (
    "mean_absolute",
    "absolute_low",
    "absolute_high",
    "mean",
    "low",
    "high",
    "mass",
    "professions",
)
_DIFFERENCE = ("difference", "difference_low", "difference_high", "p_value", "effect_size")


def by_role(frames: Mapping[str, pd.DataFrame], *, value: Value = "gap", seed: int = 0) -> pd.DataFrame:
    """`compare_models` for each grammatical role of the templates; the first column is the role.

    >>> frame = pd.DataFrame(
    ...     {
    ...         "template": ["[MASK] is {a profession}.", "They hired [MASK] as {a profession}."],
    ...         "role": ["subject", "object"],
    ...         "profession": "nurse",
    ...         "gap": [-2.0, -1.0],
    ...         "mass": 0.8,
    ...     }
    ... )
    >>> by_role({"teacher": frame})[["role", "model", "mean_absolute", "templates"]]
          role    model  mean_absolute  templates
    0  subject  teacher            2.0          1
    1   object  teacher            1.0          1
    """
    roles = dict.fromkeys(role for frame in frames.values() for role in frame["role"])
    tables = []
    for role in roles:
        parts = {name: frame[frame["role"] == role] for name, frame in frames.items()}
        table = compare_models(parts, value=value, seed=seed)
        table.insert(0, "role", role)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def transfer(
    teacher_frame: pd.DataFrame,
    student_frame: pd.DataFrame,
    *,
    value: Value = "gap",
    tolerance: float = TOLERANCE,
) -> pd.DataFrame:
    """What becomes of each profession's mean gap from teacher to student.

    The mean gaps are those over the sentences in both frames; see `transfer_kind`. In a mean gap opposite
    signs cancel; the mean absolute gaps, which `paired_test` compares, ignore the sign.

    Returns
    -------
    DataFrame
        profession, teacher, student, mean_absolute_teacher, mean_absolute_student (nats), teacher_mass,
        student_mass (means over the templates), kind.

    Examples
    --------
    >>> teacher = pd.DataFrame(
    ...     {
    ...         "template": "[MASK] is {a profession}.",
    ...         "role": "subject",
    ...         "profession": ["nurse", "pilot", "judge"],
    ...         "gap": [-2.0, 1.0, 0.5],
    ...         "mass": 0.8,
    ...     }
    ... )
    >>> student = teacher.assign(gap=[-1.0, 1.1, -0.5])
    >>> transfer(teacher, student)[["profession", "teacher", "student", "kind"]]
      profession  teacher  student       kind
    0      nurse     -2.0     -1.0    reduced
    1      pilot      1.0      1.1  inherited
    2      judge      0.5     -0.5    flipped
    """
    if not tolerance >= 0:
        raise InputError(f"The tolerance must be 0 or more nats, got {tolerance}.")
    pairs = _both(teacher_frame, student_frame, value)
    sizes = {f"mean_absolute_{model}": pairs[model].abs() for model in ("teacher", "student")}
    columns = ["teacher", "student", *sizes, "teacher_mass", "student_mass"]
    each = means_by_profession(pairs.assign(**sizes), columns)
    kinds = [transfer_kind(t, s, tolerance) for t, s in zip(each.teacher, each.student, strict=True)]
    return each.assign(kind=kinds).reset_index()


def transfer_kind(teacher: float, student: float, tolerance: float = TOLERANCE) -> TransferKind:
    """What becomes of a teacher's gap or preference t in the student, s; all in nats. The first that holds:

    - none: |t| and |s| are both at most the tolerance;
    - inherited: s is within the tolerance of t;
    - flipped: opposite signs, both above the tolerance;
    - amplified: |s| > |t|;
    - reduced: otherwise.

    >>> [transfer_kind(1.0, student) for student in (0.9, 0.1, 1.9, -0.9)]
    ['inherited', 'reduced', 'amplified', 'flipped']
    """
    if max(abs(teacher), abs(student)) <= tolerance:
        return "none"
    if abs(student - teacher) <= tolerance:
        return "inherited"
    if teacher * student < 0 and min(abs(teacher), abs(student)) > tolerance:
        return "flipped"
    return "amplified" if abs(student) > abs(teacher) else "reduced"


def _both(teacher_frame: pd.DataFrame, student_frame: pd.DataFrame, value: Value) -> pd.DataFrame:
    """The sentences in both frames: template, role, profession, and each model's gap and mass."""
    left, right = (
        sentences_of(frame, value)[[*SENTENCE, value, "mass"]].rename(
            columns={value: model, "mass": f"{model}_mass"}
        )
        for model, frame in (("teacher", teacher_frame), ("student", student_frame))
    )
    pairs = left.merge(right, on=SENTENCE)
    if pairs.empty:
        raise InputError(
            "The two models have no template and profession in common: compute both with the same ones."
        )
    return pairs
