"""Make everything that a run needs from its configuration: models, text, masks, trainer."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from accelerate import Accelerator

from fairkd import corpora, models, swaps
from fairkd.constraints import Constraint
from fairkd.corpora import Corpus
from fairkd.distill import memory
from fairkd.distill.batches import Stream, encode
from fairkd.distill.config import Config
from fairkd.distill.evaluation import spread
from fairkd.distill.feed import Counterparts, Feed
from fairkd.distill.student import make_student
from fairkd.distill.trainer import Trainer, constraint_of, masker_of
from fairkd.models import MaskedLM

Say = Callable[[str], None]

SAY_EVERY = 5.0  # seconds


@dataclass(frozen=True, eq=False)
class Setup:
    """A run that is ready to begin; `text` is the digest of the text on both its sides."""

    config: Config
    teacher: MaskedLM
    student: MaskedLM
    constraint: Constraint
    corpus: Corpus
    trainer: Trainer
    feed: Feed
    held_out: list[np.ndarray]
    text: str


def set_up(
    config: Config,
    *,
    accelerator: Accelerator,
    teacher: MaskedLM | None = None,
    corpus: Corpus | None = None,
    most: int | None = None,
    say: Say | None = None,
) -> Setup:
    """Load and prepare what `config` names, or take `teacher` and `corpus` as they are handed in.

    `most` limits the training sentences that are read in, evenly spread, for a short trial. The teacher that
    is handed in stays on its device. Raises FairKDError where something cannot be found or does not fit.
    """
    say = say or (lambda _: None)
    if teacher is None:
        say(f"Loading {config.teacher}")
        teacher = models.load(config.teacher)
    elif accelerator.device.type != "cpu":
        teacher = replace(teacher, model=copy.deepcopy(teacher.model))
    constraint = constraint_of(teacher, config)
    student = make_student(teacher, config.student, seed=config.seed)
    text = corpus or corpora.read(config.corpus.source, column=config.corpus.column, progress=_changes(say))
    training = text.training if most is None else tuple(spread(text.training, most))
    say(f"{text.name}: {len(text.training):,} sentences to learn from, {len(text.held_out):,} held out")
    longest = min(config.corpus.max_tokens, teacher.max_tokens, student.max_tokens)
    tokenizer = teacher.tokenizer
    trainer = Trainer(teacher, student, constraint, config, accelerator)
    stream = Stream(
        encode(tokenizer, training, max_tokens=longest),
        tokens=config.optimizer.micro_batch_tokens,
        seed=config.seed,
        pad_id=tokenizer.pad_token_id or 0,
    )
    counterparts = None
    if config.corpus.swap:
        say("Swapping the held-out sentences, to keep them apart")
        swap = swaps.swapper(text.held_out, teacher, names=config.corpus.swap_names)
        counterparts = Counterparts(training, swap, tokenizer, longest)
    return Setup(
        config=config,
        teacher=teacher,
        student=student,
        constraint=constraint,
        corpus=text,
        trainer=trainer,
        feed=Feed(stream, masker_of(teacher, config), counterparts),
        held_out=encode(tokenizer, text.held_out, max_tokens=longest),
        text=_digest(training, text.held_out),
    )


def _digest(*sides: Sequence[str]) -> str:
    """What tells whether a text is the same again."""
    return hashlib.sha256(json.dumps(sides).encode()).hexdigest()


def _changes(say: Say) -> Callable[[str, float | None], None]:
    """A progress function that says what is new, and from time to time how far it has come."""
    last, when = "", -SAY_EVERY

    def report(message: str, fraction: float | None) -> None:
        nonlocal last, when
        what = re.sub(r"[\d,.]+", "", message)
        if what != last or time.monotonic() - when >= SAY_EVERY:
            last, when = what, time.monotonic()
            say(message)

    return report


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """As many threads as `count` says, until the context ends; None changes nothing."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def scratch_memory() -> Iterator[None]:
    """Gives the large arrays that steps share back when the context ends."""
    try:
        yield
    finally:
        memory.release()
