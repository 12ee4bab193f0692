"""The section about what is done to the teacher before the constraint."""

from __future__ import annotations

from pydantic import Field

from fairkd.constraints import DECAY, PROMPT, CorrectionKind, Scope
from fairkd.utils import Section


class CorrectionConfig(Section):
    """The correction of the teacher's states or logits (`fairkd.constraints.CORRECTIONS`)."""

    kind: CorrectionKind = Field(
        default="none",
        description="Correction of the teacher before the constraint: none, gender removed from its states "
        "(leace), or self-debiasing.",
    )
    scope: Scope = Field(
        default="masked",
        description="Where the correction applies: at all positions, at masked ones, or at all but those "
        "that show a group word (not_own).",
    )
    prompt: str = Field(
        default=PROMPT,
        max_length=1000,
        description="For kind self_debias: what is put before the teacher's input, in the teacher's "
        "language.",
    )
    decay: float = Field(
        default=DECAY,
        ge=0,
        le=1000,
        description="For kind self_debias: how much probability words lose that the prompt makes more "
        "probable. 0: none.",
    )
