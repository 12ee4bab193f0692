"""How long a run takes and how much it reads, from a few seconds of the run itself."""

from __future__ import annotations

import time
from dataclasses import dataclass

from fairkd.corpora import Corpus
from fairkd.distill.config import Config
from fairkd.distill.memory_limits import in_one_sentence
from fairkd.distill.precision import make_accelerator, wait_for
from fairkd.distill.setup import Check, Say, scratch_memory, set_up, threads
from fairkd.distill.trainer import Counts
from fairkd.models import MaskedLM

SENTENCES = 4000


@dataclass(frozen=True)
class Estimate:
    """What the whole budget amounts to on this machine: training alone, without evaluations.

    `tokens` count the swapped sentences, too; `epochs` say how often the text itself is read.
    """

    tokens_per_second: float
    steps: int
    tokens: int
    seconds: float
    epochs: float


def estimate(
    config: Config,
    *,
    teacher: MaskedLM | None = None,
    corpus: Corpus | None = None,
    seconds: float = 8,
    say: Say | None = None,
    check: Check | None = None,
) -> Estimate:
    """Train a student that is thrown away for about `seconds` and reckon up the budget from its speed.

    The first step, which warms everything up, does not count. `say` is told what is being read, `check` is
    called from time to time, and may raise to give it up. Raises what `train` would raise before its
    first step.
    """
    with in_one_sentence(), threads(config.threads), scratch_memory():
        setup = set_up(
            config,
            accelerator=make_accelerator(),
            teacher=teacher,
            corpus=corpus,
            most=SENTENCES,
            say=say,
            check=check,
        )
        trainer, feed = setup.trainer, setup.feed
        steps, tokens, begin = -1, 0.0, time.monotonic()
        while steps < 1 or time.monotonic() - begin < seconds:
            if check is not None:
                check()
            prepared = trainer.prepare(feed.take(config.optimizer.gradient_accumulation))
            totals = sum((batch.counts for batch in prepared), Counts())
            trainer.step(prepared, totals, 0.0)
            wait_for(trainer.device)
            steps += 1
            if steps:
                tokens += totals.tokens
            else:
                begin = time.monotonic()
        took = time.monotonic() - begin
    budget = config.budget
    all_steps = budget.steps or max(1, round((budget.minutes or 0) * 60 * steps / took))
    all_tokens = tokens / steps * all_steps
    # The trial reads a part of the text; a batch holds as many sentences of the whole.
    trial = feed.stream
    once = len(trial.epoch(0)) * len(setup.corpus.training) / len(trial.sentences)
    return Estimate(
        tokens_per_second=tokens / took,
        steps=all_steps,
        tokens=round(all_tokens),
        seconds=all_steps * took / steps,
        epochs=all_steps * config.optimizer.gradient_accumulation / once,
    )
