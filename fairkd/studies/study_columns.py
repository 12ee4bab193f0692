"""The columns of a study's results: what is measured of every cell, how it is shown and compared.

They come from the registries: `fairkd.measures.MEASURES`, `fairkd.benchmarks.BENCHMARKS` where cells were put
through benchmarks, and `fairkd.measures.COSTS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from fairkd.benchmarks import BENCHMARKS, Value
from fairkd.measures import COSTS, MEASURES, Cost, Measure
from fairkd.studies.bounded_interval import ANY_NUMBER
from fairkd.studies.seed_statistics import Better
from fairkd.utils import signed, signed_interval

ColumnFamily = Literal["fidelity", "quality", "bias", "cost"]


@dataclass(frozen=True, kw_only=True)
class StudyColumn:
    """One column, apart from its values.

    Attributes
    ----------
    key : str
        Its name in tables: of a measure or cost its own key, of a benchmark's value "BENCHMARK.VALUE".
    label, description : str
        For people.
    direction : "lower", "higher" or "none"
        Which values are better; with a `target`, which distances from it are.
    target : float, optional
        The value that is best, where it is neither the lowest nor the highest.
    bounds : tuple of float
        Between which all values lie, so that intervals of a mean do, too.
    logs : bool
        Values are averaged and compared in logs, so that a difference is a ratio.
    exact : bool
        Values do not depend on the seed.
    format : function
        A value as text with its unit.
    scale, digits : float, int
        What a difference is multiplied by for people, and its decimals then.
    unit : str
        Of a difference, such as " nats".
    sampled : str
        What an evaluation resamples for its interval: "professions"; empty where it has none.
    comparable : bool
        Whether variants can be compared: not where each is measured against a constraint of its own.
    needs_mass : bool
        As in `fairkd.measures.Measure`.
    """

    key: str
    label: str
    description: str
    family: ColumnFamily
    direction: Better
    format: Callable[[float | None], str]
    target: float | None = None
    bounds: tuple[float, float] = ANY_NUMBER
    logs: bool = False
    exact: bool = False
    scale: float = 1.0
    digits: int = 2
    unit: str = ""
    sampled: str = ""
    comparable: bool = True
    needs_mass: bool = False
    measure: Measure | None = None

    @property
    def better(self) -> str:
        """Which values are better, for people: "lower", "nearer to 0"; empty where none are."""
        if self.target is not None:
            return f"nearer to {self.target:g}"
        return "" if self.direction == "none" else self.direction

    def compared(self, value: float) -> float:
        """What is compared of a value: its distance from the target, if there is one."""
        return value if self.target is None else abs(value - self.target)

    def difference(self, value: float) -> str:
        """A difference, or a log ratio, for people.

        >>> columns_of(["gap_absolute", "perplexity"])[1].difference(-1.234)
        '−1.23 nats'
        """
        if math.isnan(value):
            return "–"
        if self.logs:
            return f"× {math.exp(value):.2f}"
        return f"{signed(self.scale * value, self.digits)}{self.unit}"

    def difference_interval(self, low: float, high: float) -> str:
        """Both ends of an interval of differences; empty where there is none."""
        if math.isnan(low) or math.isnan(high):
            return ""
        if self.logs:
            return f"× {_ratio(low)} to × {_ratio(high)}"
        return f"{signed_interval(self.scale * low, self.scale * high, self.digits)}{self.unit}"

    def interval(self, low: float, high: float) -> str:
        """Both ends of an interval of values: "1.30 to 2.30 nats"."""
        ends = (self.format(low).removesuffix(" nats"), self.format(high))
        return " to ".join(ends).replace("-", "−")

    def size(self, value: float) -> str:
        """A difference without its sign: "1.29 nats"; of a log ratio, by how much one value is more."""
        if self.logs:
            return f"{abs(100 * math.expm1(value)):.3g} %"
        return f"{abs(self.scale * value):,.{self.digits}f}{self.unit}"


def columns_of(keys: Iterable[str]) -> tuple[StudyColumn, ...]:
    """The columns with these keys, of those that exist, in a fixed order: fidelity, quality, bias, costs."""
    wanted = set(keys)
    return tuple(column for key, column in all_columns().items() if key in wanted)


def all_columns() -> Mapping[str, StudyColumn]:
    """Every column that a study may have, by key."""
    found = [
        *map(_of_measure, MEASURES.values()),
        *(
            _of_value(benchmark.key, benchmark.label, benchmark.family, value)
            for benchmark in BENCHMARKS.values()
            for value in benchmark.values
        ),
        *map(_of_cost, COSTS.values()),
    ]
    return {column.key: column for column in found}


def _of_measure(measure: Measure) -> StudyColumn:
    is_share = measure.unit == "share"
    return StudyColumn(
        key=measure.key,
        label=measure.label,
        description=measure.help,
        family=measure.family,
        direction="lower" if measure.direction == "zero" else measure.direction,
        target=0.0 if measure.direction == "zero" else None,
        bounds=_bounds(measure.unit, measure.direction),
        format=measure.format,
        logs=measure.logs,
        scale=100.0 if is_share else 1.0,
        digits=1 if is_share else max(measure.digits, 2),
        unit=" percentage points" if is_share else " nats" if measure.unit == "nats" else "",
        sampled=measure.sampled,
        comparable=measure.key != "kl_constrained",
        needs_mass=measure.needs_mass,
        measure=measure,
    )


def _of_value(benchmark: str, label: str, family: ColumnFamily, value: Value) -> StudyColumn:
    scale, digits = value.scale
    name = label if value.label == label else f"{label}: {value.label}"
    if name in {measure.label for measure in MEASURES.values()}:
        name = f"{name}, as a benchmark"
    return StudyColumn(
        key=f"{benchmark}.{value.key}",
        label=name,
        description=f"{label}, as on the Measures page.",
        family=family,
        direction="lower" if value.direction == "unbiased" else value.direction,
        target=value.unbiased if value.direction == "unbiased" else None,
        bounds=value.bounds or _bounds(value.unit, value.direction),
        format=value.format,
        logs=value.logs,
        scale=scale,
        digits=max(digits, 1),
        unit=" percentage points" if value.unit == "share" else " nats" if value.unit == "nats" else "",
        sampled="items",
    )


def _of_cost(cost: Cost) -> StudyColumn:
    scale, digits, unit = {
        "count": (1.0, 0, ""),
        "bytes": (1e-6, 2, " MB"),
        "milliseconds": (1.0, 2, " ms"),
        "minutes": (1.0, 2, " min"),
    }[cost.unit]
    return StudyColumn(
        key=cost.key,
        label=cost.label,
        description=cost.description,
        family="cost",
        direction=cost.direction,
        bounds=(0.0, math.inf),
        format=cost.format,
        exact=not cost.depends_on_seed,
        scale=scale,
        digits=digits,
        unit=unit,
    )


def _bounds(unit: str, direction: str) -> tuple[float, float]:
    """The range of a quantity. What is best when it is lowest is best at 0: a divergence, an absolute gap."""
    most = {"share": 1.0, "percent": 100.0}.get(unit, math.inf)
    return (0.0, most) if most < math.inf or direction == "lower" else ANY_NUMBER


def _ratio(log: float) -> str:
    """A ratio with enough decimals that it reads 1 only if it is.

    >>> _ratio(0.1), _ratio(0.001)
    ('1.11', '1.001')
    """
    value = math.exp(log)
    return next((f"{value:.{digits}f}" for digits in (2, 3) if round(value, digits) != 1), f"{value:.4f}")
