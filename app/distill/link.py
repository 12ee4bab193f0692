"""The changes made on the Distill page as a part of its address, so that a link shows the same variants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.distill.corpus import enter_held_out, enter_source
from app.distill.fields import fits
from app.distill.variants import ALL_VARIANTS, change, changes, values
from app.shared.settings_table import fields, nested
from app.shared.url_state import read_link, write_link
from fairkd.distill.config import PRESETS, flat, make_config, with_current_names
from fairkd.errors import FairKDError
from fairkd.runs import uploads

SET = "set"  # a parameter of the address
_READ = "distill_link_read"
_TEXTS = (  # where a text comes from, and what is read of it
    ("corpus.source", "corpus.column"),
    ("corpus.held_out", "corpus.held_out_column", "corpus.held_out_split"),
)


def restore() -> None:
    """Make the changes that the address holds, once a session. A variant's invalid changes are dropped."""
    if st.session_state.get(_READ):
        return
    st.session_state[_READ] = True
    asked = read_link(SET)
    take_changes(ALL_VARIANTS, asked.get(ALL_VARIANTS))
    for variant in PRESETS:
        take_changes(variant, asked.get(variant))


def take_changes(variant: str, made: Any) -> None:
    """Make the changes of one variant, with the values as the configuration reads them.

    None is made if one is invalid.
    """
    if not isinstance(made, dict):
        return
    own = _known(made)
    try:
        config = make_config(values(variant, own if variant == ALL_VARIANTS else changes(ALL_VARIANTS), own))
    except FairKDError:
        return
    read = flat(config.model_dump(mode="json"))
    if all(fits(key, read[key]) for key in own):
        for key in own:
            change(variant, key, read[key])
    if variant == ALL_VARIANTS:
        if (source := changes(ALL_VARIANTS).get("corpus.source")) is not None:
            enter_source(source)
        if (held_out := changes(ALL_VARIANTS).get("corpus.held_out")) is not None:
            enter_held_out(held_out)


def _known(made: Mapping[str, Any]) -> dict[str, Any]:
    """The changes to existing settings. Links from earlier versions may use earlier names."""
    readable = {key: value for key, value in made.items() if "." in key or key in fields()}
    current = flat(with_current_names(nested(readable)))
    return {key: value for key, value in current.items() if key in fields() and key != "teacher"}


def keep() -> None:
    """Write all changes into the address."""
    found = {variant: shareable(changes(variant)) for variant in (ALL_VARIANTS, *PRESETS)}
    write_link(SET, {variant: own for variant, own in found.items() if own})


def shareable(made: Mapping[str, Any]) -> dict[str, Any]:
    """The changes without uploaded texts, which belong to their owner."""
    uploaded = {key for keys in _TEXTS if uploads.is_upload(made.get(keys[0])) for key in keys}
    return {key: value for key, value in made.items() if key not in uploaded}
