"""Early stopping: the gap is small and nothing else has become worse, or quality no longer improves."""

from __future__ import annotations

from fairkd.distill.config import BudgetConfig
from fairkd.distill.run_state import RunState


def stopping_reason(budget: BudgetConfig, state: RunState) -> str | None:
    """A sentence if a run with this budget is to end at the evaluation that `state` holds."""
    return _small_gap(budget, state) or _no_progress(budget, state)


def _small_gap(budget: BudgetConfig, state: RunState) -> str | None:
    """The gap of words that a student hardly ever expects says nothing, so their probability counts, too."""
    measured, teacher = state.held_out, state.teacher or {}
    reference = budget.stop_plain or state.quality_at_start
    if budget.stop_gap is None or measured is None or reference is None or state.evaluated_step < 1:
        return None
    gap, quality, mass = (
        measured[name] for name in ("gap_absolute", "pseudo_perplexity_sampled", "gap_mass")
    )
    if gap is None or quality is None or mass is None:
        return None
    if gap >= budget.stop_gap or quality > reference * (1 + budget.stop_quality):
        return None
    if mass < budget.stop_mass * (teacher.get("gap_mass") or 0.0):
        return None
    what = "of the plain student" if budget.stop_plain else "at the start"
    return (
        f"Stopped early at step {state.steps}: the mean absolute gap is {gap:.2f} nats, below "
        f"{budget.stop_gap:g}, and the pseudo-perplexity is {quality:.1f} ({reference:.1f} {what})."
    )


def _no_progress(budget: BudgetConfig, state: RunState) -> str | None:
    if budget.patience is None or state.evaluations_without_gain < budget.patience:
        return None
    assert state.lowest_quality is not None  # with none there is no evaluation to count
    evaluations = "evaluation" if budget.patience == 1 else f"{budget.patience} evaluations"
    return (
        f"Stopped early at step {state.steps}: in the last {evaluations}, the pseudo-perplexity on held-out "
        f"text has not fallen below {state.lowest_quality:.1f}."
    )


def count_progress(state: RunState, quality: float | None) -> None:
    """Note a new evaluation's pseudo-perplexity: a new lowest one, or one more without."""
    if quality is None:
        return
    if state.lowest_quality is None or quality < state.lowest_quality:
        state.lowest_quality, state.evaluations_without_gain = quality, 0
    else:
        state.evaluations_without_gain += 1
