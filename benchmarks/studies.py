"""Time to quality, side by side with an earlier build: `python -m benchmarks.studies --against CHECKOUT`.

Trains `plain` and `fair` from the embedded teacher with each build's own defaults: the other checkout for
`--minutes` (5), this one for half of that. For each variant and seed both take turns, and the order changes
with every pair. Each run has a home folder of its own, so that no kept states of the teacher help it. At its
end it measures its student, on the same held-out sentences and masks in both builds, which no setting of the
training changes: KL to the teacher, pseudo-perplexity, mean absolute gap. The target: this build's KL is at
most the other's, and for `fair` its gap, too.

`--seeds 0 --variants plain` is the short form, 8 minutes of training. `--tokens 300000` gives both builds the
same number of tokens in place of time; this does not depend on the machine's load, and the column of
processor seconds says what it costs. `--set KEY=VALUE` changes a setting of this build's runs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fairkd import corpora
from fairkd.utils import cache_folder

ROOT = Path(__file__).resolve().parent.parent
MEASURED = 1000  # held-out sentences; a run's own evaluations use 200
KEYS = {
    "kl": "KL to the teacher",
    "pseudo_perplexity_sampled": "pseudo-perplexity",
    "gap_absolute": "gap",
}


@dataclass(frozen=True)
class Trained:
    """A finished run: its measures, and what the training took."""

    measures: dict[str, float]
    tokens: int
    seconds: float
    processor_seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--against", type=Path, required=True, metavar="CHECKOUT", help="the earlier build")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--variants", nargs="+", default=["plain", "fair"], metavar="PRESET")
    parser.add_argument("--minutes", type=float, default=5, help="of the other build; this one has half")
    parser.add_argument("--tokens", type=int, help="train both builds on this many tokens instead")
    parser.add_argument("--set", action="append", default=[], dest="changes", metavar="KEY=VALUE")
    options = parser.parse_args()
    other = options.against.resolve()
    corpora.read("bug", most=1, count_rest=False)  # fetches the text, once for all runs
    pairs: dict[str, list[tuple[Trained, Trained]]] = {name: [] for name in options.variants}
    for number, seed in enumerate(options.seeds):
        for name in options.variants:
            found = {}
            for checkout in (other, ROOT) if number % 2 == 0 else (ROOT, other):
                own = checkout == ROOT
                budget = _budget(options.minutes / 2 if own else options.minutes, options.tokens, checkout)
                changes = [f"seed={seed}", budget, *(options.changes if own else [])]
                found[own] = train(checkout, name, changes)
                print(_line(name, seed, "this build" if own else "the other", found[own]), flush=True)
            pairs[name].append((found[False], found[True]))
    print(*table(pairs), sep="\n")


def train(checkout: Path, variant: str, changes: Sequence[str]) -> Trained:
    """Train a preset with the code of `checkout`, in a process of its own, and measure the student."""
    with tempfile.TemporaryDirectory() as scratch:
        home, folder = Path(scratch, "home"), Path(scratch, "run")
        environment = {
            **os.environ,
            "PYTHONPATH": str(checkout),
            "FAIRKD_HOME": str(home),
            "FAIRKD_WHEELS": os.environ.get("FAIRKD_WHEELS") or str(cache_folder()),
            "HF_HUB_OFFLINE": "1",
        }
        words = ["distill", "--preset", variant, "--output", str(folder)]
        words += [word for change in changes for word in ("--set", change)]
        # What a run writes to the disk while it trains is the same for both: one evaluation, at the end.
        words += ["--set", "evaluation.every_seconds=1e6", "--set", "checkpoint.every_seconds=1e6"]
        words += ["--set", f"evaluation.sentences={MEASURED}"]
        subprocess.run(
            [sys.executable, "-m", "fairkd", *words],
            cwd=checkout,
            env=environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    last = {event["type"]: event for event in events}
    end, found = last["end"], last["evaluation"]
    measures = {key: float(found[key]) for key in KEYS}
    return Trained(measures, end["tokens"], end["seconds"], end["seconds"] * end["cores"])


def _budget(minutes: float, tokens: int | None, checkout: Path) -> str:
    """The change of settings that gives a build this budget. A run counts steps in place of tokens."""
    if tokens is None:
        return f"budget.minutes={minutes}"
    asked = "from fairkd.distill import make_config as m; print(m({}).optimizer.micro_batch_tokens)"
    size = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return f"budget.steps={max(1, tokens // int(size.stdout))}"


def _line(name: str, seed: int, build: str, trained: Trained) -> str:
    """What one run has given."""
    measures = ", ".join(f"{label} {trained.measures[key]:.3f}" for key, label in KEYS.items())
    return (
        f"{name}, seed {seed}, {build}: {measures}; {trained.tokens:,} tokens in {trained.seconds:.0f} s, "
        f"{trained.processor_seconds:.0f} s of processor time"
    )


def table(pairs: dict[str, list[tuple[Trained, Trained]]]) -> list[str]:
    """Means over the seeds as Markdown, and whether the targets are met."""
    lines = ["| variant, build | " + " | ".join(KEYS.values()) + " | tokens | seconds | processor seconds |"]
    lines.append("|---" * (len(KEYS) + 4) + "|")
    verdicts = []
    for name, found in pairs.items():
        for build, runs in zip(("the other", "this build"), zip(*found, strict=True), strict=True):
            cells = [f"{statistics.mean(run.measures[key] for run in runs):.3f}" for key in KEYS]
            cells += [f"{statistics.mean(run.tokens for run in runs):,.0f}"]
            cells += [f"{statistics.mean(run.seconds for run in runs):.0f}"]
            cells += [f"{statistics.mean(run.processor_seconds for run in runs):.0f}"]
            lines.append(f"| {name}, {build} | " + " | ".join(cells) + " |")
        for key in ("kl", "gap_absolute") if name == "fair" else ("kl",):
            apart = [own.measures[key] - other.measures[key] for other, own in found]
            met = "met" if statistics.mean(apart) <= 0 else "NOT met"
            listed = ", ".join(f"{value:+.3f}" for value in apart)
            verdicts.append(f"{name}, {KEYS[key]}, this build minus the other, by seed: {listed}: {met}")
    return [*lines, *verdicts]


if __name__ == "__main__":
    main()
