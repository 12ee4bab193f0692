"""One distillation in the foreground: where it writes, what it shows, and how it is stopped.

`fairkd distill` imports this when it runs, because `fairkd --help` needs neither settings nor runs.
"""

from __future__ import annotations

import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairkd import runs
from fairkd.cli.console import progress
from fairkd.distill.config import Config, stored_config
from fairkd.errors import FairKDError, InputError
from fairkd.runs import Writer, error_sentence, events
from fairkd.utils import home

if TYPE_CHECKING:
    from fairkd.distill import Outcome

Emit = Callable[[Mapping[str, Any]], object]


def train(config: Config, output: Path | None) -> tuple[Path, Outcome | None]:
    """Train in `output` or in a new run: its folder, and the outcome in the first process."""
    from accelerate.utils import broadcast_object_list

    from fairkd import distill

    process = distill.make_accelerator()
    folder = output or home()  # until the run has its own folder
    try:
        with ExitStack() as stack:
            emit: Emit | None = None
            stops = [stack.enter_context(interruptible())]
            if process.is_main_process:
                if output is None:
                    session = stack.enter_context(runs.foreground(config))
                    folder, config = session.folder, session.config
                    write: Emit = session.emit
                    stops.append(session.stop)
                else:
                    write = stack.enter_context(_writer(output)).write
                log = stack.enter_context(_logging(folder))
                draw = _drawing(stack.enter_context(progress()))
                emit = _combined(write, log, draw)
            # Other processes may be on machines that have neither the folder nor the configuration file.
            shared = [(folder, config)]
            if process.num_processes > 1:
                broadcast_object_list(shared)
            folder, config = shared[0]
            outcome = distill.train(config, folder, emit=emit, stop=lambda: any([stop() for stop in stops]))
            return folder, outcome if process.is_main_process else None
    except FairKDError:
        raise
    except Exception as error:
        raise FairKDError(error_sentence(error, folder)) from error


def _writer(folder: Path) -> Writer:
    """The writer of events in the folder that --output names.

    Raises InputError for a folder with other files, before anything is written there.
    """
    ours = {"events.jsonl", "log.txt", "config.json", "config.writing", "train.lock"}
    if folder.exists() and not folder.is_dir():
        names = {folder.name}
    else:
        names = {path.name for path in folder.glob("*")}
    if names - ours and "config.json" not in names:
        raise InputError(f"The folder {folder} has other files but no run: choose another one with --output.")
    try:
        stored_config(folder)  # refuses the config.json of something else
        folder.mkdir(parents=True, exist_ok=True)
        return Writer(folder)
    except OSError as error:
        raise InputError(f"Cannot write to the folder {folder} ({error.strerror}).") from error


def _combined(*parts: Emit) -> Emit:
    def emit(event: Mapping[str, Any]) -> None:
        for part in parts:
            part(event)

    return emit


@contextmanager
def _logging(folder: Path) -> Iterator[Emit]:
    """Writes events into the run's log.txt, and the traceback of an unexpected error."""
    log = (folder / "log.txt").open("a", encoding="utf-8")
    try:
        yield lambda event: events.log(dict(event), log)
    except FairKDError:
        raise
    except Exception:
        with suppress(OSError):
            traceback.print_exc(file=log)
        raise
    finally:
        with suppress(OSError):  # a full disk, which other writers report
            log.close()


def _drawing(report: Callable[[str, float | None], None]) -> Emit:
    """Shows events in the progress bar."""
    done: float | None = None

    def draw(event: Mapping[str, Any]) -> None:
        nonlocal done
        done = event.get("progress", done)
        if line := events.as_line(dict(event)):
            report(line, done)

    return draw


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """A function that returns whether Ctrl-C was pressed or SIGTERM came. The second one ends the process.

    A launcher of several processes sends both signals to all of them.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def ask(number: int, frame: object) -> None:
        asked.set()
        signal.signal(number, usual[number])

    usual: dict[int, Any] = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
