"""What the lessons say below the figure of an experiment, and the choice of its measure."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.shared.presenter import is_presenting
from app.shared.widgets import caption, literal
from fairkd import lessons
from fairkd.lessons import ExperimentResult
from fairkd.measures import FEWEST_ITEMS
from fairkd.studies import study_yaml


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


def experiment_note(
    result: ExperimentResult, shown: Sequence[str] | None = None, *, intervals: bool = True
) -> None:
    """How the experiment was made, in a line and, folded, in full with its command.

    Parameters
    ----------
    shown : the cells in the figure; by default all.
    intervals : whether the figure has any.
    """
    runs = [run for run in result.runs if shown is None or run.cell in shown]
    tokens = [run.tokens for run in runs]
    said = ""
    if intervals:
        said = (
            " Intervals are 95 % bootstrap intervals of the mean over seeds, on the same "
            f"{result.text.held_out} held-out sentences: other sentences are not allowed for."
            if result.seeds >= FEWEST_ITEMS
            else f" No intervals and no verdicts: they need {FEWEST_ITEMS} seeds."
        )
    if not is_presenting():
        caption(
            f"Measured, not simulated: {len(runs)} students, {result.seeds} seeds each, {runs[0].steps} "
            f"steps each, {min(tokens):,} to {max(tokens):,} tokens.{said}"
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
            f"* **Budget:** {runs[0].steps} steps for every student. A batch holds whole sentences, and the "
            f"last one of a text is not full, so a small text gives fewer tokens. {_tokens(result)}\n"
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
        if lessons.has_one_text(result):
            _as_study(result)


def _as_study(result: ExperimentResult) -> None:
    """The experiment as a study: its file, and what runs it."""
    file = f"fairkd-{result.experiment}.yaml"
    st.markdown(
        "Or run it as a study, with a verdict for every measure. At every seed it reads the first "
        "sentences of the text instead of drawing them, so that its numbers are near to these, and not the "
        "same. Its verdicts are those of a paired t test over seeds against hard labels alone, so they may "
        "differ from those above, too."
    )
    st.code(f"fairkd study run {file}", language="bash")
    st.download_button(
        "Download the study",
        study_yaml(lessons.study_of(result)),
        file_name=file,
        mime="application/yaml",
        icon=":material/download:",
        key=f"download_study_{result.experiment}",
    )


def _tokens(result: ExperimentResult) -> str:
    """The numbers of tokens that the runs trained on, for each size of the text."""
    parts = []
    for size in sorted({cell.sentences for cell in result.cells}):
        keys = {cell.key for cell in result.cells if cell.sentences == size}
        tokens = [run.tokens for run in result.runs if run.cell in keys]
        parts.append(f"{min(tokens):,} to {max(tokens):,} with {size:,} sentences")
    return f"Tokens: {', '.join(parts)}"
