"""Any number of models on the same text: which of their positions belong together, and their words there.

columns = align([teacher, student])
shared_words([teacher, student], columns[3], k=5)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fairkd.errors import InputError
from fairkd.models import word_of
from fairkd.predictions.distribution import Prediction, best_id

Positions = tuple[int | None, ...]  # one for each model; None where it has no token there


@dataclass(frozen=True)
class SharedWord:
    """A word, with each model's probability and rank (from 1), and whether it is in the model's top k.

    Probability and rank are None for a model whose vocabulary lacks the word, or that has no token there.
    """

    text: str
    probabilities: tuple[float | None, ...]
    ranks: tuple[int | None, ...]
    in_top: tuple[bool, ...]


def align(predictions: Sequence[Prediction]) -> tuple[Positions, ...]:
    """The positions that stand for the same characters, in the order of the text.

    Several positions of a model share their characters where it splits one character into bytes. They are
    paired only among models that have equally many of them. InputError if the texts differ.
    """
    if len({prediction.text for prediction in predictions}) > 1:
        raise InputError("The predictions are for different texts. Compare predictions for the same text.")
    spans = [_by_span(prediction) for prediction in predictions]
    found: list[Positions] = []
    for span in {span: None for one in spans for span in one}:
        own = [one.get(span, []) for one in spans]
        for count in sorted({len(positions) for positions in own if positions}):
            found += [
                tuple(positions[number] if len(positions) == count else None for positions in own)
                for number in range(count)
            ]

    def place(positions: Positions) -> tuple[int, int, int]:
        model, position = next((m, p) for m, p in enumerate(positions) if p is not None)
        token = predictions[model].tokens[position]
        return token.start, token.end, token.index

    return tuple(sorted(found, key=place))


def same_vocabulary(predictions: Sequence[Prediction]) -> bool:
    """Whether all models have the same tokens, so that token ids can be compared."""
    first, *others = (prediction.token_strings for prediction in predictions)
    return all(strings is first or strings == first for strings in others)


def shared_words(
    predictions: Sequence[Prediction], positions: Positions, k: int, *, also: Sequence[int] = ()
) -> list[SharedWord]:
    """The union of the models' k most probable words at one of the `align`ed positions.

    `also` are token ids of the first model whose words are included in any case.

    Models of one vocabulary are compared by token. Otherwise tokens are matched by the word that they show,
    without the marks of subword tokens, and without case if any model ignores it; the most probable of
    several tokens that show the same word stands for it.

    Returns
    -------
    list of SharedWord
        By the first model's probability, then the second's, and so on; missing ones last.
    """
    tops = [
        [] if position is None else prediction.top_ids(position, k)
        for prediction, position in zip(predictions, positions, strict=True)
    ]
    wanted = [[*top, *(also if model == 0 else ())] for model, top in enumerate(tops)]
    found: dict[int | str, tuple[int | None, ...]] = {}  # token id or word -> its id for each model
    if same_vocabulary(predictions):
        found = {token: (token,) * len(predictions) for top in wanted for token in top}
    else:
        ignore_case = any(prediction.lower_case for prediction in predictions)
        for prediction, top in zip(predictions, wanted, strict=True):
            for token in top:
                word = word_of(prediction.token_strings[token], ignore_case)
                if word not in found:
                    found[word] = tuple(
                        None
                        if position is None
                        else best_id(other.row(position), other.token_strings, word, ignore_case=ignore_case)
                        for other, position in zip(predictions, positions, strict=True)
                    )
    columns = [
        _values(prediction, position, [ids[model] for ids in found.values()], tops[model])
        for model, (prediction, position) in enumerate(zip(predictions, positions, strict=True))
    ]
    words = []
    for number, ids in enumerate(found.values()):
        in_top = tuple(token in top for token, top in zip(ids, tops, strict=True))
        words.append(
            SharedWord(
                _shown(predictions, positions, ids, in_top),
                tuple(column[number][0] for column in columns),
                tuple(column[number][1] for column in columns),
                in_top,
            )
        )

    def order(word: SharedWord) -> list[float]:
        return [math.inf if value is None else -value for value in word.probabilities]

    return sorted(words, key=order)


def _values(
    prediction: Prediction, position: int | None, ids: Sequence[int | None], top: Sequence[int]
) -> list[tuple[float | None, int | None]]:
    """Probability and rank of each id at a position, given the most probable ids there."""
    known = [token for token in ids if token is not None]
    if position is None or not known:
        return [(None, None)] * len(ids)
    probabilities = prediction.row(position)[known].double().exp().tolist()
    ranks = {token: rank for rank, token in enumerate(top, start=1)}
    others = [token for token in known if token not in ranks]
    ranks |= zip(others, prediction.rank(position, others), strict=True)
    values = dict(zip(known, probabilities, strict=True))
    return [(None, None) if token is None else (values[token], ranks[token]) for token in ids]


def _shown(
    predictions: Sequence[Prediction],
    positions: Positions,
    ids: Sequence[int | None],
    in_top: Sequence[bool],
) -> str:
    """The word as the first model shows it that has it among its most probable ones."""
    model = (
        in_top.index(True) if True in in_top else next(m for m, token in enumerate(ids) if token is not None)
    )
    position, token = positions[model], ids[model]
    assert position is not None and token is not None
    return predictions[model].token_string(position, token)


def _by_span(prediction: Prediction) -> dict[tuple[int, int], list[int]]:
    found: dict[tuple[int, int], list[int]] = {}
    for i in prediction.positions:
        found.setdefault((prediction.tokens[i].start, prediction.tokens[i].end), []).append(i)
    return found
