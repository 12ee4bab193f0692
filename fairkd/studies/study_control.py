"""What users do with studies: create, list, resume, add seeds, cancel, delete."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from fairkd import runs
from fairkd.distill.config import make_config
from fairkd.errors import FairKDError, InputError, listed
from fairkd.runs import Run, RunConfig, Visitor
from fairkd.studies import study_store
from fairkd.studies.cells import cell_name, variant_configs
from fairkd.studies.study import Study
from fairkd.studies.study_file import make_study
from fairkd.studies.study_record import Cell, StudyRecord
from fairkd.studies.study_store import StoredStudy
from fairkd.utils import Access, Hosting, shortened, studies_folder

RESUMED = ("failed", "cancelled", "interrupted")


def create(
    study: Study,
    *,
    on: str | None = None,
    note: str = "",
    owner: str | None = None,
    visitor: Visitor | None = None,
) -> StudyRecord:
    """Store a study and queue all its runs, the first seed of every variant first.

    Parameters
    ----------
    on
        The launcher that decides where the runs work, as in `fairkd.runs.submit`; None for the default.
    note, owner
        As in `fairkd.runs.submit`; every run gets them, too.
    visitor
        Who starts it, and what they may do; by default the user of this machine.

    Raises
    ------
    FairKDError
        When settings are invalid, budgets unequal, or a run could not be queued. Nothing is queued then.
    """
    configs = variant_configs(study)
    who = visitor or _user()
    settings = {name: _without_seed(config.model_dump(mode="json")) for name, config in configs.items()}
    stored = StoredStudy(
        study=_with_absolute_paths(study),
        settings={name: runs.with_absolute_paths("distill", own) for name, own in settings.items()},
        created=time.time(),
        note=note.strip(),
        owner=runs.default_owner() if owner is None else owner,
        on=on,
    )
    id = secrets.token_hex(4)
    study_store.write(id, stored)
    try:
        runs.run_access.write(studies_folder() / id, who.run_access)
        with study_store.changing(id):
            _queue(id, stored, _cells(study), who)
    except BaseException:  # nothing is queued: all runs are, or none
        shutil.rmtree(studies_folder() / id, ignore_errors=True)
        raise
    return get(id)


def get(id: str) -> StudyRecord:
    """One study with the current states of its runs; InputError if there is none, or it is damaged."""
    return _record(id, study_store.read(id), runs.all_runs())


def all_studies() -> list[StudyRecord]:
    """All studies that can be read, the newest first. `damaged_studies` names the others."""
    known = _readable()[0]
    all_runs = runs.all_runs() if known else []
    return sorted(
        (_record(id, stored, all_runs) for id, stored in known.items()),
        key=lambda record: record.created,
        reverse=True,
    )


def damaged_studies() -> dict[str, str]:
    """What is wrong with the studies that cannot be read, by id. Their runs stay; they can be deleted."""
    return _readable()[1]


def resume(id: str, *, visitor: Visitor | None = None) -> StudyRecord:
    """Queue what is missing of a study, has failed, was cancelled or was interrupted, and nothing else.

    A run that has stopped continues from its last checkpoint. One that was deleted, or whose folder or
    settings are gone, starts anew.

    Raises
    ------
    FairKDError
        When nothing is missing, or a run cannot be queued; those before it are queued then.
    """
    who = visitor or _user()
    _refuse_change(id, who)
    with study_store.changing(id):
        record = get(id)
        waiting = [cell for cell in record.cells if cell.state in ("missing", *RESUMED)]
        if not waiting:
            raise InputError(
                f"Nothing of the study {shortened(id)} is missing: all its runs are queued, at work or "
                "finished."
            )
        again = [cell.run for cell in waiting if cell.run is not None and _can_continue(cell.run)]
        anew = [cell for cell in waiting if cell.run not in again]
        if anew:
            _queue(id, study_store.read(id), [(cell.variant, cell.seed) for cell in anew], who)
        for run in again:
            who.resume(run.id)
    return get(id)


def add_seeds(id: str, seeds: Sequence[int], *, visitor: Visitor | None = None) -> StudyRecord:
    """Run every variant at more seeds, with the settings that it had when the study was created.

    Raises
    ------
    FairKDError
        When a seed is no seed or is there already, the study becomes too large, or runs cannot be queued;
        the study is then as it was.
    """
    who = visitor or _user()
    _refuse_change(id, who)
    with study_store.changing(id):
        stored = study_store.read(id)
        if known := [seed for seed in seeds if seed in stored.study.seeds]:
            raise InputError(
                f"The study {shortened(id)} has run at {listed(list(map(str, known)))} already: give "
                "other seeds."
            )
        if not seeds:
            raise InputError("Give at least one seed to add, for example 5-9.")
        values = stored.study.model_dump(mode="json")
        study = make_study({**values, "seeds": [*stored.study.seeds, *seeds]})
        grown = replace(stored, study=study)
        _queue(id, grown, [(variant, seed) for seed in seeds for variant in study.variants], who)
    return get(id)


def cancel(id: str, *, visitor: Visitor | None = None) -> StudyRecord:
    """Cancel what is queued or at work. Runs at work finish their step; a second call ends them at once.

    Raises
    ------
    InputError
        When nothing is queued or at work.
    """
    who = visitor or _user()
    _refuse_change(id, who)
    with study_store.changing(id):
        cells = get(id).cells
        # The last of the queue first: the runner would else start what is cancelled next.
        queued = [cell.run for cell in reversed(cells) if cell.run and cell.run.state == "queued"]
        working = [cell.run for cell in cells if cell.run and cell.run.active]
        if not queued and not working:
            raise InputError(f"Nothing of the study {shortened(id)} is queued or at work.")
        for run in [*queued, *working]:
            with suppress(InputError):  # it has ended meanwhile
                runs.cancel(run.id)
    return get(id)


def delete(id: str, *, keep_runs: bool = False, visitor: Visitor | None = None) -> None:
    """Delete a study and its runs, or only what groups them.

    Raises
    ------
    InputError
        When a run is at work: cancel the study first.
    """
    who = visitor or _user()
    _refuse_change(id, who)
    with study_store.changing(id):
        own = _runs_of(id)
        if not keep_runs:
            if busy := [run for run in own if run.active]:
                raise InputError(
                    f"{len(busy)} of the study's runs {'is' if len(busy) == 1 else 'are'} at work: cancel "
                    "the study before you delete it, or keep its runs."
                )
            for run in sorted(own, key=lambda run: run.place, reverse=True):
                runs.delete(run.id)
        study_store.remove(id)


def change_refusal(id: str, visitor: Visitor) -> str | None:
    """Why a visitor may not resume, extend, cancel or delete this study; None if they may."""
    return visitor.change_refusal(_Stored(id), "study")


class _Stored:
    """What `Visitor.change_refusal` asks of a study, damaged ones included."""

    def __init__(self, id: str) -> None:
        self.folder = study_store.folder_of(id)


def _refuse_change(id: str, visitor: Visitor) -> None:
    if (reason := change_refusal(id, visitor)) is not None:
        raise InputError(reason)


def _user() -> Visitor:
    """The user of this machine, with what the environment allows."""
    return Visitor(Hosting(access=Access.from_environment()))


def _cells(study: Study) -> list[tuple[str, int]]:
    """The cells in the order of the queue: an answer grows seed by seed."""
    return [(variant, seed) for seed in study.seeds for variant in study.variants]


def _queue(id: str, stored: StoredStudy, cells: Sequence[tuple[str, int]], who: Visitor) -> None:
    """Queue the runs of cells, all or none, and store their ids. The caller holds the lock."""
    wanted: list[tuple[str, RunConfig]] = [
        (cell_name(variant, seed), make_config({**stored.settings[variant], "seed": seed}))
        for variant, seed in cells
    ]
    made = who.submit(wanted, note=stored.note, owner=stored.owner, batch=id, on=stored.on)
    ids = {cell: run.id for cell, run in zip(cells, made, strict=True)}
    study_store.write(id, replace(stored, runs={**stored.runs, **ids}))


def _record(id: str, stored: StoredStudy, all_runs: Sequence[Run]) -> StudyRecord:
    by_id = {run.id: run for run in all_runs}
    # A process that was ended between queueing a run and storing its id leaves one that only the batch tells.
    unnamed = {run.name: run for run in all_runs if run.batch == id and run.id not in stored.runs.values()}

    def cell(variant: str, seed: int) -> Cell:
        own = by_id.get(stored.runs.get((variant, seed), ""))
        return Cell(variant, seed, own or unnamed.get(cell_name(variant, seed)))

    return StudyRecord(
        id=id,
        study=stored.study,
        folder=studies_folder() / id,
        created=stored.created,
        cells=tuple(cell(*one) for one in _cells(stored.study)),
        settings=stored.settings,
        note=stored.note,
        owner=stored.owner,
        on=stored.on,
    )


def _runs_of(id: str) -> list[Run]:
    """All runs of a study: those of its batch, also of a study that is damaged."""
    return [run for run in runs.all_runs() if run.batch == id]


def _readable() -> tuple[dict[str, StoredStudy], dict[str, str]]:
    """The studies that can be read, and what is wrong with the others."""
    known: dict[str, StoredStudy] = {}
    damaged: dict[str, str] = {}
    for id in study_store.ids():
        try:
            known[id] = study_store.read(id)
        except FairKDError as error:
            damaged[id] = str(error)
    return known, damaged


def _can_continue(run: Run) -> bool:
    return run.folder.is_dir() and run.config_error is None


def _without_seed(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name != "seed"}


def _with_absolute_paths(study: Study) -> Study:
    """The study with the paths of files in its settings made absolute: it is resumed from anywhere."""
    variants = {
        name: one.model_copy(update={"set": runs.with_absolute_paths("distill", one.set)})
        for name, one in study.variants.items()
    }
    base = runs.with_absolute_paths("distill", study.base)
    return study.model_copy(update={"base": base, "variants": variants})
