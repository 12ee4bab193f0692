"""Predictions: which words teacher and student expect at every position of a sentence."""

from __future__ import annotations

from app.predictions.newcomers import tour, tour_button
from app.predictions.page import body
from app.shared.page_help import heading
from app.shared.sidebar import chosen_models, second_student

above = heading("Which words do the models expect?", "predictions", tour_button)
body(chosen_models(), second_student())
with above:
    tour()  # after the figure, which it may not delay
