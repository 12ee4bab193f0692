"""Which models a downloaded table is about, with the hash of their weights, and with which settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    return about_models(_teacher(run), run=run.id, run_name=run.name, seed=run.config.get("seed", 0))


def about_runs(compared: Sequence[Run]) -> About:
    """The columns on several runs, in their order: teachers, ids, names and seeds.

    The values of the runs are separated by semicolons; a teacher or seed that they share stands once.
    """

    def about() -> dict[str, object]:
        teachers = [about_models(_teacher(run))() for run in compared]
        names = dict.fromkeys(name for one in teachers for name in one)
        columns = {name: _shared([one.get(name, "") for one in teachers]) for name in names}
        return columns | {
            "runs": "; ".join(run.id for run in compared),
            "run_names": "; ".join(run.name for run in compared),
            "seed": _shared([run.config.get("seed", 0) for run in compared]),
        }

    return about


def _teacher(run: Run) -> dict[str, str]:
    return {"teacher": str(run.config.get("teacher", ""))}


def _shared(values: Sequence[object]) -> object:
    """The value that all agree on, or all of them with semicolons.

    >>> _shared([0, 0]), _shared(["a", "b"])
    (0, 'a; b')
    """
    return values[0] if len(set(values)) == 1 else "; ".join(map(str, values))


def content_hash(reference: str) -> str:
    """SHA-256 of the weights behind `reference`; see `fairkd.models.weights_hash`."""
    model = get_model(reference)
    from fairkd.models import weights_hash  # imports PyTorch, which `get_model` has done where one thread may

    return weights_hash(model)
