"""Which models a downloaded table is about, with the hash of their weights, and with which settings."""

from __future__ import annotations

from collections.abc import Mapping

from app.shared.model_cache import get_model
from app.shared.table_download import About


def about_models(models: Mapping[str, str], **settings: object) -> About:
    """The columns on some models, by their role ("teacher"), and further settings. Computed on the download.

    >>> about_models({}, contrast="pronouns")()
    {'contrast': 'pronouns'}
    """

    def about() -> dict[str, object]:
        columns: dict[str, object] = {}
        for role, reference in models.items():
            columns |= {role: reference, f"{role}_sha256": content_hash(reference)}
        return columns | settings

    return about


def content_hash(reference: str) -> str:
    """SHA-256 of the weights behind `reference`; see `fairkd.models.weights_hash`."""
    from fairkd.models import weights_hash  # imports PyTorch

    return weights_hash(get_model(reference))
