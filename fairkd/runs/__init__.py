"""Distillations in the background: queued, watched, cancelled, resumed, and never lost.

    from fairkd import runs

    run = runs.submit(config)
    runs.get(run.id).state           # "running"
    runs.events.read(run)[0][-1]["loss"]
    runs.cancel(run.id)

A run is a row in `runs.sqlite` and a folder (config.json, events.jsonl, log.txt, checkpoints/, model/), both
in the home folder (`fairkd.utils.home`). A runner process, started detached by whoever submits or looks,
starts one process for each run, as many at the same time as there are slots. All other processes only read
rows and files, so whichever is killed, the others continue, and the next reader corrects the states.

* `control`: what a person does: submit, list, cancel, resume, delete
* `store`: the rows and every change of state; `schema`: their tables
* `events`: what happens in a run, one JSON object a line; `event_tables`: the same as data frames
* `supervision`, `runner`, `worker`, `run_session`, `lock`, `process_identity`: the processes
* `outcome`: how a run ended, in one sentence
* `archive`: export; `comparison`: which runs can be compared

Nothing here imports torch, except the worker once it trains. The public names are in `__init__.pyi`; they are
imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
