"""The edit of the teacher's answer that the preview shows: correction and constraint of a variant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.distill.variants import balanced, current
from app.shared import model_cache
from fairkd.constraints import CorrectionKind, Scope

if TYPE_CHECKING:
    from fairkd.constraints import ConstraintPreview, Correction, TokenPairs
    from fairkd.lexicon import Contrast
    from fairkd.predictions import Prediction


def preview_edit(
    variant: str, teacher: str, text: str, prediction: Prediction, position: int
) -> ConstraintPreview:
    """What the variant makes of the teacher's `prediction` at one position."""
    from fairkd import constraints  # imports PyTorch

    return constraints.preview_constraint(
        model_cache.get_model(teacher),
        text,
        balanced(variant),
        kind=current(variant, "constraint.kind"),
        strength=current(variant, "constraint.strength"),
        scope=current(variant, "constraint.scope"),
        shares=current(variant, "constraint.shares"),
        roles=current(variant, "constraint.roles"),
        skip_unspellable=bool(current(variant, "constraint.skip_unspellable")),
        position=position,
        prediction=prediction,
        correction=correction_of(variant, teacher),
    )


def correction_of(variant: str, teacher: str) -> Correction | None:
    """The correction of the teacher in a variant, if any. FairKDError if the teacher cannot have it."""
    kind = current(variant, "correction.kind")
    if kind == "none":
        return None
    words = balanced(variant)
    names = ("scope", "prompt", "decay")
    scope, prompt, decay = (current(variant, f"correction.{name}") for name in names)
    model = model_cache.version(teacher)
    return _correction(model, repr(words), kind, scope, prompt, decay, _teacher=teacher, _words=words)


@st.cache_resource(max_entries=4, show_spinner="Reading sentences with the teacher …")
def _correction(
    model: model_cache.Version,
    words: str,
    kind: CorrectionKind,
    scope: Scope,
    prompt: str,
    decay: float,
    *,
    _teacher: str,
    _words: Contrast | TokenPairs,
) -> Correction | None:
    """The correction, which may take seconds to fit. `model` and `words` are the cache's keys."""
    from fairkd import constraints  # imports PyTorch

    return constraints.make_correction(
        model_cache.get_model(_teacher), _words, kind=kind, scope=scope, prompt=prompt, decay=decay
    )
