"""The corrections of the teacher that come before a constraint, and what each of them is. Needs no torch.

A correction has no list of words to balance: it changes the teacher's states or logits, whatever the word. A
constraint can follow it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

PROMPT = "The following text discriminates against people because of their gender:"  # of Schick et al.
DECAY = 10.0  # the smallest that they try
CorrectionKind = Literal["none", "leace", "self_debias"]


@dataclass(frozen=True, kw_only=True)
class CorrectionFacts:
    """One kind of correction.

    Attributes
    ----------
    label : str
        A few words for menus and summaries.
    explanation : str
        One sentence on what the student learns from.
    source : str
        The publication; empty for none.
    """

    label: str
    explanation: str
    source: str = ""


CORRECTIONS: Mapping[CorrectionKind, CorrectionFacts] = MappingProxyType(
    {
        "none": CorrectionFacts(
            label="no correction",
            explanation="The teacher's states and logits stay as they are.",
        ),
        "leace": CorrectionFacts(
            label="gender removed from the states",
            explanation="The direction that tells male from female contexts is removed from the teacher's "
            "last hidden states, before its head.",
            source="Belrose et al. 2023, LEACE, arXiv 2306.03819",
        ),
        "self_debias": CorrectionFacts(
            label="self-debiasing",
            explanation="Words that become more probable after a prompt that announces bias lose "
            "probability.",
            source="Schick et al. 2021, Self-Diagnosis and Self-Debiasing, arXiv 2103.00453",
        ),
    }
)
