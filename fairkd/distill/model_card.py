"""Store a student as an ordinary model folder, with a model card that says where it comes from."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from safetensors import SafetensorError
from transformers.utils import logging as transformers_logging

from fairkd.distill.config import Config
from fairkd.errors import FairKDError
from fairkd.measures import MEASURES
from fairkd.models import MaskedLM


@dataclass(frozen=True)
class Measured:
    """What a model card says: how a student was made, and what it and its teacher measure."""

    config: Config
    corpus: str
    licence: str | None
    steps: int
    tokens: int
    seconds: float
    sentences: int  # that were measured on
    teacher: Mapping[str, float | None]
    student: Mapping[str, float | None]


def save(student: MaskedLM, measured: Measured, folder: Path) -> Path:
    """Write weights, tokenizer and model card; `pipeline("fill-mask", folder)` and `fairkd` load it.

    Written beside and renamed, in place of what may be there. Raises FairKDError where the disk is full.
    """
    beside = folder.with_name(f"{folder.name}.writing")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        config = student.model.config
        if hasattr(config, "fairkd_shares"):
            del config.fairkd_shares  # said of an embedded model; this one is stored whole
        with _no_bars():
            student.model.save_pretrained(beside)
        student.tokenizer.save_pretrained(beside)
        (beside / "README.md").write_text(card(measured), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise FairKDError(
            f"The model cannot be written to {folder} ({error}): free some space and resume the run."
        ) from error
    return folder


@contextmanager
def _no_bars() -> Iterator[None]:
    """Without transformers' progress bar, which would stand in the way of ours."""
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if bars:
            transformers_logging.enable_progress_bar()


def card(measured: Measured) -> str:
    """The model card in Markdown: teacher, text, constraint, settings, and what was measured."""
    config = measured.config
    header = {
        "library_name": "transformers",
        "pipeline_tag": "fill-mask",
        "tags": ["knowledge-distillation", "fairness", "fairkd"],
    }
    minutes = measured.seconds / 60
    licence = f"licence {measured.licence}" if measured.licence else "its licence is not known to FairKD"
    return f"""---
{yaml.safe_dump(header, sort_keys=False)}---

# A student of {config.teacher}

A masked language model, distilled with FairKD. {_student(config)} {_constraint(config)}

- Teacher: {config.teacher}
- Text: {measured.corpus} ({licence})
- Seed {config.seed}, {measured.steps:,} steps, {measured.tokens:,} tokens, {minutes:.1f} minutes

## Measured

On {measured.sentences} held-out sentences of that text; gaps between the first two groups of
`{config.evaluation.groups().name}` over {config.evaluation.professions} professions, with 95 % bootstrap
intervals.

| measure | student | teacher |
|---|---|---|
{_table(measured)}
Quick figures from the run itself; `fairkd gaps` measures gaps on all professions.

## Intended use and limits

For demonstrations and studies of what distillation passes on from a teacher, biases included. A constraint
balances the words that it names in the contexts that the text offers: it does not make a model fair, other
words and other groups are as they were learnt, and the samples measured here are small. Not for decisions
about people.

## Settings

```yaml
{yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)}```
"""


def _student(config: Config) -> str:
    student = config.student
    match student.kind:
        case "layers":
            start = f"It began as its teacher's layers {', '.join(map(str, student.layers or ()))} and head."
        case "fresh":
            start = f"It began untrained, {student.hidden_layers} layers of width {student.width}."
        case "existing":
            start = f"It began as {student.reference}."
    frozen = student.freeze_embeddings and student.kind != "fresh"
    return start + (" Its embeddings were not trained." if frozen else "")


def _constraint(config: Config) -> str:
    constraint, swapped = config.constraint, config.corpus.cda
    if constraint.kind == "none":
        what = "Its teacher's distributions were used as they are, without a fairness constraint."
        if not config.objective.kd:
            what = "It learnt from the text alone: the teacher's distributions had no weight."
    else:
        words = f"the contrast `{constraint.contrast}`" if constraint.words is None else "words of its own"
        what = (
            f"The teacher's distributions were edited by the constraint `{constraint.kind}` on {words} "
            f"(strength {constraint.strength:g}, scope {constraint.scope}) before "
            "the student learnt from them."
        )
    return what + (" Gendered sentences were learnt with he and she swapped, too." if swapped else "")


def _table(measured: Measured) -> str:
    """The rows of the table of measures; those that neither model has are left out."""
    rows = []
    for measure in MEASURES.values():
        if measure.key == "kl_constrained" and measured.config.constraint.kind == "none":
            continue  # equal to the KL to the teacher
        models = (measured.student, measured.teacher)
        if any(values.get(measure.key) is not None for values in models):
            cells = [measure.format_with_interval(values) for values in models]
            rows.append(f"| {measure.label} | {' | '.join(cells)} |\n")
    return "".join(rows)
