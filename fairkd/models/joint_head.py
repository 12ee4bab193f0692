"""Several masked language models at once, with one vocabulary projection for those whose weights are equal.

A student usually has its teacher's embeddings, and the projection is the largest part of a small model: for a
sentence it takes as long as the layers before it. One product for both takes hardly longer than one for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor, nn

from fairkd.models.head_structure import Projection
from fairkd.models.loading import MaskedLM
from fairkd.models.mlm_head import (
    logits_at,
    product,
    projection_of,
    states_at,
)

Question = tuple[MaskedLM, Tensor, Tensor]


def share_projection(lm: MaskedLM, others: Iterable[MaskedLM]) -> None:
    """Let a model use the weight of the vocabulary projection of the first of `others` that has an equal one.

    Memory then holds it once, and `logits_of_each` multiplies by it once. Word embeddings that are tied to it
    stay tied. Only for models that are not trained: a change would change all of them.
    """
    own = _projection(lm)
    for other in others:
        theirs = _projection(other)
        if own is None or theirs is None or own.weight is theirs.weight:
            continue
        mine, equal = own.weight, theirs.weight
        assert mine is not None and equal is not None
        if mine.dtype == equal.dtype and mine.device == equal.device and torch.equal(mine, equal):
            for module in lm.model.modules():
                for name, parameter in module.named_parameters(recurse=False):
                    if parameter is mine:
                        setattr(module, name, equal)
            return


def logits_of_each(questions: Sequence[Question]) -> list[Tensor]:
    """Logits over the vocabulary at chosen positions of one text for each of several models.

    Parameters
    ----------
    questions : sequence of (MaskedLM, Tensor[L], Tensor[M])
        A model, the token ids that it reads, and the positions that are wanted.

    Returns
    -------
    list of Tensor[M, V], fp32
        What `logits_at` gives, without gradients. Models that share the weight of their projection are
        multiplied by it together, so rounding may differ in the last digits.

    Raises
    ------
    ModelError
        As `logits_at` does.

    Notes
    -----
    Each model's layers run on a thread of their own.
    """
    with ThreadPoolExecutor(len(questions)) as threads:
        found = list(threads.map(_states_or_logits, questions))
    together: dict[int, list[int]] = {}
    for number, (lm, *_) in enumerate(questions):
        if (projection := _projection(lm)) is not None:
            together.setdefault(id(projection.weight), []).append(number)
    with torch.inference_mode():
        for numbers in together.values():
            own = [projection_of(questions[number][0].model) for number in numbers]
            states, weight = [found[number] for number in numbers], own[0].weight
            assert weight is not None
            logits = product(torch.cat(states), weight).split([len(one) for one in states])
            for number, projection, part in zip(numbers, own, logits, strict=True):
                found[number] = part if projection.bias is None else part + projection.bias
    return [logits.float().to(at.device) for logits, (_, _, at) in zip(found, questions, strict=True)]


def _states_or_logits(question: Question) -> Tensor:
    """What the projection takes, or the logits of a model whose projection cannot be shared."""
    lm, ids, at = question
    with torch.inference_mode():
        if _projection(lm) is not None:
            return states_at(lm, ids, at)
        return logits_at(lm, ids[None], torch.ones_like(ids)[None], at)


def _projection(lm: MaskedLM) -> Projection | None:
    """The vocabulary projection, if its weight is a parameter, which two models can have in common."""
    projection = projection_of(lm.model)
    return projection if isinstance(projection.weight, nn.Parameter) else None
