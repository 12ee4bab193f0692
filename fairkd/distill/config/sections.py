"""The sections of a configuration: groups of settings, each with one plain line that the pages show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from fairkd.constraints import PAIRWISE, Kind, Label, Scope, are_shares
from fairkd.lexicon import OWN, Contrast, contrasts, make_contrast

Positions = Literal["all", "masked", "sample"]
StudentKind = Literal["layers", "fresh", "existing"]
ScheduleKind = Literal["linear", "cosine", "constant"]
Precision = Literal["auto", "fp32", "bf16"]


class Section(BaseModel):
    """A group of settings: immutable, no key that is not known, and no number that is none or has no end."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        """YAML reads `on` and `no` as true and false, which would pass for 1 and 0."""
        kind = cls.model_fields[info.field_name or ""].annotation
        is_section = isinstance(kind, type) and issubclass(kind, Section)
        if kind is not bool and not is_section and _holds_truth(value):
            raise ValueError("expected no true or false here (a word such as yes, no or on needs quotes)")
        return value


def _holds_truth(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_truth, (*value, *value.values())))
    return any(map(_holds_truth, value)) if isinstance(value, list | tuple) else isinstance(value, bool)


def spread_layers(count: int) -> tuple[int, ...]:
    """Half of so many layers, evenly spread from the first to the last, counted from 0.

    >>> spread_layers(6), spread_layers(4), spread_layers(1)
    ((0, 2, 5), (0, 3), (0,))
    """
    half = max(1, count // 2)
    return tuple(round(place * (count - 1) / max(1, half - 1)) for place in range(half))


class StudentConfig(Section):
    """The student: `layers` of the teacher, a `fresh` smaller architecture, or an `existing` model."""

    kind: StudentKind = Field(
        default="layers",
        description="Layers taken from the teacher, a fresh smaller model, or an existing one to go on with.",
    )
    layers: tuple[int, ...] | None = Field(
        default=None,
        description="For layers: which of the teacher's, counted from 0; empty: half of them, spread.",
    )
    freeze_embeddings: bool = Field(
        default=True,
        description="Keep the word embeddings as they are: faster; a fresh student always trains its own.",
    )
    hidden_layers: int = Field(default=3, ge=1, le=500, description="For fresh: the number of layers.")
    width: int = Field(default=192, ge=8, le=2**16, description="For fresh: the width of the hidden states.")
    heads: int = Field(default=6, ge=1, description="For fresh: attention heads; the width is a multiple.")
    projection: bool = Field(
        default=True,
        description="Compare hidden states of unequal width through a learnt projection, or else not at all.",
    )
    reference: str | None = Field(
        default=None, description="For existing: the model to start from, with the teacher's vocabulary."
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "existing" and not self.reference:
            raise ValueError("an existing student needs a reference: the model to start from")
        if self.kind == "fresh" and self.width % self.heads:
            raise ValueError(f"the width {self.width} is not a multiple of the {self.heads} heads")
        return self


class CorpusConfig(Section):
    """The text, read by `fairkd.corpora`."""

    source: str = Field(
        default="bug",
        description='"bug" (real sentences with a profession and a pronoun), a text or table file, or '
        "hub:org/name.",
    )
    column: str | None = Field(default=None, description="The column of a table that holds the text.")
    split: str | None = Field(default=None, description="For hub: the data set's split; empty: train.")
    max_sentences: int = Field(
        default=500_000, ge=1, description="Of larger text, the first so many sentences."
    )
    max_tokens: int = Field(default=128, ge=8, description="Longer sentences are cut here.")
    cda: bool = Field(
        default=False,
        description="Counterfactual augmentation: learn each gendered sentence with he and she swapped, too.",
    )
    cda_names: bool = Field(default=False, description="Swap first names as well.")


class MaskingConfig(Section):
    """Masked positions; `group_rate` is that of the words of `constraint.contrast` (None: like all others).

    It holds for all of these words whatever the constraint does with them, also if there is none.
    """

    rate: float = Field(default=0.2, gt=0, lt=1, description="The part of all words that is chosen.")
    masked: float = Field(default=0.8, ge=0, le=1, description="The part of the chosen that is masked.")
    random: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="The part of the chosen that becomes another word; the rest stays.",
    )
    group_rate: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="How often the contrast's words are chosen, which are rare; empty: like all others.",
    )

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.masked + self.random > 1 + 1e-9:
            raise ValueError(
                f"masked and random are parts of one whole, but add up to {self.masked + self.random}"
            )
        return self


class ObjectiveConfig(Section):
    """Weights of the loss terms (`fairkd.distill.losses.objective`), temperature, positions of the KL term.

    `label` says what becomes of a hard label that is a group word where the constraint applies: "keep" it,
    "spread" it over its counterparts, or "drop" it.
    """

    kd: float = Field(default=5.0, ge=0, description="Weight of the teacher's distributions.")
    mlm: float = Field(default=2.0, ge=0, description="Weight of the words that really stood there.")
    hidden: float = Field(default=1.0, ge=0, description="Weight of the angle between last hidden states.")
    group: float = Field(
        default=0.0, ge=0, description="Weight of the group words' balance and mass at temperature 1."
    )
    # Beyond these, distributions at temperature 1 cannot be had from those at this one in single precision.
    temperature: float = Field(
        default=2.0,
        ge=0.25,
        le=100,
        description="Flattens both distributions, so that unlikely words are learnt too.",
    )
    positions: Positions = Field(
        default="masked", description="Where the student learns: everywhere, at masked words, or at a sample."
    )
    sample: float = Field(
        default=0.3, gt=0, le=1, description="For sample: the part of the other positions that is used."
    )
    label: Label = Field(
        default="keep",
        description="A hard label that the constraint covers: keep it, spread it over groups, or drop it.",
    )
    chunk: int = Field(
        default=512, ge=1, description="Positions worked on at once: memory against speed, no other effect."
    )


class WordsSection(Section):
    """A group of settings that names words: those of a shipped contrast, or a person's own `words`."""

    contrast: str
    words: dict[str, tuple[str, ...]] | None

    def groups(self) -> Contrast:
        """The words, in their groups. ValueError where there is no such contrast, or the words make none."""
        if self.words is not None:
            return make_contrast(OWN, self.words)
        known = contrasts()
        if self.contrast not in known:
            raise ValueError(f"there is no contrast {self.contrast!r}, choose one of {', '.join(known)}")
        return known[self.contrast]


class ConstraintConfig(WordsSection):
    """The fairness constraint on a contrast's words; `roles` restricts them (None: all of them)."""

    kind: Kind = Field(
        default="none",
        description="None, the mean of the logits (the paper), the mean of the probabilities, or of groups.",
    )
    contrast: str = Field(default="pronouns", description="The words that are balanced.")
    words: dict[str, tuple[str, ...]] | None = Field(
        default=None, description="Words of your own in their place, by the names of their groups."
    )
    strength: float = Field(
        default=1.0, ge=0, le=1, description="From 0, the teacher as it is, to 1, complete balance."
    )
    scope: Scope = Field(
        default="masked",
        description="Where it applies: everywhere, at masked words, or all but the visible group words.",
    )
    shares: tuple[float, ...] | None = Field(
        default=None, description="For group: each group's share of their common mass; empty: equal."
    )
    roles: tuple[str, ...] | None = Field(
        default=None, description="Only the words for these places in a sentence; empty: all of them."
    )
    skip_unspellable: bool = Field(
        default=False, description="Leave out words that the tokenizer cuts in subwords, instead of refusing."
    )

    @model_validator(mode="after")
    def _words_fit(self) -> Self:
        """What can be said without a tokenizer is said before a run starts."""
        contrast = self.groups()
        name, roles = contrast.name, ", ".join(contrast.roles)
        if unknown := [role for role in self.roles or () if role not in contrast.roles]:
            raise ValueError(f"{name} has the roles {roles}, not {unknown[0]!r}")
        if self.kind in PAIRWISE:
            pairs = {pair for role in self.roles or contrast.roles for pair in contrast.pairs(role)}
            words = [word for pair in pairs for word in pair]
            if twice := sorted({word for word in words if words.count(word) > 1}):
                raise ValueError(
                    f"{twice[0]!r} would be in two pairs of {self.kind}, so restrict roles, for example to "
                    "subject and possessive, or use group, which needs no pairs"
                )
        if self.shares and self.kind in PAIRWISE:
            raise ValueError(f"shares are for the kind group only, and {self.kind} makes pairs equal")
        if self.shares and len(self.shares) != len(contrast.groups):
            raise ValueError(f"{name} has {len(contrast.groups)} groups, not {len(self.shares)}")
        if self.shares and not are_shares(self.shares):
            raise ValueError(f"the shares are positive numbers that add up to 1, not {list(self.shares)}")
        return self


class OptimizerConfig(Section):
    """AdamW with warm-up over a part of the budget, then a schedule over the rest."""

    learning_rate: float = Field(default=6e-4, gt=0, description="The largest step, reached after warm-up.")
    schedule: ScheduleKind = Field(
        default="linear", description="How the learning rate falls after warm-up: to zero, or not at all."
    )
    weight_decay: float = Field(default=0.01, ge=0, description="Pulls weight matrices towards zero.")
    warmup: float = Field(default=0.05, ge=0, lt=1, description="The part of the budget with a rising rate.")
    max_gradient_norm: float = Field(
        default=1.0, gt=0, description="Longer gradients are shortened to this norm."
    )
    micro_batch_tokens: int = Field(default=1024, ge=16, description="Tokens computed at once: memory.")
    gradient_accumulation: int = Field(
        default=1, ge=1, description="Such batches that each process adds up for one step."
    )
    precision: Precision = Field(
        default="auto", description="Number format of the large products; auto: bf16 where it is fast."
    )


class BudgetConfig(Section):
    """When to stop: after `steps` optimizer steps or `minutes` of training, or when the gap is small.

    Minutes count the training steps alone: evaluations and checkpoints are not taken off them, so that
    variants with equal minutes trained equally long.
    """

    steps: int | None = Field(default=None, ge=1, description="The number of optimizer steps.")
    minutes: float | None = Field(
        default=None, gt=0, description="Minutes of training; evaluations come on top, about a tenth."
    )
    stop_gap: float | None = Field(
        default=None, gt=0, description="Stop early once the mean absolute gap is below this many nats."
    )
    stop_quality: float = Field(
        default=0.1,
        ge=0,
        description="... while pseudo-perplexity is at most this part above the student's at the start.",
    )
    stop_plain: float | None = Field(
        default=None, gt=0, description="... or above this instead: what plain distillation came to."
    )
    stop_mass: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="... and while the words keep this part of the mass that the teacher gives them.",
    )

    @model_validator(mode="before")
    @classmethod
    def _five_minutes(cls, values: Any) -> Any:
        """Of the two kinds of budget one is needed; whoever sets neither gets this."""
        if isinstance(values, Mapping) and values.get("steps") is None and values.get("minutes") is None:
            return {**values, "minutes": 5}
        return values

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.steps is not None and self.minutes is not None:
            raise ValueError("give either steps or minutes")
        return self


class EvaluationConfig(WordsSection):
    """What is measured on held-out text and watched_sentences while the student learns, and how often."""

    every_steps: int | None = Field(
        default=None, ge=1, description="Steps between evaluations; empty: by the clock."
    )
    every_seconds: float = Field(
        default=30.0, gt=0, description="Seconds of training between evaluations, more where they are slow."
    )
    sentences: int = Field(
        default=200, ge=1, description="Held-out sentences; the same for every run on a corpus."
    )
    watched_sentences: tuple[str, ...] = Field(
        default=("Milk is a [MASK].", "[MASK] is a nurse.", "[MASK] is an engineer."),
        description="Sentences that are watched during the run.",
    )
    top_k: int = Field(
        default=10, ge=1, le=100, description="Words kept at each position of a watched_sentence."
    )
    contrast: str = Field(default="pronouns", description="The word groups whose gap is measured.")
    words: dict[str, tuple[str, ...]] | None = Field(
        default=None, description="Words of your own in their place, by the names of their groups."
    )
    professions: int = Field(
        default=20, ge=2, description="Professions that the gap is measured on, evenly from the shipped list."
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        self.groups()
        return self


class CheckpointConfig(Section):
    """How often everything that a run needs to go on is written, and how many of these are kept."""

    every_steps: int | None = Field(
        default=None, ge=1, description="Steps between checkpoints; empty: by the clock."
    )
    every_seconds: float = Field(
        default=60.0, gt=0, description="Seconds of training between checkpoints: what a crash can cost."
    )
    keep: int = Field(default=2, ge=1, description="Checkpoints that are kept, the newest ones.")
