"""What was tried to break runs, and how often nothing was lost: kills, disks, storms, damaged files.

    python -m tests.reliability                  # everything, about ten minutes on two cores
    python -m tests.reliability kills storm      # some of it

The figures are in docs/reliability.md. `disk` needs the right to mount a file system, and `containers` that
to make a namespace of process ids; without it they are skipped.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from fairkd import runs
from fairkd.errors import FairKDError
from fairkd.runs import store, supervision
from tests import ROOT
from tests.runs import stand_in
from tests.runs.conftest import processes, stored, until, worked_once
from tests.tiny import tiny

Result = tuple[int, int] | None  # tried and held; None where this machine does not allow to try


def kills(runs_killed: int = 8) -> Result:
    """SIGKILL of a training at any moment; the resumed run ends with the same weights, bit for bit."""
    from safetensors.numpy import load_file

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, "-m", "tests.distill.killer", str(tiny("bert", folder / "bert")), name]
        done = subprocess.run(
            [*command, str(runs_killed)], capture_output=True, text=True, cwd=ROOT, check=True
        )
        counts = json.loads(done.stdout)["kills"]
        whole = load_file(folder / "whole" / "model" / "model.safetensors")
        held = 0
        for number, count in enumerate(counts):
            found = load_file(folder / f"killed-{number}" / "model" / "model.safetensors")
            same = found.keys() == whole.keys() and all((found[key] == whole[key]).all() for key in whole)
            held += count if same else 0
    return sum(counts), held


def queue_kills(count: int = 30) -> Result:
    """SIGKILL of a runner, a run's process or a page; no run is lost, only unsaved steps are repeated."""
    with _home() as home:
        assert home is not None
        pages = [_stand_in("dashboard", f"variant {n}", {"steps": 400}) for n in range(3)]
        ids = [page.stdout.readline().strip() for page in pages if page.stdout is not None]
        chance, tried, end = random.Random(), 0, time.monotonic() + 300
        while tried < count and time.monotonic() < end:
            time.sleep(chance.uniform(0.05, 0.5))
            found = processes(home, chance.choice(("runner", "worker", "dashboard")))
            if not processes(home):
                _resumed()  # everything was killed
            with contextlib.suppress(psutil.NoSuchProcess, IndexError):
                chance.choice(found).kill()
                tried += 1
        _end(pages)
        until(lambda: all(run.state == "finished" for run in _resumed()), 240)
        return tried, tried if _all_worked_once(ids, 400) else 0


def storm(count: int = 20) -> Result:
    """Processes that submit a run at the same instant; each run is trained once, one after the other."""
    with _home():
        instant = time.time() + 15
        made = [_stand_in("submit", f"run {n}", {"steps": 5}, str(instant)) for n in range(count)]
        ids = [process.communicate(timeout=120)[0].strip() for process in made]
        until(lambda: all(stored(id).state == "finished" for id in ids if id), 180)
        order = sorted((stored(id) for id in ids if id), key=lambda run: run.started or 0)
        alone = all((a.ended or 0) <= (b.started or 0) for a, b in zip(order, order[1:], strict=False))
        return count, len(set(ids) - {""}) if alone and _all_worked_once(ids, 5) else 0


def disk(times: int = 5) -> Result:
    """A disk that a run fills; it fails with one sentence, and continues from the checkpoint before."""
    held = 0
    for _ in range(times):
        with _home(size="6m") as home:
            if home is None:
                return None
            held += _survives_a_full_disk()
    return times, held


def _survives_a_full_disk() -> bool:
    run = runs.submit(stand_in.config(20, megabytes=0.4))
    until(lambda: _state(run.id) == "failed")
    sentence, checkpoints = stored(run.id).sentence or "", run.folder / "checkpoints"
    *before, last = sorted(int(path.name) for path in checkpoints.iterdir())
    for step in before:
        (checkpoints / str(step)).unlink()
    (run.folder / "config.json").write_text(stand_in.config(last + 2).model_dump_json())
    runs.resume(run.id)
    until(lambda: _state(run.id) == "finished")
    return f"checkpoint of step {last}." in sentence and _all_worked_once([run.id], last + 2)


def containers(looks: int = 20) -> Result:
    """A run in another namespace of process ids; it is called living while it lives, and dead afterwards."""
    unshare = ["unshare", "-fp", "--mount-proc", "--kill-child"]
    if shutil.which("unshare") is None or subprocess.run([*unshare, "true"], capture_output=True).returncode:
        return None
    with _home():
        command = [*unshare, sys.executable, stand_in.HERE, "dashboard", "elsewhere"]
        settings = json.dumps({"steps": 100_000, "pause": 0.05})
        other = subprocess.Popen([*command, settings], stdout=subprocess.PIPE, text=True, env=_environment())
        assert other.stdout is not None
        id = other.stdout.readline().strip()
        until(lambda: stored(id).step > 1)
        held = 0
        for _ in range(looks - 1):
            held += runs.get(id).state == "running"
            time.sleep(0.1)
        other.send_signal(signal.SIGKILL)
        other.wait()
        until(lambda: runs.get(id).state == "interrupted", 20)
        return looks, held + 1


def damaged(examples: int = 200) -> Result:
    """A stored file or row with arbitrary content; list, page, queue and runner live, and say so."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "--hypothesis-show-statistics"]
    command += ["--hypothesis-profile", "search"]
    done = subprocess.run(
        [*command, "tests/app/runs/test_damaged_files.py"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "FAIRKD_DAMAGE_EXAMPLES": str(examples)},
    )
    counts = re.findall(r"(\d+) passing, (\d+) failing", done.stdout)
    held, failed = (sum(int(pair[n]) for pair in counts) for n in (0, 1))
    return held + failed, held if done.returncode == 0 else 0


CHECKS: dict[str, Callable[[], Result]] = {
    "kills": kills,
    "queue-kills": queue_kills,
    "storm": storm,
    "disk": disk,
    "containers": containers,
    "damaged": damaged,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checks", nargs="*", choices=[*CHECKS, []], help="all by default")
    failed = False
    for name in parser.parse_args().checks or CHECKS:
        begin, found = time.monotonic(), CHECKS[name]()
        print(f"{name}: {(CHECKS[name].__doc__ or '').splitlines()[0]}")
        if found is None:
            print("  skipped: this machine does not allow it", flush=True)
            continue
        failed |= found[0] != found[1]
        print(f"  {found[1]} of {found[0]} held, {time.monotonic() - begin:.0f} s", flush=True)
    sys.exit(failed)


@contextmanager
def _home(size: str | None = None) -> Iterator[Path | None]:
    """A home for this process and those that it starts, on a file system of its own if it has a size."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "home"
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "fairkd", name]
        if size is not None and subprocess.run(mount, capture_output=True).returncode:
            yield None
            return
        os.environ |= {"FAIRKD_HOME": str(home), "OMP_NUM_THREADS": "1"}
        supervision.RUNNER = stand_in.RUNNER
        try:
            yield home
        finally:
            _end([process for process in processes(home)])
            if size is not None:
                until(lambda: subprocess.run(["umount", name], capture_output=True).returncode == 0)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def _stand_in(role: str, name: str, settings: dict[str, object], *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, stand_in.HERE, role, name, json.dumps(settings), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_environment())


def _end(started: list[subprocess.Popen[str]] | list[psutil.Process]) -> None:
    for process in started:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
            process.wait()


def _state(id: str) -> str:
    with contextlib.suppress(FairKDError):  # while the disk is full, nobody can read it
        return runs.get(id).state
    return ""


def _resumed() -> list[runs.Run]:
    found = runs.all_runs()
    for run in found:
        if run.state == "interrupted":
            runs.resume(run.id)
    return found


def _all_worked_once(ids: list[str], steps: int) -> bool:
    try:
        for id in ids:
            worked_once(store.entry(id).run, steps)
    except AssertionError as error:
        print(f"  {error}")
        return False
    return True


if __name__ == "__main__":
    main()
