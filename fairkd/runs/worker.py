"""The process of a run: `python -m fairkd.runs.worker ID ATTEMPT`, started by the runner.

It registers before it imports anything heavy, works at a lower priority than the dashboard, and stores how
the run ended. With `--standby` it imports first, and waits until it is given a run (`standby`).
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from fairkd.errors import FairKDError
from fairkd.runs import events, lock, run_access, run_session, store, supervision
from fairkd.runs.process_identity import this_process
from fairkd.runs.run_record import Run
from fairkd.runs.run_session import Record, RowRecord
from fairkd.utils import hardware, runs_folder

# The dashboard on the same cores has priority.
NICENESS = 0 if os.environ.get("FAIRKD_NICE", "").strip() == "0" else 10
REFUSED, FAILED = 3, 1  # exit codes

Job = Callable[..., Any]  # of a run's config, its folder, and `emit` and `stop`


def work(id: str, attempt: int, *, job: Job | None = None) -> int:
    """Work on a run until it ends. Returns the exit code. Tests replace what it does by `job`."""
    with lock.working_on(runs_folder() / id):
        if not store.register(id, attempt, this_process()):
            print(f"Attempt {attempt} of the run {id} is not current.", file=sys.stderr)
            return REFUSED
        hardware.lower_priority(NICENESS)
        try:
            return carry_out(store.entry(id).run, attempt, RowRecord(id, attempt), job)
        finally:
            supervision.reconcile()  # starts another runner if this run's was killed


def carry_out(run: Run, attempt: int, record: Record, job: Job | None = None) -> int:
    """Work on a run, and store in `record` how it ends. Returns the exit code."""
    logged: Exception | None = None
    try:
        with run_session.open_session(run, attempt, record) as session:

            def emit(event: Mapping[str, Any]) -> None:
                session.emit(event)
                events.log(dict(event), sys.stdout)

            try:
                (job or _job_of(run))(session.config, run.folder, emit=emit, stop=session.stop)
            except Exception as error:
                # Before the session stores that the run has failed: whoever sees that finds the reason.
                _log(error)
                logged = error
                raise
    except Exception as error:
        if error is not logged:
            _log(error)
        return FAILED
    return 0


def stand_by(*, job: Job | None = None, load: Callable[[], object] | None = None) -> int:
    """Import what a run needs, wait for the line that names a run, and work on it. Returns the exit code.

    Tests replace what the run does by `job`, and the imports by `load`.
    """
    hardware.lower_priority(NICENESS)
    lines: list[str] = []

    def listen() -> None:
        line = sys.stdin.readline()
        if not line.endswith("\n"):
            os._exit(0)  # the runner has ended, or needs no standby: no import is worth finishing
        lines.append(line)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    (load or _load)()
    listener.join()
    order = json.loads(lines[0])
    _take_over(order["folder"], order["environment"])
    return work(order["id"], order["attempt"], job=job)


def _take_over(folder: str, environment: Mapping[str, str | None]) -> None:
    """Give this process the folder, files and environment that the runner gives to one that it starts.

    What others read as its environment (`process_identity.tree`) stays that of the standby; what it starts
    gets the new one.
    """
    os.chdir(folder)
    null = os.open(os.devnull, os.O_RDONLY)
    log = os.open("log.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for opened, replaced in ((null, 0), (log, 1), (log, 2)):
        os.dup2(opened, replaced)
    os.close(null)
    os.close(log)
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _load() -> object:
    """Import what a run needs. Some of it is only imported when a model is loaded."""
    from fairkd import models
    from fairkd.distill import train

    models.load("embedded/teacher")
    return train


def _log(error: Exception) -> None:
    with suppress(OSError):  # the disk may be what failed
        if isinstance(error, FairKDError):
            print(f"Error: {error}", file=sys.stderr)
        else:
            traceback.print_exception(error)


def _job_of(run: Run) -> Job:
    # The imports take seconds, so they come only after the process has registered.
    if run.kind == "measure":
        from fairkd.benchmarks import measure_models

        def may_change(id: str) -> bool:
            return run_access.may_change(run.folder, runs_folder() / id)

        return partial(measure_models, may_change=may_change)
    from fairkd.distill import train

    return train


if __name__ == "__main__":
    sys.exit(stand_by() if sys.argv[1:] == ["--standby"] else work(sys.argv[1], int(sys.argv[2])))
