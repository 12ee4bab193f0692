"""The relation loss of a run: which layers it compares, in how many relation heads, and their states."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import Tensor
from transformers import PreTrainedModel

from fairkd.distill.config import ObjectiveConfig
from fairkd.distill.data import Batch
from fairkd.distill.losses import relation_loss
from fairkd.errors import InputError, listed
from fairkd.models import AttentionShape, MaskedLM, attention_shape, recorded_attention

_HEADS = 12  # at most, where a model does not say how many attention heads it has


class RelationTerm:
    """Compares queries, keys and values of chosen layers (`fairkd.distill.losses.relations`).

    `layers` are pairs of a layer of the teacher and one of the student, counted from 0. The loss is the mean
    over them.
    """

    def __init__(self, teacher: MaskedLM, student: MaskedLM, objective: ObjectiveConfig) -> None:
        """Raises InputError for a family whose projections are not known, or settings that do not fit."""
        theirs, own = _shape(teacher), _shape(student)
        self._student = student.model
        pairs = objective.relation_layers or ((theirs.layers - 1, own.layers - 1),)
        self.layers = tuple((one, other) for one, other in pairs)
        for name, shape, chosen in (
            ("teacher", theirs, [one for one, _ in self.layers]),
            ("student", own, [other for _, other in self.layers]),
        ):
            if wrong := [layer for layer in chosen if layer >= shape.layers]:
                raise InputError(
                    f"objective.relation_layers names layer {wrong[0]} of the {name}, which has the layers "
                    f"0 to {shape.layers - 1}."
                )
        self.heads = _heads(teacher, objective.relation_heads, (*theirs.widths, *own.widths))

    @property
    def sentence(self) -> str:
        """Which layers are compared, in how many heads."""
        pairs = listed(
            [f"layer {one} of the teacher with {other} of the student" for one, other in self.layers]
        )
        heads = "relation head" if self.heads == 1 else "relation heads"
        return f"Relations: {pairs}, in {self.heads} {heads}."

    @contextmanager
    def recording(self, teacher: PreTrainedModel, batch: Batch) -> Iterator[Callable[[], Tensor]]:
        """While teacher and student run on the batch, keep what the loss compares. Call it afterwards.

        `teacher` may be a copy in another number format.
        """
        one, other = (set(layers) for layers in zip(*self.layers, strict=True))
        with (
            recorded_attention(teacher, batch.ids, one) as theirs,
            recorded_attention(self._student, batch.ids, other) as own,
        ):

            def loss() -> Tensor:
                values = [
                    relation_loss(theirs.of(one), own.of(other), batch.attention_mask, heads=self.heads)
                    for one, other in self.layers
                ]
                return sum(values[1:], values[0]) / len(values)

            yield loss


def _shape(lm: MaskedLM) -> AttentionShape:
    shape = attention_shape(lm.model)
    if shape is None:
        raise InputError(
            "objective.relations compares queries, keys and values, and FairKD does not know where "
            f"{lm.reference} ({type(lm.model).__name__}) has them: set it to 0, or choose a model such as "
            "BERT, RoBERTa or ModernBERT."
        )
    return shape


def _heads(teacher: MaskedLM, asked: int | None, widths: tuple[int, ...]) -> int:
    """The asked number of relation heads, or at most the teacher's attention heads."""
    common = math.gcd(*widths)
    if asked is None:
        most = int(getattr(teacher.model.config, "num_attention_heads", None) or _HEADS)
        return max(number for number in range(1, most + 1) if common % number == 0)
    if common % asked:
        sizes = listed([str(width) for width in dict.fromkeys(widths)])
        raise InputError(
            "objective.relation_heads has to divide the widths of queries, keys and values of both models "
            f"({sizes}), which {asked} does not: choose a divisor of {common}."
        )
    return asked
