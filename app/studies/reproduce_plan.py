"""The file and the command that start the study which the form describes."""

from __future__ import annotations

from functools import partial

from app.shared.launcher_choice import launcher_words
from app.shared.reproduce import reproduce
from fairkd.studies import Study, study_yaml

FILE = "study.yaml"


def reproduce_plan(study: Study, teacher: str) -> None:
    """The element “Reproduce and cite” of a study that has not started."""
    reproduce(
        ["fairkd", "study", "run", FILE, *launcher_words()],
        "reproduce_plan",
        models=[teacher],
        files={FILE: partial(study_yaml, study)},
        note="The file has the variants, the seeds and the settings. The command starts the same study.",
    )
