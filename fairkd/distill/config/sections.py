"""Sections about what the student learns and how: text, masks, losses, optimizer.

Pages, command line and documentation show the description of each setting.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from fairkd.constraints import Label
from fairkd.utils import Section, shortened

Positions = Literal["all", "masked", "sample"]
ScheduleKind = Literal["linear", "cosine", "constant"]
Precision = Literal["auto", "fp32", "bf16"]


class CorpusConfig(Section):
    """The training text, read by `fairkd.corpora`."""

    source: str = Field(
        default="bug",
        description="Training text: bug (the default), small (needs no network), a file or folder of text or "
        "tables, or hub:org/name for a Hub data set.",
    )
    column: str | None = Field(
        default=None,
        description="For tables and Hub data sets: the column that holds the text. Empty: the only column "
        "that looks like text.",
    )
    split: str | None = Field(
        default=None, description="For data sets of Hugging Face: which split to read. Empty: train."
    )
    held_out: str | None = Field(
        default=None,
        description="A text for evaluation alone, named as source; no sentence of it is trained on. Empty: "
        "two in a hundred sentences of source.",
    )
    held_out_column: str | None = Field(
        default=None,
        description="For a held-out table or Hub data set: the column of its text. Empty: the only column "
        "that looks like text.",
    )
    held_out_split: str | None = Field(
        default=None,
        description="For a held-out data set of Hugging Face: which split to read, such as validation. "
        "Empty: train.",
    )
    max_sentences: int = Field(
        default=500_000,
        ge=1,
        le=10**8,
        description="Read at most this many sentences, from the beginning. Lower it to save memory and "
        "start-up time.",
    )
    max_tokens: int = Field(
        default=128, ge=8, description="Cut longer sentences to this many tokens, special tokens included."
    )
    cda: bool = Field(
        default=False,
        description="Counterfactual data augmentation (CDA): also train on a copy of each gendered sentence "
        "with the genders swapped.",
    )
    cda_names: bool = Field(default=False, description="With CDA: swap first names as well.")

    @model_validator(mode="after")
    def _held_out_named(self) -> Self:
        if self.held_out is None and (self.held_out_column or self.held_out_split):
            setting = "held_out_column" if self.held_out_column else "held_out_split"
            raise ValueError(f"{setting} belongs to a held-out text, so set corpus.held_out, too")
        return self


class MaskingConfig(Section):
    """How tokens are selected for prediction and masked.

    `group_rate` is the rate for all words of `constraint.contrast`, even without a constraint, so that
    variants train on the same masks.
    """

    rate: float = Field(
        default=0.4,
        gt=0,
        lt=1,
        description="Fraction of tokens selected for prediction. BERT uses 0.15; a higher rate gives more "
        "training signal per sentence.",
    )
    masked: float = Field(
        default=0.9, ge=0, le=1, description="Fraction of the selected tokens that become the mask token."
    )
    random: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Fraction of the selected tokens that become a random token. The rest stay unchanged.",
    )
    group_rate: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Selection rate for the words of constraint.contrast, which are rare. Set it to train on "
        "them more often. Empty: same as rate.",
    )

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.masked + self.random > 1 + 1e-9:
            raise ValueError(
                f"masked and random are fractions of one whole, but add up to {self.masked + self.random}"
            )
        return self


class ObjectiveConfig(Section):
    """Loss terms and their weights (`fairkd.distill.losses.targets` has the formula).

    `label` decides about hard labels that are group words where the constraint applies: "keep" them, replace
    them by a "soft" label over the groups, or "drop" them.
    """

    kd: float = Field(
        default=5.0,
        ge=0,
        description="Weight of the distillation loss, the KL divergence from the teacher's distribution "
        "times the squared temperature. 0: leave it out.",
    )
    mlm: float = Field(
        default=1.0,
        ge=0,
        description="Weight of the MLM loss, the cross-entropy with the original tokens. 0: train on the "
        "teacher alone.",
    )
    hidden: float = Field(
        default=1.0,
        ge=0,
        description="Weight of the hidden-state loss, one minus the cosine similarity of the last hidden "
        "states of student and teacher.",
    )
    group: float = Field(
        default=0.0,
        ge=0,
        description="Weight of the group loss, the KL divergence at temperature 1 over group words and all "
        "other words together. Needs a constraint.",
    )
    relations: float = Field(
        default=0.0,
        ge=0,
        description="Weight of the relation loss (MiniLMv2): how positions relate in queries, keys and "
        "values. 0: leave it out.",
    )
    relation_layers: tuple[tuple[int, ...], ...] | None = Field(
        default=None,
        description="Pairs of a teacher layer and a student layer whose relations are compared, from 0: [[9, "
        "2]]. Empty: the last of both.",
    )
    relation_heads: int | None = Field(
        default=None,
        ge=1,
        le=2**16,
        description="Relation heads, the same for both models. They must divide both widths. Empty: the "
        "teacher's attention heads.",
    )
    # Beyond these limits single precision cannot recover distributions at temperature 1 (see `losses.fused`).
    temperature: float = Field(
        default=2.0,
        ge=0.25,
        le=100,
        description="Softmax temperature of the distillation loss. A higher one flattens both distributions, "
        "so that unlikely tokens count more.",
    )
    positions: Positions = Field(
        default="masked",
        description="Where the student learns: at all tokens, at masked tokens, or at masked tokens and a "
        "random sample of the others (sample).",
    )
    special_tokens: bool = Field(
        default=False,
        description="For positions all: learn from the teacher at special tokens, too, such as [CLS] and "
        "[SEP].",
    )
    sample: float = Field(
        default=0.3,
        gt=0,
        le=1,
        description="For positions sample: fraction of the other tokens to use. Lower is faster.",
    )
    label: Label = Field(
        default="keep",
        description="What a hidden group word teaches where the constraint applies: the word (keep), shares "
        "for all groups (soft), or nothing (drop).",
    )
    chunk: int = Field(
        default=512,
        ge=1,
        le=2**20,
        description="Positions per matrix product with the vocabulary. Lower it to save memory; it affects "
        "memory and speed only.",
    )

    @model_validator(mode="after")
    def _layers_are_pairs(self) -> Self:
        for pair in self.relation_layers or ():
            if len(pair) != 2 or min(pair) < 0:
                raise ValueError(
                    "relation_layers are pairs of a layer of the teacher and one of the student, counted "
                    f"from 0, but got {shortened(list(pair))}"
                )
        return self


class OptimizerConfig(Section):
    """AdamW, its learning rate over the budget, and the batch size."""

    learning_rate: float = Field(
        default=6e-4,
        gt=0,
        description="Peak learning rate, reached after warm-up. Lower it if training diverges.",
    )
    schedule: ScheduleKind = Field(
        default="linear",
        description="Learning rate after warm-up: linear or cosine decay to zero, or constant.",
    )
    weight_decay: float = Field(
        default=0.01,
        ge=0,
        description="Weight decay of AdamW. It applies to weight matrices, not to biases and norms.",
    )
    warmup: float = Field(
        default=0.05,
        ge=0,
        lt=1,
        description="Warm-up: fraction of the budget over which the learning rate rises linearly to its "
        "peak.",
    )
    beta2: float = Field(
        default=0.98,
        ge=0,
        lt=1,
        description="Decay rate of AdamW's mean of squared gradients. PyTorch's own default is 0.999.",
    )
    epsilon: float = Field(
        default=1e-6,
        gt=0,
        le=1,
        description="AdamW's term for numerical stability. PyTorch's own default is 1e-8.",
    )
    max_gradient_norm: float = Field(default=1.0, gt=0, description="Gradient clipping: maximum norm.")
    micro_batch_tokens: int = Field(
        default=512,
        ge=16,
        le=2**20,
        description="Tokens per forward and backward pass, padding included. Lower it if memory runs out.",
    )
    gradient_accumulation: int = Field(
        default=1,
        ge=1,
        le=4096,
        description="Gradient accumulation: micro-batches per optimizer step and process. Raise it for "
        "larger batches in the same memory.",
    )
    precision: Precision = Field(
        default="auto",
        description="Number format of matrix products. auto: bf16 where it is clearly faster on this "
        "hardware, else fp32.",
    )
