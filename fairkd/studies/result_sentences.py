"""The results of a study in English."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from fairkd.studies.seed_statistics import CrossedInterval, SeedComparison
from fairkd.studies.study_columns import StudyColumn
from fairkd.utils import p_value


def comparison_sentence(
    column: StudyColumn,
    variant: str,
    baseline: str,
    found: SeedComparison,
    crossed: CrossedInterval | None = None,
    *,
    lost: bool = False,
) -> str:
    """What the comparison of a variant with the baseline shows, in one to four sentences.

    `lost` says that the variant has lost most of the teacher's probability mass.
    """
    sentences = [_first(column, variant, baseline, found)]
    if found.verdict == "too few seeds":
        return sentences[0]
    if not found.exact:
        if not found.is_shown:
            if found.deviation:
                least = "at least " if found.comparisons > 1 else ""
                sentences.append(
                    f"{found.n} seeds that vary like these show a difference of "
                    f"{column.size(found.smallest)} with {least}80 % probability."
                )
            else:
                sentences.append("All differences are equal, so nothing is known of how much they vary.")
        if found.comparisons > 1 and not found.is_shown and not found.low <= 0 <= found.high:
            sentences.append(
                f"Its interval alone excludes no difference, but of {found.comparisons} comparisons one may "
                f"do so by chance: {_p(found.p_adjusted)} (Holm)."
            )
        if crossed is not None and not math.isnan(crossed.low):
            interval = column.difference_interval(crossed.low, crossed.high)
            holds = crossed.low <= 0 <= crossed.high
            also = f", so on other {column.sampled} there may be none" if holds and found.is_shown else ""
            sentences.append(f"Over seeds and {column.sampled} the interval is {interval}{also}.")
        if found.n == 2:
            sentences.append("With two seeds an interval is very wide: add seeds.")
    if found.unpaired:
        sentences.append(
            f"Only the {found.n} common seeds count; {_listed(list(map(str, found.unpaired)))} "
            f"{'is' if len(found.unpaired) == 1 else 'are'} left out."
        )
    if lost:
        sentences.append(
            f"But {variant} hardly predicts the compared words any more, so that its gap says little."
        )
    return " ".join(sentences)


def _first(column: StudyColumn, variant: str, baseline: str, found: SeedComparison) -> str:
    what = f"{variant}'s {column.label} {_verb(column)}"
    if found.verdict == "too few seeds":
        if not found.n:
            return f"{variant} and {baseline} have no finished seed in common, so they are not compared."
        return (
            f"{what} {_compared(column, found.difference, baseline)} at one seed, which says nothing "
            "about another seed: no verdict."
        )
    if found.is_equal:
        return f"{variant} and {baseline} do not differ in {column.label}, at any seed."
    if found.exact:
        return f"{what} {_compared(column, found.difference, baseline)}, at every seed: {found.verdict}."
    if not found.deviation:
        return (
            f"{what} {_compared(column, found.difference, baseline)} at all {found.n} seeds: {found.verdict}."
        )
    interval = column.difference_interval(found.low, found.high)
    return (
        f"{what} {_compared(column, found.difference, baseline)} "
        f"(95 % interval over {found.n} seeds: {interval}): {found.verdict}."
    )


def _compared(column: StudyColumn, difference: float, baseline: str) -> str:
    """Half a sentence: "1.29 nats lower than plain's"."""
    if not difference:
        return f"equal to {baseline}'s"
    return f"{column.size(difference)} {_side(column, difference)} than {baseline}'s"


def _side(column: StudyColumn, difference: float) -> str:
    if column.target is None:
        return "lower" if difference < 0 else "higher"
    return f"{'nearer to' if difference < 0 else 'further from'} {column.target:g}"


def finding(
    column: StudyColumn, baseline: str, found: Mapping[str, SeedComparison], lost: Sequence[str] = ()
) -> str:
    """A title: which variants have a lower or higher value than the baseline, and of which it is not shown.

    `lost` are variants whose values say little, because they lost most of the teacher's probability mass.
    """
    what = column.label
    usable = {name: one for name, one in found.items() if one.verdict != "too few seeds"}
    if not found:
        return f"The {what} of {baseline} has nothing to be compared with yet"
    if not usable:
        return f"No verdict on the {what}: two seeds are needed that a variant shares with {baseline}"
    groups: dict[str, list[str]] = {}
    for name, one in usable.items():
        side = _side(column, one.difference) if one.is_shown else one.verdict
        groups.setdefault(side, []).append(name)
    unshown, equal = groups.pop("not shown", []), groups.pop("equal", [])
    parts: list[str] = []
    for side, names in groups.items():
        of = f"that of {_listed(names)}" if parts else f"The {what} of {_listed(names)}"
        parts.append(f"{of} {_verb(column)} {side} than {baseline}'s")
    if equal:
        parts.append(f"{_listed([*equal, baseline])} do not differ in {what}")
    if unshown:
        either = _listed(unshown, "or")
        of = either if parts else f"the {what} of {either}"
        differs = "differ" if not parts and _verb(column) == "are" else "differs"
        that = f"that {of} {differs}"
        parts.append(f"{that} is not shown" if parts else f"It is not shown {that} from {baseline}'s")
    if hollow := [name for name in lost if name in usable and usable[name].is_shown]:
        parts.append(f"but {_listed(hollow)} lost most of the probability mass")
    return "; ".join(parts)


def notes(
    *,
    seeds: int,
    comparisons: int,
    columns: int,
    one_teacher: bool,
    otherwise: Sequence[str],
    lost: Sequence[str],
) -> tuple[str, ...]:
    """What must be known to read the results, one sentence each."""
    found = []
    if seeds == 1:
        found.append(
            "One seed: another seed may end elsewhere, so no variant can be called better. Add seeds."
        )
    elif seeds == 2:
        found.append("Two seeds: intervals over seeds are very wide (12.7 standard errors on either side).")
    if comparisons > 1:
        found.append(
            f"In each column {comparisons} variants are compared with the baseline, and verdicts are "
            f"adjusted for that (Holm). They are not adjusted for the {columns} columns: where many are "
            "read, one may name a difference by chance."
        )
    elif comparisons and columns > 1:
        found.append(
            f"Verdicts are not adjusted for the {columns} columns: where many are read, one may name a "
            "difference by chance."
        )
    if not one_teacher:
        found.append("The variants have different teachers, so their fidelity is not compared.")
    if otherwise:
        have = "has" if len(otherwise) == 1 else "have"
        found.append(
            f"{_listed(otherwise)} {have} another vocabulary than the baseline, so their measures on "
            "held-out text are of other tokens and not compared."
        )
    if lost:
        have = "has" if len(lost) == 1 else "have"
        found.append(
            f"{_listed(lost)} {have} lost more than half of the teacher's probability mass at the compared "
            "words, so that a small gap says little."
        )
    return tuple(found)


def _p(value: float) -> str:
    text = p_value(value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _verb(column: StudyColumn) -> str:
    return "are" if column.label.endswith("s") and not column.label.endswith("ss") else "is"


def _listed(names: Sequence[str], word: str = "and") -> str:
    *most, last = names
    return f"{', '.join(most)} {word} {last}" if most else last
