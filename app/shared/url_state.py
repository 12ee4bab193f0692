"""What a page keeps in the address besides its widgets: one parameter that holds a JSON object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st


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
