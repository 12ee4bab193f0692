"""Check the benchmarks on their published data against the plain references, item by item.

    python -m tests.benchmarks.check [NAME...] [--items 200]

Compares the embedded teacher's numbers (where two models are compared, an embedded student's), prints the
largest difference of each benchmark, and stores it in `fairkd/resources/benchmark_checks.json`, from which
pages and documentation show a badge.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from functools import partial

from fairkd import models
from fairkd.benchmarks import BENCHMARKS, load
from fairkd.benchmarks.measuring import score_items, selected
from fairkd.benchmarks.scorer import Scorer
from tests import ROOT
from tests.benchmarks.references.registry import COMPARISONS, REFERENCES

STORED = ROOT / "fairkd" / "resources" / "benchmark_checks.json"
MODEL = "embedded/teacher"
STUDENT = "embedded/student-plain"  # of benchmarks that compare two models


def differences(lm: models.MaskedLM, name: str, items: int) -> tuple[int, float]:
    """How many items were compared, and the largest difference of any of their numbers."""
    benchmark = BENCHMARKS[name]
    files, _ = load(benchmark)
    chosen = selected(benchmark.read(files), quick=items, limit=None, seed=1)
    if benchmark.needs_reference:
        student = models.load(STUDENT)
        scorer, plain = Scorer(student, reference=lm), partial(COMPARISONS[name], lm, student)
    else:
        scorer, plain = Scorer(lm), partial(REFERENCES[name], lm)
    table, _ = score_items(benchmark, chosen, scorer)
    by_id = {item.id: item for item in chosen}
    largest = 0.0
    for row in table.to_dict("records"):
        for key, expected in plain(by_id[str(row["id"])]).items():
            largest = max(largest, abs(float(row[key]) - expected))
    return len(table), largest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[*REFERENCES, *COMPARISONS])
    parser.add_argument("--items", type=int, default=200)
    options = parser.parse_args()
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    lm = models.load(MODEL)
    for name in options.names:
        count, largest = differences(lm, name, options.items)
        print(f"{name}: {count} items, largest difference {largest:.1e}")
        stored[name] = {
            "model": f"{STUDENT} against {MODEL}" if name in COMPARISONS else MODEL,
            "items": count,
            "largest_difference": float(f"{largest:.2g}"),
            "date": datetime.now(UTC).date().isoformat(),
        }
        STORED.write_text(json.dumps(stored, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
