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
from fairkd.distill.data import Counterparts, Feed, Stream, encode
from fairkd.distill.evaluation import spread
from fairkd.distill.losses import release
from fairkd.distill.student import kept_layers, make_student
from fairkd.distill.trainer import Trainer, constraint_of, masker_of
from fairkd.models import MaskedLM
from fairkd.utils import Throttle

Say = Callable[[str], None]
Check = Callable[[], None]

SAY_EVERY = 5.0  # seconds


@dataclass(frozen=True, eq=False)
class TrainingSetup:
    """A run that is ready to begin.

    `config` names the layers that the student keeps; `text` is the digest of the text on both its sides.
    """

    config: Config
    teacher: MaskedLM
    student: MaskedLM
    constraint: Constraint
    corpus: Corpus
    trainer: Trainer
    feed: Feed
    held_out: list[np.ndarray]
    text: str

    def models(self) -> str:
        """The digest of the weights that are not trained: the teacher's, and those frozen in the student."""
        digest = hashlib.sha256()
        trained = {id(parameter) for parameter in self.trainer.named.values()}
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
    most: int | None = None,
    say: Say | None = None,
    check: Check | None = None,
) -> TrainingSetup:
    """Load and prepare what `config` names, or take `teacher` and `corpus` as they are handed in.

    `most` limits the training sentences that are read in, evenly spread, for a short trial. The teacher that
    is handed in stays on its device. `check` is called from time to time, and may raise to give it up. Raises
    FairKDError where something cannot be found or does not fit.
    """
    say, check = say or (lambda _: None), check or (lambda: None)
    report = _changes(say, check)
    check()
    if teacher is None:
        say(f"Loading {config.teacher}")
        teacher = models.load(config.teacher)
    elif accelerator.device.type != "cpu":
        teacher = replace(teacher, model=copy.deepcopy(teacher.model))
    constraint = constraint_of(teacher, config)
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
        progress=report,
    )
    training = text.training if most is None else tuple(spread(text.training, most))
    say(f"{text.name}: {len(text.training):,} sentences to learn from, {len(text.held_out):,} held out")
    if text.skipped:
        say(f"Left out: {', '.join(f'{count:,} {reason}' for reason, count in text.skipped.items())}")
    longest = min(config.corpus.max_tokens, teacher.max_tokens, student.max_tokens)
    check()
    tokenizer = teacher.tokenizer
    trainer = Trainer(teacher, student, constraint, config, accelerator)
    stream = Stream(
        encode(tokenizer, training, max_tokens=longest),
        tokens=config.optimizer.micro_batch_tokens,
        seed=config.seed,
        pad_id=tokenizer.pad_token_id or 0,
    )
    counterparts = None
    check()
    if config.corpus.cda:
        say("Swapping the held-out sentences, to keep them apart")
        swap = augmentation.swapper(text.held_out, teacher, names=config.corpus.cda_names, progress=report)
        counterparts = Counterparts(training, swap, tokenizer, longest)
    return TrainingSetup(
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


def _changes(say: Say, check: Check) -> Callable[[str, float | None], None]:
    """A progress function that checks, says what is new, and from time to time how far it has come."""
    last, throttle = "", Throttle(SAY_EVERY)

    def report(message: str, fraction: float | None) -> None:
        nonlocal last
        check()
        what = re.sub(r"[\d,.]+", "", message)
        if what != last or throttle.due():
            throttle.restart()
            last = what
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
        release()
