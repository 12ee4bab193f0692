"""Speed and memory of a distillation step against a textbook one: `python -m benchmarks.distill`.

All cases do the same work: the embedded teacher, a student with three of its layers, sentences of 12 to 64
tokens, about 32 of them a step. The reference shuffles sentences into batches of 32, runs both models' heads
at every position in single precision, selects the positions without padding with `masked_select`, and adds
KLDivLoss, cross-entropy and the cosine loss. The other cases are the step of every run: at all positions, a
sample or the masked ones, with and without frozen embeddings, in bf16 where that is faster.

Each measurement runs in its own process, and rounds alternate. Speeds are tokens without padding per second.
On a busy machine compare tokens per second of processor time.

`--growth` measures 1, 2 and 4 times the batch and twice the teacher. `--precision-steps 300` trains twice
from one start, in fp32 and in bf16, and compares the held-out KL. `--positions-minutes 10` trains three
students for equal time, one for each choice of positions. It compares their held-out KL at masked positions,
and at every position of unmasked sentences.
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

from benchmarks.distill_work import LAYERS, MASKING, Case, Figures, product_rates, products
from fairkd import corpora
from fairkd.distill import FORMATS, make_config, train
from fairkd.models import MaskedLM, load
from fairkd.predictions import compare, predict

WRITTEN_SENTENCES = 200
REFERENCE = "reference: dense, fp32"
# Name: (case, target for its speed and for its memory, both as multiples of the reference).
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
    # The embedded teacher needs no network.
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
    """The figures of every case, one per round."""
    found: dict[str, list[Figures]] = {name: [] for name in CASES}
    for number in range(rounds):
        for name, (case, _, _) in CASES.items():
            # The profile is recorded once, after the measurement.
            found[name].append(run(_with(case, seconds=seconds, profile=number == 0), threads))
            print(f"  round {number + 1}: {name}: {speed(found[name][-1]):.0f} tokens/s", file=sys.stderr)
    return found


def print_speeds(found: Mapping[str, Sequence[Figures]]) -> None:
    """Print medians over the rounds. Ratios are medians of the ratios within a round."""
    reference = found[REFERENCE]

    def ratio(values: Sequence[Figures], of: Any) -> float:
        return statistics.median(of(own) / of(base) for own, base in zip(values, reference, strict=True))

    print(
        f"\n{'step':36} {'tokens/s':>9} {'times':>6} {'per CPU s':>10} {'times':>6} {'peak MiB':>9} "
        f"{'ratio':>5} {'of it for training':>19}"
    )
    for name, values in found.items():
        print(
            f"{name:36} {_median(values, speed):9.0f} {ratio(values, speed):6.1f} "
            f"{_median(values, lambda f: f.tokens / f.cpu):10.0f} "
            f"{ratio(values, lambda f: f.tokens / f.cpu):6.1f} "
            f"{_median(values, lambda f: f.peak):9.0f} {ratio(values, lambda f: f.peak):5.2f} "
            f"{_median(values, lambda f: f.memory):19.0f}"
        )
    print("\ntargets and results (wall-clock)")
    for name, (_, faster, lighter) in CASES.items():
        if faster:
            reached = ratio(found[name], speed)
            print(f"  {name}: {reached:.1f} times as fast (target {faster:g}): {_verdict(reached >= faster)}")
        if lighter:
            reached = ratio(found[name], lambda f: f.peak)
            print(
                f"  {name}: {reached:.2f} of the memory (target {lighter:g}): {_verdict(reached <= lighter)}"
            )


def print_limits(found: Mapping[str, Sequence[Figures]]) -> None:
    """Print the speed that the matrix products alone would allow at this machine's best rates."""
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
    """Print tokens per second for larger batches and a larger teacher, all else equal."""
    print("\nlarger batches and teachers: tokens/s (relative to the first), peak MiB")
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
class TrainingResult:
    """Held-out KL(teacher || student) in nats, at masked tokens and in unmasked text; tokens trained on."""

    masked: float
    written: float
    tokens: int


def train_and_measure(values: Mapping[str, Any]) -> TrainingResult:
    """Train with these settings, and measure on held-out text."""
    settings = {
        "student": {"layers": LAYERS, "fit_layers": False},
        "masking": MASKING,
        # The evaluation at the end is enough.
        "evaluation": {"every_seconds": 1e6},
        "checkpoint": {"every_seconds": 1e6},
        "teacher_cache": False,  # every training computes the same
    }
    with tempfile.TemporaryDirectory() as folder:
        outcome = train(make_config({**settings, **values}), folder)
        written = kl_as_written(load("embedded/teacher"), load(str(outcome.model)))
    kl = outcome.held_out["kl"]
    assert kl is not None
    return TrainingResult(kl, written, outcome.tokens)


def kl_as_written(teacher: MaskedLM, student: MaskedLM) -> float:
    """Mean KL over every position of held-out sentences without masks."""
    tables = [
        compare(predict(teacher, text), predict(student, text)).table()
        for text in corpora.read("bug").held_out[:WRITTEN_SENTENCES]
    ]
    return float(pd.concat(tables)["kl"].mean())


def print_positions(minutes: float) -> None:
    print(f"\n{minutes:g} minutes of training each; KL(teacher || student) on held-out text, nats")
    print("| positions | at masked tokens | in unmasked text | tokens |\n|---|---|---|---|")
    results = {}
    for positions in ("all", "sample", "masked"):
        values = {
            "objective": {"positions": positions},
            "optimizer": {"micro_batch_tokens": 1024},
            "budget": {"minutes": minutes},
        }
        found = results[positions] = train_and_measure(values)
        print(f"| {positions} | {found.masked:.3f} | {found.written:.3f} | {found.tokens:,} |", flush=True)
    print(f"lowest at masked tokens: {min(results, key=lambda name: results[name].masked)}")


def print_precision(steps: int, tokens: int) -> None:
    print(f"\nheld-out KL after {steps} steps of {tokens} tokens, all positions, by number format")
    results = {}
    for precision in ("fp32", "bf16"):
        values = {
            "objective": {"positions": "all"},
            "optimizer": {"precision": precision, "micro_batch_tokens": tokens},
            "budget": {"steps": steps},
        }
        results[precision] = train_and_measure(values).masked
        print(f"  {precision}: {results[precision]:.4f}", flush=True)
    apart = abs(results["bf16"] / results["fp32"] - 1)
    print(f"  difference: {apart:.2%} (target at most 1%: {_verdict(apart <= 0.01)})")


def _with(case: Case, **changes: Any) -> Case:
    return Case(**{**asdict(case), **changes})


def _median(values: Sequence[Figures], of: Any) -> float:
    return statistics.median(of(value) for value in values)


def _verdict(met: bool) -> str:
    return "met" if met else "NOT met"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20, help="seconds per measurement")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--precision-steps", type=int, metavar="N")
    parser.add_argument("--precision-tokens", type=int, default=256, metavar="N", help="tokens per step")
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
