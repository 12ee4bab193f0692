"""Predictions: which words teacher and student expect at every position of a sentence."""

from __future__ import annotations

from app.predictions.page import body, explanation
from app.shared.sidebar import chosen_models, second_student

explanation()
body(chosen_models(), second_student())
