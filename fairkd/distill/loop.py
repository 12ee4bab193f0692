"""The training loop: steps until the budget is spent, with evaluations and checkpoints in between.

Every process runs it. Only the first one evaluates, writes and emits events. Decisions by time follow the
clock of the first process.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list

from fairkd.distill import checkpoints, evaluation_cache
from fairkd.distill.early_stopping import count_progress, stopping_reason
from fairkd.distill.evaluation import Measures
from fairkd.distill.fitted_start import fit_start
from fairkd.distill.lr_schedule import schedule
from fairkd.distill.matched_evaluation import vocabulary_fact
from fairkd.distill.model_card import CardData
from fairkd.distill.phases import Phase
from fairkd.distill.precision import synchronize
from fairkd.distill.prepared_batch import PositionCounts, PreparedBatch
from fairkd.distill.run_state import Clock, RunState
from fairkd.distill.setup import TrainingSetup
from fairkd.distill.student_costs import save_with_costs
from fairkd.distill.trainer import LOSSES, reduce_losses
from fairkd.errors import FairKDError, InputError

Event = dict[str, Any]
Emit = Callable[[Event], object]
Stop = Callable[[], bool]

# The next evaluation waits until training has taken this many times as long as the last evaluation.
TRAINING_PER_EVALUATION = 9


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `held_out` has the measures of the last evaluation, `seconds` the training time."""

    state: Literal["finished", "cancelled"]
    steps: int
    tokens: int
    seconds: float
    held_out: Measures
    model: Path | None


class TrainingLoop:
    """One session of a run, from its start or a checkpoint until it ends or is stopped."""

    def __init__(
        self, setup: TrainingSetup, folder: Path, accelerator: Accelerator, emit: Emit, stop: Stop
    ) -> None:
        """`emit` is called by every process, and does nothing on all but the first one."""
        self.setup, self.folder, self.accelerator, self.stop = setup, folder, accelerator, stop
        self.config, self.trainer, self.loader = setup.config, setup.trainer, setup.loader
        self.is_first = accelerator.is_main_process
        self.evaluator = setup.evaluator()
        self.state = RunState(text_digest=setup.text_digest, frozen_digest=setup.frozen_digest())
        self._emit = emit
        self._losses: dict[str, torch.Tensor] = {}  # summed since the last train event
        self._summed_steps = 0
        self._evaluation_seconds = 0.0

    def run(self) -> Outcome:
        """Resume from the newest checkpoint, or start anew, and train until the end."""
        resumed = self._resume()
        self._emit_start(resumed)
        if resumed is None and (fact := vocabulary_fact(self.evaluator)):
            self.notify(fact)
        self.clock = Clock(self.state.seconds)
        evaluates = self.is_first and not self.stop()
        if evaluates and self.state.teacher is None:
            self.enter("teacher")
            self._evaluate_teacher()
        with self.setup.keeping_teacher_states(self.accelerator.process_index, self.notify):
            if resumed is None and self.setup.fits_layers:
                self.clock.start()  # it counts as training time
                fit_start(self.trainer, self.loader, self.config.student.layers or (), self.accelerator)
                self.clock.pause()
            if evaluates and self.state.evaluated_step < 0:
                self.enter("student")
                self._evaluate()
            self.enter("training")
            self.clock.start()
            reason, cancelled = self._train()
            self.clock.pause()
        return self._finish(reason, cancelled)

    # --- steps ---

    def _train(self) -> tuple[str | None, bool]:
        """Train until the run ends: the reason of early stopping, if any, and whether it was cancelled."""
        settings, state = self.config.optimizer, self.state
        while True:
            batches = self._next_batches()
            totals, seconds, stopped, early = self._agree(batches)
            progress = self._progress(seconds) if state.steps else 0.0  # the shortest run takes one step
            if stopped or early or progress >= 1:
                self.loader.position = state.position  # the batches read ahead count as unread
                reason = stopping_reason(self.config.budget, self.state) if early else None
                return reason, stopped and not early and progress < 1
            rate = settings.learning_rate * schedule(progress, settings.warmup, settings.schedule)
            losses = self.trainer.step(batches, totals, rate)
            state.steps += 1
            state.tokens += round(totals.tokens)
            state.position = self.loader.position
            self._add_losses(losses)
            if state.steps % self.config.log_every == 0:
                self._emit_train(rate)
            if self.is_first:
                self._evaluate_and_save_if_due()

    def _next_batches(self) -> list[PreparedBatch]:
        """This process's batches of the next step. The processes take turns in the common order."""
        processes = self.accelerator.num_processes
        batches = self.loader.take(
            self.config.optimizer.gradient_accumulation * processes,
            rank=self.accelerator.process_index,
            world_size=processes,
        )
        return self.trainer.prepare(batches)

    def _agree(self, batches: list[PreparedBatch]) -> tuple[PositionCounts, float, bool, bool]:
        """What all processes must know before a step.

        The total counts of positions, the seconds of training, whether to stop, and whether to stop early.
        """
        counts = sum((batch.counts for batch in batches), PositionCounts())
        signals = [
            *astuple(counts),
            self.clock.seconds if self.is_first else 0.0,
            float(self.stop()),
            float(self.is_first and stopping_reason(self.config.budget, self.state) is not None),
        ]
        if self.accelerator.num_processes > 1:
            own = torch.tensor(signals, dtype=torch.float64, device=self.trainer.device)
            signals = self.accelerator.reduce(own, reduction="sum").tolist()
        return PositionCounts(*signals[:4]), signals[4], signals[5] > 0, signals[6] > 0

    def _progress(self, seconds: float) -> float:
        """The spent fraction of the budget, 1 or more at the end."""
        budget = self.config.budget
        if budget.steps is not None:
            return self.state.steps / budget.steps
        return seconds / 60 / (budget.minutes or 1)

    # --- events ---

    def emit(self, kind: str, **values: Any) -> None:
        self._emit({"type": kind, "time": time.time(), "step": self.state.steps, **values})

    def enter(self, phase: Phase) -> None:
        """Announce what the run does from now on."""
        self.emit("phase", phase=phase)

    def notify(self, text: str) -> None:
        self.emit("message", text=text)

    def _emit_start(self, resumed: int | None) -> None:
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
            parameters=sum(p.numel() for p in self.setup.student.model.parameters()),
            group_words=self.setup.group_words,
            trained_parameters=sum(p.numel() for p in self.trainer.trainable.values()),
        )

    def _add_losses(self, losses: Mapping[str, torch.Tensor]) -> None:
        """Add a step's losses on the device. Reading them here would make the device wait."""
        self._losses = {name: losses[name] + self._losses.get(name, 0.0) for name in LOSSES}
        self._summed_steps += 1

    def _emit_train(self, rate: float) -> None:
        """Emit the mean losses since the last time as a train event."""
        state = self.state
        sums = reduce_losses(self._losses, self.accelerator)
        means = {name: value / self._summed_steps for name, value in sums.items()}
        if not math.isfinite(means["loss"]):
            raise self._diverged()
        self._losses, self._summed_steps = {}, 0
        weights, seconds = self.trainer.weights, self.clock.seconds
        progress = min(1.0, self._progress(seconds))
        used = {name: getattr(weights, name) for name in ("kd", "hidden", "group", "relations")}
        self.emit(
            "train",
            epoch=state.position.epoch,
            tokens=state.tokens,
            seconds=seconds,
            progress=progress,
            seconds_left=seconds * (1 - progress) / progress * self.clock.overhead(),
            learning_rate=rate,
            tokens_per_second=state.tokens / seconds,
            **{name: None if used.get(name) == 0 else value for name, value in means.items()},
        )

    def _check_finite(self) -> None:
        """Raise FairKDError if losses or weights are not finite, before anything is made of them.

        The weights are the same in all processes, the losses are each process's own.
        """
        weights = [parameter.detach() for parameter in self.trainer.trainable.values()]
        if not all(bool(torch.isfinite(tensor).all()) for tensor in [*self._losses.values(), *weights]):
            raise self._diverged()

    def _diverged(self) -> FairKDError:
        return FairKDError(
            f"Training diverged at step {self.state.steps}: the loss is NaN or infinite. Start a new run "
            "with a smaller optimizer.learning_rate."
        )

    # --- evaluations and checkpoints, by the first process only ---

    def _evaluate_and_save_if_due(self) -> None:
        state, evaluation, checkpoint = self.state, self.config.evaluation, self.config.checkpoint
        seconds = self.clock.seconds
        if evaluation.every_steps is not None:
            evaluate = state.steps % evaluation.every_steps == 0
        else:
            wait = max(evaluation.every_seconds, TRAINING_PER_EVALUATION * self._evaluation_seconds)
            evaluate = seconds - state.evaluated_seconds >= wait
        if checkpoint.every_steps is not None:
            save_now = state.steps % checkpoint.every_steps == 0
        else:
            save_now = seconds - state.saved_seconds >= checkpoint.every_seconds
        if not (evaluate or save_now):
            return
        synchronize(self.trainer.device)  # the device's work so far is training time
        self.clock.pause()
        self._check_finite()
        if evaluate:
            self.enter("evaluation")
            self._evaluate()
        if save_now:
            self._save_checkpoint()
        if evaluate:
            self.enter("training")
        self.clock.start()

    def _evaluate_teacher(self) -> None:
        """Measure, once, what the student is compared with."""
        budget, state = self.config.budget, self.state
        found, watched = evaluation_cache.evaluate(self.evaluator, "teacher", self.config)
        state.teacher = found.measures
        self.emit("teacher", **found.measures, items=found.items)
        if (missing := self.evaluator.missing) is not None:
            if budget.stop_gap is not None:
                raise InputError(f"budget.stop_gap needs a gap, which cannot be measured here: {missing}")
            self.notify(f"Gaps cannot be measured with this tokenizer: {missing}")
        if budget.early_stopping is not None and state.teacher["pseudo_perplexity_sampled"] is None:
            raise InputError(
                f"{budget.early_stopping} needs held-out sentences to measure the student's quality, but "
                f"{self.setup.corpus.evaluation_name} has none: choose a larger text, or leave the setting "
                "empty."
            )
        for sentence in watched:
            self.emit("watched_sentence", model="teacher", **sentence)

    def _evaluate(self) -> None:
        begin, state = time.monotonic(), self.state
        found, watched = evaluation_cache.evaluate(
            self.evaluator, "student", self.config, changed=state.steps > 0
        )
        measured = found.measures
        if state.steps and any(value is not None and math.isnan(value) for value in measured.values()):
            raise self._diverged()  # the weights are finite, but too large for finite outputs
        state.held_out = measured
        state.evaluated_step, state.evaluated_seconds = state.steps, self.clock.seconds
        quality = measured["pseudo_perplexity_sampled"]
        if not state.steps:
            state.quality_at_start = quality
        count_progress(state, quality)
        self.emit(
            "evaluation", tokens=state.tokens, seconds=state.evaluated_seconds, **measured, items=found.items
        )
        for sentence in watched:
            self.emit("watched_sentence", model="student", **sentence)
        self._evaluation_seconds = time.monotonic() - begin

    def _save_checkpoint(self) -> None:
        state = self.state
        state.seconds = state.saved_seconds = self.clock.seconds
        path = checkpoints.write(
            self.folder / "checkpoints",
            state.steps,
            state.to_dict(),
            checkpoints.pack(self.trainer.trainable, self.trainer.optimizer),
            keep=self.config.checkpoint.keep,
        )
        state.saved_step = state.steps
        self.emit("checkpoint", path=str(path))

    def _resume(self) -> int | None:
        """Restore the newest intact checkpoint, if there is one, and return its step."""
        # Only the first process reads it: the others may be on machines that do not have the folder.
        newest = checkpoints.newest(self.folder / "checkpoints", self.notify) if self.is_first else None
        shared: list[Any] = [newest, self.trainer.precision]
        if self.accelerator.num_processes > 1:
            broadcast_object_list(shared)
        found, self.trainer.precision = shared
        if found is None:
            self.state.precision = self.trainer.precision
            return None
        checkpoints.unpack(found.tensors, self.trainer.trainable, self.trainer.optimizer)
        text, frozen = self.state.text_digest, self.state.frozen_digest
        state = self.state = RunState.from_dict(found.state)
        if state.text_digest not in (None, text):
            raise FairKDError(
                f"The text of {self.setup.corpus.names} has changed since the run began: restore it to "
                "resume the run, or start a new run."
            )
        if state.frozen_digest not in (None, frozen):
            raise FairKDError(
                f"The weights of {self.config.teacher}, or those that the student started from, have changed "
                "since the run began: restore them to resume the run, or start a new run."
            )
        state.text_digest, state.frozen_digest = text, frozen
        self.trainer.precision = state.precision = state.precision or self.trainer.precision
        state.saved_step = state.steps
        self.loader.position = state.position
        return found.step

    def _finish(self, reason: str | None, cancelled: bool) -> Outcome:
        """Evaluate, write a checkpoint, and save the model unless the run was cancelled."""
        state, model = self.state, self.folder / "model"
        state.seconds = self.clock.seconds
        self._check_finite()
        if self.is_first:
            if not cancelled and state.evaluated_step != state.steps:
                self.enter("evaluation")
                self._evaluate()
            self.enter("saving")
            if state.saved_step != state.steps:
                self._save_checkpoint()
            if not cancelled:
                self.emit("costs", **save_with_costs(self.evaluator, self._card_data(), model))
        self.accelerator.wait_for_everyone()
        if self.is_first and not cancelled and self.config.evaluation.benchmarks:
            from fairkd.distill.student_benchmarks import measure_benchmarks  # most runs do without

            self.enter("benchmarks")
            cancelled = not measure_benchmarks(self.config, self.folder, self.emit, self.stop)
        end: Literal["finished", "cancelled"] = "cancelled" if cancelled else "finished"
        self.emit(
            "end",
            state=end,
            tokens=state.tokens,
            seconds=state.seconds,
            cores=self.clock.cores(),
            sentence=reason,
        )
        return Outcome(
            state=end,
            steps=state.steps,
            tokens=state.tokens,
            seconds=state.seconds,
            held_out=state.held_out or {},
            model=None if cancelled else model,
        )

    def _card_data(self) -> CardData:
        return CardData(
            config=self.config,
            **self.setup.card_facts(),
            steps=self.state.steps,
            tokens=self.state.tokens,
            seconds=self.state.seconds,
            teacher=self.state.teacher or {},
            student=self.state.held_out or {},
            vocabulary=vocabulary_fact(self.evaluator),
        )
