"""The section about the student: how it is initialised, its size, its tokens and its dropout."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from fairkd.utils import Section

StudentKind = Literal["layers", "fresh", "existing"]
Vocabulary = Literal["teacher", "text"]


def spread_layers(count: int) -> tuple[int, ...]:
    """Half of `count` layers, evenly spaced from the first to the last, counted from 0.

    >>> spread_layers(6), spread_layers(4), spread_layers(1)
    ((0, 2, 5), (0, 3), (0,))
    """
    half = max(1, count // 2)
    return tuple(round(place * (count - 1) / max(1, half - 1)) for place in range(half))


def first_layers(count: int) -> tuple[int, ...]:
    """The first half of `count` layers, counted from 0.

    >>> first_layers(6), first_layers(4), first_layers(1)
    ((0, 1, 2), (0, 1), (0,))
    """
    return tuple(range(max(1, count // 2)))


class StudentConfig(Section):
    """The student: `layers` of the teacher, a `fresh` smaller architecture, or an `existing` model."""

    kind: StudentKind = Field(
        default="layers",
        description="How the student is initialised: with layers of the teacher (layers), with random "
        "weights (fresh) or as another model (existing).",
    )
    layers: tuple[int, ...] | None = Field(
        default=None,
        description="For kind layers: the teacher's layers to copy, counted from 0. Empty: the first half, "
        "or evenly spaced without fit_layers.",
    )
    fit_layers: bool = Field(
        default=True,
        description="For kind layers: refit copied layers to the teacher's states where layers behind them "
        "are left out. Needs a teacher's loss.",
    )
    freeze_embeddings: bool = Field(
        default=True,
        description="Keep the embeddings as they are at the start, which makes training faster. A fresh "
        "student always trains its own.",
    )
    hidden_layers: int = Field(
        default=3, ge=1, le=500, description="For kind fresh: number of transformer layers."
    )
    width: int | None = Field(
        default=192,
        ge=8,
        le=2**16,
        description="For kind fresh: hidden size, a multiple of heads. Empty: hidden size, heads and "
        "feed-forward size of the teacher.",
    )
    heads: int = Field(
        default=6, ge=1, le=2**16, description="For kind fresh: number of attention heads in each layer."
    )
    projection: bool = Field(
        default=True,
        description="If the hidden sizes of student and teacher differ, compare hidden states through a "
        "learnt linear projection. Off: drop that loss.",
    )
    reference: str | None = Field(
        default=None,
        description="For kind existing: the model to start from, as run/ID, a local folder or a Hub id. Its "
        "tokenizer may be another one.",
    )
    vocabulary: Vocabulary = Field(
        default="teacher",
        description="Tokens that the student keeps: all (teacher), or those that the training text needs "
        "(text), for a smaller file and faster steps.",
    )
    dropout: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Dropout of the student's hidden states while it trains. The teacher and evaluations "
        "have none.",
    )
    attention_dropout: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Dropout of the student's attention weights while it trains.",
    )
    tokenizer: str | None = Field(
        default=None,
        description="For kind fresh: a model whose tokenizer the student takes: run/ID, a local folder or a "
        "Hub id. Empty: the teacher's.",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "existing" and not self.reference:
            raise ValueError("a student of kind existing needs student.reference, the model to start from")
        if self.kind == "fresh" and self.width is not None and self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of heads {self.heads}")
        if self.kind == "fresh" and self.tokenizer is not None and self.vocabulary == "text":
            raise ValueError(
                "student.vocabulary text keeps a part of the teacher's tokenizer, not of another"
            )
        return self
