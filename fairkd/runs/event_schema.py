"""What each type of event holds, so that a damaged line of events.jsonl is told from a sound one.

An event may hold more than is named here. Of an unknown type, which a newer version may have written, only
time and step are checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model, model_validator

from fairkd.measures import COSTS, MEASURES, evaluation_keys

# Unix seconds in the year 9000: later moments cannot be shown as a date everywhere.
LATEST = 221_845_392_000.0
MOST_STEPS = 10**12
MOST_CHARACTERS = 100  # of a name that is quoted

Moment = Annotated[float, Field(ge=0, le=LATEST)]
Count = Annotated[int, Field(ge=0, le=MOST_STEPS)]
Number = Annotated[float, Field(ge=-1e300, le=1e300)]  # so that sums and differences stay finite

PROGRESS = ("epoch", "tokens", "seconds", "progress", "seconds_left", "learning_rate")
LOSSES = ("tokens_per_second", "loss", "kd", "mlm", "hidden", "group", "relations")


class _Part(BaseModel):
    """Numbers are no text and no booleans, and finite."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


class _AnyEvent(_Part):
    type: str
    time: Moment
    step: Count


class _Start(_AnyEvent):
    resumed_from: Count | None = None
    steps: Count | None = None
    minutes: Number | None = None
    threads: Count | None = None
    device: str = ""


class _Phase(_AnyEvent):
    phase: str


class _Message(_AnyEvent):
    text: str


class _End(_AnyEvent):
    state: str
    sentence: str | None = None
    attempt: Count | None = None
    cores: Number | None = None


class _Guess(_Part):
    token: str
    probability: Annotated[float, Field(ge=0, le=1.001)]  # rounding may lead beyond 1
    rank: Count


class _Position(_Part):
    index: Count
    token: str
    masked: bool
    entropy: Number | None
    predictions: list[_Guess]


class _Progress(_AnyEvent):
    """Of a measurement: how far it is in one benchmark on one model, and as a whole."""

    phase: str
    model: str | None = None
    done: Count | None = None
    total: Count | None = None
    progress: Annotated[float, Field(ge=0, le=1.001)] | None = None
    seconds_left: Number | None = None


class _Result(_AnyEvent):
    """Of a measurement: one benchmark on one model is done, or cannot be measured for a `reason`."""

    benchmark: str
    model: str
    n: Count | None = None
    values: dict[str, Number | None] = {}
    unscored: Count | None = None
    reason: str | None = None


class _WatchedSentence(_AnyEvent):
    text: str
    model: str = "student"
    positions: Annotated[list[_Position], Field(min_length=1)]


class _Costs(_AnyEvent):
    threads: Count | None = None
    sentences: Count | None = None


class _Measured(_AnyEvent):
    items: dict[str, str | list[str] | list[Number | None]] | None = None

    @model_validator(mode="after")
    def _items_belong_to_their_sentences(self) -> Self:
        """As many items as there are professions or sentences: `fairkd.measures` pairs them by place."""
        items = self.items or {}
        of = {"professions": "professions", "masked_sentences": "masked_tokens"}
        for key, values in items.items():
            if (measure := MEASURES.get(key)) is None:
                continue
            owners = items.get(of.get(measure.sample, ""), values)
            if isinstance(values, str) or any(isinstance(value, str) for value in values):
                raise ValueError(f"{key} should be a list of numbers")
            if not isinstance(owners, list) or len(owners) != len(values):
                raise ValueError(f"{key} should have as many values as there are {of[measure.sample]}")
            if measure.sample == "masked_sentences" and "masked_tokens" not in items:
                raise ValueError(f"{key} needs masked_tokens")
        return self


@cache
def _models() -> Mapping[str, type[_AnyEvent]]:
    """The model of each type of event."""

    def numbers(name: str, base: type[_AnyEvent], keys: tuple[str, ...]) -> type[_AnyEvent]:
        optional: dict[str, Any] = {key: (Number | None, None) for key in keys}
        return create_model(name, __base__=base, **optional)

    measured = numbers("_Evaluation", _Measured, ("tokens", "seconds", *evaluation_keys()))
    return {
        "start": _Start,
        "phase": _Phase,
        "message": _Message,
        "end": _End,
        "train": numbers("_Train", _AnyEvent, (*PROGRESS, *LOSSES)),
        "teacher": measured,
        "evaluation": measured,
        "costs": numbers("_CostValues", _Costs, tuple(COSTS)),
        "watched_sentence": _WatchedSentence,
        "progress": _Progress,
        "result": _Result,
    }


def problem(event: Mapping[str, Any]) -> str | None:
    """What is wrong with an event, as half a sentence; None for a sound one.

    >>> problem({"type": "message", "time": 5.0, "step": 1, "text": "Hello"})
    >>> problem({"type": "message", "time": 5.0, "step": "one", "text": "Hello"})
    'its step should be a whole number'
    """
    try:
        _models().get(str(event.get("type")), _AnyEvent).model_validate(event)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(map(str, first["loc"]))[:MOST_CHARACTERS]
        if first["type"] == "missing":
            return f"{name} is missing"
        return " ".join(filter(None, ("its", name, _in_our_words(first["msg"]))))
    return None


def _in_our_words(message: str) -> str:
    """What pydantic says of a value, as the end of a sentence."""
    words = message.removeprefix("Value error, ").removeprefix("Input ").removeprefix("List ")
    words = words.partition(" after validation")[0].replace("a valid integer", "a whole number")
    return words.replace("a valid ", "a ")
