"""The language of a model, as its card says it, among those that FairKD has words and sentences in."""

from __future__ import annotations

from contextlib import suppress

from app.shared.model_cache import get_model
from fairkd.errors import FairKDError
from fairkd.lexicon import ENGLISH, known_language


def language_of_model(reference: str) -> str:
    """The code of the language; English where the card names no language with word groups, or cannot be read.

    Loads the model, whose files may have to be fetched.
    """
    if reference.startswith("embedded/"):
        return ENGLISH
    from fairkd.models import card_languages  # imports PyTorch

    with suppress(FairKDError):
        return known_language(card_languages(get_model(reference).origin.folder)) or ENGLISH
    return ENGLISH
