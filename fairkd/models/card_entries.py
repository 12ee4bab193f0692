"""What the model card in a model's folder (README.md) says in its front matter: licence and languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from fairkd.utils import read_yaml, shortened


def card_entries(folder: Path | None) -> dict[str, Any]:
    """The front matter of the model card in a folder; empty without a card, or if it cannot be read."""
    card = folder / "README.md" if folder else None
    if card is None or not card.is_file():
        return {}
    try:
        text = card.read_text(encoding="utf-8", errors="replace")
        front = re.match(r"---\s*\n(.*?)\n---", text, re.DOTALL)
        entries = read_yaml(front[1]) if front else None
    except (OSError, ValueError):
        return {}
    return entries if isinstance(entries, dict) else {}


def licence(folder: Path | None) -> str | None:
    """The entry `license`."""
    named = card_entries(folder).get("license")
    return shortened(named, 80) if named else None


def card_languages(folder: Path | None) -> tuple[str, ...]:
    """The entry `language`: tags such as "nl", none if there is no such entry."""
    named = card_entries(folder).get("language")
    listed = named if isinstance(named, list) else [named]
    # YAML reads the tag of Norwegian, "no", as false.
    return tuple("no" if tag is False else tag for tag in listed if isinstance(tag, str) or tag is False)
