"""An experiment of the lessons as a study, which anybody can run again and change. Loads no torch."""

from __future__ import annotations

from fairkd.errors import InputError
from fairkd.lessons.experiment_cells import EVALUATION
from fairkd.lessons.experiment_result import ExperimentResult
from fairkd.studies import Study, make_study


def has_one_text(result: ExperimentResult) -> bool:
    """Whether all cells trained on the same number of sentences, as the variants of a study do."""
    return len({cell.sentences for cell in result.cells}) == 1


def study_of(result: ExperimentResult) -> Study:
    """The study of an experiment, with its settings, budget and seeds; the baseline is the first cell.

    It differs in one point: at every seed it reads the first sentences of the text, where the experiment
    draws them by the seed. So its numbers are near to those of the experiment, and not the same.

    Raises
    ------
    InputError
        Where the cells have different numbers of sentences: a study compares variants on one text.

    >>> from fairkd.lessons import stored_experiment
    >>> list(study_of(stored_experiment("grid")).variants)[:2]
    ['alpha 0', 'alpha 0.5, temperature 1']
    """
    if not has_one_text(result):
        raise InputError(
            f"The cells of the experiment {result.experiment} have different texts, so they are no variants "
            "of a study."
        )
    base = result.settings
    corpus = {**base["corpus"], "max_sentences": result.cells[0].sentences}
    measured = {"sentences": EVALUATION.sentences, "professions": EVALUATION.professions}
    evaluation = {"every_steps": base["budget"]["steps"], **measured}
    return make_study(
        {
            "name": result.question[:80],
            "base": {**base, "corpus": corpus, "evaluation": evaluation},
            "variants": {
                ", ".join(f"{name} {_text(value)}" for name, value in cell.factors.items()): {
                    "preset": "plain",
                    "set": {"objective": dict(cell.objective)},
                }
                for cell in result.cells
            },
            "seeds": list(range(result.seeds)),
        }
    )


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"
