"""What a check has found: a fact about this machine, how bad it is, and the way out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """One line of an examination.

    Attributes
    ----------
    topic
        What was checked: "disk".
    severity
        A warning: it works, but less well than it could, or it may be meant so. A problem: a part of FairKD
        fails.
    sentence
        What was found.
    advice
        What to do about it; empty if all is well.
    """

    topic: str
    severity: Severity
    sentence: str
    advice: str = ""
