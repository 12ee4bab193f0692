"""Stored views: what the page shows for its example sentences while the default models are not loaded yet.

PyTorch and the models take seconds to load. `python -m tools.stored_views` writes the views, with hashes of
the models that they come from. Other models, other settings or other files have no stored view.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from app.predictions.position import Role
from app.shared.model_cache import is_loaded
from fairkd import models

FILE = Path(__file__).with_name("stored_views.json")


def stored_view(chosen: Mapping[Role, str], text: str, number: int | None = None) -> dict[str, Any] | None:
    """The view of a sentence with the page's default settings, or None if there is none stored.

    `chosen` has the models' references by role; `number` is the chosen column, counted from 1. Models that
    are loaded predict at once, so nothing stored is shown for them.
    """
    if all(map(is_loaded, chosen.values())):
        return None
    view = read_stored_views(chosen).get(text)
    if view is None or number not in range(1, len(view["columns"]) + 1):
        return view
    return {**view, "selected": number}


def read_stored_views(chosen: Mapping[Role, str]) -> dict[str, dict[str, Any]]:
    """The stored views of these models by sentence. They are read, and checked, once."""
    return _stored_views(tuple(chosen.items()))


@st.cache_resource(max_entries=16, show_spinner=False)
def _stored_views(chosen: tuple[tuple[Role, str], ...]) -> dict[str, dict[str, Any]]:
    """The stored views by sentence; none if they come from other models or from other files."""
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    if stored["models"] != dict(chosen):
        return {}
    hashes = {reference: models.embedded_hash(reference) for _, reference in chosen}
    return stored["views"] if stored["hashes"] == hashes else {}
