"""The run, the question and the exercise of the lesson on training: a student that is trained in a minute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fairkd.distill import Config, make_config, make_student, settle
from fairkd.lessons.exercise_result import ExerciseResult, QuestionAnswer
from fairkd.models import MaskedLM
from fairkd.predictions import predict
from fairkd.utils import quoted

SECONDS = 60  # of training
SENTENCE = "Milk is a [MASK]."
FIRST = 5  # words of the teacher that the exercise looks at

# Where a student may start, and which parts of the loss it may have, by name; what `make_config` reads.
STARTS: Mapping[str, Mapping[str, Any]] = {
    # Not fitted by regression, so that all that the student learns is seen.
    "half": {"kind": "layers", "fit_layers": False},
    "one": {"kind": "layers", "layers": [0], "fit_layers": False},
    "fresh": {"kind": "fresh"},
}
LOSSES = ("kd", "mlm", "hidden")


@dataclass(frozen=True)
class StudentSize:
    """A student's layers, width and parameters, and the numbers, from 0, of the teacher's layers it keeps."""

    layers: int
    width: int
    parameters: int
    kept: tuple[int, ...]


def training_config(teacher: str, start: str, losses: Sequence[str], *, seconds: float = SECONDS) -> Config:
    """The settings of a short run on the small text, whose loss has the parts `losses` with default weights.

    Raises
    ------
    InputError
        When `losses` is empty.
    """
    return make_config(
        {
            "teacher": teacher,
            "student": dict(STARTS[start]),
            "corpus": {"source": "small"},
            "objective": {loss: 0.0 for loss in LOSSES if loss not in losses},
            "budget": {"minutes": seconds / 60},
            # Little to measure, so that the curve gets a point every few seconds.
            "evaluation": {
                "every_seconds": 3.0,
                "sentences": 60,
                "professions": 5,
                "watched_sentences": [SENTENCE],
            },
            "log_every": 1,
        }
    )


def student_size(teacher: MaskedLM, config: Config) -> StudentSize:
    """How large the student of these settings is. InputError or ModelError where there is none."""
    student = make_student(teacher, config.student, seed=config.seed)
    kept = settle(teacher, config.student)[0].layers or ()
    found = student.model
    return StudentSize(
        layers=int(found.config.num_hidden_layers),
        width=int(found.config.hidden_size),
        parameters=sum(parameter.numel() for parameter in found.parameters()),
        kept=tuple(kept),
    )


def same_first_word(teacher: Mapping[str, Any], student: Mapping[str, Any]) -> QuestionAnswer:
    """Whether both models have the same first word at the mask, from events of a watched sentence."""
    words = [_first_word(event) for event in (teacher, student)]
    said = f"The teacher's first word is “{words[0]}”, the student's is “{words[1]}”."
    return QuestionAnswer(0 if words[0] == words[1] else 1, said)


def _first_word(event: Mapping[str, Any]) -> str:
    position = next(one for one in event["positions"] if one["masked"])
    return str(position["predictions"][0]["token"])


def check_not_learnt(teacher: MaskedLM, student: MaskedLM, text: str) -> ExerciseResult:
    """Whether `text` hides one word at which the student's first word is none of the teacher's first five.

    Raises
    ------
    InputError
        The text is empty or too long for a model.
    """
    found = predict(teacher, text), predict(student, text)
    masked = [[place for place in one.positions if one.tokens[place].masked] for one in found]
    if len(masked[0]) != 1 or len(masked[1]) != 1:
        count = len(masked[0])
        hides = "no word" if not count else f"{count} words"
        return ExerciseResult(False, f"Your sentence hides {hides}. Hide one: write [MASK] or _ for it.")
    theirs = [found[0].token_string(masked[0][0], token) for token in found[0].top_ids(masked[0][0], FIRST)]
    own = found[1].token_string(masked[1][0], found[1].top_ids(masked[1][0], 1)[0])
    listed = ", ".join(map(quoted, theirs))
    said = f"The student's first word is {quoted(own)}; the teacher's first {len(theirs)} are {listed}."
    if own not in theirs:
        return ExerciseResult(True, f"{said} Here the student has not learnt what its teacher knows.")
    place = theirs.index(own) + 1
    same = "It is the teacher's first word, too." if place == 1 else f"It is the teacher's number {place}."
    return ExerciseResult(False, f"{said} {same} Try rarer words, or a longer sentence.")
