"""What a person does with runs: submit, look, cancel, resume, delete."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairkd.distill.config import flat
from fairkd.errors import FairKDError, InputError
from fairkd.runs import lock, store, supervision
from fairkd.runs.store import Run
from fairkd.utils import runs_folder

if TYPE_CHECKING:
    from fairkd.distill.config import Config


def submit(config: Config, *, name: str | None = None, batch: str | None = None) -> Run:
    """Queue a distillation, and see that a runner is there to take it.

    The run's folder holds its config.json from now on. Paths in it are made absolute: the runner works
    elsewhere.
    """
    return _submit([(name, config)], batch)[0]


def submit_all(configs: Sequence[tuple[str, Config]]) -> list[Run]:
    """Queue several named distillations as one batch, in this order: variants that are to be compared.

    Raises
    ------
    InputError
        When their seeds differ: then they would not see the same text in the same order.
    """
    seeds = sorted({config.seed for _, config in configs})
    if len(seeds) > 1:
        raise InputError(f"The runs of a batch share one seed, but got {', '.join(map(str, seeds))}.")
    return _submit(configs, store.new_id())


def all_runs() -> list[Run]:
    """Every run, the newest first, in its true state."""
    reconcile()
    return [entry.run for entry in store.entries()]


def get(id: str) -> Run:
    """One run in its true state; InputError if there is none of this id."""
    reconcile()
    return store.entry(id).run


def cancel(id: str) -> Run:
    """Ask a run to stop: it finishes its step, saves and ends. Asked again, it is ended at once.

    A run in the queue leaves it. InputError for one that has ended otherwise.
    """
    if not (store.cancel_queued(id) or store.ask_to_cancel(id)):
        run = store.entry(id).run
        if run.state != "cancelled":
            raise InputError(f"The run {id} is {run.state}: there is nothing to cancel.")
    return get(id)


def resume(id: str) -> Run:
    """Queue a stopped run again, with its folder: it goes on from its last checkpoint."""
    run = store.entry(id).run
    if not run.folder.is_dir():
        raise InputError(f"The folder of the run {id} is gone, so it cannot be resumed: submit it anew.")
    _check_runner_can_work()
    if not store.queue_again(id):
        raise InputError(
            f"The run {id} is {store.entry(id).run.state}: only a cancelled, failed or interrupted one can be"
            " resumed."
        )
    return get(id)


def delete(id: str) -> None:
    """Delete a run and its folder. InputError for one that a process works on: cancel it first."""
    run = get(id)
    if not store.remove(id):
        raise InputError(f"The run {id} is {run.state}: cancel it before you delete it.")
    shutil.rmtree(run.folder, ignore_errors=True)


def reconcile() -> None:
    """Make the states true, and see that a runner is there if one is needed. Cheap, and safe at any time."""
    supervision.look()


def slots() -> int:
    """How many runs work at the same time: FAIRKD_SLOTS, one by default. A runner keeps its number."""
    return supervision.slots()


def default_name(config: Mapping[str, Any]) -> str:
    """A run that nobody named is called by the preset that says most of what it does, else its constraint."""
    from fairkd.distill.config import PRESETS

    fitting = {name: flat(values) for name, values in PRESETS.items()}
    fitting = {
        name: settings for name, settings in fitting.items() if settings.items() <= flat(config).items()
    }
    best = max(fitting, key=lambda name: len(fitting[name]), default="plain")
    kind = str(config.get("constraint", {}).get("kind", "none"))
    return kind.replace("_", " ") if best == "plain" and kind != "none" else best


def make_folder(config: Config) -> tuple[str, dict[str, Any]]:
    """A new run's id, and its configuration as stored in its new folder."""
    values = anchored(config.model_dump(mode="json"))
    store.make_home()
    while True:
        id = store.new_id()
        folder = runs_folder() / id
        try:
            folder.mkdir()
            (folder / "config.json").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
            return id, values
        except FileExistsError:
            continue
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise InputError(
                f"The run cannot be stored in {folder} ({error.strerror or error}): see that the disk has"
                " room and that you may write there."
            ) from error


def anchored(values: dict[str, Any]) -> dict[str, Any]:
    """Configuration values with the paths of existing files and folders made absolute."""
    whole = {**values, "teacher": _absolute(values.get("teacher"))}
    for section, key in (("student", "reference"), ("corpus", "source")):
        if isinstance(values.get(section), Mapping) and key in values[section]:
            whole[section] = {**values[section], key: _absolute(values[section][key])}
    return whole


def _absolute(reference: Any) -> Any:
    if (
        not isinstance(reference, str)
        or reference == "bug"
        or reference.startswith(("embedded/", "run/", "hub:"))
    ):
        return reference
    try:
        path = Path(reference).expanduser()
        return os.path.abspath(path) if path.exists() else reference
    except (OSError, RuntimeError):  # too long for a path, no such user
        return reference


def _check_runner_can_work() -> None:
    """Report here what a runner, which nobody watches, could only write into its log."""
    supervision.slots()
    lock.ensure_supported()


def _submit(configs: Sequence[tuple[str | None, Config]], batch: str | None) -> list[Run]:
    from fairkd.distill.config import make_config  # checks again what was copied or changed unchecked

    checked = [(name, make_config(config.model_dump())) for name, config in configs]
    _check_runner_can_work()
    made: list[tuple[str, str]] = []
    try:
        for name, config in checked:
            id, values = make_folder(config)
            made.append((id, (name or "").strip() or default_name(values)))
        store.insert(made, batch)
    except FairKDError:
        for id, _ in made:
            shutil.rmtree(runs_folder() / id, ignore_errors=True)
        raise
    supervision.wake()
    return [store.entry(id).run for id, _ in made]
