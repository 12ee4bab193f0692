"""Learn: short lessons with live models, for a class and for one alone."""

from __future__ import annotations

from app.learn.lesson_parts import ChosenModels
from app.learn.page import asked_lesson, lesson_list, show_lesson
from app.shared.sidebar import chosen_models

lesson = asked_lesson()
if lesson is None:
    lesson_list()
else:
    show_lesson(lesson, ChosenModels(*chosen_models()))
