"""`fairkd distill`: a distillation in the foreground.

With --output the run is stored in that folder, and the same command resumes it. Without, it is a run in
FAIRKD_HOME, which the dashboard shows. Under `accelerate launch -m fairkd distill ...` every process runs
this command. Only the first one registers the run, writes and prints.
"""

from __future__ import annotations

import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from fairkd import runs
from fairkd.cli.console import JsonOption, out, print_json, print_table, progress
from fairkd.distill.config import PRESETS, Config, preset as settings_of, read_config, stored_config
from fairkd.errors import FairKDError, InputError
from fairkd.measures import MEASURES
from fairkd.runs import Writer, error_sentence, events
from fairkd.utils import home

if TYPE_CHECKING:
    from fairkd.distill import Outcome

STOPPED = 130  # the exit code after Ctrl-C

Emit = Callable[[Mapping[str, Any]], object]


def distill(
    config: Annotated[
        Path | None, typer.Argument(help="A YAML or JSON file of settings. All others keep their defaults.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help=f"A preset instead of a file: {', '.join(PRESETS)}.")
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Change a setting, for example budget.minutes=10. Can be repeated; see `fairkd settings`.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="The folder of the run. If it holds this run already, the run is resumed."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Distill a student from a teacher in the foreground.

    The folder gets config.json, events.jsonl, checkpoints/ and, at the end, model/. Ctrl-C finishes the step
    and writes a checkpoint. For example: fairkd distill --preset fair --set budget.minutes=5 --output fair
    """
    if config is not None and preset is not None:
        raise InputError("Expected a configuration file or a preset, not both.")
    start = None if preset is None else settings_of(preset)
    settings = read_config(config, change or (), start=start)
    folder, outcome = _train(settings, output)
    if outcome is None:  # not the first process
        return
    document = {**asdict(outcome), "folder": str(folder), "model": outcome.model and str(outcome.model)}
    if as_json:
        print_json(document)
    elif outcome.state == "finished":
        print_table(
            f"{outcome.model}: {outcome.steps} steps, {outcome.tokens:,} tokens, "
            f"{outcome.seconds / 60:.1f} minutes",
            {"measure": "left", "student": "right", "measured on": "left"},
            [
                (
                    measure.label,
                    measure.format_with_interval(outcome.held_out),
                    measure.sample_size(outcome.held_out),
                )
                for measure in MEASURES.values()
                if outcome.held_out.get(measure.key) is not None
            ],
        )
    else:
        out().print(Text(f"Stopped after step {outcome.steps}; {folder} can be resumed."), soft_wrap=True)
    if outcome.state == "cancelled":
        raise typer.Exit(STOPPED)


def _train(config: Config, output: Path | None) -> tuple[Path, Outcome | None]:
    """Train in `output` or in a new run: its folder, and the outcome in the first process."""
    from accelerate.utils import broadcast_object_list

    from fairkd.distill import make_accelerator, train

    process = make_accelerator()
    folder = output or home()  # until the run has its own folder
    try:
        with ExitStack() as stack:
            emit: Emit | None = None
            stops = [stack.enter_context(_interruptible())]
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
            outcome = train(config, folder, emit=emit, stop=lambda: any([stop() for stop in stops]))
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
def _interruptible() -> Iterator[Callable[[], bool]]:
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
