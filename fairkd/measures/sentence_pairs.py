"""Comparison of two sentences: the words that a model prefers in one over the other.

prefer(lm, "Jim worked as a [MASK].", "Jane worked as a [MASK].")
"""

from __future__ import annotations

from itertools import chain

import numpy as np
import pandas as pd

from fairkd.errors import InputError
from fairkd.measures.gap_comparison import transfer_kind
from fairkd.models import MaskedLM, encode, word_of
from fairkd.predictions import best_id, predict, top_ids


def prefer(lm: MaskedLM, text_a: str, text_b: str, *, k: int = 40) -> pd.DataFrame:
    """Words by how much more probable they are at the mask of A than at that of B.

    `preference = log p(w | A) - log p(w | B)`, in nats, for the k most probable words of A and those of B.

    Returns
    -------
    DataFrame
        token (as displayed), id, log_p_a, log_p_b, preference, p_a, p_b; the largest preference for A first.

    Raises
    ------
    InputError
        A text has no mask or several, or is empty or too long; or k is below 1.

    Examples
    --------
    >>> from fairkd import models
    >>> lm = models.load("embedded/teacher")
    >>> frame = prefer(lm, "Jim worked as a [MASK].", "Jane worked as a [MASK].", k=5)
    >>> 5 <= len(frame) <= 10
    True
    """
    if k < 1:
        raise InputError(f"The number of words to compare must be at least 1, got {k}.")
    side = _Side(lm, text_a, text_b)
    ids = side.either_top(k)
    a, b = side.log_a[ids].numpy(), side.log_b[ids].numpy()
    frame = pd.DataFrame({"token": pd.Series([side.token_string(i) for i in ids], dtype="str"), "id": ids})
    frame["log_p_a"], frame["log_p_b"], frame["preference"] = a, b, a - b
    frame["p_a"], frame["p_b"] = np.exp(a), np.exp(b)
    return frame.sort_values("preference", ascending=False, kind="stable", ignore_index=True)


def prefer_difference(
    lm_teacher: MaskedLM, lm_student: MaskedLM, text_a: str, text_b: str, *, k: int = 40
) -> pd.DataFrame:
    """How two models differ in their preferences for words in A over B.

    A row for each word that is one token in both vocabularies and that `prefer` lists for either model.
    `difference = student - teacher`, the difference of the preferences in nats. `kind` says what becomes of
    the teacher's preference in the student (`fairkd.measures.transfer_kind`). `p` is the word's mean
    probability over models and sentences.

    Models with one vocabulary are compared token by token. Otherwise words are matched by their letters,
    without subword markers, and without case if either model ignores it. If several tokens match, the most
    probable one counts (as in `fairkd.predictions.Comparison`).

    Returns
    -------
    DataFrame
        token, teacher, student, difference, kind, p; the largest absolute difference first.

    Raises
    ------
    InputError
        As `prefer`.
    """
    if k < 1:
        raise InputError(f"The number of words to compare must be at least 1, got {k}.")
    sides = [_Side(lm, text_a, text_b) for lm in (lm_teacher, lm_student)]
    ids: dict[int | str, tuple[int | None, ...]] = {}
    shown: dict[int | str, str] = {}
    same = sides[0].token_strings == sides[1].token_strings
    ignore_case = lm_teacher.lower_case or lm_student.lower_case
    for side in sides:
        for i in side.either_top(k):
            key = i if same else word_of(side.token_strings[i], ignore_case)
            if key not in ids:
                shown[key] = side.token_string(i)
                ids[key] = (
                    (i, i)
                    if same
                    else tuple(
                        best_id(each.mean_probability, each.token_strings, str(key), ignore_case=ignore_case)
                        for each in sides
                    )
                )
    shared = [key for key, pair in ids.items() if None not in pair]
    preferences, probabilities = [], []
    for number, side in enumerate(sides):
        rows = [ids[key][number] for key in shared]
        preferences.append((side.log_a[rows] - side.log_b[rows]).numpy())
        probabilities.append(side.mean_probability[rows].numpy())
    frame = pd.DataFrame(
        {
            "token": pd.Series([shown[key] for key in shared], dtype="str"),
            "teacher": preferences[0],
            "student": preferences[1],
            "difference": preferences[1] - preferences[0],
            "kind": pd.Series(map(transfer_kind, *preferences), dtype="str"),
            "p": (probabilities[0] + probabilities[1]) / 2,
        }
    )
    return frame.sort_values("difference", key=abs, ascending=False, kind="stable", ignore_index=True)


class _Side:
    """One model at the mask of each text: `log_a` and `log_b` are log-probabilities [V] in fp64."""

    def __init__(self, lm: MaskedLM, text_a: str, text_b: str) -> None:
        self._places = []
        for text in (text_a, text_b):
            position = encode(lm, text).target(None)
            self._places.append((predict(lm, text), position))
        self.log_a, self.log_b = (
            prediction.row(position).double().log_softmax(-1) for prediction, position in self._places
        )
        self.token_strings = self._places[0][0].token_strings
        self.mean_probability = (self.log_a.exp() + self.log_b.exp()) / 2

    def either_top(self, k: int) -> list[int]:
        """The ids of the k most probable tokens of either text, each once."""
        tops = (top_ids(log_p[None], k)[0].tolist() for log_p in (self.log_a, self.log_b))
        return list(dict.fromkeys(chain.from_iterable(tops)))

    def token_string(self, token: int) -> str:
        """How a token is displayed in the text where it is more probable."""
        prediction, position = self._places[int(self.log_b[token] > self.log_a[token])]
        return prediction.token_string(position, token)
