"""The Predictions page as data: everything that its figure shows, from the predictions alone.

Importing this module imports no torch: a stored view is drawn before torch is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.components.columns import cell, scale
from app.predictions.position import Position, Role, meanings
from fairkd import predictions

if TYPE_CHECKING:
    from fairkd.predictions import Prediction

MOST_POSITIONS = 16  # of a sentence are sent in full, so that the browser redraws at once when one is chosen


def predictions_view(
    models: Mapping[Role, Prediction],
    *,
    k: int,
    log: bool = False,
    targets: bool = False,
    number: int | None = None,
) -> dict[str, Any]:
    """What the browser draws: the columns of the figure, and the positions in detail.

    The result is JSON. It is determined by the arguments and the texts in this package: the predictions
    follow from each model's weights and reference, the sentence, the temperature and whether each word is
    hidden in turn.

    Parameters
    ----------
    models
        The predictions for one text, by role, in the order teacher, student, second student. At least one.
    k
        The number of words in each column.
    log
        Whether shades and bars follow the logarithm of the probability.
    targets
        Whether the targets of a student are shown at each position.
    number
        The chosen column, counted from 1; the default if None or out of range.

    Returns
    -------
    dict
        sentence, columns (text, masked, unknown), panels (role, name, and for each column the cells of
        `app.components.columns.cell`, or None), rows (k), default and selected (numbers of columns), scale,
        meanings (of the measures), positions (`Position.view`; a long sentence has None for those that are
        not chosen), and reasons (why models cannot be compared in full).
    """
    aligned = predictions.align(list(models.values()))
    columns = [_column(models, places) for places in aligned]
    default = _default(models, aligned)
    selected = number if number is not None and 1 <= number <= len(columns) else default
    positions = [
        Position(column["text"], models, places, k).view(log=log, targets=targets)
        if len(columns) <= MOST_POSITIONS or index == selected
        else None
        for index, (column, places) in enumerate(zip(columns, aligned, strict=True), start=1)
    ]
    return {
        "sentence": next(iter(models.values())).text,
        "columns": columns,
        "panels": [
            _panel(role, model, [places[number] for places in aligned], k, log=log)
            for number, (role, model) in enumerate(models.items())
        ],
        "rows": k,
        "default": default,
        "selected": selected,
        "scale": scale(log=log),
        "meanings": list(meanings(k).values()),
        "positions": positions,
        "reasons": _reasons(models),
    }


def position_of(models: Mapping[Role, Prediction], number: int, k: int) -> Position:
    """The position of a column, counted from 1."""
    places = predictions.align(list(models.values()))[number - 1]
    return Position(_column(models, places)["text"], models, places, k)


def _column(models: Mapping[Role, Prediction], places: tuple[int | None, ...]) -> dict[str, Any]:
    model, place = next(
        (model, place) for model, place in zip(models.values(), places, strict=True) if place is not None
    )
    token = model.tokens[place]
    return {"text": token.text, "masked": token.masked, "unknown": token.unknown}


def _panel(role: Role, model: Prediction, places: list[int | None], k: int, *, log: bool) -> dict[str, Any]:
    best = {}
    for position in model.positions:
        ids = model.top_ids(position, k)
        probabilities = model.row(position)[ids].double().exp().tolist()
        best[position] = [
            cell(model.token_string(position, token), value, log=log)
            for token, value in zip(ids, probabilities, strict=True)
        ]
    cells = [None if place is None else best[place] for place in places]
    return {"role": role, "name": model.reference, "columns": cells}


def _default(models: Mapping[Role, Prediction], aligned: tuple[tuple[int | None, ...], ...]) -> int:
    """The column at the first model's default position."""
    wanted = next(iter(models.values())).default_position
    return next((number for number, places in enumerate(aligned, start=1) if places[0] == wanted), 1)


def _reasons(models: Mapping[Role, Prediction]) -> list[str]:
    """Why the students cannot be compared with the teacher in full."""
    teacher = models.get("teacher")
    students = [model for role, model in models.items() if role != "teacher"]
    compared = [] if teacher is None else [predictions.compare(teacher, student) for student in students]
    return list(dict.fromkeys(found.reason for found in compared if found.reason))
