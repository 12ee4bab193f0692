"""The process that trains: `python -m fairkd.runs.worker ID ATTEMPT`, started by the runner.

It registers before it imports anything heavy, works at a lower priority than the page, and says itself how
it ended.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from fairkd.errors import FairKDError
from fairkd.runs import events, run_session, store, supervision
from fairkd.runs.process_identity import me
from fairkd.utils import hardware

NICENESS = 10  # the page on the same cores goes first
REFUSED, FAILED = 3, 1  # exit codes

Train = Callable[..., Any]


def work(id: str, attempt: int, *, train: Train | None = None, niceness: int = NICENESS) -> int:
    """Work on a run until it ends; the exit code. `train` stands in for `fairkd.distill.train`."""
    if not store.register(id, attempt, me()):
        print(f"Attempt {attempt} of the run {id} is no longer wanted.", file=sys.stderr)
        return REFUSED
    hardware.step_back(niceness)
    run = store.entry(id).run
    try:
        with run_session.at_work(run, attempt) as at_work:
            config = at_work.config

            def emit(event: Mapping[str, Any]) -> None:
                at_work.emit(event)
                events.log(dict(event), sys.stdout)

            (train or _engine())(config, run.folder, emit=emit, stop=at_work.stop)
    except FairKDError as error:
        print(f"Error: {error}", file=sys.stderr)
        return FAILED
    except Exception:
        traceback.print_exc()
        return FAILED
    finally:
        supervision.look()  # a queue whose runner was killed goes on
    return 0


def _engine() -> Train:
    from fairkd.distill import train  # takes seconds, so only once the run is this process's

    return train


if __name__ == "__main__":
    sys.exit(work(sys.argv[1], int(sys.argv[2])))
