"""Processes for the tests of runs, whose training only counts.

    python stand_in.py runner | worker ID ATTEMPT | standby
    python stand_in.py submit NAME SETTINGS TIME | dashboard NAME SETTINGS

All but the training is real. It counts to `budget.steps`, stores a checkpoint after every step, and writes
each step with its pid into steps.txt. `corpus.source` holds its behaviour as JSON: `pause` (seconds a step),
`waits` (a file without which it does not go beyond half of the steps), `error` (a sentence to raise after
half of the steps), `children` (how many processes it starts that ignore SIGTERM, in sessions of their own),
`stubborn` (ignores the flag that cancels), `megabytes` (written into each checkpoint), `limit` (bytes that a
file may have), `exit` (a code to leave with, at once), `kind` ("unknown" raises no FairKDError), `hoards`
(takes memory until there is no more).

A measurement counts the items of every benchmark on every model, as many as `limit` says, and stores a result
for each pair. A pair that has its result is not measured again. Each item is a line of items.txt.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairkd import runs
from fairkd.errors import FairKDError
from fairkd.runs import runner, standby, supervision, worker
from fairkd.runs.launchers import Follower, Timing

if TYPE_CHECKING:
    from fairkd.benchmarks import MeasureConfig
    from fairkd.distill.config.config import Config

HERE = str(Path(__file__).resolve())
RUNNER = (sys.executable, HERE, "runner")
REAL_RUNNER = (sys.executable, HERE, "real-runner")  # its runs train, at the priority of the tests
STANDBY = (sys.executable, HERE, "standby")
JOB_MODULE = "tests.runs.launchers.stand_in_job"  # of the runs that are sent away
TIMING = Timing(poll=0.05, status=0.2, stale=3.0, grace=0.5, terminate_after=1.5, kill_after=1.5, retry=0.1)
IGNORES_SIGTERM = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"


def config(steps: int = 20, *, seed: int = 0, **behaviour: Any) -> Config:
    from fairkd.distill.config.config import make_config  # not for the runner, which starts sooner without

    return make_config(
        {"seed": seed, "budget": {"steps": steps}, "corpus": {"source": json.dumps(behaviour)}}
    )


def command(id: str, attempt: int) -> tuple[str, ...]:
    return (sys.executable, HERE, "worker", id, str(attempt))


def training_command(id: str, attempt: int) -> tuple[str, ...]:
    return (sys.executable, HERE, "trainer", id, str(attempt))


def train(
    config: Config, folder: Path, *, emit: Callable[[dict[str, Any]], None], stop: Callable[[], bool]
) -> None:
    behaviour = json.loads(config.corpus.source)
    if "exit" in behaviour:
        os._exit(behaviour["exit"])
    hoard: list[bytes] = []
    while behaviour.get("hoards"):
        hoard.append(os.urandom(2**20))
    if "limit" in behaviour:
        resource.setrlimit(resource.RLIMIT_FSIZE, (behaviour["limit"], behaviour["limit"]))
    for _ in range(behaviour.get("children", 0)):
        subprocess.Popen([sys.executable, "-c", IGNORES_SIGTERM], start_new_session=True)
    checkpoints = folder / "checkpoints"
    checkpoints.mkdir(exist_ok=True)
    first = max((int(path.name) for path in checkpoints.iterdir() if path.name.isdigit()), default=0)
    total = config.budget.steps or 0
    emit({"type": "start", "step": first, "resumed_from": first or None, "steps": total})
    step = first
    while step < total and not (stop() and not behaviour.get("stubborn")):
        time.sleep(behaviour.get("pause", 0.02))
        step += 1
        with (folder / "steps.txt").open("a") as log:
            log.write(f"{os.getpid()} {step}\n")
        while step == total // 2 and "waits" in behaviour and not Path(behaviour["waits"]).exists():
            time.sleep(0.02)
        if "error" in behaviour and step == total // 2:
            raise (RuntimeError if behaviour.get("kind") == "unknown" else FairKDError)(behaviour["error"])
        emit({"type": "train", "step": step, "progress": step / total, "seconds_left": 1.0, "loss": 1 / step})
        part = checkpoints / f"{step}.part"
        try:
            part.write_bytes(os.urandom(int(behaviour.get("megabytes", 0) * 2**20)))
        except OSError:
            part.unlink(missing_ok=True)  # as fairkd.distill does
            raise
        part.rename(checkpoints / str(step))
        emit({"type": "checkpoint", "step": step, "path": str(checkpoints / str(step))})
    finished = step == total
    if finished:
        (folder / "model").mkdir(exist_ok=True)
        (folder / "model" / "config.json").write_text("{}")
    emit({"type": "end", "step": step, "state": "finished" if finished else "cancelled", "sentence": None})


def measure_config(items: int = 20, **values: Any) -> MeasureConfig:
    from fairkd.benchmarks.measure_config import make_measure_config

    standard = {"models": ["embedded/teacher"], "benchmarks": ["crows-pairs", "aul"], "limit": items}
    return make_measure_config({**standard, **values})


def measure(
    config: MeasureConfig, folder: Path, *, emit: Callable[[dict[str, Any]], None], stop: Callable[[], bool]
) -> None:
    pairs = [(model, name) for model in config.models for name in config.benchmarks]
    emit({"type": "start", "models": list(config.models), "benchmarks": list(config.benchmarks)})
    for number, (model, name) in enumerate(pairs):
        result = folder / "results" / model.replace("/", "-") / f"{name}.json"
        if result.exists():
            continue
        for item in range(1, config.limit + 1):
            if stop():
                emit({"type": "end", "state": "cancelled", "sentence": None})
                return
            time.sleep(0.02)
            with (folder / "items.txt").open("a") as log:
                log.write(f"{os.getpid()} {name} {item}\n")
            share = (number + item / config.limit) / len(pairs)
            progress = {"done": item, "total": config.limit, "progress": share, "seconds_left": 1.0}
            emit({"type": "progress", "phase": name, "model": model, **progress})
        result.parent.mkdir(parents=True, exist_ok=True)
        result.with_suffix(".part").write_text(json.dumps({"score": 60.48}))
        result.with_suffix(".part").rename(result)
        emit({"type": "result", "benchmark": name, "model": model, "n": 9, "values": {"score": 60.48}})
    emit({"type": "end", "state": "finished", "sentence": None})


def job(config: Config | MeasureConfig, folder: Path, **functions: Any) -> None:
    (measure if hasattr(config, "benchmarks") else train)(config, folder, **functions)


def main() -> int:
    role, *rest = sys.argv[1:]
    supervision.RUNNER = REAL_RUNNER if role in ("trainer", "real-runner") else RUNNER
    if role == "runner":
        standby.MEMORY = 0  # the tests have all of them, however little is free
        runner.serve(
            command=command,
            standby_command=STANDBY,
            terminate_after=0.5,
            kill_after=0.5,
            poll=0.05,
            timing=TIMING,
            follow=lambda entry, timing: Follower(entry, timing, JOB_MODULE),
        )
    elif role == "real-runner":
        runner.serve(command=training_command)
    elif role == "worker":
        return worker.work(rest[0], int(rest[1]), job=job)
    elif role == "standby":
        return worker.stand_by(job=job, load=lambda: None)
    elif role == "trainer":
        return worker.work(rest[0], int(rest[1]))
    elif role == "submit":
        while time.time() < float(rest[2]):  # several at the same instant
            pass
        print(runs.submit(config(**json.loads(rest[1])), name=rest[0]).id, flush=True)
    elif role == "dashboard":
        print(runs.submit(config(**json.loads(rest[1])), name=rest[0]).id, flush=True)
        while True:
            runs.all_runs()
            time.sleep(0.1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
