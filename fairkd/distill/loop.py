"""The loop of a run: steps until the budget is spent, with evaluations and checkpoints in between.

Every process runs it; the first alone evaluates, writes and emits. What is decided by the clock is decided by
the first process's.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list

from fairkd.distill import checkpoints
from fairkd.distill.evaluation import Evaluator, Measures
from fairkd.distill.lr_schedule import schedule
from fairkd.distill.model_card import CardData, save
from fairkd.distill.precision import wait_for
from fairkd.distill.run_state import Clock, RunState
from fairkd.distill.setup import TrainingSetup
from fairkd.distill.trainer import PARTS, Counts, Prepared, as_numbers
from fairkd.errors import FairKDError, InputError

Event = dict[str, Any]
Emit = Callable[[Event], object]
Stop = Callable[[], bool]

# The next evaluation waits until training has taken this many times as long as the last one.
TRAINING_PER_EVALUATION = 9


@dataclass(frozen=True)
class Outcome:
    """How a run ended; `held_out` holds the last evaluation's measures, `seconds` those of training."""

    state: Literal["finished", "cancelled"]
    steps: int
    tokens: int
    seconds: float
    held_out: Measures
    model: Path | None


class Loop:
    """One stretch of a run, from its start or a checkpoint until it ends or is stopped."""

    def __init__(
        self, setup: TrainingSetup, folder: Path, accelerator: Accelerator, emit: Emit, stop: Stop
    ) -> None:
        """`emit` is called by every process, and does nothing on all but the first."""
        self.setup, self.folder, self.accelerator, self.stop = setup, folder, accelerator, stop
        self.config, self.trainer, self.feed = setup.config, setup.trainer, setup.feed
        self.first = accelerator.is_main_process
        self.evaluator = Evaluator(
            setup.teacher,
            setup.student,
            setup.constraint,
            self.config.evaluation,
            setup.held_out,
        )
        self.progress = RunState(text=setup.text, models=setup.models())
        self._emit = emit
        self._sums: dict[str, torch.Tensor] = {}
        self._summed = 0
        self._evaluation_took = 0.0

    def run(self) -> Outcome:
        """Go on from the newest checkpoint, or begin, and work until the end."""
        resumed = self._resume()
        self._announce(resumed)
        self.clock = Clock(self.progress.seconds)
        if self.first and not self.stop():
            if self.progress.teacher is None:
                self._measure_teacher()
            if self.progress.evaluated_step < 0:
                self._evaluate()
        self.clock.go_on()
        sentence, cancelled = self._steps()
        self.clock.pause()
        return self._end(sentence, cancelled)

    # --- the loop ---

    def _steps(self) -> tuple[str | None, bool]:
        """Step after step until the run ends: why it ended early, if so, and whether it was cancelled."""
        settings, now = self.config.optimizer, self.progress
        while True:
            prepared = self._next_batches()
            totals, seconds, stopped, reached = self._agree(prepared)
            done = self._done(seconds) if now.steps else 0.0  # the shortest run takes one step
            if stopped or reached or done >= 1:
                self.feed.place = now.place  # what was read ahead counts as unread
                return (self._reached() if reached else None), stopped and not reached and done < 1
            rate = settings.learning_rate * schedule(done, settings.warmup, settings.schedule)
            losses = self.trainer.step(prepared, totals, rate)
            now.steps += 1
            now.tokens += round(totals.tokens)
            now.place = self.feed.place
            self._add(losses)
            if now.steps % self.config.log_every == 0:
                self._report(rate)
            if self.first:
                self._pause_where_due()

    def _next_batches(self) -> list[Prepared]:
        """This process's batches of the next step; the processes take turns in the common order."""
        processes = self.accelerator.num_processes
        batches = self.feed.take(
            self.config.optimizer.gradient_accumulation * processes,
            every=processes,
            first=self.accelerator.process_index,
        )
        return self.trainer.prepare(batches)

    def _agree(self, prepared: list[Prepared]) -> tuple[Counts, float, bool, bool]:
        """What all know before a step: positions, seconds, whether to stop, whether to end early."""
        own = sum((batch.counts for batch in prepared), Counts())
        signals = [
            *own.all,
            self.clock.seconds if self.first else 0.0,
            float(self.stop()),
            float(self.first and self._reached() is not None),
        ]
        if self.accelerator.num_processes > 1:
            mine = torch.tensor(signals, dtype=torch.float64, device=self.trainer.device)
            signals = self.accelerator.reduce(mine, reduction="sum").tolist()
        return Counts(*signals[:4]), signals[4], signals[5] > 0, signals[6] > 0

    def _done(self, seconds: float) -> float:
        """The part of the budget that is spent, 1 or more at the end."""
        budget = self.config.budget
        if budget.steps is not None:
            return self.progress.steps / budget.steps
        return seconds / 60 / (budget.minutes or 1)

    def _reached(self) -> str | None:
        """The sentence with which a run ends early: the gap is small, and nothing else has suffered.

        A gap between words that a student hardly ever expects says nothing, so their mass must be there, too.
        """
        budget, now = self.config.budget, self.progress
        measured, teacher = now.held_out, now.teacher or {}
        plain = budget.stop_plain or now.quality_at_start
        if budget.stop_gap is None or measured is None or plain is None or now.evaluated_step < 1:
            return None
        gap, quality, mass = (
            measured[name] for name in ("gap_absolute", "pseudo_perplexity_sampled", "gap_mass")
        )
        if gap is None or quality is None or mass is None:
            return None
        if gap >= budget.stop_gap or quality > plain * (1 + budget.stop_quality):
            return None
        if mass < budget.stop_mass * (teacher.get("gap_mass") or 0.0):
            return None
        what = "of the plain student" if budget.stop_plain else "at the start"
        return (
            f"Ended early at step {now.steps}: the mean absolute gap is {gap:.2f} nats, below "
            f"{budget.stop_gap:g}, with a pseudo-perplexity of {quality:.1f} ({plain:.1f} {what})."
        )

    # --- what is said ---

    def emit(self, kind: str, **values: Any) -> None:
        self._emit({"type": kind, "time": time.time(), "step": self.progress.steps, **values})

    def say(self, text: str) -> None:
        self.emit("message", text=text)

    def _announce(self, resumed: int | None) -> None:
        parameters = list(self.setup.student.model.parameters())
        self.emit(
            "start",
            resumed_from=resumed,
            steps=self.config.budget.steps,
            minutes=self.config.budget.minutes,
            world_size=self.accelerator.num_processes,
            device=str(self.trainer.device),
            precision=self.trainer.precision,
            threads=torch.get_num_threads(),
            sentences=len(self.setup.corpus.training),
            layers=self.config.student.layers if self.config.student.kind == "layers" else None,
            parameters=sum(p.numel() for p in parameters),
            trained_parameters=sum(p.numel() for p in self.trainer.named.values()),
        )

    def _add(self, losses: Mapping[str, torch.Tensor]) -> None:
        """Add a step's losses up, on the device: reading them here would make it wait."""
        self._sums = {name: losses[name] + self._sums.get(name, 0.0) for name in PARTS}
        self._summed += 1

    def _report(self, rate: float) -> None:
        """The mean losses since the last report, as a train event."""
        now = self.progress
        means = {
            name: value / self._summed for name, value in as_numbers(self._sums, self.accelerator).items()
        }
        if not math.isfinite(means["loss"]):
            raise self._diverged()
        self._sums, self._summed = {}, 0
        weights, seconds = self.trainer.weights, self.clock.seconds
        done = min(1.0, self._done(seconds))
        used = {"kd": weights.kd, "hidden": weights.hidden, "group": weights.group}
        self.emit(
            "train",
            epoch=now.place.epoch,
            tokens=now.tokens,
            seconds=seconds,
            progress=done,
            seconds_left=seconds * (1 - done) / done * self.clock.stretch(),
            learning_rate=rate,
            tokens_per_second=now.tokens / seconds,
            **{name: None if used.get(name) == 0 else value for name, value in means.items()},
        )

    def _check(self) -> None:
        """Before anything is made of the weights: FairKDError where they, or the losses, are no numbers.

        The weights are the same in every process, its losses are each one's own.
        """
        numbers = [*self._sums.values(), *(parameter.detach() for parameter in self.trainer.named.values())]
        if not all(bool(torch.isfinite(number).all()) for number in numbers):
            raise self._diverged()

    def _diverged(self) -> FairKDError:
        return FairKDError(
            f"The loss is no number any more at step {self.progress.steps}: start again with a smaller "
            "optimizer.learning_rate."
        )

    # --- evaluations and checkpoints: the first process's work ---

    def _pause_where_due(self) -> None:
        now, evaluation, checkpoint = self.progress, self.config.evaluation, self.config.checkpoint
        seconds = self.clock.seconds
        if evaluation.every_steps is not None:
            evaluate = now.steps % evaluation.every_steps == 0
        else:
            wait = max(evaluation.every_seconds, TRAINING_PER_EVALUATION * self._evaluation_took)
            evaluate = seconds - now.evaluated_seconds >= wait
        if checkpoint.every_steps is not None:
            store = now.steps % checkpoint.every_steps == 0
        else:
            store = seconds - now.saved_seconds >= checkpoint.every_seconds
        if not (evaluate or store):
            return
        wait_for(self.trainer.device)  # what was computed for training is training time
        self.clock.pause()
        self._check()
        if evaluate:
            self._evaluate()
        if store:
            self._checkpoint()
        self.clock.go_on()

    def _measure_teacher(self) -> None:
        """Once, at the start: what the student is compared with."""
        self.progress.teacher = self.evaluator.teacher_measures()
        self.emit("teacher", **self.progress.teacher)
        if (missing := self.evaluator.missing) is not None:
            if self.config.budget.stop_gap is not None:
                raise InputError(f"budget.stop_gap needs a gap, which cannot be measured here: {missing}")
            self.say(f"Gaps cannot be measured with this tokenizer: {missing}")
        if (
            self.config.budget.stop_gap is not None
            and self.progress.teacher["pseudo_perplexity_sampled"] is None
        ):
            raise InputError(
                "budget.stop_gap needs held-out sentences to see that quality does not suffer, but "
                f"{self.setup.corpus.name} has none: choose a larger text, or leave the setting out."
            )
        for watched_sentence in self.evaluator.watched_sentences(self.setup.teacher):
            self.emit("watched_sentence", model="teacher", **watched_sentence)

    def _evaluate(self) -> None:
        begin, now = time.monotonic(), self.progress
        measured = self.evaluator.student_measures()
        if now.steps and any(value is not None and math.isnan(value) for value in measured.values()):
            raise self._diverged()  # of weights so large that the losses to come are no numbers
        now.held_out = measured
        now.evaluated_step, now.evaluated_seconds = now.steps, self.clock.seconds
        if not now.steps:
            now.quality_at_start = measured["pseudo_perplexity_sampled"]
        self.emit("evaluation", tokens=now.tokens, seconds=now.evaluated_seconds, **measured)
        for watched_sentence in self.evaluator.watched_sentences(self.setup.student):
            self.emit("watched_sentence", model="student", **watched_sentence)
        self._evaluation_took = time.monotonic() - begin

    def _checkpoint(self) -> None:
        now = self.progress
        now.seconds = now.saved_seconds = self.clock.seconds
        path = checkpoints.write(
            self.folder / "checkpoints",
            now.steps,
            now.state(),
            checkpoints.pack(self.trainer.named, self.trainer.optimizer),
            keep=self.config.checkpoint.keep,
        )
        now.saved_step = now.steps
        self.emit("checkpoint", path=str(path))

    def _resume(self) -> int | None:
        """Go back to the newest sound checkpoint, if there is one: its step."""
        # The first process's to read: the folder is on its machine, and the others may be on other machines.
        newest = checkpoints.newest(self.folder / "checkpoints", self.say) if self.first else None
        told: list[Any] = [newest, self.trainer.precision]
        if self.accelerator.num_processes > 1:
            broadcast_object_list(told)
        found, self.trainer.precision = told
        if found is None:
            self.progress.precision = self.trainer.precision
            return None
        checkpoints.unpack(found.tensors, self.trainer.named, self.trainer.optimizer)
        text, models = self.progress.text, self.progress.models
        self.progress = RunState.of(found.state)
        if self.progress.text not in (None, text):
            raise FairKDError(
                f"The text of {self.setup.corpus.name} is not the one that the run began with: put that back "
                "to go on with the run, or start a new one."
            )
        if self.progress.models not in (None, models):
            raise FairKDError(
                f"The weights of {self.config.teacher}, or of what the student began as, are not those that "
                "the run began with: put those back to go on with the run, or start a new one."
            )
        self.progress.text, self.progress.models = text, models
        self.trainer.precision = self.progress.precision = self.progress.precision or self.trainer.precision
        self.progress.saved_step = self.progress.steps
        self.feed.place = self.progress.place
        return found.step

    def _end(self, sentence: str | None, cancelled: bool) -> Outcome:
        """Evaluate, store and save what the run has come to."""
        now, model = self.progress, self.folder / "model"
        now.seconds = self.clock.seconds
        self._check()
        if self.first:
            if not cancelled and now.evaluated_step != now.steps:
                self._evaluate()
            if now.saved_step != now.steps:
                self._checkpoint()
            if not cancelled:
                save(self.setup.student, self._card_data(), model)
        self.accelerator.wait_for_everyone()
        state: Literal["finished", "cancelled"] = "cancelled" if cancelled else "finished"
        self.emit("end", state=state, tokens=now.tokens, seconds=now.seconds, sentence=sentence)
        return Outcome(
            state=state,
            steps=now.steps,
            tokens=now.tokens,
            seconds=now.seconds,
            held_out=now.held_out or {},
            model=None if cancelled else model,
        )

    def _card_data(self) -> CardData:
        now = self.progress
        return CardData(
            config=self.config,
            corpus=self.setup.corpus.name,
            licence=self.setup.corpus.licence,
            steps=now.steps,
            tokens=now.tokens,
            seconds=now.seconds,
            sentences=self.evaluator.sentences,
            teacher=now.teacher or {},
            student=now.held_out or {},
        )
