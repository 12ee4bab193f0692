"""The measures reference: what every number of an evaluation is, from the registry."""

from __future__ import annotations

from itertools import groupby

from fairkd.measures import MEASURES
from tools.docs_reference.commands import cell
from tools.docs_reference.paths import page_of

INTRODUCTION = """\
An evaluation during a run measures these. Charts, tables, model card and command line use these labels.
The name in code is the key in `events.jsonl` and in JSON output; `_low` and `_high` are the ends of a 95 %
bootstrap interval over the sentences or professions whose number is the sample size. `items` holds the value
of each sentence and profession, so that two runs can be compared pair by pair (`fairkd.measures.paired`).
`fairkd.measures.pseudo_perplexity` measures the pseudo-perplexity of all tokens, which takes longer.
"""
FAMILIES = {
    "fidelity": "How near the student is to its teacher",
    "quality": "How well a model predicts text",
    "bias": "How differently a model treats two groups of words",
}
UNITS = {"nats": "nats", "share": "%", "none": ""}


def page() -> str:
    """The page in Markdown."""
    parts = [INTRODUCTION]
    for family, found in groupby(MEASURES.values(), lambda measure: measure.family):
        parts.append(f"\n## {FAMILIES[family]}\n\n")
        parts.append(
            "| Measure | In code | Unit | Better | Sample size | Meaning |\n|---|---|---|---|---|---|\n"
        )
        for one in found:
            keys = "<br>".join(f"`{key}`" for key in one.keys)
            parts.append(
                f"| {cell(one.label)} | {keys} | {UNITS[one.unit]} | {one.better} | `{one.sample}` "
                f"| {cell(one.help)} |\n"
            )
    return page_of("Measures", "".join(parts))
