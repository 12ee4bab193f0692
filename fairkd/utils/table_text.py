"""Tables as text for a paper or a notebook: Markdown, and LaTeX with booktabs. Pure functions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

import pandas as pd

Format = Callable[[Any], str]

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "−": r"$-$",
    "±": r"$\pm$",
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
}
_LATEX_MARKS = re.compile("|".join(map(re.escape, _LATEX)))
_MARKDOWN_MARKS = re.compile(r"([\\`*_{}\[\]<>|#~$])")


def markdown_table(frame: pd.DataFrame, formats: Mapping[str, Format] | None = None) -> str:
    """A table in GitHub's Markdown; numbers are aligned to the right.

    >>> print(markdown_table(pd.DataFrame({"word": ["##s"], "gap": [1.234]}), {"gap": "{:.2f}".format}))
    | word | gap |
    | :--- | ---: |
    | \\#\\#s | 1.23 |
    """
    rules = ["---:" if numeric else ":---" for numeric in _numeric(frame)]
    rows = [list(frame.columns), *table_cells(frame, formats or {})]
    lines = [[markdown_text(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [lines[0], rules, *lines[1:]])


def latex_table(frame: pd.DataFrame, formats: Mapping[str, Format] | None = None) -> str:
    r"""A `tabular` for LaTeX with the package booktabs; numbers are aligned to the right.

    >>> print(latex_table(pd.DataFrame({"word": ["a_b"], "gap": [1.234]}), {"gap": "{:.2f}".format}))
    \begin{tabular}{lr}
    \toprule
    word & gap \\
    \midrule
    a\_b & 1.23 \\
    \bottomrule
    \end{tabular}
    """
    align = "".join("r" if numeric else "l" for numeric in _numeric(frame))
    rows = [list(frame.columns), *table_cells(frame, formats or {})]
    heading, *lines = [" & ".join(map(_latex, row)) + r" \\" for row in rows]
    return "\n".join(
        [
            rf"\begin{{tabular}}{{{align}}}",
            r"\toprule",
            heading,
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
        ]
    )


def provenance_line(frame: pd.DataFrame) -> str:
    """Models with the hash of their weights, settings, version and date, as one line; "" without any.

    `frame` has them in columns, each with one value in all rows: NAME and NAME_sha256; or `reference` and
    `sha256` where each row is a model.

    >>> provenance_line(pd.DataFrame({"teacher": ["a"], "teacher_sha256": "0123456789abcd", "value": "gap"}))
    'teacher: a (SHA-256 0123456789ab…); value: gap'
    """
    columns = dict(frame.iloc[0].items()) if len(frame) else {}
    parts = []
    if {"reference", "sha256"} <= set(columns):
        rows = frame[["reference", "sha256"]].itertuples(index=False, name=None)
        parts.append(f"models: {', '.join(_hashed(*row) for row in rows)}")
    for name, value in columns.items():
        if name in ("reference", "sha256") or name.endswith("_sha256"):
            continue
        sha256 = columns.get(f"{name}_sha256")
        text = _hashed(value, sha256) if sha256 else _cell(value, None)
        parts.append(f"{name.replace('_', ' ')}: {text}")
    return "; ".join(parts)


def _hashed(reference: object, sha256: object) -> str:
    return f"{_cell(reference, None)} (SHA-256 {str(sha256)[:12]}…)"


def markdown_text(text: str) -> str:
    """Text that Markdown shows literally."""
    return _MARKDOWN_MARKS.sub(r"\\\1", text)


def _latex(cell: str) -> str:
    return _LATEX_MARKS.sub(lambda mark: _LATEX[mark[0]], cell)


def _numeric(frame: pd.DataFrame) -> list[bool]:
    return [pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes]


def table_cells(frame: pd.DataFrame, formats: Mapping[str, Format]) -> list[list[str]]:
    """All cells as text, in one line each; a missing value is a dash, a number has three significant digits.

    `formats` are by column, how a number is shown instead.
    """
    return [
        [_cell(value, formats.get(name)) for name, value in zip(frame.columns, row, strict=True)]
        for row in frame.itertuples(index=False, name=None)
    ]


def _cell(value: Any, format: Format | None) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if format is not None:
        return format(value)
    if isinstance(value, Real) and not isinstance(value, bool | int) and not float(value).is_integer():
        return f"{value:.3g}"
    if isinstance(value, float):
        return f"{value:.0f}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return " ".join(str(value).split())
