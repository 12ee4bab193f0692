"""Train the example runs of the package, which the Runs page replays without any training.

    python -m tools.example_runs

Three students (plain, paper, fair) are distilled on the same seed, as `fairkd runs submit` with
`EXAMPLE_SETTINGS` does. What is shown goes into fairkd/assets/examples: settings, description and events,
without weights, log and paths. It takes about a quarter of an hour on two cores.
"""

from __future__ import annotations

import json
import multiprocessing
import shutil
import tempfile
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from fairkd.distill import make_config, train
from fairkd.distill.config import preset, read_config
from fairkd.runs import EXAMPLE_SETTINGS, EXAMPLES, RunDescription, Writer, description, events

NOTES = {
    "plain": "Distilled without a constraint.",
    "paper": "The constraint of the FairDistillation paper, at all positions.",
    "fair": "Balanced pronouns with soft labels and a group loss.",
}
# Paths of this machine, and what only the log shows.
LEFT_OUT = ("message", "phase", "checkpoint")


def make(name: str, target: Path) -> None:
    """Train the example `name`, and store what its page shows in `target`."""
    config = read_config(None, EXAMPLE_SETTINGS, start=preset(name))
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        with Writer(folder) as writer:

            def emit(event: Mapping[str, Any]) -> None:
                written = writer.write(event)
                if line := events.as_line(written):
                    print(f"{name}: {line}", flush=True)

            train(config, folder, emit=emit)
        happened = [event for event in events.read(folder)[0] if event["type"] not in LEFT_OUT]
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with Writer(target) as writer:
        for event in happened:
            writer.write(event)
    settings = make_config(config.model_dump()).model_dump(mode="json")
    (target / "config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    description.write(target, RunDescription(name=f"{name} (example)", note=NOTES[name]))


def main() -> None:
    # At the same time, so that the load of the machine is the same for all and their minutes compare.
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(NOTES), mp_context=spawned) as pool:
        for done in [pool.submit(make, name, EXAMPLES / name) for name in NOTES]:
            done.result()


if __name__ == "__main__":
    main()
