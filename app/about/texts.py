"""Texts that the About page takes from the package."""

from __future__ import annotations

import re

from fairkd.models import EMBEDDED


def model_card() -> str:
    """The card of the embedded models, in Markdown below a heading of the third level."""
    text = (EMBEDDED.parent / "MODEL_CARD.md").read_text(encoding="utf-8")
    _title, _, body = text.partition("\n")
    return re.sub(r"^#+ ", "#### ", body.strip(), flags=re.MULTILINE)
