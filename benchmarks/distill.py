"""Time and weigh a distillation step against a textbook one: `python -m benchmarks.distill [--rounds 3]`.

The same work for all: the embedded teacher, a student of three of its layers, sentences of random lengths
from 12 to 64 tokens, about 32 of them a step. The reference shuffles sentences into batches of 32, runs both
models' heads at every position in single precision, selects the real positions with `masked_select`, and
adds KLDivLoss, cross entropy and the cosine loss. Ours is the step of every run, at all positions, a sample
or the masked ones, with and without frozen embeddings, in bf16 where that is faster. Each measurement has a
process of its own, and rounds alternate. Speeds are real tokens, without padding, a second; on a machine that
does other things too, compare tokens a second of processor time.

`--growth` measures 1, 2 and 4 times the batch and twice the teacher. `--precision-steps 300` trains twice
from one start, in fp32 and in bf16, and compares the held-out KL. `--positions-minutes 10` trains three
students for equal wall-clock time, one for each choice of positions, and compares their held-out KL, at
masked positions and at every position of sentences as they are written.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from benchmarks.distill_work import LAYERS, Case, Figures, product_rates, products
from fairkd import corpora
from fairkd.distill import FORMATS, make_config, train
from fairkd.models import MaskedLM, load
from fairkd.predictions import compare, predict

WRITTEN_SENTENCES = 200
REFERENCE = "reference: dense, fp32"
# Name: (case, times the reference's tokens a second that are wanted of it, and part of its memory).
CASES: dict[str, tuple[Case, float | None, float | None]] = {
    REFERENCE: (Case(reference=True), None, None),
    "all positions": (Case(), 10, 0.5),
    "all positions, embeddings frozen": (Case(frozen=True), None, None),
    "sample, embeddings frozen": (Case(positions="sample", frozen=True), None, None),
    "masked positions": (Case(positions="masked"), None, None),
    "masked positions, embeddings frozen": (Case(positions="masked", frozen=True), 15, None),
}


def run(case: Case, threads: int) -> Figures:
    """One case in a fresh process."""
    # The teacher is in the box: nothing is looked up.
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.distill_work", json.dumps(asdict(case))],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


def speed(figures: Figures) -> float:
    return figures.tokens / figures.seconds


def speeds(rounds: int, seconds: float, threads: int) -> dict[str, list[Figures]]:
    """Every case once a round, and the table of medians."""
    found: dict[str, list[Figures]] = {name: [] for name in CASES}
    for number in range(rounds):
        for name, (case, _, _) in CASES.items():
            # What the time goes to is recorded once, behind the clock.
            found[name].append(run(_with(case, seconds=seconds, profile=number == 0), threads))
            print(f"  round {number + 1}: {name}: {speed(found[name][-1]):.0f} tokens/s", file=sys.stderr)
    return found


def print_speeds(found: Mapping[str, Sequence[Figures]]) -> None:
    """Medians over the rounds; ratios are medians of each round's own."""
    reference = found[REFERENCE]

    def ratio(values: Sequence[Figures], of: Any) -> float:
        return statistics.median(of(own) / of(base) for own, base in zip(values, reference, strict=True))

    print(
        f"\n{'step':36} {'tokens/s':>9} {'times':>6} {'per CPU s':>10} {'times':>6} {'peak MiB':>9} "
        f"{'part':>5} {'of it for training':>19}"
    )
    for name, values in found.items():
        print(
            f"{name:36} {_median(values, speed):9.0f} {ratio(values, speed):6.1f} "
            f"{_median(values, lambda f: f.tokens / f.cpu):10.0f} "
            f"{ratio(values, lambda f: f.tokens / f.cpu):6.1f} "
            f"{_median(values, lambda f: f.peak):9.0f} {ratio(values, lambda f: f.peak):5.2f} "
            f"{_median(values, lambda f: f.memory):19.0f}"
        )
    print("\nwanted, reached (wall-clock)")
    for name, (_, faster, lighter) in CASES.items():
        if faster:
            reached = ratio(found[name], speed)
            print(f"  {name}: {faster:g} times as fast, {reached:.1f}: {_verdict(reached >= faster)}")
        if lighter:
            reached = ratio(found[name], lambda f: f.peak)
            print(f"  {name}: {lighter:g} of the memory, {reached:.2f}: {_verdict(reached <= lighter)}")


def print_limits(found: Mapping[str, Sequence[Figures]]) -> None:
    """How much of a step's time its matrix products would take at this machine's best rates."""
    lm = load("embedded/teacher")
    ours = {values[0].precision for name, values in found.items() if name != REFERENCE}
    rates = {precision: product_rates(lm, FORMATS[precision]) for precision in sorted({"fp32", *ours})}
    for precision, by_shape in rates.items():
        reached = ", ".join(f"{shape} {rate / 1e9:.0f}" for shape, rate in by_shape.items())
        print(f"\nmatrix products here in {precision}, GFLOP/s: {reached}")
    for name, values in found.items():
        case = CASES[name][0]
        if case.reference:
            continue
        work = products(case, lm, values[0])
        own = values[0].precision
        limit = 1 / sum(size / rates[own][shape] for shape, size in work.items())
        tokens = _median(values, speed)
        print(
            f"{name}: {sum(work.values()) / 1e6:.0f} MFLOP a token; products in {own} alone would allow "
            f"{limit:.0f} tokens/s, reached are {tokens:.0f} ({tokens / limit:.0%})"
        )
    for name, values in found.items():
        shares = ", ".join(f"{kind} {share:.0%}" for kind, share in values[0].parts.items())
        print(f"time of {name}: {shares}")


def print_growth(seconds: float, threads: int) -> None:
    """Tokens a second as the batch and the teacher grow, all else equal."""
    print("\nhow cost grows: tokens/s (of the first), peak MiB")
    for name in ("all positions", "masked positions, embeddings frozen"):
        start = _with(CASES[name][0], seconds=seconds)
        first = None
        for label, case in (
            ("batch of 32", start),
            ("batch of 64", _with(start, batch=64)),
            ("batch of 128", _with(start, batch=128)),
            ("teacher of twice the layers", _with(start, teacher_depth=2)),
        ):
            figures = run(case, threads)
            first = first or figures
            print(
                f"  {name}, {label}: {speed(figures):.0f} ({speed(figures) / speed(first):.2f}), "
                f"{figures.peak:.0f}"
            )


@dataclass(frozen=True)
class Learnt:
    """Held-out KL(teacher || student) in nats where words are masked and as written, and a run's tokens."""

    masked: float
    written: float
    tokens: int


def learnt(values: Mapping[str, Any]) -> Learnt:
    """Train with these settings, and measure on held-out text."""
    settings = {
        "student": {"layers": LAYERS},
        # One evaluation is enough, and it is made at the end.
        "evaluation": {"every_seconds": 1e6},
        "checkpoint": {"every_seconds": 1e6},
    }
    with tempfile.TemporaryDirectory() as folder:
        outcome = train(make_config({**settings, **values}), folder)
        written = kl_as_written(load("embedded/teacher"), load(str(outcome.model)))
    kl = outcome.held_out["kl"]
    assert kl is not None
    return Learnt(kl, written, outcome.tokens)


def kl_as_written(teacher: MaskedLM, student: MaskedLM) -> float:
    """The mean over every position of held-out sentences with nothing masked."""
    tables = [
        compare(predict(teacher, text), predict(student, text)).table()
        for text in corpora.read("bug").held_out[:WRITTEN_SENTENCES]
    ]
    return float(pd.concat(tables)["kl"].mean())


def print_positions(minutes: float) -> None:
    print(f"\n{minutes:g} minutes of training each; KL(teacher || student) on held-out text, nats")
    print("| positions | where words are masked | as written | tokens |\n|---|---|---|---|")
    results = {}
    for positions in ("all", "sample", "masked"):
        values = {"objective": {"positions": positions}, "budget": {"minutes": minutes}}
        found = results[positions] = learnt(values)
        print(f"| {positions} | {found.masked:.3f} | {found.written:.3f} | {found.tokens:,} |", flush=True)
    print(f"lowest where words are masked: {min(results, key=lambda name: results[name].masked)}")


def print_precision(steps: int, tokens: int) -> None:
    print(f"\nheld-out KL after {steps} steps of {tokens} tokens, all positions, by format of the products")
    results = {}
    for precision in ("fp32", "bf16"):
        values = {
            "objective": {"positions": "all"},
            "optimizer": {"precision": precision, "micro_batch_tokens": tokens},
            "budget": {"steps": steps},
        }
        results[precision] = learnt(values).masked
        print(f"  {precision}: {results[precision]:.4f}", flush=True)
    apart = abs(results["bf16"] / results["fp32"] - 1)
    print(f"  apart: {apart:.2%} (wanted at most 1%: {_verdict(apart <= 0.01)})")


def _with(case: Case, **changes: Any) -> Case:
    return Case(**{**asdict(case), **changes})


def _median(values: Sequence[Figures], of: Any) -> float:
    return statistics.median(of(value) for value in values)


def _verdict(met: bool) -> str:
    return "met" if met else "NOT met"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20, help="of each measurement")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--precision-steps", type=int, metavar="N")
    parser.add_argument("--precision-tokens", type=int, default=256, metavar="N", help="tokens a step")
    parser.add_argument("--positions-minutes", type=float, metavar="N")
    options = parser.parse_args()
    if options.positions_minutes:
        print_positions(options.positions_minutes)
    if options.precision_steps:
        print_precision(options.precision_steps, options.precision_tokens)
    if options.growth:
        print_growth(options.seconds, options.threads)
    if not (options.positions_minutes or options.precision_steps or options.growth):
        found = speeds(options.rounds, options.seconds, options.threads)
        print_speeds(found)
        print_limits(found)


if __name__ == "__main__":
    main()
