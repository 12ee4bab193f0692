"""The job of a run as `tests.runs.stand_in` has it: `python -m tests.runs.launchers.stand_in_job FOLDER KEY`.

A run whose text is a real one is a real training.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from fairkd.runs.launchers import remote_worker
from tests.runs import stand_in

if __name__ == "__main__":
    remote_worker.BEAT_SECONDS = 0.1
    folder, key = Path(sys.argv[1]), sys.argv[2]
    corpus = json.loads((folder / "config.json").read_text()).get("corpus") or {}
    trains = not corpus.get("source", "{").startswith("{")
    sys.exit(remote_worker.remote_work(folder, key, work=None if trains else stand_in.job))
