"""Measure the embedded models and write their model card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from fairkd.distill.data import Masking, encode
from fairkd.lexicon import contrasts, fitting, shipped_professions
from fairkd.measures import Summary, gaps, paired_test, pseudo_perplexity, summarise
from fairkd.models import EMBEDDED, MaskedLM, load
from fairkd.predictions import predict
from tools import teacher_training as training

FOLDER = Path(__file__).parent
NAMES = ("teacher", "student-plain", "student-fair")
SCORED_SENTENCES = 400


def write(sentences: pd.DataFrame) -> dict[str, Any]:
    """Measure all three models on held-out text; the figures, kept in measured.json and MODEL_CARD.md."""
    held_out = sentences[sentences["held_out"]]
    sample = held_out["text"].sample(SCORED_SENTENCES, random_state=0).tolist()
    loaded = {name: load(f"embedded/{name}") for name in NAMES}
    frames = {name: gap_table(lm) for name, lm in loaded.items()}
    measured: dict[str, Any] = {}
    for name, lm in loaded.items():
        report = json.loads((EMBEDDED / name / "training.json").read_text())
        measured[name] = {
            "training": report,
            "masked": masked(lm, held_out["text"].tolist()),
            "as_in_training": masked(lm, held_out["text"].tolist(), training.AS_IN_TRAINING),
            "pseudo_perplexity": pseudo_perplexity(lm, sample).value,
            "gap": asdict(summarise(frames[name])),
            "everyday": everyday(lm),
        }
    measured["teacher"]["masked_by_source"] = {
        str(source): masked(loaded["teacher"], part["text"].tolist())
        for source, part in held_out.groupby("source")
    }
    measured["data"] = {
        str(source): {"sentences": len(part), "held_out": int(part["held_out"].sum())}
        for source, part in sentences.groupby("source")
    }
    measured["fair_against_plain"] = paired_test(frames["student-plain"], frames["student-fair"]).sentence
    (FOLDER / "measured.json").write_text(json.dumps(measured, indent=2) + "\n")
    (EMBEDDED.parent / "MODEL_CARD.md").write_text(text_of(measured))
    return measured


def masked(
    lm: MaskedLM, sentences: Sequence[str], masking: Masking = training.EVERY_ONE_MASKED
) -> dict[str, float]:
    """Perplexity and top-1 accuracy at 20 % chosen positions."""
    return training.evaluate(lm.model, lm.tokenizer, encode(lm.tokenizer, sentences), masking)


def gap_table(lm: MaskedLM) -> pd.DataFrame:
    """The he/she gaps of the Gaps page's default: every shipped pronoun template and profession."""
    contrast = contrasts()["pronouns"]
    names = list(shipped_professions()["profession"])
    return gaps(lm, contrast=contrast, templates=fitting(contrast), professions=names, prior=False)


def everyday(lm: MaskedLM) -> dict[str, Any]:
    """How many everyday sentences have an accepted word as first prediction, and among the first five."""
    first = within_five = 0
    answers: dict[str, list[str]] = {}
    for sentence, accepted in yaml.safe_load((FOLDER / "everyday.yaml").read_text()):
        prediction = predict(lm, sentence)
        words = prediction.top(prediction.default_position, 5)["token"].tolist()
        answers[sentence] = words
        first += words[0] in accepted.split()
        within_five += any(word in accepted.split() for word in words)
    return {"sentences": len(answers), "first": first, "within_five": within_five, "answers": answers}


def text_of(measured: dict[str, Any]) -> str:
    """The model card in Markdown: the template beside this file, filled in."""
    teacher, plain, fair = (measured[name] for name in NAMES)
    sources = teacher["masked_by_source"]
    ratio = fair["gap"]["mean_absolute"] / teacher["gap"]["mean_absolute"]
    answers = teacher["everyday"]["answers"].items()
    return (
        (FOLDER / "card-template.md")
        .read_text()
        .format(
            data="\n".join(
                _source(name, counts, sources.get(name)) for name, counts in measured["data"].items()
            ),
            stages="\n".join(f"{n}. {stage}" for n, stage in enumerate(_stages(teacher["training"]), 1)),
            students="\n\n".join(_student(name, measured[name]["training"]) for name in NAMES[1:]),
            asked=teacher["everyday"]["sentences"],
            models="\n".join(_row(name, measured[name]) for name in NAMES),
            gap_ratio=ratio,
            fair_mass=fair["gap"]["mass"],
            teacher_mass=teacher["gap"]["mass"],
            mass_change=fair["gap"]["mass"] / teacher["gap"]["mass"] - 1,
            quality_change=fair["pseudo_perplexity"] / plain["pseudo_perplexity"] - 1,
            test=measured["fair_against_plain"],
            gap=teacher["gap"],
            scored=SCORED_SENTENCES,
            answers="\n".join(f"| {sentence} | {', '.join(words)} |" for sentence, words in answers),
        )
    )


def _source(name: str, counts: dict[str, int], figures: dict[str, float] | None) -> str:
    """One row of the text; without figures where none of it is held out."""
    reached = f"{figures['perplexity']:.1f} | {figures['top1']:.3f}" if figures else "|"
    return f"| {name} | {counts['sentences']:,} | {counts['held_out']:,} | {reached} |"


def trainings(report: dict[str, Any]) -> int:
    """How often a teacher was trained."""
    return 1 + (trainings(report["before"]) if "before" in report else 0)


def _stages(report: dict[str, Any]) -> list[str]:
    """One sentence for each training of the teacher, the first one first."""
    earlier = _stages(report["before"]) if "before" in report else []
    if "share" in report:
        return [
            *earlier,
            "The average of the weights after the last training and of those after training {earlier}, which "
            "have {share:.0%} in it (Wortsman et al. 2022).".format(**report),
        ]
    often = "".join(f"; {what} {times} times in a pass" for what, times in report.get("times", {}).items())
    if "times" in report:
        often += "; glosses with articles"
    return [
        *earlier,
        "{steps:,} steps, {tokens:,} tokens ({epochs:.2f} epochs) in {minutes:.0f} minutes on {on}; "
        "{batch_tokens} tokens a step, {mask_rate:.0%} of them chosen ({masked:.0%} masked, {random:.0%} "
        "random words, the rest kept); learning rate {learning_rate:g}, of the head {head_learning_rate:g}; "
        "warm-up {warmup:.0%}, weight decay {weight_decay}, seed {seed}{often}.".format(
            often=often, **report
        ),
    ]


def _row(name: str, figures: dict[str, Any]) -> str:
    gap = Summary(**figures["gap"])
    return (
        f"| {name} | {figures['masked']['perplexity']:.1f} | {figures['masked']['top1']:.3f} "
        f"| {figures['as_in_training']['perplexity']:.1f} | {figures['as_in_training']['top1']:.3f} "
        f"| {figures['pseudo_perplexity']:.2f} | {gap.mean_absolute:.3f} "
        f"| {gap.absolute_low:.3f} to {gap.absolute_high:.3f} | {gap.mass:.3f} "
        f"| {figures['everyday']['first']} / {figures['everyday']['within_five']} |"
    )


def _student(name: str, report: dict[str, Any]) -> str:
    config = json.dumps(report["config"], indent=2)
    minutes = report["seconds"] / 60
    return (
        f"**{name}**: {report['steps']:,} steps, {report['tokens']:,} tokens, {minutes:.1f} minutes.\n\n"
        f"```json\n{config}\n```"
    )
