"""Items scored by several processes: each scores its share, and all get everything."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import pandas as pd

from fairkd.benchmarks.benchmark import Item
from fairkd.benchmarks.results import Unscored
from fairkd.errors import InputError

Scored = tuple[pd.DataFrame, list[Unscored]]


def is_main_process() -> bool:
    """Whether this process is the only one, or the first of those that were launched together."""
    return os.environ.get("RANK", "0") == "0"


def score_together(score: Callable[[Sequence[Item]], Scored], items: Sequence[Item]) -> Scored:
    """`score(items)`, of which every process that was launched computes a share.

    Rank r of n takes items r, r + n, ... All processes get the same tables, in the order of the items.

    Raises
    ------
    InputError
        In all processes, where one of them fails.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        return score(items)
    from accelerate import PartialState
    from accelerate.utils import gather_object

    state = PartialState(cpu=True)
    try:
        own: Scored | str = score(items[state.process_index :: state.num_processes])
    except InputError as error:
        own = str(error)
    parts: list[Scored | str] = gather_object([own])
    for part in parts:
        if isinstance(part, str):
            raise InputError(part)
    scored = [part for part in parts if not isinstance(part, str)]
    order = {item.id: place for place, item in enumerate(items)}
    table = pd.concat([rows for rows, _ in scored], ignore_index=True)
    if not table.empty:
        table = table.sort_values("id", key=lambda ids: ids.map(order), ignore_index=True)
    unscored = sorted((one for _, some in scored for one in some), key=lambda one: order[one.id])
    return table, unscored
