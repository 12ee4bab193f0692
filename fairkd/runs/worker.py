"""The process that trains: `python -m fairkd.runs.worker ID ATTEMPT`, started by the runner.

It registers before it imports anything heavy, works at a lower priority than the dashboard, and stores how
the run ended.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from fairkd.errors import FairKDError
from fairkd.runs import events, lock, run_session, store, supervision
from fairkd.runs.process_identity import this_process
from fairkd.utils import hardware, runs_folder

NICENESS = 10  # the dashboard on the same cores has priority
REFUSED, FAILED = 3, 1  # exit codes

Train = Callable[..., Any]


def work(id: str, attempt: int, *, train: Train | None = None, niceness: int = NICENESS) -> int:
    """Work on a run until it ends. Returns the exit code. Tests replace `fairkd.distill.train` by `train`."""
    with lock.working_on(runs_folder() / id):
        if not store.register(id, attempt, this_process()):
            print(f"Attempt {attempt} of the run {id} is not current.", file=sys.stderr)
            return REFUSED
        return _work(id, attempt, train, niceness)


def _work(id: str, attempt: int, train: Train | None, niceness: int) -> int:
    hardware.lower_priority(niceness)
    run = store.entry(id).run
    logged: Exception | None = None
    try:
        with run_session.open_session(run, attempt) as session:

            def emit(event: Mapping[str, Any]) -> None:
                session.emit(event)
                events.log(dict(event), sys.stdout)

            try:
                (train or _load_train())(session.config, run.folder, emit=emit, stop=session.stop)
            except Exception as error:
                # Before the session stores that the run has failed: whoever sees that finds the reason.
                _log(error)
                logged = error
                raise
    except Exception as error:
        if error is not logged:
            _log(error)
        return FAILED
    finally:
        supervision.reconcile()  # starts another runner if this run's was killed
    return 0


def _log(error: Exception) -> None:
    with suppress(OSError):  # the disk may be what failed
        if isinstance(error, FairKDError):
            print(f"Error: {error}", file=sys.stderr)
        else:
            traceback.print_exception(error)


def _load_train() -> Train:
    from fairkd.distill import train  # takes seconds, so only after the process has registered

    return train


if __name__ == "__main__":
    sys.exit(work(sys.argv[1], int(sys.argv[2])))
