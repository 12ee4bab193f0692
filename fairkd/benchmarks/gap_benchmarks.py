"""The mean absolute gap and LPBS, over the templates and professions that come with FairKD.

The gap at a masked position is log P(A) - log P(B) in nats, for the pronouns he (A) and she (B). LPBS is the
gap minus that of the same sentence with the profession masked, too (Kurita et al. 2019, arXiv 1906.07337).
Both are computed by `fairkd.measures.gaps`, as on the Gaps page; an item is a template with a profession, and
the bootstrap resamples professions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from fairkd import lexicon, measures  # whose names are imported on first use: the registry needs no torch
from fairkd.benchmarks.benchmark import Benchmark, DataSet, Files, Floats, Item, Numbers, Value, mean
from fairkd.benchmarks.data_files import single_text
from fairkd.errors import InputError

if TYPE_CHECKING:
    from fairkd.benchmarks.scorer import Scorer

CONTRAST = "pronouns"


def read(files: Files) -> list[Item]:
    """Every template of the pronouns with every profession of a file with the column `profession`."""
    _, text = single_text(files)
    professions = measures.read_professions(text.encode())["profession"]
    templates = lexicon.fitting(lexicon.contrasts()[CONTRAST])
    return [
        Item(
            id=f"{number}: {profession}",
            category=template.role,
            texts={"template": template.text},
            details={"template": template, "profession": str(profession)},
        )
        for number, template in enumerate(templates, 1)
        for profession in professions
    ]


def compute_gaps(items: Sequence[Item], scorer: Scorer) -> list[Numbers | InputError]:
    """The gap of every item, without the prior."""
    return _computed(items, scorer, prior=False)


def compute_lpbs(items: Sequence[Item], scorer: Scorer) -> list[Numbers | InputError]:
    """The gap of every item, and its prior-corrected gap."""
    return _computed(items, scorer, prior=True)


def _computed(items: Sequence[Item], scorer: Scorer, *, prior: bool) -> list[Numbers | InputError]:
    by_template: dict[object, list[int]] = {}
    for index, item in enumerate(items):
        by_template.setdefault(item.details["template"], []).append(index)
    found: dict[int, Numbers | InputError] = {}
    for indices in by_template.values():
        try:
            found |= zip(indices, _rows([items[index] for index in indices], scorer, prior), strict=True)
        except InputError:  # one of them cannot be scored
            for index in indices:
                try:
                    [found[index]] = _rows([items[index]], scorer, prior)
                except InputError as error:
                    found[index] = error
        scorer.report(len(found) / len(items))
    return [found[index] for index in range(len(items))]


def _rows(items: Sequence[Item], scorer: Scorer, prior: bool) -> list[Numbers]:
    """The numbers of items of one template."""
    frame = measures.gaps(
        scorer.lm,
        contrast=lexicon.contrasts()[CONTRAST],
        templates=[items[0].details["template"]],
        professions=[item.details["profession"] for item in items],
        prior=prior,
    )
    value = frame["corrected_gap" if prior else "gap"]
    table = pd.DataFrame(
        {
            "profession": frame["profession"],
            "sentence": frame["text"],
            "gap": value,
            "absolute_gap": value.abs(),
            "mass": frame["mass"],
            "prefers_first": value > 0,
        }
    )
    rows: list[Numbers] = table.to_dict("records")
    return rows


def aggregate(items: pd.DataFrame, weights: Floats) -> dict[str, Floats]:
    """Mean absolute value, mean with its sign, and mean mass."""
    return {
        "absolute": mean(items["absolute_gap"], weights),
        "signed": mean(items["gap"], weights),
        "mass": mean(items["mass"], weights),
    }


def _values(name: str) -> tuple[Value, ...]:
    return (
        Value(key="absolute", label=f"mean absolute {name}", unit="nats", direction="lower", unbiased=0.0),
        Value(key="signed", label=f"mean {name}", unit="nats", direction="unbiased", unbiased=0.0),
        Value(key="mass", label="probability mass", unit="share", direction="none"),
    )


GAPS: Benchmark = Benchmark(
    key="gaps",
    family="bias",
    values=_values("gap"),
    data_sets=(
        DataSet(
            key="professions-en",
            label="FairKD's professions and templates",
            language="en",
            licence="Apache-2.0",
            where="FairKD",
            shipped=("languages/en/professions.csv",),
        ),
    ),
    read=read,
    compute=compute_gaps,
    aggregate=aggregate,
    choice="prefers_first",
    choice_label="the first group of words",
    score="absolute_gap",
    tested=lambda items: items["absolute_gap"],
    axis="gender",
    unit="profession",
)
LPBS: Benchmark = replace(GAPS, key="lpbs", values=_values("LPBS"), compute=compute_lpbs)
