"""The shipped professions, with the share of women among the people who work in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from fairkd.lexicon.language_packs import ENGLISH, Gender
from fairkd.lexicon.shipped_tables import language_table


@dataclass(frozen=True)
class Profession:
    """A profession: its masculine or only form, and the form for a woman where that is another word.

    >>> baker = Profession("Bäcker", "Bäckerin")
    >>> baker.form("masculine"), baker.form("feminine"), Profession("arts").form("feminine")
    ('Bäcker', 'Bäckerin', 'arts')
    """

    name: str
    feminine: str = ""

    def form(self, gender: Gender | None) -> str:
        """The form for a gender; without one, the masculine or only form."""
        return (self.feminine or self.name) if gender == "feminine" else self.name

    @property
    def forms(self) -> tuple[str, ...]:
        """All forms, each once."""
        return tuple(dict.fromkeys((self.name, self.feminine or self.name)))


def as_profession(given: str | Profession) -> Profession:
    """A profession with one form for a text; a `Profession` as it is."""
    return given if isinstance(given, Profession) else Profession(given)


def shipped_professions(language: str = ENGLISH) -> pd.DataFrame:
    """The professions of `resources/languages/LANGUAGE/professions.csv`, one a row.

    The shares of English professions are from: US Bureau of Labor Statistics, Current Population Survey,
    Annual Averages, Table 11. Those of other languages are empty until somebody has read them in their
    country's statistics.

    Returns
    -------
    DataFrame
        profession, feminine (the form for a woman, "" where it is the same), women_share (share of women
        among workers, from 0 to 1; NaN if unknown), year, source, occupation (the row of the source that
        stands for the profession).

    Raises
    ------
    InputError
        There are no professions in this language.

    Examples
    --------
    >>> shipped_professions().set_index("profession").women_share["nurse"].item()
    0.879
    >>> shipped_professions("nl").set_index("profession").feminine["boer"]
    'boerin'
    """
    table = language_table(language, "professions.csv")
    if "feminine" not in table:
        table.insert(1, "feminine", "")
    table["women_share"] = pd.to_numeric(table["women_share"]).astype(float)
    return table


def professions_of(table: pd.DataFrame) -> list[Profession]:
    """The professions of a table with the column profession and, optionally, feminine.

    >>> professions_of(pd.DataFrame({"profession": ["boer"], "feminine": ["boerin"]}))
    [Profession(name='boer', feminine='boerin')]
    """
    return list(_rows(table["profession"], table["feminine"] if "feminine" in table else [""] * len(table)))


def _rows(names: Sequence[str], feminine: Sequence[str]) -> Iterator[Profession]:
    for name, other in zip(names, feminine, strict=True):
        yield Profession(str(name), "" if other == name or pd.isna(other) else str(other))
