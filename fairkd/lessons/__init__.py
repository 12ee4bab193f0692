"""Lessons: how a small model learns from a large one, and what fairness costs.

    from fairkd.lessons import lesson

    lesson("predictions").screens[0].title

* `lesson_texts`: the lessons, read from `resources/lessons/`: texts, questions, exercises
* `glossary`: the technical terms, explained
* `experiment_cells`: the experiments that the lessons show; `experiment_run` runs one, and
  `experiment_result` reads what it found; `experiment_study`: one as a study
* `exercise_result`: whether an exercise is solved, and why
* `prediction_tasks`: the question and the exercise of the lesson on predictions
* `temperature_tasks`: flattened distributions and the soft targets' gradient, question and exercise
* `gap_tasks`: the gap of one sentence, its questions and its exercise
* `training_tasks`: the run, the question and the exercise of the lesson on training
* `constraint_tasks`: the questions and the exercise of the lesson on constraints
* `label_tasks`: targets at one position, entropy, and what the experiment says of them
* `measuring_tasks`: repeated draws, two measures, and what the grid shows

The page Learn draws them. The public names are in `__init__.pyi`; they are imported when first used, so
torch is loaded only on demand.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
