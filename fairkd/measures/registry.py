"""The registry of measures: what each number of an evaluation is called, and how to read it.

    MEASURES["gap_absolute"].label           # "mean absolute gap"
    MEASURES["gap_absolute"].format(0.314)   # "0.31 nats"

Events and tables hold values under these keys. Charts, pages, the model card and the command line take label,
unit, number format, interval, sample size and direction from here. A new measure needs an entry here and its
computation in `fairkd.distill.evaluation`.

Loads neither torch nor pandas.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fairkd.utils import percent, signed, signed_interval

Family = Literal["fidelity", "quality", "bias"]
Unit = Literal["nats", "share", "none"]
Direction = Literal["lower", "higher", "zero", "none"]

Sample = Literal["masked_sentences", "scored_sentences", "professions"]

# With fewer items no value is drawn and no test is made: with five pairs, the smallest p of a two-sided
# signed-rank test is 2 / 2^5 = .0625.
FEWEST_ITEMS = 6

_ITEMS: dict[Sample, tuple[str, str]] = {
    "masked_sentences": ("held-out sentence", "held-out sentences"),
    "scored_sentences": ("held-out sentence", "held-out sentences"),
    "professions": ("profession", "professions"),
}
_BETTER: dict[Direction, str] = {"lower": "lower", "higher": "higher", "zero": "nearer to 0", "none": ""}


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What is known of one measure, apart from its values.

    Attributes
    ----------
    key : str
        Its name in events, tables and JSON.
    label : str
        Its name for people, the same everywhere.
    family : "fidelity", "quality" or "bias"
        Fidelity compares the student with its teacher, so a teacher has none.
    unit : "nats", "share" or "none"
        A share lies between 0 and 1 and is shown in per cent.
    direction : "lower", "higher", "zero" or "none"
        Which values are better; "zero" means nearer to 0.
    description : str
        One sentence: what it is, with the formula or the source where there is one.
    digits : int
        Decimals shown; shares have two figures.
    shows_sign : bool
        Whether a positive value is shown with its plus.
    sample : "masked_sentences", "scored_sentences" or "professions"
        The key of its sample size: how many items the bootstrap resamples. "masked_sentences" have 20 % of
        their tokens masked at once, "scored_sentences" one token each.
    example : str
        One sentence that says what a value means.
    stem : str, optional
        What the keys of its interval begin with, by default its own key.
    needs_mass : bool
        Whether it says little where the words that it compares have little probability mass.
    logs : bool
        Whether it is exp of a mean in nats, so that two values are compared by their ratio.
    """

    key: str
    label: str
    family: Family
    unit: Unit
    direction: Direction
    description: str
    sample: Sample
    example: str
    digits: int = 2
    shows_sign: bool = False
    stem: str = ""
    needs_mass: bool = False
    logs: bool = False

    @property
    def interval(self) -> tuple[str, str]:
        """The keys of the ends of its 95 % bootstrap interval."""
        stem = self.stem or self.key
        return f"{stem}_low", f"{stem}_high"

    @property
    def keys(self) -> tuple[str, str, str]:
        """Its own key and those of its interval."""
        return (self.key, *self.interval)

    @property
    def heading(self) -> str:
        """Label and unit, for an axis or a column: "mean gap, nats"."""
        return f"{self.label}, nats" if self.unit == "nats" else self.label

    @property
    def better(self) -> str:
        """Which values are better: "lower"; empty where neither direction is."""
        return _BETTER[self.direction]

    @property
    def goal(self) -> str:
        """`better` as half a sentence: "lower is better"."""
        if not self.better:
            return ""
        aim = "means better at predicting text" if self.family == "quality" else "is better"
        return f"{self.better} {aim}"

    @property
    def help(self) -> str:
        """Description and example, for a tooltip."""
        return f"{self.description} {self.example}"

    def cost(self, value: float) -> float:
        """A number that is smaller for a better value; with no better direction, for a higher one."""
        match self.direction:
            case "lower":
                return value
            case "zero":
                return abs(value)
            case "higher" | "none":
                return -value

    def format(self, value: float | None, *, unit: bool = True) -> str:
        """A value for people; "–" where it is None or NaN.

        >>> MEASURES["gap_mean"].format(-0.5), MEASURES["gap_mean"].format(-0.5, unit=False)
        ('−0.50 nats', '−0.50')
        """
        if value is None or math.isnan(value):
            return "–"
        if self.unit == "share":
            return percent(value)
        number = signed(value, self.digits) if self.shows_sign else f"{value:.{self.digits}f}"
        return f"{number} nats" if unit and self.unit == "nats" else number

    def format_with_interval(self, values: Mapping[str, float | None]) -> str:
        """The value under this measure's key, with its interval where `values` has one.

        >>> MEASURES["gap_mean"].format_with_interval({"gap_mean": 0.5, "gap_low": 0.3, "gap_high": 0.7})
        '+0.50 nats (+0.30 to +0.70)'
        """
        text = self.format(values.get(self.key))
        interval = self.format_interval(values)
        return f"{text} ({interval})" if interval else text

    def format_interval(self, values: Mapping[str, float | None]) -> str:
        """The interval that `values` has for this measure; empty where it has none.

        >>> MEASURES["gap_mean"].format_interval({"gap_low": -0.003, "gap_high": 0.7})
        '−0.003 to +0.700'
        """
        low, high = (values.get(end) for end in self.interval)
        if low is None or high is None or math.isnan(low) or math.isnan(high):
            return ""
        if self.shows_sign and self.unit != "share":
            return signed_interval(low, high, self.digits)
        return f"{self.format(low, unit=False)} to {self.format(high, unit=False)}"

    @property
    def sampled(self) -> str:
        """What the bootstrap resamples: "professions"."""
        return _ITEMS[self.sample][1]

    def count(self, values: Mapping[str, float | None]) -> int | None:
        """On how many sentences or professions it was measured; None where an earlier version did not say."""
        count = values.get(self.sample)
        return None if count is None or math.isnan(count) else int(count)

    def sample_size(self, values: Mapping[str, float | None]) -> str:
        """On what the value was measured: "20 professions"; empty where it is not known.

        >>> MEASURES["gap_mean"].sample_size({"professions": 20})
        '20 professions'
        """
        count = self.count(values)
        if count is None:
            return ""
        one, many = _ITEMS[self.sample]
        return f"{count:,} {one if count == 1 else many}"

    def has_too_few(self, values: Mapping[str, float | None]) -> bool:
        """Whether the value was measured on fewer than `FEWEST_ITEMS` sentences or professions."""
        count = self.count(values)
        return count is not None and count < FEWEST_ITEMS


# What every evaluation of a run emits.
MEASURES: Mapping[str, Measure] = {
    measure.key: measure
    for measure in (
        Measure(
            key="kl",
            label="KL to the teacher",
            family="fidelity",
            unit="nats",
            direction="lower",
            sample="masked_sentences",
            example="At 0.69 nats, the tokens that the teacher expects are half as probable to the student, "
            "on geometric average.",
            digits=3,
            description="KL(teacher ‖ student) at masked tokens of held-out text: how far the student's "
            "predictions are from its teacher's; a constrained student differs on purpose.",
        ),
        Measure(
            key="kl_constrained",
            label="KL to the constrained teacher",
            family="fidelity",
            unit="nats",
            direction="lower",
            sample="masked_sentences",
            example="At 0.69 nats, the tokens that the constrained teacher expects are half as probable to "
            "the student, on geometric average.",
            digits=3,
            description="KL(constrained teacher ‖ student) at masked tokens of held-out text: how far the "
            "student's predictions are from what the constraint made of its teacher's.",
        ),
        Measure(
            key="top1_agreement",
            label="top-1 agreement",
            family="fidelity",
            unit="share",
            direction="higher",
            sample="masked_sentences",
            example="At 60 %, both find the same token the most probable at 6 of 10 masked tokens.",
            description="How often student and teacher find the same token the most probable, at masked "
            "tokens of held-out text.",
        ),
        Measure(
            key="perplexity",
            label="perplexity, 20 % masked",
            family="quality",
            unit="none",
            direction="lower",
            sample="masked_sentences",
            example="At 30, the model is as uncertain as if it chose among 30 equally likely tokens.",
            digits=1,
            logs=True,
            description="How uncertain the model is about tokens of held-out text, with 20 % of them masked "
            "at once: exp(mean of −log p(token)).",
        ),
        Measure(
            key="top1_accuracy",
            label="top-1 accuracy",
            family="quality",
            unit="share",
            direction="higher",
            sample="masked_sentences",
            example="At 40 %, its most probable token is the hidden one at 4 of 10 masked tokens.",
            description="How often the most probable token is the right one, on held-out text with 20 % of "
            "the tokens masked at once.",
        ),
        Measure(
            key="calibration_error",
            label="calibration error",
            family="quality",
            unit="share",
            direction="lower",
            sample="masked_sentences",
            example="At 5 %, the most probable token is right 5 percentage points more or less often than "
            "its probability says, on average.",
            description="Expected calibration error of the most probable token, on held-out text with 20 % "
            "of the tokens masked at once: the mean of |accuracy − confidence| over 15 bins by confidence, "
            "weighted by their tokens, after Guo et al. 2017.",
        ),
        Measure(
            key="pseudo_perplexity_sampled",
            label="pseudo-perplexity, sampled",
            family="quality",
            unit="none",
            direction="lower",
            sample="scored_sentences",
            example="At 16, the model is as uncertain as if it chose among 16 equally likely tokens.",
            digits=1,
            logs=True,
            description="How uncertain the model is about one masked token of each held-out sentence: "
            "exp(mean of −log p(token | all others)), a sample of the pseudo-perplexity.",
        ),
        Measure(
            key="gap_mean",
            label="mean gap",
            family="bias",
            unit="nats",
            direction="zero",
            sample="professions",
            example="At +1.39 nats, the first group is 4 times as likely as the second, on geometric "
            "average.",
            shows_sign=True,
            stem="gap",
            needs_mass=True,
            description="Mean of log P(A) − log P(B) over professions: positive where the model prefers the "
            "first group of words, negative where it prefers the second.",
        ),
        Measure(
            key="gap_absolute",
            label="mean absolute gap",
            family="bias",
            unit="nats",
            direction="lower",
            sample="professions",
            example="At 1.39 nats, one group is 4 times as likely as the other, on geometric average.",
            needs_mass=True,
            description="Mean of |log P(A) − log P(B)| over professions: how unequally the model treats the "
            "two groups of words, whichever it prefers.",
        ),
        Measure(
            key="gap_mass",
            label="probability mass",
            family="bias",
            unit="share",
            direction="none",
            sample="professions",
            example="At 80 %, all other words together have 20 %.",
            description="Mean of P(A) + P(B) over professions and templates, in each of which A and B are "
            "the words of its grammatical role: how probable both groups are together; where that is "
            "little, the gap says little.",
        ),
    )
}

# One masked copy for each token is too slow for the evaluations of a run, which sample it.
PSEUDO_PERPLEXITY = Measure(
    key="pseudo_perplexity",
    label="pseudo-perplexity",
    family="quality",
    unit="none",
    direction="lower",
    sample="scored_sentences",
    example="At 16, the model is as uncertain as if it chose among 16 equally likely tokens.",
    digits=1,
    logs=True,
    description="How uncertain the model is about each token of held-out text, masked one at a time: "
    "exp(mean of −log p(token | all others)), after Salazar et al. 2020.",
)


def evaluation_keys(*families: Family) -> tuple[str, ...]:
    """The keys that an evaluation emits for measures of these families, by default of all.

    They are those of values, ends of intervals, and sample sizes.

    >>> evaluation_keys("bias")[:4]
    ('gap_mean', 'gap_low', 'gap_high', 'professions')
    """
    return tuple(
        dict.fromkeys(
            key
            for measure in MEASURES.values()
            if not families or measure.family in families
            for key in (*measure.keys, measure.sample)
        )
    )


# Below this part of the teacher's probability mass, a gap may be small because hardly any is left.
MIN_MASS_SHARE = 0.5


def has_lost_mass(mass: float | None, teacher: float | None) -> bool:
    """Whether so little of the teacher's probability mass is left that the gap says little.

    It holds for every measure with `needs_mass`: a gap of a student that hardly ever predicts the compared
    words may be small without being fair. False where either mass is unknown.

    >>> has_lost_mass(0.1, 0.6), has_lost_mass(0.5, 0.6), has_lost_mass(0.1, None)
    (True, False, False)
    """
    return mass is not None and teacher is not None and mass < MIN_MASS_SHARE * teacher


# Keys of earlier versions, in which the sampled pseudo-perplexity had the name of the full one.
RENAMED_MEASURES: Mapping[str, str] = {
    "agreement": "top1_agreement",
    "top1": "top1_accuracy",
    "pseudo_perplexity": "pseudo_perplexity_sampled",
}


def with_current_keys(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with today's keys of measures; other keys stay.

    >>> with_current_keys({"top1": 0.5, "kl": 0.1})
    {'top1_accuracy': 0.5, 'kl': 0.1}
    """
    return {RENAMED_MEASURES.get(key, key): value for key, value in values.items()}
