"""How long after the click a run takes its first step, from a cold and a warm start.

    python -m benchmarks.first_step [small] [bug]

It queues a run in a home folder of its own, as the button does, and waits for its first `train` event. `cold`
is the first run in that home, `warm` the second with the same text and model, `standby` the third, which is
started from a page that has been open for a while. The times of the other events say where the rest goes.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

from fairkd import runs
from fairkd.corpora import pinned_wheels
from fairkd.distill.config import make_config
from fairkd.utils import cache_folder


def first_step(source: str) -> tuple[float, list[tuple[str, float]]]:
    """Seconds from submitting a run to its first step, and when its phases began, in seconds as well."""
    settings = {
        "corpus": {"source": source},
        "budget": {"minutes": 1.0},
        "log_every": 1,
    }
    clicked = time.time()
    run = runs.submit(make_config(settings))
    path = run.folder / "events.jsonl"
    while True:
        events = _events(path)
        if steps := [event for event in events if event["type"] == "train"]:
            break
        time.sleep(0.05)
    runs.cancel(run.id)
    while runs.get(run.id).active:
        time.sleep(0.1)
    phases = [
        (event.get("phase") or event.get("text") or event["type"], event["time"] - clicked)
        for event in events
        if event["time"] <= steps[0]["time"]
    ]
    return steps[0]["time"] - clicked, phases


def _events(path: Path) -> list[dict]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]


def wait_for_standby() -> None:
    """Prepare as a page does, and wait until the standby has imported everything, and rests."""
    runs.prepare()
    used = -1.0
    while True:
        time.sleep(2)
        found = processes("--standby")
        now = sum(sum(process.cpu_times()[:2]) for process in found)
        if found and now == used and found[0].status() == psutil.STATUS_SLEEPING:
            return
        used = now


def processes(word: str) -> list[psutil.Process]:
    """Those of this home folder with a word in their command."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            home = process.environ().get("FAIRKD_HOME")
            if home == os.environ["FAIRKD_HOME"] and word in process.cmdline():
                found.append(process)
    return found


def end_runner() -> None:
    """End the runner. It would wait for more runs, since this process has prepared for one."""
    for process in processes("fairkd.runs.runner"):
        process.kill()
        process.wait()


def main(sources: list[str]) -> None:
    os.environ.setdefault(pinned_wheels.VARIABLE, str(cache_folder()))
    for source in sources:
        with tempfile.TemporaryDirectory() as home:
            os.environ["FAIRKD_HOME"] = home
            for start in ("cold", "warm", "standby"):
                if start == "standby":
                    wait_for_standby()
                seconds, phases = first_step(source)
                print(f"{source}, {start}: first step after {seconds:.1f} s", flush=True)
                for what, after in phases:
                    print(f"    {after:5.1f} s  {what}")
            end_runner()


if __name__ == "__main__":
    main(sys.argv[1:] or ["small", "bug"])
