"""What a page keeps in the address besides its widgets: one parameter that holds a JSON object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

# Parameters as links from earlier versions name them, and their names today.
RENAMED_PARAMETERS: Mapping[str, str] = {"arms": "variants"}


def has_old_names() -> bool:
    """Whether the address has parameters of an earlier version."""
    return not RENAMED_PARAMETERS.keys().isdisjoint(st.query_params)


def parameters_with_current_names() -> dict[str, list[str]]:
    """The parameters of the address under their current names. One that is there already wins."""
    found = {name: st.query_params.get_all(name) for name in st.query_params}
    renamed = {RENAMED_PARAMETERS[name]: found.pop(name) for name in RENAMED_PARAMETERS if name in found}
    return renamed | found


def read_link(name: str) -> dict[str, Any]:
    """What the address holds under `name`; empty where there is nothing that can be read."""
    try:
        found = json.loads(st.query_params.get(name, "{}"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def write_link(name: str, content: Mapping[str, Any]) -> None:
    """Put `content` into the address under `name`; nothing where it is empty."""
    text = compact(content) if content else None
    if text == st.query_params.get(name):
        return
    if text is None:
        del st.query_params[name]
    else:
        st.query_params[name] = text


def compact(content: Any) -> str:
    """JSON without spaces, as it stands in the address."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
