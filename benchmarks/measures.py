"""Time the benchmarks of bias and quality against a plain loop, and measure their memory.

    python -m benchmarks.measures                     # CrowS-Pairs: plain loop, strict, fast, in turn
    python -m benchmarks.measures --all               # every benchmark on all its data, and in quick mode
    python -m benchmarks.measures --memory            # peak memory, also with a vocabulary of 250,002 words

The plain loop runs the whole model on one masked copy at a time, in fp32, as the authors' scripts do. It is
timed on a sample of the pairs, so speeds are compared in masked copies a second. Nothing is cached.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np

from fairkd.benchmarks import BENCHMARKS, Item, load, measure
from fairkd.models import MaskedLM, load as load_model
from fairkd.predictions import Precision
from tests.benchmarks.references.crows_pairs import numbers

TEACHER = "embedded/teacher"
LARGE_VOCABULARY = "large-vocabulary"


def compare(model: str, *, pairs: int, rounds: int) -> None:
    """Plain loop, strict and fast in turn, `rounds` times; medians of the ratios."""
    lm, benchmark = load_model(model), BENCHMARKS["crows-pairs"]
    items = benchmark.read(load(benchmark)[0])
    sample = random.Random(1).sample(items, pairs)
    ratios: dict[Precision, list[float]] = {"strict": [], "fast": []}
    total, in_sample = (sum(_copies(lm, item) for item in some) for some in (items, sample))
    for _ in range(rounds):
        begin = time.perf_counter()
        for item in sample:
            numbers(lm, item)
        reference = in_sample / (time.perf_counter() - begin)
        told = [f"plain loop {reference:.0f} copies/s"]
        results = {}
        for precision in ratios:
            results[precision] = measure(lm, "crows-pairs", precision=precision, cached=False)
            speed = total / results[precision].seconds
            ratios[precision].append(speed / reference)
            told.append(
                f"{precision} {results[precision].seconds:.1f} s, {speed:.0f} copies/s, "
                f"{speed / reference:.1f} times"
            )
        print("; ".join(told), flush=True)
    strict, fast = (results[precision].items["difference"] for precision in ("strict", "fast"))
    scores = [results[precision].overall.values["score"].value for precision in ("strict", "fast")]
    medians = {precision: statistics.median(found) for precision, found in ratios.items()}
    print(
        f"{len(items)} pairs, {total} masked copies, {model}; medians: strict {medians['strict']:.1f} times, "
        f"fast {medians['fast']:.1f} times. Score {scores[0]:.2f} and {scores[1]:.2f}; "
        f"{int(((strict > 0) != (fast > 0)).sum())} pairs change sides; largest change of a difference "
        f"{np.abs(strict - fast).max():.2f} nats."
    )


def _copies(lm: MaskedLM, item: Item) -> int:
    """The masked copies of a pair: one for each shared token and sentence, without the special tokens."""
    more, less = (lm.tokenizer(item.texts[side])["input_ids"] for side in ("more", "less"))
    blocks = SequenceMatcher(None, more, less).get_matching_blocks()
    return 2 * max(sum(block.size for block in blocks) - 2, 0)


def every(model: str) -> None:
    """Every benchmark on all its data: strict, fast, and a quick sample."""
    lm = load_model(model)
    kinds: list[tuple[bool, Precision]] = [(False, "strict"), (False, "fast"), (True, "strict")]
    for quick, precision in kinds:
        spent = 0.0
        for name, benchmark in BENCHMARKS.items():
            result = measure(
                lm,
                name,
                reference=lm,
                quick=quick,
                precision=precision,
                cached=False,
            )
            headline = benchmark.headline
            value = result.overall.values[headline.key]
            spent += result.seconds
            shown = " to ".join(map(headline.format, (value.low, value.high)))
            print(
                f"  {name}: {result.seconds:.1f} s, {result.overall.n} items, {len(result.unscored)} not, "
                f"{headline.label} {headline.format(value.value)} ({shown})",
                flush=True,
            )
        print(f"{'quick' if quick else 'full'}, {precision}: {spent:.0f} s", flush=True)


def memory() -> None:
    """Peak memory of CrowS-Pairs, each in a process of its own."""
    for model, precision in ((TEACHER, "strict"), (TEACHER, "fast"), (LARGE_VOCABULARY, "strict")):
        command = [sys.executable, "-m", "benchmarks.measures", "--peak", model, "--precision", precision]
        print(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip(), flush=True)


def peak(model: str, precision: Precision) -> None:
    """Measure in this process, and print its peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        lm = load_model(str(_large(Path(folder))) if model == LARGE_VOCABULARY else model)
        loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        limit = 100 if model == LARGE_VOCABULARY else None
        measure(lm, "crows-pairs", precision=precision, limit=limit, cached=False)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{model}, {precision}: {most:.2f} GiB at most, {loaded:.2f} GiB of them once loaded")


def _large(folder: Path) -> Path:
    """A model of XLM-RoBERTa's base shape with random weights, and the embedded teacher's tokenizer."""
    from transformers import BertConfig, BertForMaskedLM

    load_model(TEACHER).tokenizer.save_pretrained(folder)
    BertForMaskedLM(BertConfig(vocab_size=250_002)).save_pretrained(folder)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default=TEACHER)
    parser.add_argument("--pairs", type=int, default=40, help="of the plain loop's sample")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    parser.add_argument("--precision", default="strict", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        peak(options.peak, options.precision)
    elif options.memory:
        memory()
    elif options.all:
        every(options.model)
    else:
        compare(options.model, pairs=options.pairs, rounds=options.rounds)


if __name__ == "__main__":
    main()
