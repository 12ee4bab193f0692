"""The views of a measurement's results besides its scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.measures.axes import side_effects_view
from app.measures.calibration_view import calibration_view
from app.measures.categories import categories_view
from app.measures.changes import changes_view
from app.measures.contradictions import contradictions_view
from app.measures.items import items_view
from app.measures.stored import Measured
from app.measures.words import words_view

VIEWS: Mapping[str, Callable[[Measured], None]] = {
    "By category": categories_view,
    "Changes": changes_view,
    "Side effects": side_effects_view,
    "Contradictions": contradictions_view,
    "Calibration": calibration_view,
    "Words": words_view,
    "Items": items_view,
}
