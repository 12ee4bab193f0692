"""Following a study in the terminal: a matrix whose cells fill, or one line for each that ends."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from fairkd.cli.foreground import interruptible
from fairkd.cli.study_tables import matrix
from fairkd.studies import get

if TYPE_CHECKING:
    from fairkd.runs import Run
    from fairkd.studies import StudyRecord

STOPPED = 130  # the exit code after Ctrl-C
POLL_SECONDS = 1.0  # between two updates
_WAITING = ("queued", "running", "cancelling")


def watch_study(id: str) -> StudyRecord | None:
    """The study once nothing of it is queued or at work; None if Ctrl-C was pressed. It goes on either way.

    On a terminal, standard error shows the matrix of cells; else it gets a line for each cell that ends.
    """
    console = Console(stderr=True, highlight=False)
    told: set[tuple[str, int]] = set()
    with (
        interruptible() as stopped,
        Live(console=console, auto_refresh=False, transient=True) as live,
    ):
        while True:
            record = get(id)
            if console.is_terminal:
                live.update(_view(record), refresh=True)
            else:
                _tell(console, record, told)
            if not record.counts.keys() & set(_WAITING):
                return record
            until = time.monotonic() + POLL_SECONDS
            while time.monotonic() < until:
                if stopped():
                    return None
                threading.Event().wait(0.05)


def _view(record: StudyRecord) -> Group:
    """The matrix, and below it what the runs at work do."""
    lines = [Text(_work(cell.run, f"{cell.variant}, seed {cell.seed}")) for cell in record.cells if cell.run]
    counts = ", ".join(f"{count} {state}" for state, count in record.counts.items())
    return Group(
        Text(f"{record.study.name} ({record.id}): {counts}"),
        *matrix(record),
        *(line for line in lines if line.plain),
        Text("Ctrl-C stops watching; the study goes on.", style="dim"),
    )


def _work(run: Run, name: str) -> str:
    """What a run at work does; empty for others, but for one that cannot start."""
    from fairkd import runs

    if run.state == "queued":
        return f"{name}: {run.sentence}" if run.sentence else ""
    if not run.active:
        return ""
    left = f", {runs.duration(run.seconds_left)} left" if run.seconds_left else ""
    return f"{name}: {runs.phase_text(run, {}, time.time())}, step {run.step}{left}"


def _tell(console: Console, record: StudyRecord, told: set[tuple[str, int]]) -> None:
    """One line for each cell that has ended since the last time."""
    for cell in record.cells:
        place = (cell.variant, cell.seed)
        if cell.state not in _WAITING and place not in told:
            told.add(place)
            sentence = f": {cell.sentence}" if cell.sentence else ""
            console.print(Text(f"{cell.variant}, seed {cell.seed}: {cell.state}{sentence}"), soft_wrap=True)
