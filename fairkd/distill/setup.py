"""Make everything that a run needs from its configuration: models, text, masks, trainer."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from accelerate import Accelerator

from fairkd import augmentation, corpora, models
from fairkd.constraints import Constraint
from fairkd.corpora import Corpus
from fairkd.distill.config import Config
from fairkd.distill.data import BatchLoader, BatchSampler, Counterfactuals, encode
from fairkd.distill.evaluation import spread
from fairkd.distill.losses import free_scratch
from fairkd.distill.student import kept_layers, make_student
from fairkd.distill.trainer import Trainer, make_constraint, make_masker
from fairkd.models import MaskedLM
from fairkd.utils import Throttle

Notify = Callable[[str], object]
CheckCancelled = Callable[[], object]

REPORT_EVERY = 5.0  # seconds


@dataclass(frozen=True, eq=False)
class TrainingSetup:
    """A run that is ready to start.

    `config` lists the layers that the student keeps. `text_digest` identifies the training and held-out text.
    """

    config: Config
    teacher: MaskedLM
    student: MaskedLM
    constraint: Constraint
    corpus: Corpus
    trainer: Trainer
    loader: BatchLoader
    held_out: list[np.ndarray]
    text_digest: str

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
    progress = _throttled(notify, check_cancelled)
    check_cancelled()
    if teacher is None:
        notify(f"Loading {config.teacher}")
        teacher = models.load(config.teacher)
    elif accelerator.device.type != "cpu":
        teacher = replace(teacher, model=copy.deepcopy(teacher.model))
    constraint = make_constraint(teacher, config)
    student = make_student(teacher, config.student, seed=config.seed)
    if config.student.kind == "layers":
        kept = {"layers": kept_layers(teacher, config.student)}
        config = config.model_copy(update={"student": config.student.model_copy(update=kept)})
    source = config.corpus
    text = corpus or corpora.read(
        source.source,
        column=source.column,
        split=source.split,
        most=source.max_sentences,
        count_rest=False,
        progress=progress,
    )
    training = text.training if max_sentences is None else tuple(spread(text.training, max_sentences))
    notify(f"{text.name}: {len(text.training):,} training sentences, {len(text.held_out):,} held out")
    if text.skipped:
        notify(f"Skipped: {', '.join(f'{count:,} {reason}' for reason, count in text.skipped.items())}")
    longest = min(config.corpus.max_tokens, teacher.max_tokens, student.max_tokens)
    check_cancelled()
    tokenizer = teacher.tokenizer
    trainer = Trainer(teacher, student, constraint, config, accelerator)
    sampler = BatchSampler(
        encode(tokenizer, training, max_tokens=longest),
        tokens=config.optimizer.micro_batch_tokens,
        seed=config.seed,
        pad_id=tokenizer.pad_token_id or 0,
    )
    counterfactuals = None
    check_cancelled()
    if config.corpus.cda:
        notify("Swapping the held-out sentences, so that no swapped one is trained on")
        swap = augmentation.swapper(text.held_out, teacher, names=config.corpus.cda_names, progress=progress)
        counterfactuals = Counterfactuals(training, swap, tokenizer, longest)
    return TrainingSetup(
        config=config,
        teacher=teacher,
        student=student,
        constraint=constraint,
        corpus=text,
        trainer=trainer,
        loader=BatchLoader(sampler, make_masker(teacher, config), counterfactuals),
        held_out=encode(tokenizer, text.held_out, max_tokens=longest),
        text_digest=_digest(training, text.held_out),
    )


def _digest(*texts: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def _throttled(notify: Notify, check_cancelled: CheckCancelled) -> Callable[[str, float | None], None]:
    """A progress function that passes on new messages at once, and new numbers in them every few seconds."""
    last, throttle = "", Throttle(REPORT_EVERY)

    def progress(message: str, fraction: float | None) -> None:
        nonlocal last
        check_cancelled()
        words = re.sub(r"[\d,.]+", "", message)
        if words != last or throttle.due():
            throttle.restart()
            last = words
            notify(message)

    return progress


@contextmanager
def use_threads(count: int | None) -> Iterator[None]:
    """Compute with `count` threads until the context ends; None changes nothing."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def scratch_buffers() -> Iterator[None]:
    """Free the scratch buffers that steps share when the context ends."""
    try:
        yield
    finally:
        free_scratch()
