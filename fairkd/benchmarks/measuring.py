"""Measure one model by one benchmark.

lm = models.load("embedded/teacher")
result = measure(lm, "crows-pairs")
result.overall.values["score"]       # ValueEstimate(value=..., low=..., high=...)
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from fairkd.benchmarks import data_files
from fairkd.benchmarks.benchmark import Benchmark, Compute, Finish, Item, Numbers
from fairkd.benchmarks.benchmark_registry import chosen
from fairkd.benchmarks.item_shards import score_together
from fairkd.benchmarks.results import Result, Unscored, by_category, summarise
from fairkd.benchmarks.score_cache import ScoreCache
from fairkd.benchmarks.scorer import Scorer
from fairkd.errors import InputError
from fairkd.models import MaskedLM, weights_hash
from fairkd.predictions import Precision
from fairkd.utils import Progress

TEXT = "text_"  # what the columns with sentences begin with


def measure(
    lm: MaskedLM,
    name: str,
    *,
    reference: MaskedLM | None = None,
    data: str | Path | None = None,
    data_set: str | None = None,
    quick: bool = False,
    limit: int | None = None,
    precision: Precision = "strict",
    seed: int = 0,
    cached: bool = True,
    alone: bool = False,
    progress: Progress | None = None,
    report: Callable[[float], None] | None = None,
) -> Result:
    """Score the items of a benchmark, and summarise them.

    Under `accelerate launch` every process calls this and scores its share of the items. All get the result.

    Parameters
    ----------
    lm : MaskedLM
    name : str
        A key of `BENCHMARKS`.
    reference : MaskedLM, optional
        The teacher, for a benchmark that compares two models.
    data : path, optional
        A user's file in the original format, instead of the published data.
    data_set : str, optional
        One of the benchmark's data sets, by key; the first by default.
    quick : bool
        Score a sample, drawn by category from a fixed seed, instead of all items.
    limit : int, optional
        Score the first items only.
    precision : "strict" or "fast"
        fp32, or bf16 for matrix products.
    seed : int
        Of the sample and of the bootstrap.
    cached : bool
        Whether to use and keep scores on disk.
    alone : bool
        Whether this process scores all items, although others were launched with it.
    progress : function, optional
        Called with a sentence and a fraction while the data are fetched.
    report : function, optional
        Called with the fraction done. What it raises ends the work; the scores up to then are kept.

    Raises
    ------
    InputError
        For an unknown name, data that cannot be read or hold no item that can be scored, and a benchmark that
        needs what the model does not have.
    """
    from fairkd import __version__

    started = time.monotonic()
    [benchmark] = chosen([name])
    _check_needs(benchmark, lm, reference)
    files, version = data_files.load(benchmark, data_set=data_set, path=data, progress=progress)
    items = selected(
        _with_distinct_ids(benchmark.read(files)),
        quick=benchmark.quick_items if quick else None,
        limit=limit,
        seed=seed,
    )
    if not items:
        raise InputError(f"{version.file} holds no item.")
    model_hash = weights_hash(lm)
    store = ScoreCache(model_hash, precision) if cached else None
    try:
        scorer = Scorer(lm, reference=reference, precision=precision, store=store, report=report)
        if alone:
            table, unscored = score_items(benchmark, items, scorer)
        else:
            table, unscored = score_together(lambda part: score_items(benchmark, part, scorer), items)
    finally:
        if store is not None:
            store.close()
    if table.empty:
        raise InputError(
            f"None of the items of {version.file} can be scored ({len(items)}); the first: "
            f"{unscored[0].reason}"
        )
    sound = table[~table["faulty"]].reset_index(drop=True)
    return Result(
        benchmark=benchmark.key,
        model=lm.reference,
        model_hash=model_hash,
        reference=reference.reference if benchmark.needs_reference and reference else None,
        data=version,
        precision=precision,
        quick=quick,
        overall=summarise(benchmark, table, seed=seed),
        categories=by_category(benchmark, table, seed=seed),
        without_faults=None if len(sound) == len(table) else summarise(benchmark, sound, seed=seed),
        unscored=tuple(unscored),
        items=table,
        seconds=time.monotonic() - started,
        version=__version__,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def score_items(
    benchmark: Benchmark, items: Sequence[Item], scorer: Scorer
) -> tuple[pd.DataFrame, list[Unscored]]:
    """One row for each item that can be scored, and those that cannot with the reason."""
    compute = benchmark.compute or _planned(benchmark)
    rows: list[Mapping[str, object]] = []
    unscored: list[Unscored] = []
    for item, numbers in zip(items, compute(items, scorer), strict=True):
        if isinstance(numbers, InputError):
            unscored.append(Unscored(item.id, item.category, str(numbers)))
        elif any(isinstance(one, float) and not np.isfinite(one) for one in numbers.values()):
            unscored.append(Unscored(item.id, item.category, "The model's outputs are not finite."))
        else:
            texts = {f"{TEXT}{role}": text for role, text in item.texts.items()}
            told = {"id": item.id, "category": item.category, "faulty": bool(item.faults)}
            rows.append({**told, "faults": "; ".join(item.faults), **texts, **numbers})
    return pd.DataFrame(rows), unscored


def _planned(benchmark: Benchmark) -> Compute:
    """The numbers of items by its `plan`: all questions are asked before the first is answered."""
    plan = benchmark.plan
    assert plan is not None

    def compute(items: Sequence[Item], scorer: Scorer) -> list[Numbers | InputError]:
        plans: list[Finish | InputError] = []
        for item in items:
            try:
                plans.append(plan(item, scorer))
            except InputError as error:
                plans.append(error)
        answers = scorer.answer()
        return [one if isinstance(one, InputError) else one(answers) for one in plans]

    return compute


def selected(items: Sequence[Item], *, quick: int | None, limit: int | None, seed: int) -> list[Item]:
    """The first `limit` items, or `quick` of them drawn by category in proportion, in their order."""
    found = list(items[:limit]) if limit is not None else list(items)
    if quick is None or len(found) <= quick:
        return found
    random = np.random.default_rng(seed)
    by_name: dict[str, list[int]] = {}
    for index, item in enumerate(found):
        by_name.setdefault(item.category, []).append(index)
    kept: list[int] = []
    for indices in by_name.values():
        share = max(1, round(quick * len(indices) / len(found)))
        kept += random.choice(indices, size=min(share, len(indices)), replace=False).tolist()
    return [found[index] for index in sorted(kept)]


def _with_distinct_ids(items: Sequence[Item]) -> list[Item]:
    """The items; an id that is there already gets a number, since ids pair the items of two models.

    >>> two = [Item(id="7", category="", texts={}), Item(id="7", category="", texts={})]
    >>> [item.id for item in _with_distinct_ids(two)]
    ['7', '7 (2)']
    """
    seen: Counter[str] = Counter()
    found = []
    for item in items:
        seen[item.id] += 1
        again = seen[item.id]
        found.append(item if again == 1 else replace(item, id=f"{item.id} ({again})"))
    return found


def _check_needs(benchmark: Benchmark, lm: MaskedLM, reference: MaskedLM | None) -> None:
    if not benchmark.needs_reference:
        return
    if reference is None:
        raise InputError(f"{benchmark.label} compares a model with a second one: name the teacher as well.")
    if lm.tokenizer.get_vocab() != reference.tokenizer.get_vocab():
        raise InputError(
            f"{benchmark.label} needs two models of one vocabulary; {lm.reference} and {reference.reference} "
            "have different ones."
        )
