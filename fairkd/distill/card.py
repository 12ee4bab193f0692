"""Store a student as an ordinary model folder, with a model card that says where it comes from."""

from __future__ import annotations

from pathlib import Path

import yaml

from fairkd.distill.loop import Result


def save(result: Result, folder: str | Path) -> Path:
    """Write weights, tokenizer and model card; `pipeline("fill-mask", folder)` and `fairkd` load it."""
    target = Path(folder)
    result.student.model.save_pretrained(target)
    result.student.tokenizer.save_pretrained(target)
    (target / "README.md").write_text(card(result), encoding="utf-8")
    return target


def card(result: Result) -> str:
    """The model card in Markdown: teacher, text, constraint, settings and what was measured."""
    config, constraint = result.config, result.config.constraint
    header = {
        "library_name": "transformers",
        "pipeline_tag": "fill-mask",
        "tags": ["knowledge-distillation", "fairness", "fairkd"],
    }
    if constraint.kind == "none":
        what = "Its teacher's distributions were used as they are, without a fairness constraint."
    else:
        what = (
            f"The teacher's distributions were edited by the constraint `{constraint.kind}` on the contrast "
            f"`{constraint.contrast}` (strength {constraint.strength}, scope {constraint.scope}) before "
            "the student learnt from them."
        )
    rows = "".join(f"| {name} | {value:.4g} |\n" for name, value in result.held_out.items())
    settings = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
    return f"""---
{yaml.safe_dump(header, sort_keys=False)}---

# A student of {config.teacher}

A masked language model with the teacher's layers {list(config.student.layers)}, distilled with FairKD. {what}

- Text: {result.corpus}{f" (licence {result.licence})" if result.licence else ""}
- Seed {config.seed}, {result.steps} steps, {result.tokens:,} tokens, {result.seconds / 60:.1f} minutes

## Measured on held-out text

At masked positions; kl is KL(teacher || student) in nats.

| measure | value |
|---|---|
{rows}
## Intended use and limits

For demonstrations and studies of what distillation passes on from a teacher, biases included. A constraint
balances the words that it names in the contexts that the text offers; it does not make a model fair. Not
for decisions about people.

## Settings

```yaml
{settings}```
"""
