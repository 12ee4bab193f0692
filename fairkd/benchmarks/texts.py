"""What is said about each benchmark: its definition, source, how to read it, and its known weaknesses.

    about("crows-pairs").unbiased   # "An unbiased model scores 50, because ..."

The texts are in `resources/benchmark_texts.yaml`. Page, command line, reports and documentation take them
from here. Loads no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from fairkd.utils import read_yaml


@dataclass(frozen=True, kw_only=True)
class BenchmarkTexts:
    """The texts of one benchmark.

    Attributes
    ----------
    label : str
        Its name for people, the same everywhere.
    summary : str
        One sentence: what it measures.
    definition : str
        How it is computed, with the formula and the unit.
    source, url : str
        The paper that defines it, and where to read it.
    unbiased : str
        What an unbiased model would score; for a measure of quality, which values are better.
    reading : str
        How to read a value, with an example.
    weaknesses : tuple of str
        What it cannot show, one sentence or two each, with the source where there is one.
    licence : str
        The licence of its data.
    """

    label: str
    summary: str
    definition: str
    source: str
    url: str
    unbiased: str
    reading: str
    weaknesses: tuple[str, ...]
    licence: str


def about(key: str) -> BenchmarkTexts:
    """The texts of a benchmark. Raises KeyError for one that has none.

    >>> about("aul").label
    'AUL'
    """
    return all_texts()[key]


@lru_cache(maxsize=1)
def all_texts() -> Mapping[str, BenchmarkTexts]:
    """The texts of every benchmark, by its key."""
    text = (files("fairkd") / "resources" / "benchmark_texts.yaml").read_text(encoding="utf-8")
    return MappingProxyType(
        {
            key: BenchmarkTexts(**{**values, "weaknesses": tuple(values["weaknesses"])})
            for key, values in read_yaml(text).items()
        }
    )
