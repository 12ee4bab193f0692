"""A widget for any setting, derived from its field in the configuration: type, limits and help text."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

import streamlit as st

from app.distill.variants import ALL_VARIANTS, change, current, is_shared, standard, widget_key
from app.shared.settings_table import fields, sections
from app.shared.widgets import caption, literal
from fairkd.distill.config import Setting

PAIRS = tuple[tuple[int, ...], ...]
NO_SECTION = "others"  # the page's section for settings without one
_LARGEST_INTEGER = 2**53 - 1  # that a browser represents exactly
_SPELLED = {"cda": "CDA", "kd": "KD", "mlm": "MLM", "tensorboard": "TensorBoard"}


def section_fields(section: str, *, shared: bool, leave_out: tuple[str, ...] = ()) -> list[str]:
    """The settings of a section: those shared by all variants, or those of each variant."""
    return [
        key
        for key in fields()
        if (key.partition(".")[0] if "." in key else NO_SECTION) == section
        and is_shared(key) == shared
        and key not in leave_out
    ]


def editor(variant: str, *, leave_out: tuple[str, ...] = (), columns: int = 3) -> None:
    """All settings of a variant, or with ALL_VARIANTS the shared settings, section by section."""
    shared = variant == ALL_VARIANTS
    for section in (*sections(), NO_SECTION):
        keys = section_fields(section, shared=shared, leave_out=leave_out)
        if not keys:
            continue
        st.markdown(f"**{section.capitalize()}**")
        if section in sections():
            caption(literal(sections()[section]))
        places = st.columns(columns)
        for number, key in enumerate(keys):
            with places[number % columns]:
                field(variant, key)


def field(variant: str, key: str, *, label: str | None = None, **look: Any) -> None:
    """The widget of one setting. Its value becomes a change of the variant."""
    found, value, widget = fields()[key], current(variant, key), widget_key(f"set:{key}", variant)
    shared: dict[str, Any] = {
        "label": label or _label(key),
        "key": widget,
        "help": literal(found.description),
        "on_change": _take,
        "args": (variant, key, widget),
        **look,
    }
    kind, optional, choices = found.annotation, found.optional, found.choices
    if choices:
        st.selectbox(options=choices, index=choices.index(value) if value in choices else 0, **shared)
    elif kind is bool:
        st.toggle(value=bool(value), **shared)
    elif kind in (int, float):
        _number(kind, found, value, optional, shared)
    elif get_origin(kind) is tuple and get_args(kind)[0] is str and key == "evaluation.watched_sentences":
        st.text_area(value="\n".join(value or ()), height="content", max_chars=4000, **shared)
    elif get_origin(kind) is dict:
        st.text_area(
            value=lines(value or {}),
            height="content",
            max_chars=4000,
            placeholder="he: he, him\nshe: she, her",
            **shared,
        )
    elif kind == PAIRS:
        example = "2002, 2016" if key == "constraint.token_pairs" else "default"
        text = pair_lines(value or ())
        st.text_area(value=text, height="content", max_chars=4000, placeholder=example, **shared)
    elif get_origin(kind) is tuple:
        text = ", ".join(map(str, value or ()))
        st.text_input(value=text, max_chars=400, **{"placeholder": "default", **shared})
    else:
        st.text_input(value=str(value or ""), max_chars=1000, **shared)


def _label(key: str) -> str:
    """A setting's name as a label: `optimizer.learning_rate` is "Learning rate"."""
    first, *rest = key.rpartition(".")[2].split("_")
    return " ".join([_SPELLED.get(first, first.capitalize()), *rest])


def _number(kind: type, found: Setting, value: Any, optional: bool, shared: dict[str, Any]) -> None:
    """A number input with the limits of the setting. An optional setting may be empty."""
    low, high = _limits(found)
    if kind is int:
        st.number_input(
            min_value=None if low is None else math.ceil(low),
            max_value=_LARGEST_INTEGER if high is None else math.floor(high),
            value=None if value is None else int(value),
            step=1,
            placeholder="automatic" if optional else None,
            **shared,
        )
        return
    size = abs(float(value)) if value else 1.0
    step = 10.0 ** math.floor(math.log10(size) if size >= 1 else math.log10(size) - 1e-9)
    st.number_input(
        min_value=low,
        max_value=high,
        value=None if value is None else float(value),
        step=min(step, 0.1) if high is not None and high <= 1 else step,
        format="%g",
        placeholder="automatic" if optional else None,
        **shared,
    )


def _take(variant: str, key: str, widget: str) -> None:
    """Convert the widget's value to the type of the setting, and make it a change."""
    value = st.session_state[widget]
    kind, optional = fields()[key].annotation, fields()[key].optional
    if get_origin(kind) is dict:
        # Without words, an evaluation uses its contrast; a constraint reports that its words are missing.
        value = groups(value or "") or ({} if key == "constraint.words" else None)
    elif kind == PAIRS:
        rows = [re.findall(r"[^,\s]+", line) for line in (value or "").splitlines()]
        value = [[_number_or_text(part, int) for part in row] for row in rows if row]
        if not value and key != "constraint.token_pairs":  # a constraint reports that they are missing
            value = None
    elif get_origin(kind) is tuple and isinstance(value, str):
        mark = "\n" if key == "evaluation.watched_sentences" else ","
        value = [part.strip() for part in value.split(mark) if part.strip()]
        member = get_args(kind)[0]
        value = [_number_or_text(part, member) for part in value]
        if not value and key != "evaluation.watched_sentences":  # a run may watch no sentences at all
            value = None if optional else standard(variant)[key]
    elif isinstance(value, str):
        value = value.strip() or (None if optional else value)
    change(variant, key, value)


def lines(words: Mapping[str, Sequence[str]]) -> str:
    """Groups of words for a text area, one per line.

    >>> lines({"royals": ["king", "queen"]})
    'royals: king, queen'
    """
    return "\n".join(f"{name}: {', '.join(members)}" for name, members in words.items())


def pair_lines(pairs: Sequence[Sequence[int]]) -> str:
    """Pairs of numbers for a text area, one per line.

    >>> pair_lines([(2002, 2016)])
    '2002, 2016'
    """
    return "\n".join(", ".join(map(str, pair)) for pair in pairs)


def groups(text: str) -> dict[str, list[str]]:
    """The opposite of `lines`. A group without a name is named after its first word.

    >>> groups("royals: king, queen\\nmaid, cook")
    {'royals': ['king', 'queen'], 'maid': ['maid', 'cook']}
    """
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, colon, rest = line.partition(":")
        words = [word.strip() for word in (rest if colon else name).split(",") if word.strip()]
        name = name.strip() if colon else "".join(words[:1])
        if name or words:
            found.setdefault(name, []).extend(words)
    return found


def _number_or_text(part: str, member: type) -> Any:
    try:
        return member(part)
    except ValueError:
        return part  # the configuration reports the error


def fits(key: str, value: Any) -> bool:
    """Whether the setting's widget can show the value. A browser has smaller numbers than a configuration."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    low, high = _limits(fields()[key])
    most = _LARGEST_INTEGER if isinstance(value, int) else math.inf
    return (-most if low is None else low) <= value <= (most if high is None else min(high, most))


def _limits(found: Setting) -> tuple[float | None, float | None]:
    """The smallest and largest value. An exclusive limit becomes the nearest number within it."""
    low = None if found.minimum is None else float(found.minimum)
    high = None if found.maximum is None else float(found.maximum)
    if low is not None and found.above:
        low = math.nextafter(low, math.inf) if low else 1e-9
    if high is not None and found.below:
        high = math.nextafter(high, -math.inf)
    return low, high
