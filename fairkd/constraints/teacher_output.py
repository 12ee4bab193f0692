"""What a teacher gives at some positions: what a correction changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from fairkd.models import Projection


@dataclass(frozen=True)
class TeacherOutput:
    """What a teacher gives at M positions of a batch.

    Attributes
    ----------
    ids, attention_mask
        Its input [B, L]; the mask is False at padding, and None without any.
    rows
        The positions [M], as indices into the flattened ids.
    states
        Its last hidden states [M, width]; None where its head is not known.
    taken
        What its vocabulary projection takes there: [M, width], or logits [M, V] without a weight.
    projection
        Its vocabulary projection, or the part for the tokens that the student has.
    forward
        The teacher on another input (ids, mask, rows): its states and what its projection takes.
    """

    ids: Tensor
    attention_mask: Tensor | None
    rows: Tensor
    states: Tensor | None
    taken: Tensor
    projection: Projection
    forward: Callable[[Tensor, Tensor | None, Tensor], tuple[Tensor | None, Tensor]]
