"""How long a run takes and how much text it reads, estimated from a few seconds of training."""

from __future__ import annotations

import time
from dataclasses import dataclass

from fairkd.corpora import Corpus
from fairkd.distill.config import Config
from fairkd.distill.fitted_start import fit_seconds
from fairkd.distill.memory_limits import explain_lack_of_memory
from fairkd.distill.precision import make_accelerator, synchronize, use_threads
from fairkd.distill.prepared_batch import PositionCounts
from fairkd.distill.setup import CheckCancelled, Notify, scratch_buffers, set_up
from fairkd.models import MaskedLM

SENTENCES = 4000  # that the trial reads


@dataclass(frozen=True)
class Estimate:
    """What the whole budget amounts to on this machine, training only, without evaluations.

    `seconds` include the `fit_seconds` in which copied layers are fitted before the first step, as a budget
    in minutes does. Nothing is taken off for what a cache may hold already: the fitted layers, or the
    teacher's states. So a run may be faster, above all from its second pass through the text on.

    `tokens` include swapped sentences. `epochs` says how often the text itself is read.
    """

    tokens_per_second: float
    steps: int
    tokens: int
    seconds: float
    epochs: float
    fit_seconds: float


def estimate(
    config: Config,
    *,
    teacher: MaskedLM | None = None,
    corpus: Corpus | None = None,
    seconds: float = 8,
    notify: Notify | None = None,
    check_cancelled: CheckCancelled | None = None,
) -> Estimate:
    """Train a throw-away student for about `seconds`, and extrapolate its speed to the whole budget.

    The first step, which warms everything up, does not count. `notify` is called with messages about the
    text. `check_cancelled` is called from time to time, and may raise to cancel the estimate. Raises the same
    errors as `train` before its first step.
    """
    with explain_lack_of_memory(), use_threads(config.threads), scratch_buffers():
        setup = set_up(
            config,
            accelerator=make_accelerator(),
            teacher=teacher,
            corpus=corpus,
            max_sentences=SENTENCES,
            notify=notify,
            check_cancelled=check_cancelled,
        )
        trainer, loader = setup.trainer, setup.loader
        steps, tokens, begin = -1, 0.0, time.monotonic()
        while steps < 1 or time.monotonic() - begin < seconds:
            if check_cancelled is not None:
                check_cancelled()
            batches = trainer.prepare(loader.take(config.optimizer.gradient_accumulation))
            totals = sum((batch.counts for batch in batches), PositionCounts())
            trainer.step(batches, totals, 0.0)
            synchronize(trainer.device)
            steps += 1
            if steps:
                tokens += totals.tokens
            else:
                begin = time.monotonic()
        elapsed = time.monotonic() - begin
        # The trial reads only a part of the text. Its batches hold as many sentences as those of the whole.
        sampler = loader.sampler
        batches_per_epoch = len(sampler.epoch(0)) * len(setup.corpus.training) / len(sampler.sentences)
        steps_per_epoch = batches_per_epoch / config.optimizer.gradient_accumulation
        fit = 0.0
        if setup.fits_layers:
            copied = setup.config.student.layers or ()
            fit = fit_seconds(trainer, loader, copied, steps_per_epoch * tokens / steps)
    budget = config.budget
    all_steps = budget.steps or max(1, round(((budget.minutes or 0) * 60 - fit) * steps / elapsed))
    all_tokens = tokens / steps * all_steps
    return Estimate(
        tokens_per_second=tokens / elapsed,
        steps=all_steps,
        tokens=round(all_tokens),
        seconds=all_steps * elapsed / steps + fit,
        epochs=all_steps / steps_per_epoch,
        fit_seconds=fit,
    )
