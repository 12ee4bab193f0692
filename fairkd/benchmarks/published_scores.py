"""Published figures of the benchmarks, to be shown beside one's own.

    for figure in published("crows-pairs", "bert-base-uncased", category="gender"):
        print(figure.printed, figure.file_label, figure.script, figure.cited)

The same model has several values on the same benchmark: they differ in the file and the script. The figures
and their sources are in `resources/published_scores.yaml`. Loads no torch.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from fairkd.utils import read_yaml


@dataclass(frozen=True, kw_only=True)
class FigureSource:
    """Where a figure was published; `url` is empty where no address is certain."""

    citation: str
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class PublishedScore:
    """One published figure.

    Attributes
    ----------
    benchmark, value : str
        Which of a benchmark's values it is: "stereoset", "icat".
    printed : str
        The figure as its source prints it: "60.0". `number` is the same as a number.
    model : str
        The Hub id, or the name in the source where that does not say which checkpoint it is.
    aliases : tuple of str
        Other names of the model.
    variant : str
        How the model was changed before, such as "CDA"; empty for the model itself.
    category : str
        As the data set names it, or "all".
    file, file_label : str
        What it was computed on: a short name, and one for people.
    items : int, optional
        How many items of the file are of this category.
    script : str
        What it was computed with.
    sources : tuple of FigureSource
        Several, where several print the same figure.
    doubtful : str
        Why the figure is doubtful; empty where nothing is known against it.
    """

    benchmark: str
    value: str
    printed: str
    model: str
    aliases: tuple[str, ...]
    variant: str
    category: str
    file: str
    file_label: str
    items: int | None
    script: str
    sources: tuple[FigureSource, ...]
    doubtful: str

    @property
    def number(self) -> float:
        return float(self.printed)

    @property
    def cited(self) -> str:
        """The citations of all its sources, for people."""
        return "; ".join(source.citation for source in self.sources)

    @property
    def provenance(self) -> tuple[str, ...]:
        """What stands beside a figure wherever it is shown: file, script, sources, and any doubt."""
        doubt = (f"Doubtful: {self.doubtful}",) if self.doubtful else ()
        return (self.file_label, self.script, self.cited, *doubt)


def published(
    benchmark: str,
    model: str | None = None,
    *,
    value: str | None = None,
    category: str | None = None,
    file: str | None = None,
    variants: bool = False,
) -> tuple[PublishedScore, ...]:
    """The published figures of a benchmark, in the order of the file; none for a benchmark without any.

    Parameters
    ----------
    benchmark : str
        Its key: "crows-pairs".
    model : str, optional
        A Hub id with or without its organisation and revision, or a local folder with the model's name.
        Upper and lower case make no difference.
    value, category, file : str, optional
        Only figures of this value, of this category, on this file.
    variants : bool
        Whether figures of changed models count, too, such as those after debiasing.

    Examples
    --------
    >>> [figure.printed for figure in published("stereoset", "bert-base-uncased", value="icat_mean")]
    ['66.86', '71.15']
    """
    wanted = None if model is None else _names(model)
    return tuple(
        figure
        for figure in all_published()
        if figure.benchmark == benchmark
        and (variants or not figure.variant)
        and value in (None, figure.value)
        and category in (None, figure.category)
        and file in (None, figure.file)
        and (wanted is None or wanted & _known_names(figure))
    )


@lru_cache(maxsize=1)
def all_published() -> tuple[PublishedScore, ...]:
    """Every published figure, those of changed models included, in the order of the file."""
    text = (files("fairkd") / "resources" / "published_scores.yaml").read_text(encoding="utf-8")
    tables = read_yaml(text)
    sources = {key: FigureSource(**values) for key, values in tables["sources"].items()}
    return tuple(_figure(entry, tables, sources) for entry in tables["scores"])


def _figure(
    entry: Mapping[str, Any], tables: Mapping[str, Any], sources: Mapping[str, FigureSource]
) -> PublishedScore:
    file = tables["files"][entry["file"]]
    return PublishedScore(
        benchmark=entry["benchmark"],
        value=entry["value"],
        printed=entry["number"],
        model=entry["model"],
        aliases=tuple(tables["aliases"].get(entry["model"], ())),
        variant=entry.get("variant", ""),
        category=entry["category"],
        file=entry["file"],
        file_label=file["label"],
        items=file["items"].get(entry["category"]),
        script=tables["scripts"][entry["script"]],
        sources=tuple(sources[key] for key in entry["sources"]),
        doubtful=tables["doubts"][entry["doubt"]] if "doubt" in entry else "",
    )


def _names(reference: str) -> frozenset[str]:
    """What a reference may stand for, in lower case.

    "me/bert-base-uncased" on the Hub is not Google's model, but a folder of that name may well be.
    """
    name = reference.partition("@")[0].strip().casefold()
    parts = name.replace("\\", "/").rstrip("/").split("/")
    is_hub_id = len(parts) <= 2 and parts[0] not in ("", ".", "..", "~") and not os.path.isdir(reference)
    return frozenset({"/".join(parts)} if is_hub_id else {parts[-1]})


def _known_names(figure: PublishedScore) -> frozenset[str]:
    """The names of a figure's model with and without their organisations, in lower case."""
    names = [name.casefold() for name in (figure.model, *figure.aliases)]
    return frozenset([*names, *(name.rpartition("/")[2] for name in names)])
