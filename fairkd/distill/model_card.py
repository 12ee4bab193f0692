"""Store a student as an ordinary model folder, with a model card from `resources/model_card.md`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from string import Template

import yaml
from safetensors import SafetensorError
from transformers.utils import logging as transformers_logging

from fairkd.constraints import CORRECTIONS, constraint_kind
from fairkd.corpora import HeldOutText
from fairkd.distill.config import Config
from fairkd.distill.group_words import GroupWords, group_words_sentence
from fairkd.distill.student import width_in_words
from fairkd.errors import FairKDError
from fairkd.measures import MEASURES, cost_sentence
from fairkd.models import MaskedLM

CARD = "README.md"


@dataclass(frozen=True)
class CardData:
    """What a model card reports: how the student was trained, and the measures of both models by key.

    `held_out` is the text that the student was evaluated on, if not a part of the same one. `costs` are by
    the keys of `fairkd.measures.COSTS`; empty before they are measured. `vocabulary` says what another
    vocabulary than the teacher's means; it is empty for the same.
    """

    config: Config
    corpus: str
    licence: str | None
    steps: int
    tokens: int
    seconds: float
    teacher: Mapping[str, float | None]
    student: Mapping[str, float | None]
    held_out: HeldOutText | None = None
    costs: Mapping[str, float | None] = field(default_factory=dict)
    vocabulary: str = ""
    group_words: GroupWords = field(default_factory=dict)
    languages: tuple[str, ...] = ()  # of the teacher, as its card has them


def save(student: MaskedLM, data: CardData, folder: Path) -> Path:
    """Write weights, tokenizer and model card; `pipeline("fill-mask", folder)` and `fairkd` load them.

    A folder beside it is written first and then takes its place. Raises FairKDError if the disk is full.
    """
    beside = folder.with_name(f"{folder.name}.writing")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        config = student.model.config
        if hasattr(config, "fairkd_shares"):
            del (
                config.fairkd_shares
            )  # an embedded model shares tensors with its teacher; this one is stored whole
        with _no_bars():
            student.model.save_pretrained(beside)
        student.tokenizer.save_pretrained(beside)
        write_card(data, beside)
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise FairKDError(
            f"The model cannot be written to {folder} ({error}). Free some space and resume the run."
        ) from error
    return folder


def write_card(data: CardData, folder: Path) -> None:
    """Write the model card into a model's folder."""
    (folder / CARD).write_text(card(data), encoding="utf-8")


@contextmanager
def _no_bars() -> Iterator[None]:
    """Hide the progress bar of transformers, which would disturb ours."""
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if bars:
            transformers_logging.enable_progress_bar()


def card(data: CardData) -> str:
    """The model card in Markdown: teacher, text, constraint, measures, limits, settings."""
    config, held_out = data.config, data.held_out
    words, size = group_words_sentence(data.group_words), cost_sentence(data.costs)
    settings = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
    return template().substitute(
        teacher=config.teacher,
        student=" ".join(part for part in (student_fact(config), data.vocabulary) if part),
        constraint=teaching_fact(config, data.group_words),
        languages=yaml.safe_dump({"language": list(data.languages)}) if data.languages else "",
        text=data.corpus,
        group_words=f"- Balanced words: {words}\n" if words else "",
        licence=_licence(data.licence),
        held_out=f"- Held-out text: {held_out.name} ({_licence(held_out.licence)})\n" if held_out else "",
        evaluated=f"sentences of {held_out.name}" if held_out else "held-out sentences of the same text",
        steps=f"{data.steps:,}",
        tokens=f"{data.tokens:,}",
        minutes=f"{data.seconds / 60:.1f}",
        seed=config.seed,
        costs=f"- Size and speed: {size}\n" if size else "",
        contrast=config.evaluation.groups().name,
        measures="\n".join(_rows(data)),
        settings=settings.rstrip(),
    )


def _licence(licence: str | None) -> str:
    return f"licence {licence}" if licence else "FairKD does not know its licence"


def template() -> Template:
    """The shipped text of the card."""
    return Template((files("fairkd") / "resources" / "model_card.md").read_text(encoding="utf-8"))


def student_fact(config: Config) -> str:
    """How the student began, in one or two sentences."""
    student = config.student
    match student.kind:
        case "layers":
            start = f"It began as its teacher's layers {', '.join(map(str, student.layers or ()))} and head."
        case "fresh":
            start = f"It began untrained, {student.hidden_layers} layers of {width_in_words(student)}."
            if student.tokenizer is not None:
                start += f" Its tokenizer is that of {student.tokenizer}."
        case "existing":
            start = f"It began as {student.reference}."
    frozen = student.freeze_embeddings and student.kind != "fresh"
    trimmed = student.vocabulary == "text"
    return (
        start
        + (" Its embeddings were not trained." if frozen else "")
        + (" Its vocabulary is trimmed to the training text." if trimmed else "")
    )


def teaching_fact(config: Config, group_words: GroupWords | None = None) -> str:
    """What the student learnt from, in a few sentences.

    `group_words` has the words of token pairs; without it their ids are named.
    """
    sentences = [_teaching(config, group_words or {})]
    correction = config.correction
    if correction.kind != "none":
        facts = CORRECTIONS[correction.kind]
        sentences.append(
            f"The teacher was corrected before, at the scope {correction.scope}: {facts.label} "
            f"(`{correction.kind}`, {facts.source}). {facts.explanation} Its measures, and those that "
            "compare the student with it, are of the teacher without the correction."
        )
    if config.student.dropout or config.student.attention_dropout:
        sentences.append(
            f"It was trained with a dropout of {config.student.dropout:g} in its hidden states and "
            f"{config.student.attention_dropout:g} in its attention."
        )
    if config.corpus.cda:
        sentences.append("Gendered sentences were also learnt with he and she swapped.")
    return " ".join(sentences)


def _teaching(config: Config, group_words: GroupWords) -> str:
    """What the student learnt from its teacher's distributions."""
    constraint = config.constraint
    if constraint.kind == "none" and not config.objective.kd:
        return "It learnt from the text alone: the distillation loss had no weight."
    if constraint.kind == "none":
        return "It learnt from its teacher's distributions without a fairness constraint."
    if constraint.token_pairs is not None:
        words = f"the pairs of tokens {_pairs(constraint.token_pairs, group_words)}"
    elif constraint.words is not None:
        words = "words of its own"
    else:
        words = f"the word groups `{constraint.contrast}`"
    return (
        f"It learnt from its teacher's distributions under the constraint `{constraint.kind}` on {words} "
        f"(strength {constraint.strength:g}, scope {constraint.scope}). "
        + constraint_kind(constraint.kind).explain(constraint.shares)
    )


def _pairs(ids: Sequence[Sequence[int]], group_words: GroupWords) -> str:
    """Pairs of tokens as words: "he / she, his / her"."""
    strings = [tuple(words) for words in group_words.values()]
    same = bool(strings) and all(len(one) == len(ids) for one in strings)
    return ", ".join(" / ".join(map(str, pair)) for pair in (zip(*strings, strict=True) if same else ids))


def _rows(data: CardData) -> Iterator[str]:
    """A row for each measure that one of the models has."""
    for measure in MEASURES.values():
        if measure.key == "kl_constrained" and data.config.constraint.kind == "none":
            continue  # equal to the KL to the teacher
        models = (data.student, data.teacher)
        if any(values.get(measure.key) is not None for values in models):
            cells = [measure.format_with_interval(values) for values in models]
            yield f"| {measure.label} | {' | '.join(cells)} | {measure.sample_size(data.student)} |"
