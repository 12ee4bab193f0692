"""What to cite: BibTeX entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from fairkd import __version__

PAPER = """@inproceedings{delobelle2022fairdistillation,
  title     = {{FairDistillation}: Mitigating Stereotyping in Language Models},
  author    = {Delobelle, Pieter and Berendt, Bettina},
  booktitle = {Machine Learning and Knowledge Discovery in Databases ({ECML-PKDD} 2022)},
  year      = {2022},
  note      = {arXiv:2207.04546},
}"""


def software_entry(year: int | None = None) -> str:
    """The BibTeX entry of this version of FairKD."""
    return (
        "@software{fairkd,\n"
        "  title   = {{FairKD}: Look Inside Masked Language Models While One Teaches Another},\n"
        "  author  = {{FairKD contributors}},\n"
        f"  version = {{{__version__}}},\n"
        f"  year    = {{{year or datetime.now(UTC).year}}},\n"
        "}"
    )


def citation(sources: Sequence[str] = ()) -> str:
    """The BibTeX entries of the paper and of FairKD, and others."""
    return "\n\n".join((PAPER, software_entry(), *sources))
