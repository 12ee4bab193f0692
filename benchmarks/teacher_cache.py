"""How much faster a run is that reads the teacher's states: `python -m benchmarks.teacher_cache`.

`plain` trains first and keeps what the teacher's encoder gives (`fairkd.distill.teacher_cache`). Then `fair`
trains, with these states and without them, in turns. The figures are tokens a second and tokens a second of
processor time, which a busy machine disturbs less, medians over `--rounds`; ratios are medians of those
within a round. `plain` is measured, too, while it writes and without a cache: what does writing cost?

`--against CHECKOUT` adds `fair` with an earlier build, which has no cache. `--deep` measures with a teacher
of BERT-base's shape, 12 layers with random weights, and a student of 6 layers. Targets: 1.4 times as fast, at
least 1.8 times with 12 layers; a KL within 0.5 %; writing costs less than 3 %.

Of each training the first `--warm` steps do not count. `--set KEY=VALUE` changes a setting of all of them,
such as one whose default differs between two builds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.teacher_cache_work import Case, Figures
from fairkd.utils import cache_folder

ROOT = Path(__file__).resolve().parents[1]
READ, WITHOUT, EARLIER = "fair, reading", "fair, no cache", "fair, earlier build"
WRITING, PLAIN = "plain, writing", "plain, no cache"


def run(case: Case, checkout: Path, home: Path) -> Figures:
    """One training in a fresh process, with a checkout's FairKD and the caches of a home folder."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "FAIRKD_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    environment.setdefault("FAIRKD_WHEELS", str(cache_folder()))
    done = subprocess.run(
        [sys.executable, "-P", str(ROOT / "benchmarks" / "teacher_cache_work.py"), json.dumps(asdict(case))],
        env=environment,
        cwd=checkout,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


def measure(
    folder: Path,
    *,
    deep: bool,
    rounds: int,
    steps: int,
    warm: int,
    changes: Sequence[str],
    against: Path | None,
) -> dict[str, list[Figures]]:
    """The figures of each kind of training, one per round."""

    def case(preset: str, cache: bool | None) -> Case:
        return Case(preset, cache, deep, steps, warm, tuple(changes))

    filled, other = folder / "filled", folder / "other"
    run(case("plain", True), ROOT, filled)
    found: dict[str, list[Figures]] = {}
    for number in range(rounds):
        cases: dict[str, tuple[Case, Path, Path]] = {
            READ: (case("fair", True), ROOT, filled),
            WITHOUT: (case("fair", False), ROOT, filled),
            WRITING: (case("plain", True), ROOT, folder / f"empty {number}"),
            PLAIN: (case("plain", False), ROOT, filled),
        }
        if against is not None:
            cases[EARLIER] = case("fair", None), against, other
        for name in list(cases)[:: 1 if number % 2 else -1]:
            found.setdefault(name, []).append(run(*cases[name]))
            one = found[name][-1]
            print(f"  round {number + 1}: {name}: {one.tokens / one.seconds:.0f} tokens/s", file=sys.stderr)
    return found


def report(found: dict[str, list[Figures]], *, target: float) -> None:
    def ratio(name: str, base: str, of: Callable[[Figures], float]) -> float:
        return statistics.median(of(a) / of(b) for a, b in zip(found[name], found[base], strict=True))

    def speed(one: Figures) -> float:
        return one.tokens / one.seconds

    def per_cpu(one: Figures) -> float:
        return one.tokens / one.cpu

    print(f"{'':22} {'tokens/s':>9} {'per CPU s':>10} {'KL':>8}")
    for name, figures in found.items():
        speeds = (statistics.median(map(of, figures)) for of in (speed, per_cpu))
        print(f"{name:22} {next(speeds):9.0f} {next(speeds):10.0f} {figures[-1].kl:8.4f}")
    for base in (WITHOUT, EARLIER):
        if base in found:
            wall, cpu = ratio(READ, base, speed), ratio(READ, base, per_cpu)
            print(f"{READ} / {base}: {wall:.2f}, by processor time {cpu:.2f} (target {target:g})")
    wall, cpu = 1 / ratio(WRITING, PLAIN, speed) - 1, 1 / ratio(WRITING, PLAIN, per_cpu) - 1
    print(f"writing costs {wall:+.1%}, by processor time {cpu:+.1%} (target: below 3 %)")
    apart = abs(found[READ][-1].kl / found[WITHOUT][-1].kl - 1)
    print(f"KL with and without the cache differ by {apart:.2%} (target: at most 0.5 %)", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--warm", type=int, default=20, help="steps that do not count; divides --steps")
    parser.add_argument("--deep", action="store_true", help="a teacher of BERT-base's shape")
    parser.add_argument("--against", type=Path, help="another checkout, such as one of an earlier commit")
    parser.add_argument("--set", action="append", default=[], dest="changes", metavar="KEY=VALUE")
    options = parser.parse_args()
    if options.steps % options.warm or options.steps <= options.warm:
        parser.error("--steps must be a multiple of --warm, and larger.")
    with tempfile.TemporaryDirectory() as folder:
        found = measure(
            Path(folder),
            deep=options.deep,
            rounds=options.rounds,
            steps=options.steps,
            warm=options.warm,
            changes=options.changes,
            against=options.against and options.against.resolve(),
        )
    report(found, target=1.8 if options.deep else 1.4)


if __name__ == "__main__":
    main()
