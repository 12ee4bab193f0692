"""The CSV files in `fairkd/resources`."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import pandas as pd


def shipped_table(name: str) -> pd.DataFrame:
    """The rows of a shipped CSV file: a copy, which callers may change."""
    return _read(name).copy()


@lru_cache(maxsize=4)
def _read(name: str) -> pd.DataFrame:
    with (files("fairkd") / "resources" / name).open(encoding="utf-8") as file:
        # An empty cell is an empty text, not a missing value.
        return pd.read_csv(file, keep_default_na=False)
