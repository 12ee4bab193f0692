"""Distillations in the background: queued, watched, cancelled, resumed, and never lost.

    from fairkd import runs
    from fairkd.runs import events

    run = runs.submit(config)
    runs.get(run.id).state           # "running"
    events.read(run)[0][-1]["loss"]
    runs.cancel(run.id)

A run is a row in `runs.sqlite` and a folder (config.json, events.jsonl, log.txt, checkpoints/, model/), both
in the home folder (`fairkd.utils.paths`). A runner process, started detached by whoever submits or looks,
starts one process a run, as many at the same time as there are slots. Everybody else only reads rows and
files: whoever is killed, the others go on, and the next who looks makes the states true.

The pieces: `store` (rows and changes of state), `events` (the file), `control` (what a person does),
`supervision`, `runner`, `worker` and `session` (the processes), `verdict` (what became of a run), `archive`
(export), `frames`, `configs` and `comparison` (tables for charts, and what can be compared). Nothing here
imports torch, but for the worker once it works; only `frames` imports pandas.
"""

from fairkd.runs.archive import export
from fairkd.runs.control import all_runs, cancel, delete, get, reconcile, resume, slots, submit, submit_all
from fairkd.runs.run_session import Session, foreground
from fairkd.runs.store import Run, State

__all__ = [
    "Run",
    "Session",
    "State",
    "all_runs",
    "cancel",
    "delete",
    "export",
    "foreground",
    "get",
    "reconcile",
    "resume",
    "slots",
    "submit",
    "submit_all",
]
