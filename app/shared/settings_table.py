"""The settings of a distillation as tables: dotted names, descriptions, and changes from the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pandas as pd
import streamlit as st

from app.shared.widgets import literal
from fairkd.distill.config import Setting, all_settings, flat, section_descriptions

# What an empty setting means, in the tables.
EMPTY: Mapping[str, str] = {
    "threads": "PyTorch's default",
    "student.layers": "the first half, or evenly spaced without fit_layers",
    "student.width": "the teacher's",
    "student.reference": "none",
    "student.tokenizer": "the teacher's",
    "corpus.column": "the only text column",
    "corpus.split": "train",
    "corpus.held_out": "two in a hundred sentences of the source",
    "corpus.held_out_column": "the only text column",
    "corpus.held_out_split": "train",
    "masking.group_rate": "same as rate",
    "objective.relation_layers": "the last one of both",
    "objective.relation_heads": "as many as the teacher's attention heads",
    "constraint.words": "the named ones",
    "constraint.token_pairs": "words instead",
    "constraint.shares": "equal shares",
    "constraint.roles": "all words",
    "budget.steps": "by minutes",
    "budget.minutes": "by steps",
    "budget.stop_gap": "no early stopping",
    "budget.stop_plain": "the student's at the start",
    "budget.patience": "no early stopping",
    "evaluation.words": "the named ones",
    "evaluation.every_steps": "by time",
    "checkpoint.every_steps": "by time",
}


@lru_cache(maxsize=1)
def fields() -> dict[str, Setting]:
    """Every setting by its dotted name: `budget.steps`, `seed`."""
    return {one.key: one for one in all_settings()}


def sections() -> dict[str, str]:
    """The description of each section, by its name."""
    return section_descriptions()


@lru_cache(maxsize=1)
def defaults() -> dict[str, Any]:
    """The default of every setting as a JSON value, with tuples instead of lists."""
    return {key: one.default for key, one in fields().items()}


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by dotted name, nested by section. The opposite of `fairkd.distill.config.flat`.

    >>> nested({"seed": 1, "budget.steps": 3})
    {'seed': 1, 'budget': {'steps': 3}}
    """
    found: dict[str, Any] = {}
    for key, value in values.items():
        section, dot, name = key.partition(".")
        if dot:
            found.setdefault(section, {})[name] = value
        else:
            found[section] = value
    return found


def changed(config: Mapping[str, Any], leave_out: tuple[str, ...] = ()) -> pd.DataFrame:
    """A table of the settings that differ from their defaults: setting, value, default, meaning.

    `leave_out` names settings that are not listed, or whole sections (with a dot at the end).
    """
    standard, known = defaults(), fields()
    rows = [
        {
            "setting": key,
            "value": shown_setting(key, value),
            "default": shown_setting(key, standard.get(key)),
            "meaning": known[key].description if key in known else "",
        }
        for key, value in flat(config).items()
        if value != standard.get(key) and key not in leave_out and not _in_sections(key, leave_out)
    ]
    return pd.DataFrame(rows, columns=["setting", "value", "default", "meaning"])


def changed_table(frame: pd.DataFrame) -> None:
    """Draw the table of `changed` with wrapped text, without Markdown."""
    values = frame["value"] + " (default: " + frame["default"] + ")"
    narrow = pd.DataFrame({"setting": frame["setting"], "value": values, "meaning": frame["meaning"]})
    st.table(narrow.map(literal), border="horizontal", hide_index=True)


def shown_setting(key: str, value: object) -> str:
    """A setting's value as text, with what it means where it is empty.

    >>> shown_setting("constraint.roles", None), shown_setting("corpus.cda", True)
    ('all words', 'yes')
    """
    return EMPTY.get(key, "not stored") if value is None else shown(value)


def shown(value: object) -> str:
    """A value as text: yes and no, lists with commas, word groups by name, a dash for None."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {shown(words)}" for name, words in value.items())
    if isinstance(value, list | tuple):
        pairs = any(isinstance(one, list | tuple) for one in value)
        return ", ".join("/".join(map(str, one)) if pairs else str(one) for one in value)
    return str(value)


def _in_sections(key: str, leave_out: tuple[str, ...]) -> bool:
    return any(one.endswith(".") and key.startswith(one) for one in leave_out)
