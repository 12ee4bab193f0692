"""The language of a model, as its card says it, among those that FairKD has words and sentences in."""

from __future__ import annotations

from contextlib import suppress

from app.shared.model_cache import get_model, is_loaded
from fairkd.errors import FairKDError
from fairkd.lexicon import ENGLISH, known_language


def language_of_model(reference: str, *, load: bool = True) -> str:
    """The code of the language; English where the card names no language with word groups, or cannot be read.

    Loads the model, or with `load=False` only asks one that is loaded.
    """
    if reference.startswith("embedded/") or not (load or is_loaded(reference)):
        return ENGLISH
    from fairkd.models import card_languages  # imports PyTorch

    with suppress(FairKDError):
        return known_language(card_languages(get_model(reference).origin.folder)) or ENGLISH
    return ENGLISH
