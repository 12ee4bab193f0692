"""Which models a downloaded table is about, with the hash of their weights, and with which settings."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from app.shared.model_cache import get_model
from app.shared.table_download import About
from fairkd.errors import FairKDError

if TYPE_CHECKING:
    from fairkd.runs import Run


def about_models(models: Mapping[str, str], **settings: object) -> About:
    """The columns on some models, by their role ("teacher"), and further settings. Computed on the download.

    >>> about_models({}, contrast="pronouns")()
    {'contrast': 'pronouns'}
    """

    def about() -> dict[str, object]:
        columns: dict[str, object] = {}
        for role, reference in models.items():
            columns[role] = reference
            with suppress(FairKDError):  # a model that is gone since: the numbers are still its own
                columns[f"{role}_sha256"] = content_hash(reference)
        return columns | settings

    return about


def about_run(run: Run) -> About:
    """The columns on a training run: its id, name, teacher and seed."""
    teacher = str(run.config.get("teacher", ""))
    return about_models({"teacher": teacher}, run=run.id, run_name=run.name, seed=run.config.get("seed", 0))


def content_hash(reference: str) -> str:
    """SHA-256 of the weights behind `reference`; see `fairkd.models.weights_hash`."""
    from fairkd.models import weights_hash  # imports PyTorch

    return weights_hash(get_model(reference))
