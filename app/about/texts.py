"""Texts that the About page takes from the package."""

from __future__ import annotations

import re

from fairkd.models import EMBEDDED

CARD = EMBEDDED.parent / "MODEL_CARD.md"


def model_card() -> str:
    """The card of the embedded models, in Markdown below a heading of the third level.

    Without its title, the note on how it is written, and the students' settings, which fill pages.
    """
    text = re.sub(r"```json.*?```\s*", "", CARD.read_text(encoding="utf-8"), flags=re.DOTALL)
    _title, _note, body = text.split("\n\n", 2)
    return re.sub(r"^#+ ", "#### ", body.strip(), flags=re.MULTILINE)
