"""Quality and bias of every kind of distillation: `python -m benchmarks.variants [--minutes 5] [NAME]`.

Trains every preset, or those named, from the embedded teacher on one seed and one order of the text. All are
measured in the same way: mean absolute he/she gap with its interval, as on the Gaps page by default;
probability mass of the pronouns; pseudo-perplexity of held-out sentences; KL to the teacher. The teacher and
the variant `plain` are the references. Prints a Markdown table, and whether `fair` meets its goals: at most a
third of `plain`'s gap, a probability mass within 15 % of the teacher's, and a pseudo-perplexity at most 10 %
above `plain`'s.

`--steps N` sets the budget in steps, which does not depend on the machine's load. `--set KEY=VALUE` changes a
setting of every variant. `--folder F` keeps the runs: those already there are not trained again, and those
with other settings are refused.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from fairkd import corpora
from fairkd.corpora import Corpus
from fairkd.distill import PRESETS, make_config, read_config, train
from fairkd.measures import MEASURES, PSEUDO_PERPLEXITY, pseudo_perplexity, summarise
from fairkd.models import MaskedLM, load
from tools.embedded_model_card import gap_table

SCORED_SENTENCES = 300


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("variants", nargs="*", metavar="NAME", help=", ".join(PRESETS))
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--set", action="append", default=[], dest="changes", metavar="KEY=VALUE")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    budget = f"budget.steps={options.steps}" if options.steps else f"budget.minutes={options.minutes}"
    teacher, corpus = load("embedded/teacher"), corpora.read("bug")
    rows = {"teacher": measured(teacher, corpus)}
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.variants or PRESETS:
            folder = (options.folder or Path(scratch)) / name
            rows[name] = variant(name, folder, [budget, *options.changes], teacher, corpus)
            print(json.dumps({"variant": name, **rows[name]}), flush=True)
    print(table(rows))
    if {"plain", "fair"} <= rows.keys():
        print(*goals(rows["teacher"], rows["plain"], rows["fair"]), sep="\n")


def goals(teacher: dict[str, Any], plain: dict[str, Any], fair: dict[str, Any]) -> list[str]:
    """The goals of `fair`, and whether each is met."""
    gap = fair["gap"] / plain["gap"]
    mass = fair["mass"] / teacher["mass"] - 1
    quality = fair["pseudo_perplexity"] / plain["pseudo_perplexity"] - 1
    found = {
        f"mean absolute gap {gap:.2f} of plain's, at most .33": gap <= 1 / 3,
        f"probability mass {mass:+.1%} of the teacher's, within 15 %": abs(mass) <= 0.15,
        f"pseudo-perplexity {quality:+.1%} of plain's, within 10 %": quality <= 0.1,
    }
    return [f"fair: {what}: {'met' if holds else 'NOT met'}" for what, holds in found.items()]


def variant(name: str, folder: Path, changes: list[str], teacher: MaskedLM, corpus: Corpus) -> dict[str, Any]:
    """The measures of one preset, trained in `folder` unless it was already."""
    config, kept = read_config(changes=changes, start=PRESETS[name]), folder / "measured.json"
    if kept.is_file() and make_config(json.loads((folder / "config.json").read_text())) == config:
        found: dict[str, Any] = json.loads(kept.read_text())
        return found
    # Refuses a folder with other settings.
    outcome = train(config, folder, teacher=teacher, corpus=corpus)
    result = measured(load(str(outcome.model)), corpus)
    result |= {"kl": outcome.held_out["kl"], "steps": outcome.steps, "tokens": outcome.tokens}
    result |= {"seconds": outcome.seconds}
    kept.write_text(json.dumps(result, indent=2) + "\n")
    return result


def measured(lm: MaskedLM, corpus: Corpus) -> dict[str, Any]:
    """Mean absolute gap with its interval, probability mass, and pseudo-perplexity."""
    gap = summarise(gap_table(lm))
    return {
        "gap": gap.mean_absolute,
        "low": gap.absolute_low,
        "high": gap.absolute_high,
        "mass": gap.mass,
        "pseudo_perplexity": pseudo_perplexity(lm, corpus.held_out[:SCORED_SENTENCES]).value,
    }


def table(rows: dict[str, dict[str, Any]]) -> str:
    """The rows as Markdown."""
    gap, quality, kl = MEASURES["gap_absolute"], PSEUDO_PERPLEXITY, MEASURES["kl"]
    lines = [
        f"| variant | {gap.label}, he/she (95 % interval) | P(he) + P(she) | {quality.label} "
        f"| {kl.label} | steps, tokens |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        learnt = ["–", "–"]
        if "kl" in row:
            learnt = [f"{row['kl']:.3f}", f"{row['steps']:,}, {row['tokens']:,}"]
        measured_gap = f"{row['gap']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
        cells = [name, measured_gap, f"{row['mass']:.3f}", f"{row['pseudo_perplexity']:.1f}", *learnt]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
