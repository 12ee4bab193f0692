"""The CSV files in `fairkd/resources`."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import pandas as pd

from fairkd.lexicon.language_packs import language_of


def language_table(language: str, name: str) -> pd.DataFrame:
    """The rows of a CSV file of a language: a copy, which callers may change.

    Raises InputError for an unknown language.
    """
    return _read(language_of(language).code, name).copy()


@lru_cache(maxsize=16)
def _read(language: str, name: str) -> pd.DataFrame:
    with (files("fairkd") / "resources" / "languages" / language / name).open(encoding="utf-8") as file:
        # An empty cell is an empty text, not a missing value.
        return pd.read_csv(file, keep_default_na=False)
