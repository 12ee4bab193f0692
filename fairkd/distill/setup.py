"""Make everything that a run needs from its configuration: models, text, masks, trainer."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator

from fairkd import augmentation, models
from fairkd.constraints import TokenPairs, group_names
from fairkd.corpora import Corpus
from fairkd.distill.config import Config
from fairkd.distill.data import (
    BatchLoader,
    BatchSampler,
    Counterfactuals,
    Loader,
    Masker,
    PairedLoader,
    PairedMasker,
    encode,
    pair_texts,
)
from fairkd.distill.dropout import set_dropout
from fairkd.distill.evaluation import Evaluator, spread
from fairkd.distill.group_words import (
    GroupWords,
    count_group_words,
    group_words_sentence,
    token_pairs_sentence,
)
from fairkd.distill.losses import Constraints, free_scratch
from fairkd.distill.matched_evaluation import MatchedEvaluator
from fairkd.distill.matched_trainer import MatchedTrainer
from fairkd.distill.memory_limits import explain_lack_of_memory
from fairkd.distill.precision import make_accelerator
from fairkd.distill.run_masks import make_constraint, make_masker, make_paired_masker
from fairkd.distill.run_text import read_text, text_sentences, throttled
from fairkd.distill.student import fits, make_student, settle
from fairkd.distill.teacher_cache import open_cache
from fairkd.distill.teacher_correction import configured_correction, longest_input
from fairkd.distill.tensorboard_curves import require_tensorboard
from fairkd.distill.trainer import Trainer
from fairkd.distill.vocabulary import student_constraint, trim_student
from fairkd.errors import InputError, ModelError
from fairkd.lexicon import fitting, shipped_professions
from fairkd.measures import gaps
from fairkd.models import (
    MaskedLM,
    MatchedVocabularies,
    encode as encode_text,
    trim,
    unknown_head_note,
)

Notify = Callable[[str], object]
CheckCancelled = Callable[[], object]


@dataclass(frozen=True, eq=False)
class TrainingSetup:
    """A run that is ready to start.

    `config` lists the layers that the student keeps. `vocabularies` is None if both models have the same one.
    `max_tokens` is where sentences are cut. `text_digest` identifies the training and held-out text.
    `group_words` says how often the training text, before any swapping, holds the constraint's words.
    """

    config: Config
    teacher: MaskedLM
    student: MaskedLM
    vocabularies: MatchedVocabularies | None
    constraints: Constraints
    corpus: Corpus
    trainer: Trainer
    loader: Loader
    max_tokens: int
    text_digest: str
    group_words: GroupWords

    @property
    def fits_layers(self) -> bool:
        """Whether copied layers are fitted before the first step, which is a way to learn from the teacher.

        So they are not where no loss term needs it.
        """
        return self.trainer.uses_teacher and fits(self.teacher, self.config.student)

    def card_facts(self) -> dict[str, Any]:
        """What a model card says of the text and the teacher, as arguments of `CardData`."""
        return {
            "corpus": self.corpus.name,
            "licence": self.corpus.licence,
            "held_out": self.corpus.held_out_text,
            "group_words": self.group_words,
            "languages": models.card_languages(self.teacher.origin.folder),
        }

    def evaluator(self) -> Evaluator:
        """The evaluator of the student on the held-out text."""
        texts, settings = self.corpus.held_out, self.config.evaluation
        if self.vocabularies is None:
            held_out = encode(self.teacher.tokenizer, texts, max_tokens=self.max_tokens)
            return Evaluator(self.teacher, self.student, self.constraints.teacher, settings, held_out)
        pairs = pair_texts(self.teacher, self.student, texts, max_tokens=self.max_tokens)
        return MatchedEvaluator(self.vocabularies, self.constraints, settings, pairs)

    def frozen_digest(self) -> str:
        """The digest of all weights that are not trained: the teacher's, and the student's frozen ones."""
        digest = hashlib.sha256()
        trained = {id(parameter) for parameter in self.trainer.trainable.values()}
        for lm in (self.teacher, self.student):
            for name, parameter in lm.model.named_parameters():
                if id(parameter) not in trained:
                    digest.update(name.encode())
                    numbers = parameter.detach().cpu().contiguous().flatten()
                    digest.update(numbers.view(torch.uint8).numpy().data)
        return digest.hexdigest()

    @contextmanager
    def keeping_teacher_states(self, rank: int, notify: Notify) -> Iterator[None]:
        """Until the context ends, the trainer reads and keeps what the teacher's encoder gives.

        `rank` is the process's number. Raises InputError if FAIRKD_CACHE_GB is no number.
        """
        if not (self.config.teacher_cache and self.trainer.uses_teacher):
            yield
            return
        if self.trainer.relations is not None:
            notify("The teacher's states are not kept: the relation loss needs its attention layers, too.")
            yield
            return
        cache = self.trainer.teacher_cache = open_cache(
            self.teacher,
            self.config,
            text=self.corpus.name,
            text_digest=self.text_digest,
            precision=self.trainer.precision,
            rank=rank,
            notify=notify,
        )
        try:
            yield
        finally:
            self.trainer.teacher_cache = None
            if cache is not None:
                cache.close()


@dataclass(frozen=True, eq=False)
class PreparedModels:
    """What a run needs beside its text. `config` lists the layers that the student keeps.

    `vocabularies` is None if both models have the same one.
    """

    config: Config
    teacher: MaskedLM
    student: MaskedLM
    vocabularies: MatchedVocabularies | None
    constraints: Constraints
    masker: Masker | PairedMasker
    trainer: Trainer


def check(config: Config, *, teacher: MaskedLM | None = None, notify: Notify | None = None) -> None:
    """Raise FairKDError if a run with these settings cannot work, whatever its text is.

    Loads the models and makes the student as the run would. `teacher` stands in for the one that `config`
    names, and stays on its device. `notify` is called with messages as those of the run.
    """
    with explain_lack_of_memory(), scratch_buffers():
        prepare_models(config, accelerator=make_accelerator(), teacher=teacher, notify=notify, fit=False)


def prepare_models(
    config: Config,
    *,
    accelerator: Accelerator,
    teacher: MaskedLM | None = None,
    notify: Notify | None = None,
    fit: bool = True,
) -> PreparedModels:
    """Load the teacher, make the student and the trainer, and try a training step on a tiny input.

    Raises FairKDError if anything of it cannot work, before any text is read. Without `fit`, a correction of
    the teacher is only checked, since to fit it takes time.
    """
    notify = notify or (lambda _: None)
    if config.tensorboard and accelerator.is_main_process:
        require_tensorboard()
    if teacher is None:
        notify(f"Loading {config.teacher}")
        teacher = models.load(config.teacher)
    elif accelerator.device.type != "cpu":
        teacher = replace(teacher, model=copy.deepcopy(teacher.model))
    _refuse_decoders(teacher)
    constraint = make_constraint(teacher, config)
    correction = configured_correction(teacher, config, fit=fit, notify=notify)
    settings, choice = settle(teacher, config.student)
    if choice is not None:
        notify(choice)
    config = config.model_copy(update={"student": settings})
    student = make_student(teacher, settings, seed=config.seed)
    if (note := set_dropout(student.model, settings)) is not None:
        notify(note)
    _refuse_decoders(student)
    _check_evaluation(teacher, config)
    trainer: Trainer
    masker: Masker | PairedMasker
    if student.vocabulary == teacher.vocabulary:
        vocabularies, constraints = None, Constraints(constraint, constraint)
        masker = make_masker(teacher, config)
        trainer = Trainer(teacher, student, constraint, config, accelerator, correction=correction)
        if settings.vocabulary == "text":
            trim(student, [])  # what cannot be trimmed is known before the text is read
    else:
        vocabularies = MatchedVocabularies(teacher, student)
        constraints = student_constraint(config, constraint, vocabularies)
        masker = make_paired_masker(vocabularies, config)
        trainer = MatchedTrainer(vocabularies, constraints, config, accelerator, correction=correction)
    if trainer.relations is not None:
        notify(trainer.relations.sentence)
    for lm in (teacher, student):
        if (note := unknown_head_note(lm)) is not None:
            notify(note)
    trainer.try_step()
    return PreparedModels(config, teacher, student, vocabularies, constraints, masker, trainer)


def _trimmed(
    ready: PreparedModels, training: Sequence[np.ndarray], accelerator: Accelerator
) -> tuple[PreparedModels, list[np.ndarray]]:
    """The same with the student trimmed to the tokens of `training`, and those in its own numbers."""
    config, constraint = ready.config, ready.constraints.teacher
    student, vocabularies, encoded = trim_student(ready.teacher, ready.student, config, training, constraint)
    constraints = student_constraint(config, constraint, vocabularies)
    trainer = Trainer(
        ready.teacher,
        student,
        constraints.student,
        config,
        accelerator,
        kept=vocabularies.trimmed,
        correction=ready.trainer.correction,
    )
    trimmed = replace(
        ready,
        student=student,
        vocabularies=vocabularies,
        constraints=constraints,
        masker=make_masker(student, config, kept=vocabularies.trimmed),
        trainer=trainer,
    )
    return trimmed, encoded


def _check_evaluation(teacher: MaskedLM, config: Config) -> None:
    """Raise InputError if a watched sentence is too long, or if there is no gap to stop the run by."""
    for text in config.evaluation.watched_sentences:
        encode_text(teacher, text)
    if config.budget.stop_gap is None:
        return
    contrast = config.evaluation.groups()
    professions = shipped_professions()["profession"].tolist()[:2]
    try:
        gaps(
            teacher, contrast=contrast, templates=fitting(contrast)[:1], professions=professions, prior=False
        )
    except InputError as error:
        raise InputError(f"budget.stop_gap needs a gap, which cannot be measured here: {error}") from error


def _refuse_decoders(lm: MaskedLM) -> None:
    if lm.model.config.is_encoder_decoder:
        raise ModelError(
            f"{lm.reference} ({type(lm.model).__name__}) is an encoder-decoder, and only encoders can be "
            "distilled: choose a model such as BERT or RoBERTa."
        )


def set_up(
    config: Config,
    *,
    accelerator: Accelerator,
    teacher: MaskedLM | None = None,
    corpus: Corpus | None = None,
    max_sentences: int | None = None,
    notify: Notify | None = None,
    check_cancelled: CheckCancelled | None = None,
) -> TrainingSetup:
    """Load and prepare what a run needs.

    Parameters
    ----------
    config
        All settings.
    accelerator
        The process and device to train on.
    teacher, corpus
        Stand in for what `config` names. The teacher stays on its device.
    max_sentences
        Use at most this many training sentences, evenly spread: for a short trial.
    notify
        Called with a message about each part of the work.
    check_cancelled
        Called from time to time. It may raise to cancel the setup.

    Raises
    ------
    FairKDError
        If something cannot be found or does not fit.
    """
    notify, check_cancelled = notify or (lambda _: None), check_cancelled or (lambda: None)
    progress = throttled(notify, check_cancelled)
    check_cancelled()
    ready = prepare_models(config, accelerator=accelerator, teacher=teacher, notify=notify)
    config, teacher, student = ready.config, ready.teacher, ready.student
    text = corpus or read_text(config, progress)
    training = text.training if max_sentences is None else tuple(spread(text.training, max_sentences))
    for sentence in text_sentences(text, len(training)):
        notify(sentence)
    longest = min(
        config.corpus.max_tokens, longest_input(teacher, ready.trainer.correction), student.max_tokens
    )
    check_cancelled()
    encoded = encode(student.tokenizer, training, max_tokens=longest)
    words = config.constraint.balanced()
    if isinstance(words, TokenPairs) and ready.constraints.teacher.groups:
        notify(token_pairs_sentence(words, teacher, config.evaluation.groups().name))
    names = group_names(teacher, words)
    group_words = count_group_words(student, ready.constraints.student, names, encoded)
    if group_words:
        notify(group_words_sentence(group_words))
    if config.student.vocabulary == "text":
        ready, encoded = _trimmed(ready, encoded, accelerator)
        student = ready.student
    elif isinstance(ready.masker, PairedMasker):
        others = encode(teacher.tokenizer, training, max_tokens=longest)
        encoded = [max(pair, key=len) for pair in zip(encoded, others, strict=True)]
    sampler = BatchSampler(
        encoded,
        tokens=config.optimizer.micro_batch_tokens,
        seed=config.seed,
        pad_id=student.tokenizer.pad_token_id or 0,
    )
    counterfactuals = None
    check_cancelled()
    if config.corpus.cda:
        notify("Swapping the held-out sentences, so that no swapped one is trained on")
        swap = augmentation.swapper(text.held_out, teacher, names=config.corpus.cda_names, progress=progress)
        counterfactuals = Counterfactuals(training, swap, student.tokenizer, longest)
    loader: Loader
    if isinstance(ready.masker, PairedMasker):
        loader = PairedLoader(sampler, ready.masker, training, counterfactuals, max_tokens=longest)
    else:
        loader = BatchLoader(sampler, ready.masker, counterfactuals)
    return TrainingSetup(
        config=config,
        teacher=teacher,
        student=student,
        vocabularies=ready.vocabularies,
        constraints=ready.constraints,
        corpus=text,
        trainer=ready.trainer,
        loader=loader,
        max_tokens=longest,
        text_digest=_digest(training, text.held_out),
        group_words=group_words,
    )


def _digest(*texts: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


@contextmanager
def scratch_buffers() -> Iterator[None]:
    """Free the scratch buffers that steps share when the context ends."""
    try:
        yield
    finally:
        free_scratch()
