"""An experiment of the lessons as a study, which anybody can run again and change. Loads no torch."""

from __future__ import annotations

from fairkd.errors import InputError
from fairkd.lessons.experiment_cells import EVALUATION, Experiment
from fairkd.studies import Study, make_study


def study_of(one: Experiment) -> Study:
    """The study of an experiment's cells, with its settings, budget and seeds; the baseline is the first.

    It differs in one point: at every seed it reads the first sentences of the text, where the experiment
    draws them by the seed. So its numbers are near to those of the experiment, and not the same.

    Raises
    ------
    InputError
        Where the cells have different numbers of sentences: a study compares variants on one text.

    >>> from fairkd.lessons import experiment
    >>> list(study_of(experiment("grid")).variants)[:2]
    ['alpha 0', 'alpha 0.5, temperature 1']
    """
    if not one.has_one_text:
        raise InputError(
            f"The cells of the experiment {one.name} have different texts, so they are no variants of a "
            "study."
        )
    corpus = {**one.base["corpus"], "max_sentences": one.cells[0].sentences}
    measured = {"sentences": EVALUATION.sentences, "professions": EVALUATION.professions}
    return make_study(
        {
            "name": one.question[:80],
            "base": {
                **one.base,
                "corpus": corpus,
                "evaluation": {"every_steps": one.base["budget"]["steps"], **measured},
            },
            "variants": {
                ", ".join(f"{name} {_text(value)}" for name, value in cell.factors.items()): {
                    "preset": "plain",
                    "set": {"objective": dict(cell.objective)},
                }
                for cell in one.cells
            },
            "seeds": list(range(one.seeds)),
        }
    )


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"
