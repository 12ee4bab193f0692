"""The distributions that a model predicts at the positions of a text.

A *distribution* is `log p(v | x, i)` in nats: the log-softmax, over the whole vocabulary, of the logits at
position i divided by the temperature. A position can be predicted in two ways. By default the model reads the
text *as written*. With *mask each token* it reads one copy of the text for each position, in which that
position alone is replaced by the mask.

    lm = models.load("embedded/teacher")
    prediction = predict(lm, "Milk is a [MASK].")
    prediction.top(prediction.default_position, 5)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from fairkd.errors import InputError
from fairkd.models import (
    CONTINUES,
    MaskedLM,
    encode,
    logits_at,
    logits_by_row,
    logits_of_each,
    readable,
)
from fairkd.predictions.distribution import Prediction, Token
from fairkd.utils import Progress


def predict(
    lm: MaskedLM,
    text: str,
    *,
    temperature: float = 1.0,
    mask_each: bool = False,
    progress: Progress | None = None,
) -> Prediction:
    """The distributions of a model over a text, at every position.

    `log p(v | x, i) = logit_v / T - log sum_u exp(logit_u / T)`.

    Parameters
    ----------
    lm : MaskedLM
    text : str
        A text with any number of typed masks, or none (see `fairkd.models.tokenization.parse`).
    temperature : float
        T > 0. Below 1 the distributions are sharper, above 1 flatter.
    mask_each : bool
        False: the model reads the text as written. True: each position is replaced by the mask while it is
        predicted. Typed masks stay masks in both cases.
    progress : callable, optional
        With `mask_each`: called from time to time with a sentence and the fraction done. An exception that it
        raises ends the work.

    Raises
    ------
    InputError
        If the text is empty or too long for the model, or the temperature is not a positive number.
    ModelError
        If the model fails on the text.

    Examples
    --------
    >>> from fairkd import models
    >>> prediction = predict(models.load("embedded/teacher"), "Milk is a [MASK].")
    >>> [token.text for token in prediction.tokens]
    ['[CLS]', 'milk', 'is', 'a', '[MASK]', '.', '[SEP]']
    >>> prediction.default_position
    4
    >>> prediction.top(4, 3).columns.tolist()
    ['token', 'id', 'probability', 'log_probability', 'rank']
    """
    _check(temperature)
    tokens, ids, columns = _read(lm, text)
    if mask_each:
        log_p = _mask_each(lm, ids, columns, temperature, progress)
    else:
        with torch.inference_mode():
            log_p = _log_softmax(logits_at(lm, ids[None], torch.ones_like(ids)[None], columns), temperature)
    return _prediction(lm, text, temperature, mask_each, tokens, log_p)


def predict_each(lms: Sequence[MaskedLM], text: str, *, temperature: float = 1.0) -> list[Prediction]:
    """What `predict` finds for each of several models that read one text as written, in less time.

    See `fairkd.models.logits_of_each`. Raises what `predict` raises for the first model that fails.

    >>> from fairkd import models
    >>> lms = [models.load("embedded/teacher"), models.load("embedded/student-plain")]
    >>> [prediction.top(4, 1).token.item() for prediction in predict_each(lms, "Milk is a [MASK].")]
    ['substance', 'milk']
    """
    _check(temperature)
    readings = [_read(lm, text) for lm in lms]
    asked = [(lm, ids, columns) for lm, (_, ids, columns) in zip(lms, readings, strict=True)]
    found = []
    for (lm, *_), (tokens, *_), logits in zip(asked, readings, logits_of_each(asked), strict=True):
        log_p = _log_softmax(logits, temperature)
        found.append(_prediction(lm, text, temperature, False, tokens, log_p))
    return found


def _check(temperature: float) -> None:
    if not (math.isfinite(temperature) and temperature > 0):
        raise InputError(f"The temperature must be a number greater than 0, got {temperature}.")


def _read(lm: MaskedLM, text: str) -> tuple[tuple[Token, ...], Tensor, Tensor]:
    """The tokens of a text, their ids [L], and the positions [M] that have a distribution."""
    encoding = encode(lm, text)
    token_strings = readable(lm)
    tokens: list[Token] = []
    for index, (token, (start, end), special) in enumerate(
        zip(encoding.ids, encoding.spans, encoding.special, strict=True)
    ):
        without_space = not special and _begins_word_without_space(lm, text, start)
        shown = token_strings[token].removeprefix(CONTINUES) if without_space else token_strings[token]
        if lm.kind == "end-of-word BPE":  # whether it continues a word depends on the token before it
            continues = bool(tokens) and tokens[-1].end == start and _lacks_end(lm, tokens[-1])
            shown = CONTINUES * continues + shown.removesuffix(CONTINUES)
        tokens.append(
            Token(
                index=index,
                id=token,
                text=shown,
                start=start,
                end=end,
                special=special,
                masked=token == lm.mask_id,
                unknown=not special and token == lm.tokenizer.unk_token_id,
                begins_without_space=without_space,
            )
        )
    positions = [token.index for token in tokens if not token.special]
    if not positions:
        raise InputError("The text has no tokens that the model can predict. Type a few words.")
    return tuple(tokens), torch.tensor(encoding.ids), torch.tensor(positions)


def _prediction(
    lm: MaskedLM, text: str, temperature: float, mask_each: bool, tokens: tuple[Token, ...], log_p: Tensor
) -> Prediction:
    return Prediction(
        lm.reference,
        text,
        temperature,
        mask_each,
        tokens,
        tuple(token.index for token in tokens if not token.special),
        log_p,
        readable(lm),
        lm.kind,
        lm.lower_case,
    )


def _mask_each(
    lm: MaskedLM, ids: Tensor, columns: Tensor, temperature: float, progress: Progress | None
) -> Tensor:
    """The distributions [M, V] at the positions `columns` [M] of `ids` [L], one position masked at a time."""
    copies = ids.repeat(len(columns), 1)
    copies[torch.arange(len(columns)), columns] = lm.mask_id
    log_p = torch.empty(len(columns), lm.vocabulary_size)
    done = 0
    for logits in logits_by_row(lm, copies, columns):
        log_p[done : done + len(logits)] = _log_softmax(logits, temperature)
        done += len(logits)
        if progress is not None:
            count = len(columns)
            progress(f"Masking each token for {lm.reference}: {done} of {count} positions", done / count)
    return log_p


def shown_positions(prediction: Prediction) -> tuple[int, ...]:
    """The masked positions. All positions if the text has no mask or was predicted with `mask_each`."""
    masked = tuple(i for i in prediction.positions if prediction.tokens[i].masked)
    return prediction.positions if prediction.mask_each or not masked else masked


def as_json(prediction: Prediction, *, top_k: int) -> dict[str, Any]:
    """A prediction as a JSON document with the top k tokens at each of its `shown_positions`.

    >>> from fairkd import models
    >>> document = as_json(predict(models.load("embedded/teacher"), "Milk is a [MASK]."), top_k=2)
    >>> document["positions"][0]["index"], len(document["positions"][0]["predictions"])
    (4, 2)
    """
    return {
        "model": prediction.reference,
        "text": prediction.text,
        "temperature": prediction.temperature,
        "positions": [
            {
                "index": i,
                "token": prediction.tokens[i].text,
                "masked": prediction.tokens[i].masked,
                "entropy": prediction.entropy(i),
                "predictions": prediction.top(i, top_k)[["token", "probability", "rank"]].to_dict("records"),
            }
            for i in shown_positions(prediction)
        ],
    }


def _log_softmax(logits: Tensor, temperature: float) -> Tensor:
    # fp32 holds this. A lower temperature changes nothing more: the largest logits have all the probability.
    return (logits / max(temperature, 1e-30)).log_softmax(-1)


def _lacks_end(lm: MaskedLM, token: Token) -> bool:
    return not (token.special or token.masked) and readable(lm)[token.id].endswith(CONTINUES)


def _begins_word_without_space(lm: MaskedLM, text: str, start: int) -> bool:
    if not lm.marks_spaces:  # a mark in the token tells whether it begins a word
        return False
    if start == 0:
        return not lm.adds_space
    return not (text[start - 1].isalnum() or text[start - 1].isspace())
