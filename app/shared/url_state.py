"""What pages keep in the address besides bound widgets: JSON parameters, and names of earlier versions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from fairkd.utils import parse_json

LONGEST_LINK = 100_000  # characters of a parameter; browsers and servers cut longer addresses

# Parameter names in links from earlier versions, and their current names.
RENAMED_PARAMETERS: Mapping[str, str] = {"arms": "variants", "play_text": "preview_text", "slot": "role"}
# By current parameter name: values in links from earlier versions, and their current values.
RENAMED_VALUES: Mapping[str, Mapping[str, str]] = {
    "value": {"prior-corrected gap": "Sentence without profession"},
}


def has_old_names() -> bool:
    """Whether the address has names or values of an earlier version."""
    return parameters_with_current_names() != _parameters()


def parameters_with_current_names() -> dict[str, list[str]]:
    """The parameters of the address under their current names, with current values.

    If the address has a parameter under both names, the current one wins.
    """
    found = _parameters()
    renamed = {RENAMED_PARAMETERS[name]: found.pop(name) for name in RENAMED_PARAMETERS if name in found}
    return {
        name: [RENAMED_VALUES.get(name, {}).get(value, value) for value in values]
        for name, values in (renamed | found).items()
    }


def _parameters() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def take_parameter(name: str, default: str) -> None:
    """Give the widget with the key `name` its value in the address, or its default, before it is first drawn.

    Unlike a bound parameter, such a value survives a visit to another page and the browser's Back, if the
    widget has `persist_state="session"`. `write_parameter` keeps it in the address.
    """
    if name not in st.session_state:
        st.session_state[name] = st.query_params.get(name, default)


def write_parameter(name: str, value: str, default: str) -> None:
    """Write `value` to the parameter `name`; the default is left out."""
    if value == default:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def read_link(name: str) -> dict[str, Any]:
    """The JSON object in the parameter `name`, as `parse_json` reads it; empty if there is none.

    It is also empty if the parameter is invalid or far too long.
    """
    text = st.query_params.get(name, "{}")
    try:
        found = parse_json(text) if len(text) <= LONGEST_LINK else None
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def write_link(name: str, content: Mapping[str, Any]) -> None:
    """Write `content` to the parameter `name`; without content the parameter is removed."""
    text = compact(content) if content else None
    if text == st.query_params.get(name):
        return
    if text is None:
        del st.query_params[name]
    else:
        st.query_params[name] = text


def compact(content: Any) -> str:
    """JSON without spaces, as in the address."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
