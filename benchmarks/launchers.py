"""How the cost of a study grows with a cluster: cells a minute on one Ray worker and on two.

    python -m benchmarks.launchers            # needs fairkd[ray]; about five minutes on two idle cores

Each worker has one CPU of this machine. The cells are short real trainings of the embedded teacher. The clock
starts when the first cell works and stops when the last has ended, so that the start of the cluster and the
check do not count.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from fairkd import studies
from tests.runs.launchers.ray_cluster import RayCluster

CELLS = {"variants": {"plain": {}, "fair": {}}, "seeds": [0, 1, 2]}
BASE = {
    "budget": {"steps": 60, "minutes": None},
    "corpus": {"source": "small", "most": 500},
    "evaluation": {"sentences": 10, "professions": 4, "every_steps": 100_000},
}


def cells_a_minute(workers: int) -> float:
    """Cells a minute of one study of six cells, on a cluster of its own."""
    cluster = RayCluster(workers)
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            os.environ["FAIRKD_HOME"] = str(Path(folder) / "home")
            os.environ["FAIRKD_RAY_ADDRESS"] = cluster.address
            return _measured(studies.make_study({"base": BASE, **CELLS}))
    finally:
        cluster.stop()


def _measured(study: studies.Study) -> float:
    record = studies.create(study, on="ray")
    begun = 0.0
    while True:
        found = [cell.run for cell in studies.get(record.id).cells if cell.run]
        if not begun and any(run.phase and not run.phase.startswith("Waiting") for run in found):
            begun = time.monotonic()
        if failed := [run.sentence for run in found if run.state == "failed"]:
            raise RuntimeError(f"A cell failed: {failed[0]}")
        if all(run.state == "finished" for run in found):
            return len(found) / (time.monotonic() - begun) * 60
        time.sleep(0.2)


def main() -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    one, two = cells_a_minute(1), cells_a_minute(2)
    grows = f"{one:.1f} cells a minute on one worker, {two:.1f} on two, {two / one:.2f} times as many"
    print(f"{os.cpu_count()} cores: {grows}.")


if __name__ == "__main__":
    main()
