"""Distillations and measurements in the background: queue, watch, cancel and resume them.

    from fairkd import runs

    run = runs.submit(config)
    runs.get(run.id).state           # "running"
    runs.events.read(run)[0][-1]["loss"]
    runs.cancel(run.id)

A run is a row in `runs.sqlite` and a folder, both in the home folder (`fairkd.utils.home`). The folder has
config.json, events.jsonl and log.txt; with a `Config` also checkpoints/ and model/, with a `MeasureConfig`
results/. A detached runner process starts one process for each run, as many
at the same time as there are slots. Whichever process submits or reads runs starts the runner if it is
needed. All other processes only read rows and files. So if one is killed, the others continue, and the next
reader corrects the states.

* `control`: what users do: submit, list, describe, cancel, resume, delete
* `run_config`: what a run does: its kind, and the settings in its config.json; `run_name`: what a run is
  called that nobody has named
* `description`: a run's name, note and owner; `example_runs`: the finished ones in the package
* `store`: the rows and every change of state; `run_record`: what one row says, also a damaged one;
  `schema`: their table and its migrations; `database_errors`: what stops it from being used
* `events`: what happens in a run, one JSON object a line; `event_schema`: what each must hold;
  `event_tables`: the same as data frames
* `run_access`: which models and files a run may use, and which visitor started it
* `launchers`: where runs work, on this machine or on a cluster
* `supervision`, `runner`, `worker`, `run_session`, `lock`, `process_identity`: the processes
* `standby`: a process that is ready for the next run, while a page from which runs are started is in use
* `outcome`: how a run ended, in one sentence; `result_warning`: why its result says little
* `queue_place`: the places of queued runs, beside the database
* `expected_start`: when queued runs start; `wording`: durations, phases and starts in words
* `visitors`: what the visitors of a dashboard may do; `uploads`: the files that they upload
* `archive`: export; `export_paths`: names in place of this computer's paths
* `comparison`: which runs can be compared

Only the worker imports torch, once it works. The public names are in `__init__.pyi`; they are imported when
first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
