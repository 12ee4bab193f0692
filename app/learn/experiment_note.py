"""What the lessons say below the figure of an experiment, and the choice of its measure."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.shared.presenter import is_presenting
from app.shared.widgets import caption, literal
from fairkd import lessons
from fairkd.lessons import ExperimentResult
from fairkd.measures import FEWEST_ITEMS


def measure_choice(key: str, names: Sequence[str]) -> str:
    """Which value of an experiment is shown; the first at the beginning."""
    st.session_state.setdefault(key, names[0])
    chosen = st.selectbox(
        "Measure",
        names,
        key=key,
        persist_state="session",
        format_func=lessons.value_label,
        width=260,
    )
    return str(chosen)


def experiment_note(result: ExperimentResult) -> None:
    """How the experiment was made, in a line and, folded, in full with its command."""
    first = result.runs[0]
    tokens = [run.tokens for run in result.runs]
    intervals = (
        "Intervals are 95 % bootstrap intervals of the mean over seeds."
        if result.seeds >= FEWEST_ITEMS
        else f"No intervals and no verdicts: they need {FEWEST_ITEMS} seeds."
    )
    if not is_presenting():
        caption(
            f"Measured, not simulated: {len(result.runs)} students, {result.seeds} seeds each, {first.steps} "
            f"steps each, {min(tokens):,} to {max(tokens):,} tokens. {intervals}"
        )
    with st.expander("How this was measured"):
        text, machine = result.text, result.machine
        st.markdown(
            f"* **Text:** {literal(text.name)}, {text.training:,} training sentences, "
            f"{text.held_out:,} held out; the training sentences are drawn by the seed. SHA-256 "
            f"`{text.digest[:16]}…`\n"
            f"* **Teacher:** `{result.teacher.reference}`, SHA-256 of the weights "
            f"`{result.teacher.weights[:16]}…`\n"
            "* **Student:** three of the teacher's six layers and its embeddings, which stay as they are\n"
            f"* **Budget:** {first.steps} steps for every student. A batch holds whole sentences, so the "
            f"numbers of tokens differ a little: {min(tokens):,} to {max(tokens):,}\n"
            "* **Compared:** pair by pair, seed by seed, by Wilcoxon's signed-rank test and the bootstrap\n"
            f"* **Machine:** {literal(machine.processor)}, {machine.threads} thread, {machine.precision}, "
            f"torch {machine.torch}; FairKD {result.version}, {result.date[:10]}"
        )
        st.code(result.command, language="bash")
        st.download_button(
            "Download the results as JSON",
            lessons.as_text(result),
            file_name=f"fairkd-experiment-{result.experiment}.json",
            mime="application/json",
            icon=":material/download:",
            key=f"download_experiment_{result.experiment}",
        )
