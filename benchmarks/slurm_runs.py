"""The runs of `benchmarks/slurm_loopback.sh`, on the Slurm that it has started: prints what it saw."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial

from fairkd import runs
from fairkd.distill import make_config
from fairkd.distill.config import Config
from fairkd.runs import Run

MOST_SECONDS = 240.0


def training(steps: int) -> Config:
    """A training of so many steps, with little before and after it."""
    return make_config(
        {
            "budget": {"steps": steps, "minutes": None},
            "corpus": {"source": "small", "most": 200},
            "evaluation": {"sentences": 5, "professions": 2, "every_steps": 100_000},
            "checkpoint": {"every_steps": 5},
        }
    )


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait; a RuntimeError after `MOST_SECONDS`."""
    end = time.monotonic() + MOST_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"not in time: {what}")
        time.sleep(0.3)


def said(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.rstrip()


def report(heading: str, run: Run) -> None:
    now = runs.get(run.id)
    print(f"== {heading}: {now.name} is {now.state} at step {now.step}. {now.sentence or ''}", flush=True)


def ended(run: Run, state: str) -> bool:
    found = runs.get(run.id)
    if found.state in ("failed", "interrupted") and state not in ("failed", "interrupted"):
        raise RuntimeError(f"{found.name} is {found.state}: {found.sentence}")
    return found.state == state


def main() -> None:
    begun = time.monotonic()
    pair = runs.submit_all([("one", training(6)), ("two", training(6))])
    print(f"== checked and queued in {time.monotonic() - begun:.1f} s")
    until(lambda: all(runs.get(run.id).active and runs.get(run.id).phase for run in pair), "both at work")
    until(lambda: len(said(["squeue", "--noheader", "--states=R"]).splitlines()) == 2, "two jobs")
    print(said(["squeue", "--format=%.6i %.28j %.3t %.4M %R"]))
    for run in pair:
        until(partial(ended, run, "finished"), "finished")
        report("sent away", run)
    third = runs.submit(training(100_000), name="three")
    until(lambda: runs.get(third.id).step > 0, "a step")
    runs.cancel(third.id)
    until(lambda: ended(third, "cancelled"), "cancelled")
    report("cancelled", third)
    runs.resume(third.id)
    before = runs.get(third.id).step
    until(lambda: runs.get(third.id).active and runs.get(third.id).step > before, "resumed")
    report("resumed", third)
    (job,) = said(["squeue", "--noheader", "--format=%i"]).split()
    said(["scancel", "--signal=KILL", "--full", job])
    until(lambda: "was lost" in (runs.get(third.id).sentence or ""), "the loss")
    report("its job was killed", third)
    until(lambda: runs.get(third.id).step > before + 5, "goes on")
    report("continued", third)
    runs.cancel(third.id)
    until(lambda: ended(third, "cancelled"), "cancelled")
    report("cancelled", third)
    until(lambda: not said(["squeue", "--noheader"]), "an empty queue")
    print("== the queue of Slurm is empty")


if __name__ == "__main__":
    main()
