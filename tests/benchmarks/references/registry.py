"""The plain references by benchmark: what each item's numbers should be, from the paper, slowly."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fairkd.benchmarks import Item
from fairkd.models import MaskedLM
from tests.benchmarks.references import (
    aul,
    bec_pro,
    crows_pairs,
    disco,
    gaps,
    quality,
    stereoset,
    winobias,
    winogender,
)

Reference = Callable[[MaskedLM, Item], Mapping[str, float]]

REFERENCES: Mapping[str, Reference] = {
    "gaps": gaps.gap_numbers,
    "lpbs": gaps.lpbs_numbers,
    "pseudo-perplexity": quality.perplexity_numbers,
    "calibration": quality.calibration_numbers,
    "crows-pairs": crows_pairs.numbers,
    "aul": aul.aul,
    "aula": aul.aula,
    "stereoset": stereoset.numbers,
    "bec-pro": bec_pro.numbers,
    "disco": disco.numbers,
    "winobias": winobias.numbers,
    "winogender": winogender.numbers,
}

# Of a teacher and a student.
COMPARISONS: Mapping[str, Callable[[MaskedLM, MaskedLM, Item], Mapping[str, float]]] = {
    "fidelity": quality.fidelity_numbers
}
