"""The job of a run that only counts, as `tests.runs.stand_in` does: `python -m ... FOLDER KEY`."""

from __future__ import annotations

import sys
from pathlib import Path

from fairkd.runs.launchers import remote_worker
from tests.runs import stand_in

if __name__ == "__main__":
    remote_worker.BEAT_SECONDS = 0.1
    sys.exit(remote_worker.remote_work(Path(sys.argv[1]), sys.argv[2], work=stand_in.job))
