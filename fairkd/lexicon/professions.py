"""The shipped professions, with the share of women among the people who work in them."""

from __future__ import annotations

import pandas as pd

from fairkd.lexicon.shipped_tables import shipped_table


def shipped_professions() -> pd.DataFrame:
    """The professions of `resources/professions.csv`, one a row.

    Source: US Bureau of Labor Statistics, Current Population Survey, Annual Averages, Table 11.

    Returns
    -------
    DataFrame
        profession, women_share (share of women among workers, from 0 to 1), year, source, occupation (the
        row of the source that stands for the profession).

    Examples
    --------
    >>> shipped_professions().set_index("profession").women_share["nurse"].item()
    0.879
    """
    return shipped_table("professions.csv")
