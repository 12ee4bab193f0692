"""Two sentences against each other: which words a model prefers in one over the other.

prefer(lm, "Jim worked as a [MASK].", "Jane worked as a [MASK].")
"""

from __future__ import annotations

import pandas as pd
import torch
from torch import Tensor

from fairkd.errors import InputError
from fairkd.labels import readable
from fairkd.models import MaskedLM
from fairkd.words import encode, logits_by_row


def prefer(lm: MaskedLM, text_a: str, text_b: str, *, k: int = 40) -> pd.DataFrame:
    """Words by how much more probable they are at the mask of A than at that of B.

    `preference = log p(w | A) - log p(w | B)`, in nats, for the words among the k most probable ones of A
    or of B.

    Returns
    -------
    DataFrame
        token (display label), id, log_p_a, log_p_b, preference, p_a, p_b; what A prefers most comes first.

    Raises
    ------
    InputError
        A text without a mask or with several, an empty or too long one, or k below 1.

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
    return _rows(lm, _at_mask(lm, text_a), _at_mask(lm, text_b), k)


def prefer_difference(
    lm_teacher: MaskedLM, lm_student: MaskedLM, text_a: str, text_b: str, *, k: int = 40
) -> pd.DataFrame:
    """How two models differ in what they prefer in A over B.

    For every word that both vocabularies hold as one piece and that `prefer` lists for either model:
    `difference = student - teacher`, both being preferences in nats, and `p`, the mean of the word's
    probability over models and sentences.

    Words are matched by their display label, so that " he" of one tokenizer is "he" of another.

    Returns
    -------
    DataFrame
        token, teacher, student, difference, p; the largest difference in size comes first.

    Raises
    ------
    InputError
        As `prefer`.
    """
    if k < 1:
        raise InputError(f"The number of words to compare must be at least 1, got {k}.")
    sides = [(lm, _at_mask(lm, text_a), _at_mask(lm, text_b)) for lm in (lm_teacher, lm_student)]
    ids = [{label: i for i, label in enumerate(readable(lm))} for lm in (lm_teacher, lm_student)]
    listed = [readable(lm)[i] for lm, log_a, log_b in sides for i in _either_top(log_a, log_b, k)]
    shared = [token for token in dict.fromkeys(listed) if all(token in known for known in ids)]
    preferences, probabilities = [], []
    for (_, log_a, log_b), known in zip(sides, ids, strict=True):
        rows = [known[token] for token in shared]
        preferences.append((log_a[rows] - log_b[rows]).numpy())
        probabilities.append(((log_a[rows].exp() + log_b[rows].exp()) / 2).numpy())
    teacher, student = preferences
    frame = pd.DataFrame(
        {
            "token": pd.Series(shared, dtype="str"),
            "teacher": teacher,
            "student": student,
            "difference": student - teacher,
            "p": (probabilities[0] + probabilities[1]) / 2,
        }
    )
    return frame.sort_values("difference", key=abs, ascending=False, kind="stable", ignore_index=True)


def _at_mask(lm: MaskedLM, text: str) -> Tensor:
    """Log-probabilities [V], fp64, at the only mask of a text."""
    encoding = encode(lm, text)
    target = encoding.target(None)
    (logits,) = logits_by_row(lm, torch.tensor([encoding.ids]), torch.tensor([target]))
    return logits[0].double().log_softmax(-1)


def _either_top(log_a: Tensor, log_b: Tensor, k: int) -> list[int]:
    """Ids among the k most probable of either, each once."""
    k = min(k, len(log_a))
    return list(dict.fromkeys([*log_a.topk(k).indices.tolist(), *log_b.topk(k).indices.tolist()]))


def _rows(lm: MaskedLM, log_a: Tensor, log_b: Tensor, k: int) -> pd.DataFrame:
    ids = _either_top(log_a, log_b, k)
    a, b = log_a[ids].numpy(), log_b[ids].numpy()
    labels = readable(lm)
    frame = pd.DataFrame({"token": pd.Series([labels[i] for i in ids], dtype="str"), "id": ids})
    frame["log_p_a"], frame["log_p_b"], frame["preference"] = a, b, a - b
    frame["p_a"], frame["p_b"] = log_a[ids].exp().numpy(), log_b[ids].exp().numpy()
    return frame.sort_values("preference", ascending=False, kind="stable", ignore_index=True)
