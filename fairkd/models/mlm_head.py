"""A masked language model in two halves: states at wanted positions, and the head that makes logits of them.

With a vocabulary of 30,000 and more, the [batch, length, vocabulary] logits dominate time and memory, while
most callers want a few positions of them; and a distillation works through them in chunks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedModel

from fairkd.errors import FairKDError, ModelError, reason
from fairkd.models import token_batching
from fairkd.models.bert_encoder import is_bert, masked_rows, whole_rows
from fairkd.models.head_structure import KINDS, Head, Projection, Transform, head_of_kind
from fairkd.models.loading import MaskedLM
from fairkd.models.token_batching import MOST_LOGITS, VOCABULARY_ROWS
from fairkd.utils import is_lack_of_memory

# A recognised head gives the model's own logits, to this fraction of the largest of them.
SAME_LOGITS = 1e-4


@dataclass(frozen=True)
class _Recognised:
    """The kind of a model's head, and the width of its last hidden states; None for a head not known."""

    kind: str | None = None
    width: int | None = None


# By model: what the comparison with its own forward pass has found. The values hold no part of the model, so
# that it can be freed.
_RECOGNISED: WeakKeyDictionary[nn.Module, _Recognised] = WeakKeyDictionary()


def logits_at(lm: MaskedLM, input_ids: Tensor, attention_mask: Tensor, at: Tensor) -> Tensor:
    """Logits over the vocabulary at chosen positions of a batch.

    Parameters
    ----------
    input_ids, attention_mask : Tensor[B, L]
    at : Tensor[M]
        Flat indices into the B * L positions: position i of row b is `b * L + i`.

    Returns
    -------
    Tensor[M, V], fp32
        Equal to the dense logits at these positions, on the device of `at` (the model may be on another).
        Differentiable when gradients are enabled.

    Raises
    ------
    ModelError
        The model fails on this input, or there is too little memory for it.

    Notes
    -----
    The encoder runs first and the head after it, on the chosen rows alone. Nothing is hooked into the model,
    so threads may share it. A model of a family whose head is not known here is run whole, then indexed.
    """
    model, asked, device = lm.model, at.device, lm.model.device
    ids, mask, rows = input_ids.to(device), attention_mask.to(device), at.to(device)
    with model_errors(lm.reference):
        _, taken = states_and_head_input(model, ids, None if mask.all() else mask.bool(), rows)
        return _projected(projection_of(model), taken).float().to(asked)


def log_probabilities_at(
    lm: MaskedLM, input_ids: Tensor, attention_mask: Tensor, at: Tensor, rows: Tensor, tokens: Tensor
) -> Tensor:
    """Log-probabilities [N] of tokens at chosen positions of a batch, without logits of all of them at once.

    Parameters
    ----------
    input_ids, attention_mask : Tensor[B, L]
    at : Tensor[M]
        Flat indices of positions, as in `logits_at`.
    rows, tokens : Tensor[N]
        Question n asks for token `tokens[n]` at position `at[rows[n]]`; `rows` is sorted.

    Returns
    -------
    Tensor[N], fp32, in nats

    Notes
    -----
    The encoder runs once, under whatever autocast is in force; logits are made `VOCABULARY_ROWS` positions
    at a time, in fp32, or in bf16 by the `PackedVocabulary` of a `bf16_copy`. Raises ModelError as
    `logits_at` does.
    """
    model, device = lm.model, lm.model.device
    ids, mask, places = input_ids.to(device), attention_mask.to(device), at.to(device)
    found = []
    with model_errors(lm.reference):
        _, taken = states_and_head_input(model, ids, None if mask.all() else mask.bool(), places)
        chunk_scores = getattr(model, "packed_vocabulary", None) or _Scores(projection_of(model))
        with torch.autocast(device.type, enabled=False), torch.no_grad():
            for start in range(0, len(places), VOCABULARY_ROWS):
                first, last = torch.searchsorted(
                    rows, torch.tensor([start, start + VOCABULARY_ROWS])
                ).tolist()
                states = taken[start : start + VOCABULARY_ROWS].float()
                found.append(chunk_scores(states, rows[first:last] - start, tokens[first:last]))
    return torch.cat(found).to(at.device)


class _Scores:
    """Log-probabilities of one chunk of rows after the other; the logits of all are made in one array.

    A fresh array costs as much time as the product.
    """

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._array = torch.empty(0)

    def __call__(self, states: Tensor, rows: Tensor, tokens: Tensor) -> Tensor:
        """log p(tokens[n]) at the row `rows[n]` of the states [m, width]: [n], in nats."""
        logits = self._logits(states)
        wanted = logits[rows, tokens]
        return wanted - _logsumexp_(logits)[rows]

    def _logits(self, states: Tensor) -> Tensor:
        weight, bias = self._projection.weight, self._projection.bias
        if weight is None:
            return _projected(self._projection, states)
        rows = _sixteen_rows(states)
        if len(self._array) < len(rows):
            self._array = rows.new_empty(len(rows), len(weight))
        logits = torch.mm(rows, weight.t(), out=self._array[: len(rows)])
        return (logits if bias is None else logits.add_(bias))[: len(states)]


def _logsumexp_(logits: Tensor) -> Tensor:
    """`logits.logsumexp(-1)`, computed in place: the logits are lost."""
    largest = logits.amax(-1, keepdim=True)
    return logits.sub_(largest).exp_().sum(-1).log_().add_(largest[:, 0])


def _projected(projection: Projection, states: Tensor) -> Tensor:
    if projection.weight is None:
        return states
    return projection(_sixteen_rows(states))[: len(states)]


def states_at(lm: MaskedLM, ids: Tensor, at: Tensor) -> Tensor:
    """What the vocabulary projection takes at positions `at` [M] of one input `ids` [L]: [M, width].

    On the model's device. Raises ModelError as `logits_at` does, and for a family whose head is not known.
    """
    one = ids[None].to(lm.model.device)
    with model_errors(lm.reference):
        return transform_of(lm.model)(rows_of(lm.model, one, None, at.to(one.device)))


def product(states: Tensor, weight: Tensor) -> Tensor:
    """States [M, width] times the weight [V, width] of a vocabulary projection: [M, V]."""
    return F.linear(_sixteen_rows(states), weight)[: len(states)]


def _sixteen_rows(x: Tensor) -> Tensor:
    """Rows [n, width] and, for 5 to 15 of them on a processor, zeros below them up to 16.

    torch's product with a large vocabulary then takes less time, unless the weights are in a cache (both
    embedded models in turn, in fp32 on one core with AVX512, torch 2.13: 8 instead of 12 ms for 7 rows).
    """
    return F.pad(x, (0, 0, 0, 16 - len(x))) if x.is_cpu and 4 < len(x) < 16 else x


@contextmanager
def model_errors(name: str) -> Iterator[None]:
    """What the code of a model's family raises becomes a ModelError that names the model."""
    try:
        yield
    except FairKDError:
        raise
    except Exception as error:  # whatever the code of a family raises
        if is_lack_of_memory(error):
            raise ModelError(
                f"There is not enough memory to run {name} on this text: shorten the text, or choose a "
                "smaller model."
            ) from error
        raise ModelError(
            f"{name} loads, but fails on a text ({reason(error)}): choose another model."
        ) from error


def rows_of(model: PreTrainedModel, ids: Tensor, real: Tensor | None, rows: Tensor) -> Tensor:
    """Last hidden states [M, width] at flat positions of any masked LM's `ids` [batch, length]."""
    if is_bert(model):
        return masked_rows(model, ids, real, rows)
    mask = torch.ones_like(ids) if real is None else real.long()
    states = model.base_model(input_ids=ids, attention_mask=mask).last_hidden_state
    return states.flatten(0, 1)[rows]


def states_and_head_input(
    model: PreTrainedModel, ids: Tensor, real: Tensor | None, rows: Tensor
) -> tuple[Tensor | None, Tensor]:
    """The last hidden states [M, width] at flat positions, and what the vocabulary projection takes there.

    Where the head is not known, the model is run whole: there are no states, and the second is the logits
    [M, V], which `projection_of` leaves as they are.
    """
    if head_is_known(model):
        states = rows_of(model, ids, real, rows)
        return states, head_input(model, states)
    return None, _own_logits(model, ids, torch.ones_like(ids) if real is None else real.long())[rows]


def head_input(model: PreTrainedModel, states: Tensor) -> Tensor:
    """What the vocabulary projection takes [M, width], from last hidden states [M, width].

    Raises ModelError if the head is not known.
    """
    return transform_of(model)(whole_rows(states))[: len(states)]


def _own_logits(model: PreTrainedModel, ids: Tensor, mask: Tensor) -> Tensor:
    """The logits [batch * length, V] of the model's own forward pass."""
    logits: Tensor = model(input_ids=ids, attention_mask=mask).logits
    return logits.flatten(0, 1)


def head_is_known(model: PreTrainedModel) -> bool:
    """Whether the head can be taken apart: `transform_of` and `projection_of` work.

    The parts are found by their structure. At the first call they are compared with the model's own forward
    pass on a tiny input, so that a wrong guess is never used.
    """
    return _recognised(model).kind is not None


def states_width(model: PreTrainedModel) -> int | None:
    """The width of the last hidden states; None if the head is not known."""
    return _recognised(model).width


def same_head(copy: PreTrainedModel, model: PreTrainedModel) -> None:
    """Take a copy's head apart as that of `model`: its coarser numbers would not pass the comparison."""
    _RECOGNISED[copy] = _recognised(model)


def _recognised(model: PreTrainedModel) -> _Recognised:
    found = _RECOGNISED.get(model)
    if found is None:
        found = _RECOGNISED[model] = _recognise(model)
    return found


def _recognise(model: PreTrainedModel) -> _Recognised:
    candidates = {kind: head for kind in KINDS if (head := head_of_kind(model, kind)) is not None}
    if not candidates:
        return _Recognised()
    ids, real = trial_input(model)
    rows = real.flatten().nonzero().flatten()
    # Not inference_mode: what a model keeps from its first pass must serve a later backward pass.
    with torch.no_grad(), torch.autocast(ids.device.type, enabled=False):
        try:
            wanted = _own_logits(model, ids, real.long())[rows]
            states = rows_of(model, ids, real, rows)
        except Exception as error:  # whatever the code of a family raises
            if is_lack_of_memory(error):
                with model_errors(type(model).__name__):
                    raise
            return _Recognised()  # its own forward pass says what is wrong
        for kind, head in candidates.items():
            if _gives(head, states, wanted):
                return _Recognised(kind, states.shape[-1])
    return _Recognised()


def trial_input(model: PreTrainedModel) -> tuple[Tensor, Tensor]:
    """Token ids [2, 4], and which of them are real: the last two of the second text are padding."""
    pad = getattr(model.config, "pad_token_id", None) or 0
    embeddings: Any = model.get_input_embeddings()
    ids = torch.arange(pad + 1, pad + 9).view(2, 4) % len(embeddings.weight)
    real = torch.ones(2, 4, dtype=torch.bool)
    real[1, 2:] = False
    return ids.masked_fill(~real, pad).to(model.device), real.to(model.device)


def _gives(head: Head, states: Tensor, wanted: Tensor) -> bool:
    """Whether a head makes the wanted logits [n, V] of these states [n, width]."""
    try:
        found = head.projection(head.transform(states))
    except (RuntimeError, TypeError, ValueError):  # of another width, or called in another way
        return False
    if found.shape != wanted.shape:
        return False
    return bool((found - wanted).abs().max() <= SAME_LOGITS * wanted.abs().max())


def unknown_head_note(lm: MaskedLM) -> str | None:
    """What a head that is not known means, in a sentence; None for one that is."""
    if head_is_known(lm.model):
        return None
    return (
        f"FairKD does not know the MLM head of {lm.reference} ({type(lm.model).__name__}), so the model's "
        "own forward pass makes the logits, at every position: this is slower, and a distillation does not "
        "compare hidden states."
    )


def batch_tokens(lm: MaskedLM) -> int:
    """The tokens of one forward pass: fewer where the model is run whole, with logits at every position."""
    most = token_batching.BATCH_TOKENS
    if head_is_known(lm.model):
        return most
    return max(1, min(most, MOST_LOGITS // lm.vocabulary_size))


def transform_of(model: PreTrainedModel) -> Transform:
    """The part of the MLM head between the last hidden states and the vocabulary projection.

    Raises ModelError if the head is not known.
    """
    return _head(model).transform


def projection_of(model: PreTrainedModel) -> Projection:
    """The vocabulary projection; its weight is usually the word embeddings' own.

    Where the head is not known it has no weight, and gives back the logits that it is given.
    """
    return _head(model).projection if head_is_known(model) else Projection(None, None)


def _head(model: PreTrainedModel) -> Head:
    kind = _recognised(model).kind
    head = None if kind is None else head_of_kind(model, kind)
    if head is None:
        raise ModelError(f"The head of {type(model).__name__} is not known, so it cannot be taken apart.")
    return head


def layers_of(model: PreTrainedModel) -> nn.ModuleList:
    """The stack of layers, where every layer has weights of its own."""
    base = model.base_model
    for path in ("encoder.layer", "encoder.layers", "transformer.layer", "layers", "text_model.layers"):
        try:
            layers = base.get_submodule(path)
        except AttributeError:
            continue
        if isinstance(layers, nn.ModuleList):
            return layers
    raise ModelError(f"Layers cannot be taken from {type(model).__name__}, which keeps no list of them.")
