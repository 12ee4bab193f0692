"""What users do with runs: submit, list, describe, cancel, resume, delete."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace

from fairkd.errors import FairKDError, InputError, listed
from fairkd.runs import description, example_runs, lock, run_access, store, supervision
from fairkd.runs.description import RunDescription
from fairkd.runs.launchers import LOCAL, chosen, ensure_usable, remote_slots
from fairkd.runs.run_access import RunAccess
from fairkd.runs.run_config import RunConfig, kind_of, make_run_config, with_absolute_paths, with_kind
from fairkd.runs.run_name import default_name
from fairkd.runs.run_record import RESUMABLE, Run
from fairkd.utils import Access, runs_folder, shortened, write_private

RECONCILE_PATIENCE = 1.0  # seconds that a reader waits for a writer


def submit(
    config: RunConfig,
    *,
    name: str | None = None,
    note: str = "",
    owner: str | None = None,
    batch: str | None = None,
    access: RunAccess | None = None,
    on: str | None = None,
) -> Run:
    """Queue a distillation, or with a `MeasureConfig` a measurement; start a runner if none is alive.

    The settings are stored in the run's folder as config.json, with absolute paths: the runner works in
    another folder.

    Parameters
    ----------
    name
        The run's name in lists; by default that of the preset that fits, or of the constraint. For a
        measurement, its benchmarks and models.
    note
        What else people shall know about it.
    owner
        Whose run it is; by default the name of the operating system's user.
    batch
        An id that runs to be compared have in common.
    access
        Which models, texts and data files the run may use, and which visitor submits it; by default what the
        environment allows. It is stored with the run, and holds wherever it works.
    on
        The launcher that decides where it works, such as "local", this machine; by default FAIRKD_LAUNCHER's.

    Raises
    ------
    FairKDError
        When the settings are invalid, a model or file is not allowed, the run cannot be stored, no runner
        could work there, or the launcher cannot be used.
    """
    return _submit([(name, config)], batch, note, owner, access, on)[0]


def submit_all(
    configs: Sequence[tuple[str, RunConfig]],
    *,
    note: str = "",
    owner: str | None = None,
    batch: str | None = None,
    access: RunAccess | None = None,
    on: str | None = None,
) -> list[Run]:
    """Queue several named runs in this order, as one batch of variants to be compared.

    All get the same note, owner, access and launcher, as in `submit`. All are queued, or none. They become a
    batch of their own, or join `batch`, such as a study (`fairkd.studies`), whose variants run at several
    seeds.

    Raises
    ------
    InputError
        When the seeds in a batch of their own differ, since they would then see the text in different
        orders; and as `submit`.
    """
    seeds = sorted({config.seed for _, config in configs})
    if batch is None and len(seeds) > 1:
        raise InputError(f"The runs of a batch must share one seed, got {listed([*map(str, seeds)])}.")
    return _submit(configs, batch or store.new_id(), note, owner, access, on)


def all_runs() -> list[Run]:
    """All runs, the newest first, in their current states.

    The sentence of a queued run says why it does not start, where no runner will take it.
    """
    reason = reconcile()
    return [_explained(entry.run, reason) for entry in store.entries()]


def get(id: str) -> Run:
    """One run in its current state, or an example; InputError if there is none with this id."""
    if (example := example_runs.find(id)) is not None:
        return example
    reason = reconcile()
    return _explained(store.entry(id).run, reason)


def cancel(id: str) -> Run:
    """Cancel a run: it finishes its current step, saves and ends. A second call ends it at once.

    A queued run leaves the queue. A run that has ended in another way is an InputError.
    """
    if not (store.cancel_queued(id) or store.request_cancel(id)):
        run = store.entry(id).run
        if run.state != "cancelled":
            raise InputError(f"The run {shortened(id)} is {run.state}, so it cannot be cancelled.")
    return get(id)


def resume(id: str, *, access: Access | None = None, on: str | None = None) -> Run:
    """Queue a stopped run again: it continues from its last checkpoint, or measures what is missing.

    A run that has not stopped, or whose folder is missing, is an InputError. One that uses what `access` does
    not allow is a FairKDError; the default is what was allowed when it was submitted. `on` names another
    launcher than the one that it was sent away with; one that cannot be used is a FairKDError, too.
    """
    entry = store.entry(id)
    run = entry.run
    if not run.folder.is_dir():
        raise InputError(
            f"The folder of the run {shortened(id)} is missing, so it cannot be resumed: submit a new run."
        )
    if run.config_error is None:  # else its process reports the error
        run_access.allowed(run.config, access or run_access.read(run.folder).access)
    _check_runner_can_start()
    destination = entry.destination if on is None else chosen(on)
    if run.state in RESUMABLE:
        ensure_usable(destination)
    if not store.enqueue(id, destination):
        raise InputError(
            f"The run {shortened(id)} is {store.entry(id).run.state}: only a cancelled, failed or "
            "interrupted run can be resumed."
        )
    return get(id)


def describe(id: str, *, name: str | None = None, note: str | None = None, owner: str | None = None) -> Run:
    """Change a run's name, note or owner, in whatever state it is. None keeps what is there.

    Raises
    ------
    InputError
        When there is no such run, the name is empty, a text is too long, or it cannot be stored.
    """
    run = store.entry(id).run
    told = RunDescription(
        name=run.name if name is None else description.checked("name", name),
        note=run.note if note is None else description.checked("note", note),
        owner=run.owner if owner is None else description.checked("owner", owner),
        batch=run.batch,
        created=run.created,
    )
    if not told.name:
        raise InputError("A run needs a name.")
    if run.folder.is_dir():
        description.write(run.folder, told)
    store.describe(id, name=told.name, note=told.note, owner=told.owner)
    return get(id)


def delete(id: str) -> None:
    """Delete a run and its folder. A running one is an InputError: cancel it first."""
    run = get(id)
    if not store.remove(id):
        raise InputError(f"The run {shortened(id)} is {run.state}: cancel it before you delete it.")
    shutil.rmtree(run.folder, ignore_errors=True)


def reconcile() -> str | None:
    """Correct the states of runs whose processes have died, and start a runner if one is needed.

    It is cheap, and safe to call at any time. Returns why queued runs do not start, in one sentence; None
    where a runner takes them.
    """
    try:
        with store.patience(RECONCILE_PATIENCE):
            return supervision.reconcile()
    except FairKDError as error:  # the runs can still be read
        return str(error)


def _explained(run: Run, reason: str | None) -> Run:
    """A queued run with the reason why it does not start."""
    if run.launcher != LOCAL and run.state == "queued" and reason is None:
        reason = "It is about to be sent away; FAIRKD_REMOTE_SLOTS says how many runs may be at a time."
    return replace(run, sentence=reason) if reason is not None and run.state == "queued" else run


def slots() -> int:
    """How many runs work at the same time: FAIRKD_SLOTS, one by default. A runner keeps the number."""
    return supervision.slots()


def make_folder(
    config: RunConfig,
    *,
    name: str | None = None,
    note: str = "",
    owner: str | None = None,
    batch: str | None = None,
    access: RunAccess | None = None,
) -> tuple[str, RunDescription]:
    """Make a new run's folder with settings, access and description. Returns the run's id and the latter."""
    access, kind = access or RunAccess(Access.from_environment()), kind_of(config)
    values = with_absolute_paths(kind, run_access.allowed(config.model_dump(mode="json"), access.access))
    told = RunDescription(
        name=description.checked("name", name or "") or default_name(kind, values),
        note=description.checked("note", note),
        owner=description.checked("owner", description.default_owner() if owner is None else owner),
        batch=batch,
        created=time.time(),
    )
    store.make_home()
    while True:
        id = store.new_id()
        folder = runs_folder() / id
        try:
            folder.mkdir(mode=0o700)
            write_private(folder / "config.json", json.dumps(with_kind(kind, values), indent=2) + "\n")
            run_access.write(folder, access)
            description.write(folder, told)
            return id, told
        except InputError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        except FileExistsError:
            continue
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise InputError(
                f"The run cannot be stored in {folder} ({error.strerror or error}): check that the disk has"
                " space and that you may write there."
            ) from error


def _check_runner_can_start() -> None:
    """Raise here what a runner, which nobody watches, could only write into its log."""
    supervision.slots()
    remote_slots()
    lock.ensure_supported()


def _submit(
    configs: Sequence[tuple[str | None, RunConfig]],
    batch: str | None,
    note: str,
    owner: str | None,
    access: RunAccess | None,
    on: str | None,
) -> list[Run]:
    destination = chosen(on)
    # Validated again: a copy may have been changed without a check.
    checked = [(name, make_run_config(kind_of(config), config.model_dump())) for name, config in configs]
    _check_runner_can_start()
    ensure_usable(destination)
    made: list[tuple[str, str]] = []
    try:
        for name, config in checked:
            id, told = make_folder(config, name=name, note=note, owner=owner, batch=batch, access=access)
            made.append((id, told.name))
        if made:
            store.insert(made, batch, note=told.note, owner=told.owner, destination=destination)
    except FairKDError:
        for id, _ in made:
            shutil.rmtree(runs_folder() / id, ignore_errors=True)
        raise
    supervision.ensure_runner()
    return [store.entry(id).run for id, _ in made]
