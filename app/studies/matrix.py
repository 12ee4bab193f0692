"""The cells of a study as the page shows them: variants by seeds, each with its state in sign and word."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.charts.series import series
from app.components.study_cells import ShownCell, ShownVariant, show_cells
from app.shared.run_texts import status
from app.shared.theme import is_dark
from fairkd.studies import Cell, CellState, Study, StudyRecord

# Class of the look, sign and word of each state.
_STATES: dict[CellState, tuple[str, str, str]] = {
    "queued": ("waiting", "…", "queued"),
    "running": ("running", "◑", "trains"),
    "cancelling": ("stopped", "◑", "stopping"),
    "cancelled": ("stopped", "–", "cancelled"),
    "failed": ("failed", "✕", "failed"),
    "finished": ("finished", "✓", "finished"),
    "interrupted": ("stopped", "!", "interrupted"),
    "missing": ("empty", "○", "missing"),
}
_DOUBTFUL = ("stopped", "✓", "see warning")


def show_matrix(record: StudyRecord, *, on_open: Callable[[str], None]) -> None:
    """The cells of a stored study; a click calls `on_open` with the id of a run."""
    study = record.study
    rows = {name: [_cell(record.cell(name, seed)) for seed in study.seeds] for name in study.variants}
    show_cells(
        _rows(study, rows),
        study.seeds,
        title=f"Runs of the study {study.name}: variants by seeds",
        key=f"cells_{record.id}",
        on_open=on_open,
    )


def preview_matrix(study: Study) -> None:
    """The cells of a study that has not started."""
    waiting = {
        name: [ShownCell("empty", "○", "to run", f"{name}, seed {seed}: to run") for seed in study.seeds]
        for name in study.variants
    }
    show_cells(
        _rows(study, waiting), study.seeds, title="The runs of this study: variants by seeds", key="new_cells"
    )


def _rows(study: Study, cells: dict[str, list[ShownCell]]) -> list[ShownVariant]:
    dark = is_dark()
    looks = [series(number, dark=dark) for number in range(len(study.variants))]
    return [
        ShownVariant(name, _role(study, name), look.colour, look.symbol, cells[name])
        for (name, look) in zip(study.variants, looks, strict=True)
    ]


def _role(study: Study, name: str) -> str:
    """What stands below a variant's name: that it is the baseline, and its preset if the name differs."""
    variant = study.variants[name]
    parts = ["baseline"] if name == study.baseline and len(study.variants) > 1 else []
    if variant.preset != name:
        parts.append(f"from {variant.preset}")
    return ", ".join(parts)


def _cell(cell: Cell) -> ShownCell:
    """How a cell looks, and what it says."""
    run, name = cell.run, f"{cell.variant}, seed {cell.seed}"
    look, sign, word = _STATES[cell.state]
    if run is None:
        return ShownCell(look, sign, word, f"{name}: missing. “Resume” starts it.")
    if run.state == "finished" and run.warning:
        look, sign, word = _DOUBTFUL
    done = None
    if run.active:
        done = min(max(run.progress, 0.0), 1.0)
        if run.state == "running":
            word = f"{100 * done:.0f} %" if run.step or done else "prepares"
    why = run.sentence or run.warning or ""
    said = ". ".join(filter(None, (f"{name}: {run.state}", status(run), why.rstrip("."))))
    return ShownCell(look, sign, word, f"{said}. Open this run.", run.id, done)


def signature(record: StudyRecord) -> tuple[object, ...]:
    """The page is redrawn when this changes: the cells, their runs and states."""
    return tuple((cell.variant, cell.seed, cell.run and cell.run.id, cell.state) for cell in record.cells)


def counts_text(record: StudyRecord) -> str:
    """How many cells are in each state: `4 of 6 runs finished · 1 running · 1 queued`."""
    counts: dict[CellState, int] = dict(record.counts)
    total = len(record.cells)
    parts = [f"{counts.pop('finished', 0)} of {total} runs finished"]
    order: Sequence[CellState] = tuple(_STATES)
    parts += [f"{counts[state]} {state}" for state in order if state in counts]
    return " · ".join(parts)
